/* lru.c - the page lists of a zone and what is counted about them. Sources: docs/sources.md
 * [RHEL3MM 1.3].
 *
 * Nothing here decides; vmscan.c does. */
#include "cos/kernel/mm/v24/lru.h"

#include "cos/kernel/mm/heat.h"
#include "cos/kernel/mm/swap.h"
#include "cos/kernel/mm/v24/vmscan.h"

static inline struct age_lists *active_lists(struct zone *zone, const struct page *page)
{
    return (page->flags & PG_active_anon) ? &zone->anon : &zone->cache;
}

static void scan_bit(const struct page *page, bool set)
{
    const uint32_t pfn = page_to_pfn(page);
    uint64_t *word = PTR(uint64_t, scan_map) + pfn / 64;
    if (set)
        *word |= 1ull << (pfn % 64);
    else
        *word &= ~(1ull << (pfn % 64));
}

/* An active page of `age` came to (n = 1) or left (n = -1) the young ones. */
void count_young(struct age_lists *lists, const struct page *page, uint32_t age, int n)
{
    lists->young[age] += (uint32_t)n;
    if (age < MAX_AGE)
        scan_bit(page, n > 0);
}

static void toggle_young(kptr k)
{
    struct page *page = PTR(struct page, k);
    const bool young = !(page->flags & PG_young);
    if (inert_active() && (page->flags & (PG_active_anon | PG_inactive_dirty))) {
        inert_toggle_young(page);
        return;
    }
    page->flags ^= PG_young;
    if (page->flags & PG_active)
        count_young(active_lists(page_zone(page), page), page, page_age(page), young ? 1 : -1);
    page_update(page);
}

/* Aside, so that the stack does not show which of the two ways it was done. */
void page_mark_young(struct page *page)
{
    if (!(page->flags & PG_young))
        do_aside(toggle_young, kptr_of(page));
}

void page_clear_young(struct page *page)
{
    if (page->flags & PG_young)
        do_aside(toggle_young, kptr_of(page));
}

/* A list is walked from its tail, each page naming the next, and the frames are spread over 12 MB:
 * a cache miss per page, one after the other. So each page that comes to the head of age 3 is noted
 * with the one that came HINT_AHEAD before it, and when that one is reached, the hint is fetched. A
 * wrong hint does no harm. They lie in scratch memory: the machine has no such thing. */
#define HINT_AHEAD 16u
struct page_hints {
    uint32_t recent[HINT_AHEAD], at;                     /* frames, a ring */
    kptr ahead[MACHINE_RAM_MB_MAX << (20 - PAGE_SHIFT)]; /* by frame: struct page */
};
_Static_assert(SCRATCH_HINTS + sizeof(struct page_hints) <= SCRATCH_FAULTS, "scratch memory");
#define page_hints PTR(struct page_hints, SCRATCH_VA + SCRATCH_HINTS)

void lru_hint_note(const struct page *page)
{
    const uint32_t pfn = page_to_pfn(page);
    uint32_t *slot = &page_hints->recent[page_hints->at++ % HINT_AHEAD];
    page_hints->ahead[*slot] = kptr_of(page);
    *slot = pfn;
}

void lru_prefetch(const struct page *page)
{
    const kptr ahead = page_hints->ahead[page_to_pfn(page)];
    __builtin_prefetch(PTR(const void, ahead));
    __builtin_prefetch(
        PTR(const void, ahead + (uint32_t)sizeof(struct page) - 1)); /* it may lie on two lines */
    heat_prefetch(PTR(const struct page, ahead));
}

void add_page_to_active_list(struct page *page, uint32_t age)
{
    struct zone *zone = page_zone(page);
    inert_settle();
    ASSERT(!(page->flags & PG_lru) && age <= MAX_AGE);
    page->flags |= page_anon(page) ? PG_active_anon : PG_active_cache;
    struct age_lists *lists = active_lists(zone, page);
    page->age = (uint8_t)(age + lists->bias);
    page->stamp = zone->stamp++;
    list_add(&page->lru, &lists->list[age]);
    if (age == INITIAL_AGE)
        lru_hint_note(page);
    lists->count[age]++;
    if (page->flags & PG_young)
        count_young(lists, page, age, 1);
    lists->nr++;
    page_update(page);
}

static inline void add_inactive(struct page *page, uint32_t flag, struct list *list,
                                uint32_t *count)
{
    inert_settle();
    ASSERT(!(page->flags & PG_lru));
    page->flags |= flag;
    page->stamp = page_zone(page)->stamp++;
    list_add(&page->lru, list);
    (*count)++;
    page_update(page);
}

void add_page_to_inactive_dirty_list(struct page *page)
{
    struct zone *zone = page_zone(page);
    add_inactive(page, PG_inactive_dirty, &zone->inactive_dirty_list, &zone->inactive_dirty);
}

void add_page_to_inactive_laundry_list(struct page *page)
{
    struct zone *zone = page_zone(page);
    add_inactive(page, PG_inactive_laundry, &zone->inactive_laundry_list, &zone->inactive_laundry);
}

void add_page_to_inactive_clean_list(struct page *page)
{
    struct zone *zone = page_zone(page);
    add_inactive(page, PG_inactive_clean, &zone->inactive_clean_list, &zone->inactive_clean);
}

static inline void del_active(struct zone *zone, struct page *page)
{
    struct age_lists *lists = active_lists(zone, page);
    const uint32_t age = page_age(page);
    ASSERT(age <= MAX_AGE && lists->count[age] > 0);
    lists->count[age]--;
    if (page->flags & PG_young)
        count_young(lists, page, age, -1);
    lists->nr--;
}

void del_page_from_lru(struct page *page)
{
    struct zone *zone = page_zone(page);
    inert_settle();
    const uint32_t flag = page->flags & PG_lru;

    if (flag & PG_active)
        del_active(zone, page);
    else if (flag == PG_inactive_dirty)
        zone->inactive_dirty--;
    else if (flag == PG_inactive_laundry)
        zone->inactive_laundry--;
    else if (flag == PG_inactive_clean)
        zone->inactive_clean--;
    else
        ASSERT(!"page is on exactly one list");
    list_del(&page->lru);
    page->flags &= ~PG_lru;
    page_update(page);
}

void lru_cache_add(struct page *page)
{
    add_page_to_active_list(page, INITIAL_AGE);
}

/* An inactive page comes back: active, age 3. */
static void activate_page(struct page *page)
{
    if (!(page->flags & PG_lru) || (page->flags & PG_active))
        return;
    del_page_from_lru(page);
    add_page_to_active_list(page, INITIAL_AGE);
}

void deactivate_page(struct page *page)
{
    ASSERT(page->flags & PG_active);
    page->flags &= ~PG_referenced;
    del_page_from_lru(page);
    add_page_to_inactive_dirty_list(page);
}

void mark_page_accessed(struct page *page)
{
    if (page->flags & (PG_inactive_laundry | PG_inactive_clean)) {
        activate_page(page);
        if (free_min(page_zone(page)) >= 0)
            wakeup_kswapd(GFP_ATOMIC);
        return;
    }
    page->flags |= PG_referenced;
    page_mark_young(page);
}

static void list_move_all(struct list *from, struct list *to)
{
    if (list_empty(from)) {
        list_init(to);
        return;
    }
    to->next = from->next;
    to->prev = from->prev;
    PTR(struct list, to->next)->prev = kptr_of(to);
    PTR(struct list, to->prev)->next = kptr_of(to);
    list_init(from);
}

/* Pages of the highest age are not in scan_map; they come to age 14 now. */
static void map_oldest_young(const struct age_lists *lists)
{
    if (lists->young[MAX_AGE] == 0)
        return;
    const struct list *head = &lists->list[MAX_AGE];
    for (kptr k = head->next; k != kptr_of(head); k = PTR(struct list, k)->next)
        if (lru_page(k)->flags & PG_young)
            scan_bit(lru_page(k), true);
}

void age_lists_shift(struct age_lists *lists)
{
    ASSERT(list_empty(&lists->list[0]) && lists->count[0] == 0);
    map_oldest_young(lists);
    for (uint32_t age = 0; age < MAX_AGE; age++) {
        list_move_all(&lists->list[age + 1], &lists->list[age]);
        lists->count[age] = lists->count[age + 1];
        lists->young[age] = lists->young[age + 1];
    }
    lists->count[MAX_AGE] = lists->young[MAX_AGE] = 0;
    lists->bias++;
}

/* ---- the quick check ------------------------------------------------------------------------- */
static void check_age_counts(const struct age_lists *lists)
{
    uint32_t nr = 0;
    for (uint32_t age = 0; age < AGES; age++) {
        ASSERT(lists->young[age] <= lists->count[age]);
        nr += lists->count[age];
    }
    ASSERT(nr == lists->nr);
}

void mm_check_counts(void)
{
    for_each_zone (zone) {
        uint32_t free = 0;
        for (uint32_t order = 0; order < MAX_ORDER; order++)
            free += zone->free_area[order].nr_free << order;
        ASSERT(free == zone->free_pages && zone->hot_count <= zone->hot_max);
        check_age_counts(&zone->anon);
        check_age_counts(&zone->cache);
        ASSERT(zone->nr_restless <= zone->anon.nr + zone->inactive_dirty);
        ASSERT(free + zone->hot_count + zone_active(zone) + zone->inactive_dirty +
                   zone->inactive_laundry + zone->inactive_clean <=
               zone->managed);
    }
    ASSERT(nr_swap_pages <= total_swap_pages);
}

/* ---- the slow check -------------------------------------------------------------------------- */
static uint32_t check_list(const struct list *head, uint32_t flag, uint32_t *restless,
                           uint32_t *young)
{
    uint32_t n = 0;
    for (kptr k = head->next; k != kptr_of(head); k = PTR(struct list, k)->next, n++) {
        const struct page *page = lru_page(k);
        ASSERT((page->flags & PG_lru) == flag && page->count > 0);
        ASSERT(page_restless(page) == ((page->flags & PG_restless) != 0));
        ASSERT(PTR(struct list, PTR(struct list, k)->next)->prev == k);
        *restless += (page->flags & PG_restless) != 0;
        *young += (page->flags & PG_young) != 0;
    }
    return n;
}

static bool in_scan_map(uint32_t pfn)
{
    return (PTR(const uint64_t, scan_map)[pfn / 64] >> (pfn % 64)) & 1;
}

static void check_scan_map(const struct zone *zone)
{
    for (uint32_t pfn = zone->first_pfn; pfn < zone->first_pfn + zone->size; pfn++) {
        const struct page *page = pfn_to_page(pfn);
        const bool candidate =
            (page->flags & PG_active) && (page->flags & PG_young) && page_age(page) < MAX_AGE;
        ASSERT(in_scan_map(pfn) == candidate);
    }
}

static void check_ages(const struct age_lists *lists, uint32_t flag, uint32_t *restless)
{
    for (uint32_t age = 0; age < AGES; age++) {
        uint32_t young = 0;
        ASSERT(check_list(&lists->list[age], flag, restless, &young) == lists->count[age]);
        ASSERT(young == lists->young[age]);
    }
}

static void check_free(const struct zone *zone)
{
    for (uint32_t order = 0; order < MAX_ORDER; order++) {
        const struct free_area *area = &zone->free_area[order];
        uint32_t n = 0;
        for (kptr k = area->free_list.next; k != kptr_of(&area->free_list);
             k = PTR(struct list, k)->next, n++) {
            const struct page *page = list_entry(k, struct page, list);
            ASSERT((page->flags & PG_buddy) && page->order == order && page->count == 0);
        }
        ASSERT(n == area->nr_free);
    }
}

void mm_check(void)
{
    mm_check_counts();
    swap_check();
    heat_check();
    for_each_zone (zone) {
        uint32_t restless = 0, young = 0;
        check_ages(&zone->anon, PG_active_anon, &restless);
        check_ages(&zone->cache, PG_active_cache, &restless);
        ASSERT(check_list(&zone->inactive_dirty_list, PG_inactive_dirty, &restless, &young) ==
               zone->inactive_dirty);
        ASSERT(check_list(&zone->inactive_laundry_list, PG_inactive_laundry, &restless, &young) ==
               zone->inactive_laundry);
        ASSERT(check_list(&zone->inactive_clean_list, PG_inactive_clean, &restless, &young) ==
               zone->inactive_clean);
        ASSERT(restless == zone->nr_restless);
        check_free(zone);
        check_scan_map(zone);
    }
}
