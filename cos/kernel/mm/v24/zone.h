/* zone.h - zones: their lists, their watermarks, and the buddy allocator that serves them.
 *
 * A page frame is in exactly one of these places:
 *
 *     buddy list (PG_buddy) | per-CPU hot list (PG_hot) | in use by the kernel (count > 0, no list)
 *     active_anon[age] | active_cache[age] | inactive_dirty | inactive_laundry | inactive_clean
 *
 * (the last five: one PG_* each, by struct page.lru), and moves
 *
 *     new -> active --refill--> dirty --launder--> laundry --I/O done--> clean --reclaim--> free
 *
 * Sources: docs/sources.md [RHEL3MM 1.1-1.3]. */
#ifndef COS_MM_ZONE_H
#define COS_MM_ZONE_H

#include "cos/kernel/mm/mm.h"

#define MAX_AGE 15u
#define INITIAL_AGE 3u
#define AGE_UP 4u /* what a reference is worth */
#define AGES (MAX_AGE + 1u)
#define BATCH_WORK_AMOUNT 64u

#define ZONE_DMA 0u
#define ZONE_NORMAL 1u
#define ZONES 2u /* HighMem is empty on every COS (at most 800 MB) and left out */
#define ZONE_DMA_PAGES 4096u

struct free_area {
    struct list free_list;
    uint32_t nr_free; /* blocks */
};

/* One kind of active pages: a list per age, index = age, new pages at the head. page->age holds age
 * + bias (mod 256), so that ageing everybody is 15 splices and one addition. */
struct age_lists {
    struct list list[AGES];
    uint32_t count[AGES];
    uint32_t young[AGES]; /* pages with PG_young */
    uint32_t nr;          /* all ages */
    uint32_t bias;
};

struct zone {
    char name[8];
    uint32_t first_pfn, size; /* page frames; size counts reserved ones too */
    uint32_t managed;         /* frames that the buddy allocator was given */
    uint32_t free_pages;      /* on buddy lists; /proc's MemFree */
    uint32_t pages_min, pages_low, pages_high, pages_plenty;
    struct age_lists anon, cache;
    struct list inactive_dirty_list, inactive_laundry_list, inactive_clean_list;
    uint32_t inactive_dirty, inactive_laundry, inactive_clean;
    struct list hot_list; /* per-CPU list; its pages count as used */
    uint32_t hot_count, hot_max;
    uint32_t nr_restless;
    uint32_t stamp;        /* insertions into the lists so far */
    uint32_t need_scan;    /* rounds of ageing since kscand's last scan */
    uint32_t age_interval; /* jiffies between scans of kscand */
    uint32_t next_scan;    /* jiffies */
    kptr wait_table;       /* struct wait_queue[1 << wait_bits], hashed by page address */
    uint32_t wait_bits;
    struct free_area free_area[MAX_ORDER];
};
extern struct zone zone_table[ZONES];
#define for_each_zone(z) for (struct zone *z = zone_table; z < zone_table + ZONES; z++)

extern uint32_t zone_split; /* kptr of the first struct page of zone Normal */
static inline struct zone *page_zone(const struct page *page)
{
    return &zone_table[kptr_of(page) < zone_split ? ZONE_DMA : ZONE_NORMAL];
}

/* ---- watermarks: how many pages a zone is short of a mark; negative = to spare. inactive_clean
 * counts as free. */
static inline int32_t free_and_clean(const struct zone *z)
{
    return (int32_t)(z->free_pages + z->inactive_clean);
}
static inline int32_t free_min(const struct zone *z)
{
    return (int32_t)z->pages_min - free_and_clean(z);
}
static inline int32_t free_low(const struct zone *z)
{
    return (int32_t)z->pages_low - free_and_clean(z);
}
static inline int32_t free_high(const struct zone *z)
{
    return (int32_t)z->pages_high - free_and_clean(z);
}
/** ALL_ZONES: signed sum over all zones. */
static inline int32_t free_low_all(void)
{
    return free_low(&zone_table[0]) + free_low(&zone_table[1]);
}
static inline int32_t free_high_all(void)
{
    return free_high(&zone_table[0]) + free_high(&zone_table[1]);
}
static inline int32_t positive(int32_t n)
{
    return n > 0 ? n : 0;
}
/** ANY_ZONE: sum of what is positive. */
static inline int32_t free_low_any(void)
{
    return positive(free_low(&zone_table[0])) + positive(free_low(&zone_table[1]));
}
static inline int32_t free_min_any(void)
{
    return positive(free_min(&zone_table[0])) + positive(free_min(&zone_table[1]));
}
static inline uint32_t zone_active(const struct zone *z)
{
    return z->anon.nr + z->cache.nr;
}
static inline int32_t inactive_low(const struct zone *z)
{
    return (int32_t)(z->pages_high + zone_active(z) / 5) -
           (int32_t)(z->free_pages + z->inactive_clean + z->inactive_dirty + z->inactive_laundry);
}
#define INACTIVE_CLEAN_PERCENT 30u /* sysctl */
static inline bool need_rebalance_dirty(const struct zone *z)
{
    return z->inactive_dirty * INACTIVE_CLEAN_PERCENT / 100 >
               z->inactive_laundry + z->inactive_clean ||
           z->inactive_laundry / 2 + z->inactive_clean + z->free_pages < z->pages_high;
}
static inline bool need_rebalance_laundry(const struct zone *z)
{
    return z->inactive_laundry > z->inactive_clean;
}

/* ---- zone.c ---------------------------------------------------------------------------------- */
struct zone_marks { /* pages */
    uint32_t min, low, high, plenty;
};
/** The marks of a zone of `zone_pages` on a machine of `total_pages` (both before reservations),
 * for a PAE kernel without HighMem. [RHEL3MM 1.2] */
struct zone_marks zone_watermarks(uint32_t zone_pages, uint32_t total_pages, bool is_dma);
/** Where those sleep who wait for this page, and for others that hash alike. */
struct wait_queue *page_waitqueue(const struct page *page);

/* ---- page_alloc.c ---------------------------------------------------------------------------- */
/** Like alloc_pages, but leaves PG_zero as it is: the caller looks whether the page must be
 * cleared. @return NULL when there is no memory */
struct page *__alloc_pages(uint32_t gfp, uint32_t order);
/** Give a block back whose last reference is gone. */
void __free_pages_ok(struct page *page, uint32_t order);
/** Give a block that was never free to its zone, at boot. */
void free_pages_boot(struct page *page, uint32_t order);
/** Move at most `goal` pages of inactive_clean to the buddy lists. */
void rmqueue_drain_clean(struct zone *zone, uint32_t goal);
/** One page of zeros for the kernel's own use. Costs COST_CLEAR_PAGE. @return NULL: no memory */
struct page *alloc_zeroed_page(uint32_t gfp);
/** Make the page all zero if it is not known to be. Costs COST_CLEAR_PAGE either way. */
void clear_page(struct page *page);
static inline void get_page(struct page *page)
{
    page->count++;
}
/** Drop a reference; the last one frees the page. */
static inline void put_page(struct page *page)
{
    ASSERT(page->count > 0);
    if (--page->count == 0)
        __free_pages_ok(page, 0);
}

#endif /* COS_MM_ZONE_H */
