/* lru.h - the page lists of a zone and what is counted about them.
 *
 * Bookkeeping that makes these lists computable instead of walkable (inert_lists.h, kscand):
 *
 *     PG_young     some pte of the page may be young, or PG_referenced is set. Exact for pages that
 *                  are mapped once, an upper bound for shared ones.
 *                  Counted per age list.
 *     PG_restless  the page is on active_anon or inactive_dirty and is not inert: a reclaim pass
 *                  would do something else with it than move it round. Counted per zone.
 *
 * Every function that changes one of the inputs ends with page_update(). mm_check() recomputes all
 * of it the slow way (tests). */
#ifndef COS_MM_LRU_H
#define COS_MM_LRU_H

#include "cos/kernel/mm/v24/zone.h"
#include "cos/kernel/skip/settle.h"

extern kptr scan_map; /* uint64_t[], one bit per frame: on an active list, PG_young, age below 15 -
                            what kscand has to look at */
extern kptr scan_buffer; /* uint64_t[max_mapnr] for kscand */

static inline struct page *lru_page(kptr lru)
{
    return list_entry(lru, struct page, lru);
}
static inline bool page_anon(const struct page *page)
{
    return (page->mapping == 0 && page->buffers == 0) ||
           (page->flags & (PG_swapcache | PG_shmem)) != 0;
}
static inline bool page_mapped(const struct page *page)
{
    return page->pte[0] != 0;
}
static inline uint32_t page_age(const struct page *page)
{
    const struct zone *z = page_zone(page);
    return (uint8_t)(page->age - ((page->flags & PG_active_anon) ? z->anon.bias : z->cache.bias));
}
/** An inert page, but for PG_young: anonymous and mapped, by one process or, since a fork, by
 * several, or of a shared memory segment and not mapped; unlocked, without swap slot, not
 * pinned. */
static inline bool page_inert_if_old(const struct page *page)
{
    const uint32_t f = page->flags & (PG_locked | PG_swapcache | PG_pinned | PG_shmem);
    if (f == 0)
        return page_mapped(page) && page->mapping == 0 && page->buffers == 0;
    return f == PG_shmem && !page_mapped(page) && page->buffers == 0;
}
/** On a list that reclaim turns round, and not inert. */
static inline bool page_restless(const struct page *page)
{
    return (page->flags & (PG_active_anon | PG_inactive_dirty)) != 0 &&
           ((page->flags & PG_young) || !page_inert_if_old(page));
}
static inline void page_update(struct page *page)
{
    if (page_restless(page) == ((page->flags & PG_restless) != 0))
        return;
    inert_settle();
    page->flags ^= PG_restless;
    page_zone(page)->nr_restless += (page->flags & PG_restless) ? 1u : ~0u;
}
/** An active page of `age` came to (n = 1) or left (n = -1) the young ones. */
void count_young(struct age_lists *lists, const struct page *page, uint32_t age, int n);
/** Set PG_young, with all that is counted by it. */
void page_mark_young(struct page *page);
/** Clear PG_young, likewise. */
void page_clear_young(struct page *page);
/** Put a page that is on no list on its active list (anon or cache) at `age`, at the head. */
void add_page_to_active_list(struct page *page, uint32_t age);
/** Put a page that is on no list at the head of inactive_dirty. */
void add_page_to_inactive_dirty_list(struct page *page);
/** Likewise of inactive_laundry. */
void add_page_to_inactive_laundry_list(struct page *page);
/** Likewise of inactive_clean. */
void add_page_to_inactive_clean_list(struct page *page);
/** Take a page off the one list that it is on. */
void del_page_from_lru(struct page *page);
/** The walk along a list is at `page`: have the memory system fetch what will come. No effect on
 * anything else. */
void lru_prefetch(const struct page *page);
/** `page` came to the head of a list: what lru_prefetch() goes by. */
void lru_hint_note(const struct page *page);
/** A new page: active, age 3. */
void lru_cache_add(struct page *page);
/** An active page goes to inactive_dirty, not referenced. */
void deactivate_page(struct page *page);
/** A page was used by a fault or read(2): referenced; back to active from laundry and clean. */
void mark_page_accessed(struct page *page);
/** All of zone's pages on one kind of active list grow younger by one; list 0 must be empty. 15
 * list operations. */
void age_lists_shift(struct age_lists *lists);
/** ASSERT that the counters of each zone agree with each other. Some hundred instructions: done
 * whenever the VMkernel may look. */
void mm_check_counts(void);
/** Recompute every count and flag the slow way and compare (tests, ASSERT on failure). */
void mm_check(void);

#endif /* COS_MM_LRU_H */
