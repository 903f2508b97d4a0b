/* faults.h - what goes wrong in the COS and when: the clocks of boot_params->fault[], and the
 * programs that faults bring.
 *
 * A kernel timer steps the queue of their clocks (fault_clock.h), in interrupt context. There
 * signals are sent; whatever needs a process is left to those who start processes: init for
 * programs, crond for jobs, a daemon for children of its own. A program that grows asks how long
 * its fault has been on when it works. So what a fault does costs memory, CPU and time like
 * anything else, and comes late on a machine that is stuck.
 *
 * No process is called after a fault: what runs bears the names that the scenario gives. Records,
 * states and notes lie outside of the RAM (fault_note.h). */
#ifndef COS_FAULTS_H
#define COS_FAULTS_H

#include "cos/kernel/faults/fault_note.h"
#include "cos/programs/program.h"

/** Start the clocks of all faults that the COS carries out. Called once, by init. */
void faults_init(void);
/** init: start the programs of faults that began. @return false when one could not be forked and
 * has to be tried again */
bool faults_start_due(void);
/** crond, each minute: start the jobs that are owed. @return how many; what it logs is its own
 * business: `log` is called for each with the pid */
void faults_start_jobs(struct program *crond, void (*log)(struct program *, int pid, const char *));
/** A daemon: start the children that its faults owe; nobody waits for them. */
void program_start_children(struct program *p);

/** How long fault number `i` has been on in all, ns. */
uint64_t fault_on_ns(uint32_t i);
/** The same for the present time only; 0 while it is off. */
uint64_t fault_lasts_ns(uint32_t i);
bool fault_goes_on(uint32_t i);
/** When the next of the faults in the mask begins; UINT64_MAX = none will. */
uint64_t faults_next_ns(uint64_t mask);
/** A program starts: set the bits of those faults that it is to carry out itself. */
void faults_of_program(struct program *p);
/** How much of a resource (enum fault_resource) is in use, parts per million of all of it. RAM:
 * what is neither free nor the cache of a file, of all but zone DMA, which programs cannot have and
 * which stays free. 0 where there is none of it. */
uint32_t fault_resource_ppm(uint64_t resource);
/** The fault that brought the program `p`. */
const struct fault *fault_of(const struct program *p);
#endif /* COS_FAULTS_H */
