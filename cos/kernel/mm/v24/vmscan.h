/* vmscan.h - reclaim: kswapd, direct reclaim, and the steps that both are made of. */
#ifndef COS_MM_VMSCAN_H
#define COS_MM_VMSCAN_H

#include "cos/kernel/mm/v24/zone.h"

/** Memory is low: wake kswapd, and wait for it unless gfp forbids that or it naps. */
void wakeup_kswapd(uint32_t gfp);
/** One pass of reclaim by current, for its own sake. @return pages on their way, 0 = none */
int try_to_free_pages(uint32_t gfp);
/** Take the oldest usable page of inactive_clean. @return it, off all lists, count 1; NULL when
 * there is none */
struct page *reclaim_page(struct zone *zone);
/** Take washed pages from inactive_laundry to inactive_clean; waits for those that are still being
 * washed if gfp allows that. @return pages done, and those left in the laundry */
uint32_t rebalance_laundry_zone(struct zone *zone, uint32_t max_work, uint32_t gfp);
/** Wash pages of inactive_dirty, about max_work. @return pages that are clean or being washed */
uint32_t rebalance_dirty_zone(struct zone *zone, uint32_t max_work, uint32_t gfp);
/** Refill the inactive lists of zones that have less than `percentage` of their pages inactive or
 * free. @return pages deactivated */
uint32_t rebalance_inactive(uint32_t percentage);
/** At boot, once the zones have their marks. */
void vmscan_init(void);
/** Percent of a refill that is taken from the file cache; rest from anonymous pages. [RHEL3MM
 * 1.5] */
uint32_t refill_cache_share(uint32_t active, uint32_t cache);
/** Wake all who sleep on kswapd_done (the OOM killer does that). */
void kswapd_done_wake(void);

/* ---- what kswapd() and __alloc_pages() are made of ------------------------------------------- */
/** May task t, which asks for memory with gfp, wait for kswapd? */
bool may_wait_for_kswapd(const struct task_struct *t, uint32_t gfp);
/** Is memory so short that kswapd is worth waiting for? Nobody waits for one that naps. */
bool kswapd_is_waited_for(void);
#define KSWAPD_NAP_TICKS (HZ / 40u)   /* how long it naps */
extern struct wait_queue kswapd_wait; /* where it sleeps */
/** All that kswapd does between two sleeps. */
void kswapd_round(void);
/** Before and after a sleep on kswapd_wait: arm its grid of a second, and take that back. */
void kswapd_sleep_begin(void);
void kswapd_sleep_end(void);
/** Before and after a nap: nobody waits for kswapd meanwhile. */
void kswapd_nap_begin(void);
void kswapd_nap_end(void);

#endif /* COS_MM_VMSCAN_H */
