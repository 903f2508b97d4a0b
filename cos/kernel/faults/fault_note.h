/* fault_note.h - what carries out faults in the COS needs: when a fault is on, what it remembers,
 * and how it tells what it did.
 *
 * A fault's record is read in place in the window, and what it remembers between two acts lies in
 * scratch memory: neither is a part of the machine, so no dump and no artefact shows a fault, only
 * what it did. */
#ifndef COS_FAULT_NOTE_H
#define COS_FAULT_NOTE_H

#include "cos/kernel/sched/task.h"
#include "shared/fault.h"

/* What one fault remembers. All zero at the boot. */
struct fault_state {
    struct rng rng;   /* its random stream, once somebody has started it */
    uint64_t calls;   /* how often it was asked since it began */
    uint64_t done;    /* how often it acted since it began */
    uint32_t round;   /* which time (fault_begins_ns) it is, + 1; 0 = it has not begun */
    uint32_t skipped; /* `unless` held when this round began */
    uint64_t own[6];  /* for whoever carries it out */
};

static inline const struct fault *fault_at(uint32_t index)
{
    return &boot_params->fault[index];
}
static inline struct fault_state *fault_state(uint32_t index)
{
    return PTR(struct fault_state, SCRATCH_VA + SCRATCH_FAULTS) + index;
}
#define for_each_fault(i) \
    for (uint32_t i = 0; i < boot_params->fault_count && i < BOOT_FAULTS_MAX; i++)

/** Tell the VMkernel (run/) what fault number `index` did; kind: FAULT_NOTE_*. */
void fault_note(uint32_t index, uint32_t kind, uint64_t v0, uint64_t v1);
/** How often `f` has begun by `now` (at, every, times); 0 = not yet. */
uint32_t fault_rounds(const struct fault *f, uint64_t now);
/** Is `f` on at `now` by its at, for, every and times? One without a length is on from its
 * beginning to the end. Does not look at `unless`. */
bool fault_is_on(const struct fault *f, uint64_t now);
/** Does its `unless` hold now, so that it is not to happen? */
bool fault_unless_holds(const struct fault *f);
/** Is fault number `index` to act now? As fault_is_on(), and at the beginning of a round `unless`
 * is judged, state and notes (BEGINS, SKIPPED; ENDS once the end is noticed) are kept. */
bool fault_acts(uint32_t index);
/** How much of a resource (enum fault_resource) is in use, parts per million of all of it. RAM:
 * what is neither free nor the cache of a file, of all but zone DMA, which programs cannot have and
 * which stays free. 0 where there is none of it. */
uint32_t fault_resource_ppm(uint32_t resource);

#endif /* COS_FAULT_NOTE_H */
