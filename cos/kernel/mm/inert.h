/* inert.h - values of task_struct.stuck, and (below) an inert reclaim pass in closed form. */
#ifndef COS_MM_INERT_H
#define COS_MM_INERT_H

#include <stdint.h>

#define STUCK_RETRY 1u        /* in the yield() of __alloc_pages's endless retry */
#define STUCK_KSWAPD_NAP 2u   /* kswapd in its two ticks */
#define STUCK_KSWAPD_SLEEP 3u /* kswapd asleep until its next second or a wake-up */

/** Percent of a refill that is taken from the file cache; rest from anonymous pages. [RHEL3MM 1.5] */
uint32_t refill_cache_share(uint32_t active, uint32_t cache);
/** Wake all who sleep on kswapd_done (the OOM killer does that). */
void kswapd_done_wake(void);

#endif /* COS_MM_INERT_H */
