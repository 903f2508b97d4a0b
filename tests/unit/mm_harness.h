/* mm_harness.h - the memory manager on its own: RAM, a clock, tasks, and as little of a scheduler
 * as it needs.
 *
 * Tasks are coroutines (ucontext) in one queue, first come first served. Nothing preempts. Time
 * passes by cpu_charge() and, when nobody is runnable, by jumping to the next timer; after each
 * jump and charge due timers run. Assertions of the model (model_bug) and panics end the test as
 * failures. */
#ifndef TESTS_MM_HARNESS_H
#define TESTS_MM_HARNESS_H

#include "cos/kernel/skip/inert.h"
#include "cos/kernel/mm/mm_internal.h"

#define HARNESS_PID_FIRST 100u

/** Map RAM and start the memory manager with kswapd and kscand. Once per process. reserved_kb as in
 * boot.h. */
void harness_boot(uint32_t ram_mb, uint32_t swap_slots, uint32_t reserved_kb);
/** A task with an mm of its own that runs fn(arg); its pid. */
uint32_t harness_task(const char *name, int (*fn)(void *), void *arg);
struct task_struct *harness_find(uint32_t pid);
/** Run until every task that harness_task() made has ended, or until `until_ns` of virtual time.
 * @return true when all ended */
bool harness_run(uint64_t until_ns);
/** Everything printed with printk so far, and forget it. */
const char *harness_log(void);
/** For heaps of programs: map `pages` of anonymous memory at a fixed place and touch them all. */
void harness_fill(uint32_t pages, bool write_bytes);
#define HARNESS_HEAP 0x08000000u

#endif /* TESTS_MM_HARNESS_H */
