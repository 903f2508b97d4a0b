/* inert_lists.c - see inert_lists.h. The record begins with what settle.h reads: `active`. */
#include "cos/kernel/skip/inert_lists.h"

#include "cos/kernel/arch/cost.h"
#include "cos/kernel/mm/heat.h"
#include "cos/kernel/mm/v24/lru.h"
#include "cos/kernel/mm/v24/rmap.h"
#include "cos/kernel/mm/swap.h"
#include "cos/kernel/mm/v24/vmscan.h"
#include "cos/kernel/sched/v24/sched.h"
#include "cos/kernel/skip/turns.h"

#define DIRTY AGES /* index of inactive_dirty among the lists */
#define LISTS (AGES + 1u)
/* Per list: about 20, and two for each page that was special; pieces that meet again are joined. */
#define PIECES_MAX 4096u
#define PIECES_SPARE 64u   /* fewer left: time to put the lists in order */
#define SPECIALS_MAX 1024u /* young pages with which it is still worth beginning */
#define NEXT_TRY_NS (20 * NS_PER_MS)
/* Per list: a run is what one move brought, at least 64 pages but for the seams. */
#define RUNS_MAX 16384u
#define PAGES_MAX (MACHINE_RAM_MB_MAX * 256u)

#define LINK_AHEAD 12u /* pages that link_row() fetches ahead */

/* Pages `start` to `start+len-1`, counted from the tail, of list `list` as it was at inert_enter().
 */
struct piece {
    uint32_t list, start, len;
};
/* `len` pages that carry the stamps first, first+1, ... and the (biased) age byte `age`. */
struct run {
    uint32_t first, len;
    uint32_t age;
};
/* A list: rows of pieces and of runs, oldest (the list's tail) first. Rings with free-running ends.
 */
struct row {
    uint32_t piece_first, piece_end;
    uint32_t run_first, run_end;
    uint32_t pages; /* 0xffffffff would overflow nothing: at most PAGES_MAX */
    struct piece piece[PIECES_MAX];
    struct run run[RUNS_MAX];
};
struct scratch {
    uint32_t active;   /* first: inert_active() */
    uint32_t specials; /* pages that are special now */
    kptr zone;
    uint32_t base;                /* row of age a: (base + a) % AGES; inactive_dirty: row DIRTY */
    uint32_t start_of[LISTS + 1]; /* first index in `page` of each list of the start */
    struct row row[LISTS];
    kptr page[PAGES_MAX + LINK_AHEAD]; /* inert_leave(): all pages, list by list, tail first */
    uint32_t
        stamp[PAGES_MAX]; /* and their stamps and ages of the start, for those that never moved */
    uint8_t age[PAGES_MAX];
    uint32_t place[PAGES_MAX];                 /* by page frame: index in `page` */
    uint64_t special_bits[PAGES_MAX / 64 + 1]; /* by index in `page` */
    uint32_t crowded;                          /* a row has nearly all its pieces */
    uint64_t next_try_ns;                      /* not before: too many pages may be found used */
};
_Static_assert(sizeof(struct scratch) <= SCRATCH_HINTS, "scratch memory");
#define scratch PTR(struct scratch, SCRATCH_VA)
#define OLD_STAMPS 0xffffffffu /* run.age of pages that have not moved since inert_enter() */

/* Are the lists of `zone` turned by counting, and can that go on for a step of reclaim? */
static bool inert_counts(const struct zone *zone)
{
    if (!inert_active() || scratch->zone != kptr_of(zone))
        return false;
    /* The lists must not be put in order in the midst of a pass. Who comes from schedule() has time
     * enough, but one who has worked since, as a fork that copies ptes does, may have none left. */
    if (scratch->crowded || grant_ends_within(turn_bound_ns()))
        inert_settle();
    return inert_active();
}

bool inert_possible(const struct zone *zone)
{
    /* While pages are on the dirty list, active is smaller and the cache's share of it larger. Look
     * at the smallest it gets when a refill begins, after a round of kswapd: reclaim has brought
     * the cache just below its share of that and no further, so a larger allowance would never be
     * met. (A guess that fails costs time only: refill_inactive_zone() looks again.) */
    const uint32_t dirty_max = (uint32_t)positive(free_low(zone));
    const uint32_t listed = zone_active(zone) + zone->inactive_dirty;
    const uint32_t active = listed > dirty_max ? listed - dirty_max : 0;
    uint32_t young = 0;
    for (uint32_t age = 0; age < AGES; age++)
        young += zone->anon.young[age];
    return nr_swap_pages == 0 && zone->nr_restless == young && young <= SPECIALS_MAX &&
           zone->inactive_laundry == 0 && zone->inactive_clean == 0 &&
           refill_cache_share(active, zone->cache.nr) == 0;
}

static struct row *row_of_age(uint32_t age)
{
    return &scratch->row[(scratch->base + age) % AGES];
}

/* ---- rows ------------------------------------------------------------------------------------ */
static void row_clear(struct row *row)
{
    row->piece_first = row->piece_end = row->run_first = row->run_end = row->pages = 0;
}

static void add_piece(struct row *row, struct piece p)
{
    if (row->piece_end != row->piece_first) {
        struct piece *last = &row->piece[(row->piece_end - 1) % PIECES_MAX];
        if (last->list == p.list && last->start + last->len == p.start) {
            last->len += p.len;
            return;
        }
    }
    ASSERT(row->piece_end - row->piece_first < PIECES_MAX);
    if (row->piece_end - row->piece_first > PIECES_MAX - PIECES_SPARE)
        scratch->crowded = 1;
    row->piece[row->piece_end++ % PIECES_MAX] = p;
}

static void add_run(struct row *row, struct run r)
{
    if (row->run_end != row->run_first) {
        struct run *last = &row->run[(row->run_end - 1) % RUNS_MAX];
        if (last->age == r.age && last->age != OLD_STAMPS && last->first + last->len == r.first) {
            last->len += r.len;
            return;
        }
    }
    ASSERT(row->run_end - row->run_first < RUNS_MAX);
    row->run[row->run_end++ % RUNS_MAX] = r;
}

static void drop_runs(struct row *row, uint32_t n)
{
    while (n > 0) {
        struct run *r = &row->run[row->run_first % RUNS_MAX];
        const uint32_t m = r->len < n ? r->len : n;
        r->first += m;
        r->len -= m;
        n -= m;
        if (r->len == 0)
            row->run_first++;
    }
}

/* n pages from the tail of `from` to the head of `to`, with the next n stamps of the zone. */
static void move(struct row *from, struct row *to, uint32_t n, uint32_t age)
{
    struct zone *zone = PTR(struct zone, scratch->zone);
    ASSERT(from->pages >= n);
    if (n == 0)
        return;
    from->pages -= n;
    to->pages += n;
    drop_runs(from, n);
    add_run(to, (struct run){ zone->stamp, n, age });
    zone->stamp += n;
    while (n > 0) {
        struct piece *p = &from->piece[from->piece_first % PIECES_MAX];
        const uint32_t m = p->len < n ? p->len : n;
        const struct piece moved = { p->list, p->start, m };
        p->start += m;
        p->len -= m;
        n -= m;
        if (p->len == 0)
            from->piece_first++;
        add_piece(to, moved);
    }
}

/* ---- special pages --------------------------------------------------------------------------- */
static bool is_special(uint32_t index)
{
    return (scratch->special_bits[index / 64] >> (index % 64) & 1) != 0;
}

static void set_special(uint32_t index, bool special)
{
    if (is_special(index) == special)
        return;
    scratch->special_bits[index / 64] ^= 1ull << (index % 64);
    scratch->specials += special ? 1u : ~0u;
}

/* A page that is young, or that a look may find used. */
static void update_special(const struct page *page)
{
    set_special(scratch->place[page_to_pfn(page)],
                (page->flags & PG_young) != 0 || heat_stirs(page));
}

/* One that may be found used, on whatever list it is. */
static void mark_stirring(struct page *page)
{
    if ((page->flags & (PG_active_anon | PG_inactive_dirty)) &&
        page_zone(page) == &zone_table[ZONE_NORMAL])
        set_special(scratch->place[page_to_pfn(page)], true);
}

/* How many of the `n` places from `index` on come before the first special one. */
static uint32_t plain_from(uint32_t index, uint32_t n)
{
    for (uint32_t i = index; i < index + n;) {
        const uint64_t bits = scratch->special_bits[i / 64] >> (i % 64);
        if (bits != 0) {
            const uint32_t at = i + (uint32_t)__builtin_ctzll(bits);
            return at < index + n ? at - index : n;
        }
        i = (i / 64 + 1) * 64;
    }
    return n;
}

/* How many of the n oldest pages of a row come before the first special one. */
static uint32_t plain_pages(const struct row *row, uint32_t n)
{
    if (scratch->specials == 0)
        return n;
    uint32_t plain = 0;
    for (uint32_t i = row->piece_first; i != row->piece_end && plain < n; i++) {
        const struct piece *p = &row->piece[i % PIECES_MAX];
        const uint32_t want = p->len < n - plain ? p->len : n - plain;
        const uint32_t got = plain_from(scratch->start_of[p->list] + p->start, want);
        plain += got;
        if (got < want)
            break;
    }
    return plain;
}

static struct page *oldest_page(const struct row *row)
{
    const struct piece *p = &row->piece[row->piece_first % PIECES_MAX];
    return PTR(struct page, scratch->page[scratch->start_of[p->list] + p->start]);
}

void inert_toggle_young(struct page *page)
{
    struct zone *zone = PTR(struct zone, scratch->zone);
    page->flags ^= PG_young;
    update_special(page);
    if (page_restless(page) != ((page->flags & PG_restless) != 0)) {
        page->flags ^= PG_restless;
        zone->nr_restless += (page->flags & PG_restless) ? 1u : ~0u;
    }
}

/* ---- what reclaim does ----------------------------------------------------------------------- */
static void shift_ages(struct zone *zone)
{
    ASSERT(row_of_age(0)->pages == 0);
    row_clear(row_of_age(0));
    scratch->base =
        (scratch->base + 1) % AGES; /* the empty row of age 0 is the new one of age 15 */
    for (uint32_t age = 0; age < MAX_AGE; age++)
        zone->anon.count[age] = zone->anon.count[age + 1];
    zone->anon.count[MAX_AGE] = 0;
    zone->anon.bias++;
    zone->need_scan++;
}

enum special_end { LIFTED, KEPT, FADED };

/* The special page at the tail of age 0, as refill_list() takes it: kscand may have seen it used,
 * or this look does. FADED: neither; it is plain, but its step is charged. */
static enum special_end refill_special(struct zone *zone, struct row *oldest)
{
    struct page *page = oldest_page(oldest);
    uint32_t age = heat_age(page, 0, false);
    const bool lifted = age > 0;
    if (!lifted) {
        cpu_charge(COST_PAGE_SCAN - COST_REFERENCED); /* the rest is the look's */
        age = page_referenced(page) ? AGE_UP : 0;
    }
    update_special(page);
    if (age == 0)
        return FADED;
    move(oldest, row_of_age(age), 1, (uint8_t)(zone->anon.bias + age));
    zone->anon.count[0]--;
    zone->anon.count[age]++;
    return lifted ? LIFTED : KEPT;
}

static void deactivate_oldest(struct zone *zone, struct row *oldest, uint32_t n)
{
    move(oldest, &scratch->row[DIRTY], n, (uint8_t)zone->anon.bias);
    zone->anon.count[0] -= n;
    zone->anon.nr -= n;
    zone->inactive_dirty += n;
}

static uint32_t inert_refill(uint32_t goal)
{
    struct zone *zone = PTR(struct zone, scratch->zone);
    uint64_t cost = 0;
    uint32_t done = 0, maxscan = zone->anon.nr;

    while (maxscan > 0 && done < goal) {
        struct row *oldest = row_of_age(0);
        if (oldest->pages == 0) {
            cost += COST_KACHUNK;
            maxscan--;
            shift_ages(zone);
            continue;
        }
        uint32_t n = goal - done < maxscan ? goal - done : maxscan;
        if (n > oldest->pages)
            n = oldest->pages;
        n = plain_pages(oldest, n);
        cost += (uint64_t)n * COST_PAGE_SCAN;
        if (n == 0) {
            cpu_charge(cost); /* a look depends on its instant */
            cost = 0;
            const enum special_end end = refill_special(zone, oldest);
            maxscan -= end == KEPT;
            if (end != FADED)
                continue;
            n = 1;
        }
        deactivate_oldest(zone, oldest, n);
        done += n;
        maxscan -= n;
    }
    cpu_charge(cost);
    return done;
}

static void inert_launder(void)
{
    struct zone *zone = PTR(struct zone, scratch->zone);
    struct row *dirty = &scratch->row[DIRTY];
    while (zone->inactive_dirty > 0) {
        uint32_t n = plain_pages(dirty, zone->inactive_dirty);
        if (n == 0) {
            /* By way of the laundry, as launder_page() sends all that is not inert; there its
             * reference is seen. */
            struct page *page = oldest_page(dirty);
            cpu_charge(COST_PAGE_LAUNDER - COST_REFERENCED);
            if (page->flags & PG_young) {
                zone->stamp++;
                page->laundry_at = (uint16_t)(jiffies_now() / HZ);
                (void)page_referenced(page);
                update_special(page);
            } else {
                cpu_charge(COST_REFERENCED);
            }
            n = 1;
        } else {
            cpu_charge((uint64_t)n * COST_PAGE_LAUNDER);
        }
        move(dirty, row_of_age(INITIAL_AGE), n, (uint8_t)(zone->anon.bias + INITIAL_AGE));
        zone->anon.count[INITIAL_AGE] += n;
        zone->anon.nr += n;
        zone->inactive_dirty -= n;
    }
}

int32_t refill_by_counting(struct zone *zone, uint32_t target, uint32_t from_cache)
{
    if (!inert_counts(zone))
        return -1;
    if (from_cache == 0)
        return (int32_t)inert_refill(target);
    inert_settle(); /* the caller walks the lists */
    return -1;
}

bool launder_by_counting(struct zone *zone)
{
    if (!inert_counts(zone))
        return false;
    if (nr_swap_pages != 0) {
        inert_settle(); /* the caller walks the lists */
        return false;
    }
    inert_launder();
    return true;
}

void lists_in_order_for_scan(void)
{
    if (inert_active() && scratch->specials > 0)
        inert_settle();
}

/* ---- enter and leave ------------------------------------------------------------------------- */
static struct list *list_head(struct zone *zone, uint32_t list)
{
    return list == DIRTY ? &zone->inactive_dirty_list : &zone->anon.list[list];
}

static uint32_t list_count(const struct zone *zone, uint32_t list)
{
    return list == DIRTY ? zone->inactive_dirty : zone->anon.count[list];
}

/* Young, and else as an inert page. */
static bool may_be_special(const struct page *page)
{
    return (page->flags & PG_young) && page_inert_if_old(page);
}

/* All pages in a row, list by list, tail first. @return false when one is neither inert nor young
 */
static bool collect_pages(struct zone *zone)
{
    uint32_t n = 0;
    scratch->specials = 0;
    memset(scratch->special_bits, 0, sizeof scratch->special_bits);
    for (uint32_t list = 0; list < LISTS; list++) {
        const struct list *head = list_head(zone, list);
        scratch->start_of[list] = n;
        for (kptr k = head->prev; k != kptr_of(head); k = PTR(struct list, k)->prev) {
            const struct page *page = lru_page(k);
            lru_prefetch(page);
            ASSERT(n < PAGES_MAX);
            scratch->page[n] = kptr_of(page);
            scratch->stamp[n] = page->stamp;
            scratch->age[n] = page->age;
            scratch->place[page_to_pfn(page)] = n;
            if (page->flags & PG_restless) {
                if (!may_be_special(page))
                    return false;
                set_special(n, true);
            }
            n++;
        }
        ASSERT(n - scratch->start_of[list] == list_count(zone, list));
    }
    scratch->start_of[LISTS] = n;
    return true;
}

/* Young pages are counted by age only while their ages are known. */
static void count_specials(struct zone *zone, int sign)
{
    if (scratch->specials == 0)
        return;
    for (uint32_t i = 0; i < scratch->start_of[LISTS]; i += 64)
        for (uint64_t bits = scratch->special_bits[i / 64]; bits != 0; bits &= bits - 1) {
            const struct page *page =
                PTR(const struct page, scratch->page[i + (uint32_t)__builtin_ctzll(bits)]);
            if ((page->flags & PG_active_anon) && (page->flags & PG_young))
                count_young(&zone->anon, page, page_age(page), sign);
        }
}

bool inert_enter(struct zone *zone)
{
    ASSERT(!scratch->active && inert_possible(zone));
    if (cos_clock.now_ns < scratch->next_try_ns)
        return false;
    if (heat_for_each_stirring(NULL, SPECIALS_MAX) > SPECIALS_MAX) {
        scratch->next_try_ns = cos_clock.now_ns + NEXT_TRY_NS;
        return false;
    }
    if (!collect_pages(zone))
        return false;
    (void)heat_for_each_stirring(mark_stirring, SPECIALS_MAX);
    count_specials(zone, -1);
    scratch->zone = kptr_of(zone);
    scratch->base = 0;
    scratch->crowded = 0;
    for (uint32_t list = 0; list < LISTS; list++) {
        struct row *row = &scratch->row[list];
        const uint32_t n = list_count(zone, list);
        row_clear(row);
        row->pages = n;
        if (n == 0)
            continue;
        add_piece(row, (struct piece){ list, 0, n });
        add_run(row, (struct run){ 0, n, OLD_STAMPS });
    }
    scratch->active = 1;
    return true;
}

/* Link the pages of a row, tail first: each new one comes to the head. */
static void link_row(struct zone *zone, const struct row *row, uint32_t list)
{
    struct list *head = list_head(zone, list);
    const uint32_t flag = list == DIRTY ? PG_inactive_dirty : PG_active_anon;
    uint32_t run_index = row->run_first, run_used = 0;

    list_init(head);
    for (uint32_t i = row->piece_first; i != row->piece_end; i++) {
        const struct piece *piece = &row->piece[i % PIECES_MAX];
        const uint32_t from = scratch->start_of[piece->list] + piece->start;
        for (uint32_t k = from; k < from + piece->len; k++) {
            struct page *page = PTR(struct page, scratch->page[k]);
            __builtin_prefetch(PTR(const void, scratch->page[k + LINK_AHEAD]), 1);
            __builtin_prefetch(
                PTR(const void, scratch->page[k + LINK_AHEAD] + (uint32_t)sizeof(struct page) - 1),
                1);
            const struct run *run = &row->run[run_index % RUNS_MAX];
            const bool old = run->age == OLD_STAMPS;
            page->stamp = old ? scratch->stamp[k] : run->first + run_used;
            page->age = old ? scratch->age[k] : (uint8_t)run->age;
            page->flags = (page->flags & ~PG_lru) | flag;
            list_add(&page->lru, head);
            lru_hint_note(page);
            if (++run_used == run->len) {
                run_used = 0;
                run_index++;
            }
        }
    }
}

void inert_leave(kptr unused)
{
    (void)unused;
    struct zone *zone = PTR(struct zone, scratch->zone);
    ASSERT(scratch->active);
    for (uint32_t age = 0; age < AGES; age++)
        link_row(zone, row_of_age(age), age);
    link_row(zone, &scratch->row[DIRTY], DIRTY);
    scratch->active = 0;
    count_specials(zone, 1);
}

static void settle(void)
{
    inert_settle();
    mm_check_counts();
}

void skip_init(void)
{
    time_before_hand_over = settle;
}
