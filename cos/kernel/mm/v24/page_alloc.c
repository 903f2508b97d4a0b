/* page_alloc.c - the buddy allocator and __alloc_pages with its endless retry. Sources:
 * docs/sources.md [RHEL3MM 0, 1.3, 1.4].
 *
 * __alloc_pages for order 0 with WAIT, in this order:
 *     1 zones below min get pages back from inactive_clean
 *     2 a zone with free+clean >= high
 *     3 a zone >= low
 *     4 wakeup_kswapd, which may put the caller to sleep (D)
 *     5 a zone >= min
 *     6 with __GFP_HIGH: >= min/2
 *     7 yield(), try_to_free_pages(), back to 1 - without end
 * PAE: the zone list is Normal alone, for kernel and user pages; DMA serves GFP_DMA only.
 *
 * Free pages keep PG_zero: a frame that was never written is a hole of the memfd and is handed out
 * as zero without touching it. */
#include "cos/kernel/arch/cost.h"
#include "cos/kernel/faults/fail_page_alloc.h"
#include "cos/kernel/mm/v24/lru.h"
#include "cos/kernel/mm/v24/vmscan.h"
#include "cos/kernel/mm/v24/zone.h"
#include "cos/kernel/skip/hooks.h"

#define FIXUP_PAGES 64

uint32_t nr_free_pages(void)
{
    return zone_table[ZONE_DMA].free_pages + zone_table[ZONE_NORMAL].free_pages;
}

/* ---- buddy lists ----------------------------------------------------------------------------- */
static void buddy_insert(struct zone *zone, struct page *page, uint32_t order)
{
    page->order = (uint8_t)order;
    page->flags |= PG_buddy;
    list_add(&page->list, &zone->free_area[order].free_list);
    zone->free_area[order].nr_free++;
}

static void buddy_remove(struct zone *zone, struct page *page)
{
    ASSERT((page->flags & PG_buddy) && zone->free_area[page->order].nr_free > 0);
    page->flags &= ~PG_buddy;
    list_del(&page->list);
    zone->free_area[page->order].nr_free--;
}

/* The buddy of a block if it is free as a whole, else NULL. */
static struct page *free_buddy(const struct zone *zone, uint32_t pfn, uint32_t order)
{
    const uint32_t buddy_pfn = pfn ^ (1u << order);
    if (buddy_pfn < zone->first_pfn || buddy_pfn >= zone->first_pfn + zone->size)
        return NULL;
    struct page *buddy = pfn_to_page(buddy_pfn);
    return (buddy->flags & PG_buddy) && buddy->order == order ? buddy : NULL;
}

static void buddy_free(struct zone *zone, struct page *page, uint32_t order)
{
    uint32_t pfn = page_to_pfn(page);
    ASSERT((pfn & ((1u << order) - 1)) == 0);
    zone->free_pages += 1u << order;
    for (; order < MAX_ORDER - 1; order++) {
        struct page *buddy = free_buddy(zone, pfn, order);
        if (buddy == NULL)
            break;
        buddy_remove(zone, buddy);
        pfn &= ~(1u << order);
    }
    buddy_insert(zone, pfn_to_page(pfn), order);
}

void free_pages_boot(struct page *page, uint32_t order)
{
    struct zone *zone = page_zone(page);
    zone->managed += 1u << order;
    buddy_free(zone, page, order);
}

static struct page *buddy_alloc(struct zone *zone, uint32_t order)
{
    uint32_t from = order;
    while (from < MAX_ORDER && list_empty(&zone->free_area[from].free_list))
        from++;
    if (from == MAX_ORDER)
        return NULL;
    struct page *page = list_entry(zone->free_area[from].free_list.next, struct page, list);
    buddy_remove(zone, page);
    while (from > order) { /* give back the upper halves */
        from--;
        buddy_insert(zone, page + (1u << from), from);
    }
    zone->free_pages -= 1u << order;
    return page;
}

/* ---- free ------------------------------------------------------------------------------------ */
void __free_pages_ok(struct page *page, uint32_t order)
{
    struct zone *zone = page_zone(page);

    if (page->flags & PG_lru)
        del_page_from_lru(page);
    page_clear_young(page);
    ASSERT(page->count == 0 && page->mapping == 0 && page->pte[0] == 0 && page->buffers == 0);
    ASSERT(!(page->flags & (PG_locked | PG_reserved | PG_slab | PG_table | PG_pinned | PG_buddy |
                            PG_hot | PG_lru)));
    page->flags &= PG_zero;
    if (order == 0 && free_high(zone) <= 0 && zone->hot_count < zone->hot_max) {
        page->flags |= PG_hot;
        list_add(&page->list, &zone->hot_list);
        zone->hot_count++;
        return;
    }
    buddy_free(zone, page, order);
}

void free_pages(struct page *page, uint32_t order)
{
    ASSERT(page->count > 0);
    if (--page->count == 0)
        __free_pages_ok(page, order);
}

/* ---- allocate -------------------------------------------------------------------------------- */
static struct page *take_hot(struct zone *zone)
{
    /* The last eighth is for those who free memory. */
    const uint32_t keep = (current->flags & PF_MEMALLOC) ? 0 : zone->hot_max / 8;
    if (zone->hot_count <= keep)
        return NULL;
    struct page *page = list_entry(zone->hot_list.next, struct page, list);
    list_del(&page->list);
    zone->hot_count--;
    page->flags &= ~PG_hot;
    return page;
}

static struct page *rmqueue(struct zone *zone, uint32_t order)
{
    struct page *page = order == 0 ? take_hot(zone) : NULL;
    if (page == NULL)
        page = buddy_alloc(zone, order);
    if (page == NULL)
        return NULL;
    ASSERT(page->count == 0 && !(page->flags & ~PG_zero));
    page->count = 1;
    page->order = 0;
    page->index = 0;
    return page;
}

void rmqueue_drain_clean(struct zone *zone, uint32_t goal)
{
    while (goal-- > 0) {
        struct page *page = reclaim_page(zone);
        if (page == NULL)
            return;
        put_page(page);
    }
}

/* Below min: move up to max(64, what is missing)+1 pages of inactive_clean to the buddy lists. */
static void fixup_freespace(struct zone *zone)
{
    if (zone->free_pages >= zone->pages_min || zone->inactive_clean == 0)
        return;
    const uint32_t missing = zone->pages_min - zone->free_pages;
    rmqueue_drain_clean(zone, (missing > FIXUP_PAGES ? missing : FIXUP_PAGES) + 1);
}

enum page_limit { PAGES_HIGH, PAGES_LOW, PAGES_MIN, PAGES_MIN_HALF };

static uint32_t limit_of(const struct zone *zone, enum page_limit limit)
{
    switch (limit) {
    case PAGES_HIGH:
        return zone->pages_high;
    case PAGES_LOW:
        return zone->pages_low;
    case PAGES_MIN:
        return zone->pages_min;
    default:
        return zone->pages_min / 2;
    }
}

/* PAE: one zone per list. */
static struct zone *zone_of(uint32_t gfp)
{
    return &zone_table[(gfp & GFP_DMA) ? ZONE_DMA : ZONE_NORMAL];
}

static struct page *__alloc_pages_limit(struct zone *zone, uint32_t order, enum page_limit limit,
                                        bool direct_reclaim)
{
    if ((uint32_t)free_and_clean(zone) < limit_of(zone, limit))
        return NULL;
    struct page *page = rmqueue(zone, order);
    if (page == NULL && direct_reclaim)
        page = reclaim_page(zone);
    return page;
}

/* One free block of a higher order by force: wash and free what can be had, at most until it works.
 * [RHEL3MM 1.4, "Higher orders"] */
static struct page *defragment(struct zone *zone, uint32_t gfp, uint32_t order)
{
    bool freed;
    do {
        freed = false;
        (void)rebalance_laundry_zone(zone, 0, 0);
        for (int pass = 0; pass < 2; pass++) {
            if (pass == 1) {
                (void)rebalance_inactive(20);
                (void)rebalance_dirty_zone(zone, BATCH_WORK_AMOUNT, gfp);
                (void)rebalance_laundry_zone(zone, BATCH_WORK_AMOUNT, gfp);
                FORGET_STACK_BELOW();
            }
            for (;;) {
                struct page *page = rmqueue(zone, order);
                if (page != NULL)
                    return page;
                page = reclaim_page(zone);
                if (page == NULL)
                    break;
                put_page(page);
                freed = true;
            }
        }
    } while (order <= 2 && freed);
    return NULL;
}

/* For those who may not wait, and for those who free memory. Down to a quarter of min, and
 * PF_MEMALLOC down to nothing. */
static struct page *alloc_last_phase(struct zone *zone, uint32_t order, bool direct_reclaim)
{
    if (direct_reclaim) {
        struct page *page = reclaim_page(zone);
        if (page != NULL)
            return page;
    }
    if (zone->free_pages > 1 + zone->pages_min / 4 || (current->flags & PF_MEMALLOC))
        return rmqueue(zone, order);
    return NULL;
}

KERNEL_FN struct page *__alloc_pages(uint32_t gfp, uint32_t order)
{
    struct zone *zone = zone_of(gfp);
    const bool direct_reclaim = order == 0 && (gfp & GFP_WAIT);

    cpu_charge(COST_ALLOC / 2);
    cpu_charge(COST_ALLOC / 2);
    if (should_fail_alloc_page(gfp, order))
        return NULL;
    for (;;) {
        fixup_freespace(zone);
        struct page *page = __alloc_pages_limit(zone, order, PAGES_HIGH, direct_reclaim);
        if (page == NULL)
            page = __alloc_pages_limit(zone, order, PAGES_LOW, direct_reclaim);
        if (page != NULL)
            return page;
        wakeup_kswapd(gfp);
        page = __alloc_pages_limit(zone, order, PAGES_MIN, direct_reclaim);
        if (page == NULL && (gfp & GFP_HIGH))
            page = __alloc_pages_limit(zone, order, PAGES_MIN_HALF, direct_reclaim);
        if (page != NULL)
            return page;

        if ((current->flags & (PF_MEMALLOC | PF_MEMDIE)) || !(gfp & GFP_WAIT))
            break;
        if (order > 0) {
            page = defragment(zone, gfp, order);
            if (page != NULL)
                return page;
            break;
        }
        STANDS_IN(STUCK_RETRY, gfp, yield());
        if (try_to_free_pages(gfp) == 0 && !(gfp & (GFP_FS | GFP_REPEAT)))
            return NULL;
    }
    /* Failure is silent: the message is commented out in this kernel. [RHEL3MM 0.9] */
    return alloc_last_phase(zone, order, direct_reclaim);
}

struct page *alloc_pages(uint32_t gfp, uint32_t order)
{
    struct page *page = __alloc_pages(gfp, order);
    for (uint32_t i = 0; page != NULL && i < 1u << order; i++)
        page[i].flags &= ~PG_zero;
    return page;
}

kptr get_free_pages(uint32_t gfp, uint32_t order)
{
    struct page *page = alloc_pages(gfp, order);
    return page != NULL ? kptr_of(page_address(page)) : 0;
}

void free_pages_at(kptr address, uint32_t order)
{
    free_pages(virt_to_page(PTR(void, address)), order);
}

void clear_page(struct page *page)
{
    cpu_charge(COST_CLEAR_PAGE);
    if (!(page->flags & PG_zero))
        memset(page_address(page), 0, PAGE_SIZE);
    page->flags |= PG_zero;
}

struct page *alloc_zeroed_page(uint32_t gfp)
{
    struct page *page = __alloc_pages(gfp, 0);
    if (page == NULL)
        return NULL;
    clear_page(page);
    page->flags &= ~PG_zero;
    return page;
}
