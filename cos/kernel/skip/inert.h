/* inert.h - what livelock.c needs of reclaim: turns of a task that stands in the allocator's
 * endless retry, and rounds of kswapd, carried out without the task's own stack.
 *
 * The contract of costs. A pass over inert memory (inert_lists.h) takes so much CPU, in ns, whether
 * pages are moved one by one (vmscan.c) or counted (inert_lists.c). d = pages on inactive_dirty:
 *
 *     step          costs                              done when, and until
 *     ------------  ---------------------------------  -----------------------------------------
 *     refill(n)     COST_PAGE_SCAN for each page,      until n pages were moved, or as many
 *                   COST_KACHUNK each time that age    steps were taken as active_anon has pages
 *                   list 0 was found empty
 *     launder       d * COST_PAGE_LAUNDER              d*30/100 > 0 or free < high; all of the
 *                                                      list, since no success ends the loop
 *     caches        COST_RECLAIM_PASS
 *
 *     direct pass   refill(256)                        dirty + free < 25 % of the zone's pages
 *                   launder
 *                   caches                             always; out_of_memory() if free < min
 *
 *     kswapd round  launder
 *                   refill(max(w, 256))                dirty + free < 20 %; w = max(free_low, 64)
 *                   caches                             a zone is below low
 *                   once a second: refill(64),         inactive_low > 0
 *                   launder
 */
#ifndef COS_MM_INERT_H
#define COS_MM_INERT_H

#include <stdbool.h>
#include <stdint.h>

struct task_struct;

/* Values of task_struct.stuck. */
#define STUCK_RETRY 1u        /* in the yield() of __alloc_pages's endless retry */
#define STUCK_KSWAPD_NAP 2u   /* kswapd in its two ticks */
#define STUCK_KSWAPD_SLEEP 3u /* kswapd asleep until its next second or a wake-up */

/** Would task t, in the retry, come back to the same yield() after one more turn? */
bool alloc_retry_goes_on(const struct task_struct *t);
/** Carry that turn out for current: from the return of yield() to the next one's call, which is
 * done as well. */
void alloc_retry_step(void);
/** Would kswapd, in its nap, nap again after one more round? */
bool kswapd_nap_goes_on(void);
/** Carry that round out for current: from the end of one nap to the start of the next. */
void kswapd_nap_step(void);
/** The same for kswapd asleep on its queue: would it sleep again? */
bool kswapd_sleep_goes_on(void);
/** From its wake-up to its next sleep. */
void kswapd_sleep_step(void);
/** Will the VMkernel look, or a key be pressed, within so many ns of CPU? (livelock.c) */
bool grant_ends_within(uint64_t ns);
/** No turn or round takes longer, in ns of CPU. */
uint64_t reclaim_step_bound_ns(void);

#endif /* COS_MM_INERT_H */
