/* vmscan.c - reclaim: who is old, who is washed, who waits. Sources: docs/sources.md
 * [RHEL3MM 0, 1.5, 1.6].
 *
 *     active (16 ages)  <--- referenced: age+4; no swap slot: age 3 ---+
 *        | refill_inactive_zone                                          |
 *        v                                                               |
 *     inactive_dirty ---launder_page---> inactive_laundry (writing) -----+
 *                                           | rebalance_laundry_zone
 *                                           v
 *              free <---reclaim_page--- inactive_clean
 *
 * Each page step charges its cost where it is done, so whoever is looked at in the midst of a pass
 * stands in the function that works.
 *
 * What is called ..._by_counting() does the same as what follows it, and costs the same, sooner; it
 * declines where it cannot (skip/hooks.h).
 *
 * kswapd and kscand cost nothing while there is nothing for them to do: kswapd sleeps without a
 * timer, and kthread_rearm(), which the idle loop calls, arms it for the next point of its 1-s grid
 * once a condition holds that would make it work there. kscand knows its next scan. */
#include "cos/kernel/mm/v24/vmscan.h"

#include "cos/kernel/arch/cost.h"
#include "cos/kernel/drivers/block.h"
#include "cos/kernel/drivers/vmnix.h"
#include "cos/kernel/fs/buffer.h"
#include "cos/kernel/mm/dcache.h"
#include "cos/kernel/mm/heat.h"
#include "cos/kernel/mm/v24/lru.h"
#include "cos/kernel/mm/v24/oom_kill.h"
#include "cos/kernel/mm/v24/rmap.h"
#include "cos/kernel/mm/slab.h"
#include "cos/kernel/mm/swap.h"
#include "cos/kernel/sched/v24/sched.h"
#include "cos/kernel/skip/hooks.h"

#define DIRECT_PERCENT 25u /* of a zone's pages should be inactive or free */
#define KSWAPD_PERCENT 20u
#define LAUNDRY_TIMEOUT (5u * HZ)
#define LAUNDRY_STUCK_S 30u /* in flight so long: back to dirty */
#define KSCAND_LOW_AGE 7u
#define KSCAND_TICKS (HZ / 2u)
#define KSCAND_INTERVAL_MIN (HZ / 2u)
#define KSCAND_INTERVAL_MAX (300u * HZ)
#define KSCAND_CHUNK 64u /* pages per charge: 25 us, so that interrupts are taken in time */

/* sysctl pagecache: the file cache may borrow up to `borrow` percent of active before it loses more
 * than its share */
#define CACHE_MIN_PERCENT 1u
#define CACHE_BORROW_PERCENT 15u
#define CACHE_MAX_PERCENT 30u

static uint32_t kswapd_minfree; /* sum of the zones' pages_min */
struct wait_queue kswapd_wait;
static struct wait_queue kswapd_done, kscand_wait;
static bool kswapd_overloaded;  /* in its 20-ms nap */
static bool kswapd_idle;        /* on kswapd_wait without a timer of its own */
static uint32_t kswapd_idle_at; /* jiffies: origin of its 1-s grid */
static uint32_t kswapd_aged_at; /* jiffies of the last background_aging */
static struct ktimer kswapd_timer;

void vmscan_init(void)
{
    wait_queue_init(&kswapd_wait);
    wait_queue_init(&kswapd_done);
    wait_queue_init(&kscand_wait);
    for_each_zone (zone)
        kswapd_minfree += zone->pages_min;
}

/* ---- refill: active -> inactive_dirty -------------------------------------------------------- */
uint32_t refill_cache_share(uint32_t active, uint32_t cache)
{
    const uint32_t goal = active * CACHE_BORROW_PERCENT / 100;
    if (cache * 100 < active * CACHE_MIN_PERCENT)
        return 0;
    if (cache * 100 > active * CACHE_MAX_PERCENT)
        return 100;
    if (cache >= goal)
        return 50 + (cache - goal) * 50 / (active - goal + 1);
    return 50 - (goal - cache) * 50 / (goal + 1);
}

/* Did kscand, in its rounds since the last look, see the oldest page used so that it is old by now?
 * Then it is not here at all: to its place with it. No step of refill. */
static bool aged_by_kscand(const struct age_lists *lists)
{
    if (!heat_any() || list_empty(&lists->list[0]))
        return false;
    struct page *page = lru_page(lists->list[0].prev);
    const uint32_t age = (page->flags & PG_locked) ? 0 : heat_age(page, 0, false);
    if (age == 0)
        return false;
    del_page_from_lru(page);
    add_page_to_active_list(page, age);
    return true;
}

/* One kind of pages. Inlined twice into refill_inactive_zone, as in the original. @return pages
 * deactivated */
INLINE_FN uint32_t refill_list(struct zone *zone, struct age_lists *lists, uint32_t goal)
{
    uint32_t done = 0;
    for (uint32_t maxscan = lists->nr; maxscan > 0 && done < goal; maxscan--) {
        while (aged_by_kscand(lists))
            ;
        if (list_empty(&lists->list[0])) {
            cpu_charge(COST_KACHUNK);
            age_lists_shift(lists);
            zone->need_scan++;
            continue;
        }
        cpu_charge((COST_PAGE_SCAN - COST_REFERENCED) / 2);
        cpu_charge((COST_PAGE_SCAN - COST_REFERENCED) / 2);
        struct page *page = lru_page(lists->list[0].prev);
        lru_prefetch(page);
        if (page->flags & PG_locked) {
            del_page_from_lru(page);
            add_page_to_active_list(page, INITIAL_AGE);
            cpu_charge(COST_REFERENCED);
        } else if (page_referenced(page)) {
            del_page_from_lru(page);
            add_page_to_active_list(page, AGE_UP);
        } else {
            deactivate_page(page);
            done++;
        }
    }
    return done;
}

/* A section of its own, since its place in the image is known (cos.lds). */
static KERNEL_FN __attribute__((section(".text.refill_inactive_zone"))) uint32_t
refill_inactive_zone(struct zone *zone, uint32_t target)
{
    const uint32_t share = refill_cache_share(zone_active(zone), zone->cache.nr);
    const uint32_t from_cache = target * share / 100;
    const int32_t counted = refill_by_counting(zone, target, from_cache);
    if (counted >= 0)
        return (uint32_t)counted;
    uint32_t done = refill_list(zone, &zone->anon, target - from_cache);
    done += refill_list(zone, &zone->cache, from_cache);
    return done;
}

static bool zone_short_of_inactive(const struct zone *zone, uint32_t percentage)
{
    const uint32_t inactive =
        zone->inactive_dirty + zone->inactive_laundry + zone->inactive_clean + zone->free_pages;
    return inactive * 100 < (inactive + zone_active(zone)) * percentage;
}

static KERNEL_FN uint32_t rebalance_inactive_zone(struct zone *zone, uint32_t max_work,
                                                  uint32_t percentage)
{
    return zone_short_of_inactive(zone, percentage) ? refill_inactive_zone(zone, max_work) : 0;
}

KERNEL_FN uint32_t rebalance_inactive(uint32_t percentage)
{
    const uint32_t max_work = (percentage >= 50 ? 8 : 4) * BATCH_WORK_AMOUNT;
    uint32_t done = 0;
    for_each_zone (zone)
        done += rebalance_inactive_zone(zone, max_work, percentage);
    return done;
}

/* ---- launder: inactive_dirty -> laundry ------------------------------------------------------ */
static void activate_at_initial_age(struct page *page)
{
    del_page_from_lru(page);
    add_page_to_active_list(page, INITIAL_AGE);
}

/* The same, where it is all that can be done with the page: no other step of its cost follows. */
static KERNEL_FN void activate_page_nolock(struct page *page)
{
    activate_at_initial_age(page);
    cpu_charge(COST_ACTIVATE / 2);
    cpu_charge(COST_ACTIVATE / 2);
}

static void back_to_dirty(struct page *page)
{
    del_page_from_lru(page);
    add_page_to_inactive_dirty_list(page);
}

static uint16_t now_seconds(void)
{
    return (uint16_t)(jiffies_now() / HZ);
}

/* Start writing a dirty page of swap or of a file. It is locked till the write ends. @return true
 * when started */
static bool writepage(struct page *page, uint32_t gfp)
{
    if (!(gfp & GFP_FS))
        return false;
    if ((page->flags & PG_shmem) && !shmem_writepage(page)) {
        if (nr_swap_pages == 0)
            activate_at_initial_age(page);
        return false;
    }
    if (!try_lock_page(page))
        return false;
    if (!(page->flags & PG_swapcache)) {
        file_writepage(page);
        return true;
    }
    page->flags &= ~PG_dirty;
    submit_page(page, true, VMNIX_SWAP, DISK_SWAP_START + page->index, end_swap_io);
    return true;
}

/* The page is on the laundry list. @return true when it is washed or is being washed */
static bool launder_in_laundry(struct page *page, uint32_t gfp)
{
    /* A locked page gets no slot, which it could not use. */
    if (page_mapped(page) && page_anon(page) && page->mapping == 0 &&
        (page_mlocked(page) || !add_to_swap(page))) {
        activate_at_initial_age(page);
        return false;
    }
    if (page_mapped(page)) {
        const enum swap_result result = try_to_unmap(page);
        if (result == SWAP_FAIL)
            activate_at_initial_age(page);
        if (result != SWAP_SUCCESS)
            return false;
    }
    if (page->flags & PG_dirty) {
        if (writepage(page, gfp))
            return true;
        if (page->flags & PG_inactive_laundry)
            back_to_dirty(page);
        return false;
    }
    return try_to_release_page(page) && !(page->flags & PG_referenced);
}

/* Wash the page at the tail of the dirty list: take it off there, one way or the other. @return
 * true on progress */
INLINE_FN bool launder_page(struct zone *zone, struct page *page, uint32_t gfp)
{
    if (zone->cache.nr * 100 > zone_active(zone) * CACHE_MAX_PERCENT && page_anon(page) &&
        free_min(zone) < 0) {
        activate_page_nolock(page);
        return false;
    }
    if (nr_swap_pages == 0 && !(page->flags & PG_restless)) {
        /* Inert, and no slot: laundry and straight back to active. The same as below in one
         * step. */
        activate_page_nolock(page);
        return false;
    }
    del_page_from_lru(page);
    add_page_to_inactive_laundry_list(page);
    page->laundry_at = now_seconds();
    if (page->flags & PG_locked) {
        cpu_charge(COST_REFERENCED);
        return true;
    }
    if (page_referenced(page) && page_mapped(page)) {
        activate_at_initial_age(page);
        return false;
    }
    get_page(page); /* writing may sleep */
    const bool done = launder_in_laundry(page, gfp);
    put_page(page);
    return done;
}

KERNEL_FN uint32_t rebalance_dirty_zone(struct zone *zone, uint32_t max_work, uint32_t gfp)
{
    uint32_t work = 0;
    if (launder_by_counting(zone))
        return 0;
    uint32_t loops =
        zone->inactive_dirty > BATCH_WORK_AMOUNT ? zone->inactive_dirty : BATCH_WORK_AMOUNT;
    for (; loops > 0 && zone->inactive_dirty > 0; loops--) {
        cpu_charge((COST_PAGE_LAUNDER - COST_REFERENCED) / 2);
        cpu_charge((COST_PAGE_LAUNDER - COST_REFERENCED) / 2);
        if (!launder_page(zone, lru_page(zone->inactive_dirty_list.prev), gfp))
            continue;
        work++;
        if (work > max_work || (work > BATCH_WORK_AMOUNT && !need_rebalance_dirty(zone)))
            break;
    }
    return work;
}

/* ---- laundry -> inactive_clean --------------------------------------------------------------- */
enum laundry_wait { LAUNDRY_UNLOCKED, LAUNDRY_TIMED_OUT };

/* The page at the tail is locked: to the head with it, and wait for its I/O. It may be gone
 * afterwards. */
INLINE_FN enum laundry_wait laundry_wait_page(struct page *page)
{
    del_page_from_lru(page);
    add_page_to_inactive_laundry_list(page);
    get_page(page);
    const bool timed_out = wait_on_page_timeout(page, LAUNDRY_TIMEOUT);
    if (timed_out && (page->flags & PG_inactive_laundry) &&
        (uint16_t)(now_seconds() - page->laundry_at) > LAUNDRY_STUCK_S)
        back_to_dirty(page);
    put_page(page);
    return timed_out ? LAUNDRY_TIMED_OUT : LAUNDRY_UNLOCKED;
}

/* The page at the tail is unlocked. @return true when it became clean, or when its buffer cannot
 * go: that counts as work too, and keeps the OOM killer away [RHEL3MM 1.5] */
static bool laundry_take(struct page *page)
{
    if (!try_to_release_page(page)) {
        back_to_dirty(page);
        cpu_charge(COST_REFERENCED);
        return true;
    }
    if (page_referenced(page) || page_mapped(page) || (page->flags & PG_dirty) ||
        page->count != 1) {
        back_to_dirty(page);
        return false;
    }
    del_page_from_lru(page);
    add_page_to_inactive_clean_list(page);
    return true;
}

KERNEL_FN uint32_t rebalance_laundry_zone(struct zone *zone, uint32_t max_work, uint32_t gfp)
{
    uint32_t work = 0;
    uint32_t loops = max_work > BATCH_WORK_AMOUNT ? max_work : BATCH_WORK_AMOUNT;
    while (loops > 0 && zone->inactive_laundry > 0) {
        cpu_charge(COST_PAGE_SCAN - COST_REFERENCED);
        struct page *page = lru_page(zone->inactive_laundry_list.prev);
        if (page->flags & PG_locked) {
            cpu_charge(COST_REFERENCED);
            if (!(gfp & GFP_WAIT) || work >= max_work)
                break;
            if (laundry_wait_page(page) == LAUNDRY_TIMED_OUT)
                loops--;
            continue;
        }
        loops--;
        work += laundry_take(page);
    }
    return work + zone->inactive_laundry;
}

/* ---- inactive_clean -> free ------------------------------------------------------------------ */
struct page *reclaim_page(struct zone *zone)
{
    while (zone->inactive_clean > 0) {
        cpu_charge(COST_PAGE_SCAN - COST_REFERENCED);
        struct page *page = lru_page(zone->inactive_clean_list.prev);
        if (page_referenced(page) || page_mapped(page) || (page->flags & (PG_dirty | PG_locked)) ||
            page->buffers != 0 || page->count != 1) {
            back_to_dirty(page);
            continue;
        }
        del_page_from_lru(page);
        get_page(page);
        if (page->flags & PG_swapcache)
            delete_from_swap_cache(page);
        else
            remove_inode_page(page);
        ASSERT(page->count == 1 && page->mapping == 0);
        page->flags &= PG_zero;
        page->index = 0;
        return page;
    }
    return NULL;
}

/* ---- direct reclaim -------------------------------------------------------------------------- */
INLINE_FN uint32_t shrink_caches(uint32_t dcache_priority, uint32_t icache_priority, uint32_t gfp)
{
    cpu_charge(COST_RECLAIM_PASS - 2 * COST_SHRINK - COST_REAP);
    uint32_t freed = shrink_dcache_memory(dcache_priority);
    freed += shrink_icache_memory(icache_priority);
    return freed + kmem_cache_reap(gfp);
}

/* One pass for one's own sake. @return pages on their way; 0 = nothing at all, the only case that
 * calls the OOM killer */
static KERNEL_FN uint32_t do_try_to_free_pages(uint32_t gfp)
{
    uint32_t done = 0;
    current->reclaim_passes++;
    (void)rebalance_inactive(DIRECT_PERCENT);
    for_each_zone (zone) {
        if (need_rebalance_dirty(zone))
            done += rebalance_dirty_zone(zone, BATCH_WORK_AMOUNT, gfp);
        if (need_rebalance_laundry(zone))
            done += rebalance_laundry_zone(zone, BATCH_WORK_AMOUNT, gfp);
    }
    FORGET_STACK_BELOW();
    done += shrink_caches(0, 1, gfp);
    if (done == 0 && free_min_any() > 0 && (gfp & GFP_FS))
        out_of_memory();
    return done;
}

KERNEL_FN int try_to_free_pages(uint32_t gfp)
{
    struct task_struct *t = current;
    if (t->flags & PF_NOIO)
        gfp &= ~(GFP_IO | GFP_HIGHIO | GFP_FS);
    if (t->flags & PF_MEMALLOC)
        return (int)do_try_to_free_pages(gfp & ~(GFP_IO | GFP_HIGHIO | GFP_FS));
    if (!(gfp & GFP_WAIT))
        return 0;
    t->flags |= PF_MEMALLOC;
    const uint32_t done = do_try_to_free_pages(gfp);
    t->flags &= ~PF_MEMALLOC; /* one given by the OOM killer meanwhile goes too; PF_MEMDIE stays */
    return (int)done;
}

/* ---- kswapd ---------------------------------------------------------------------------------- */
bool may_wait_for_kswapd(const struct task_struct *t, uint32_t gfp)
{
    const uint32_t full = GFP_WAIT | GFP_IO | GFP_HIGHIO | GFP_FS;
    return (gfp & full) == full && !(t->flags & (PF_MEMALLOC | PF_MEMDIE));
}

bool kswapd_is_waited_for(void)
{
    return free_low_all() > (int32_t)(kswapd_minfree / 2) && !kswapd_overloaded;
}

KERNEL_FN void wakeup_kswapd(uint32_t gfp)
{
    wake_up(&kswapd_wait);
    if (may_wait_for_kswapd(current, gfp) && kswapd_is_waited_for())
        sleep_on(&kswapd_done, TASK_UNINTERRUPTIBLE);
}

void kswapd_done_wake(void)
{
    wake_up(&kswapd_done);
}

static KERNEL_FN void do_try_to_free_pages_kswapd(uint32_t gfp)
{
    for_each_zone (zone) {
        const int32_t low = free_low(zone);
        const uint32_t work = low > (int32_t)BATCH_WORK_AMOUNT ? (uint32_t)low : BATCH_WORK_AMOUNT;
        if (need_rebalance_laundry(zone))
            (void)rebalance_laundry_zone(zone, work, 0);
        if (need_rebalance_dirty(zone))
            (void)rebalance_dirty_zone(zone, 4 * work, gfp);
        (void)rebalance_inactive_zone(
            zone, work > 4 * BATCH_WORK_AMOUNT ? work : 4 * BATCH_WORK_AMOUNT, KSWAPD_PERCENT);
    }
    FORGET_STACK_BELOW();
    if (free_low_any() > 0)
        (void)shrink_caches(0, 6, gfp);
}

static void refill_freelist(void)
{
    for_each_zone (zone)
        if (zone->free_pages < zone->pages_min && zone->inactive_clean > 0)
            rmqueue_drain_clean(zone, 2 * zone->pages_min - zone->free_pages);
}

INLINE_FN void background_aging(void)
{
    for_each_zone (zone) {
        if (inactive_low(zone) > 0)
            (void)refill_inactive_zone(zone, BATCH_WORK_AMOUNT);
        if (need_rebalance_dirty(zone))
            (void)rebalance_dirty_zone(zone, BATCH_WORK_AMOUNT, GFP_KSWAPD);
    }
    FORGET_STACK_BELOW();
}

static bool kswapd_short(void)
{
    return free_high_all() >= 0 || free_low_any() > 0;
}

/* Would kswapd do anything if its second were over now? */
static bool kswapd_has_work(void)
{
    if (kswapd_short())
        return true;
    for_each_zone (zone) {
        if (inactive_low(zone) > 0 && zone_active(zone) > 0)
            return true;
        if (zone->inactive_dirty > 0 && need_rebalance_dirty(zone))
            return true;
        if (zone->free_pages < zone->pages_min && zone->inactive_clean > 0)
            return true;
    }
    return false;
}

static void kswapd_timer_fn(kptr unused)
{
    (void)unused;
    if (kswapd_idle && kswapd_has_work())
        wake_up(&kswapd_wait);
}

void kthread_rearm(void)
{
    if (likely(!kswapd_idle || kswapd_timer.slot != 0 || !kswapd_has_work()))
        return;
    const uint32_t seconds = (jiffies_now() - kswapd_idle_at) / HZ + 1;
    ktimer_add(&kswapd_timer, jiffies_ns((uint64_t)kswapd_idle_at + seconds * HZ), kswapd_timer_fn,
               0);
}

/* Nothing is short: sleep for a second, or as many seconds as nothing is to be done, or till
 * woken. */
KERNEL_FN void kswapd_sleep_begin(void)
{
    kswapd_idle = true;
    kswapd_idle_at = jiffies_now();
    kthread_rearm();
}

KERNEL_FN void kswapd_sleep_end(void)
{
    kswapd_idle = false;
    ktimer_del(&kswapd_timer);
}

/* Still short after a pass: let the others run for two ticks. Nobody needs to wait for a kswapd
 * that naps. */
KERNEL_FN void kswapd_nap_begin(void)
{
    kswapd_overloaded = true;
    current->state = TASK_UNINTERRUPTIBLE;
}

KERNEL_FN void kswapd_nap_end(void)
{
    kswapd_overloaded = false;
}

KERNEL_FN void kswapd_round(void)
{
    if (kswapd_short())
        do_try_to_free_pages_kswapd(GFP_KSWAPD);
    refill_freelist();
    if (jiffies_now() - kswapd_aged_at >= HZ) {
        kswapd_aged_at = jiffies_now();
        background_aging();
    }
    wake_up(&kswapd_done);
}

int kswapd(void *unused)
{
    (void)unused;
    current->flags |= PF_MEMALLOC;
    for (;;) {
        kswapd_round();
        if (free_low_all() <= 0) {
            kswapd_sleep_begin();
            STANDS_IN(STUCK_KSWAPD_SLEEP, 0, sleep_on(&kswapd_wait, TASK_INTERRUPTIBLE));
            kswapd_sleep_end();
        } else {
            kswapd_nap_begin();
            STANDS_IN(STUCK_KSWAPD_NAP, 0, schedule_timeout(KSWAPD_NAP_TICKS));
            kswapd_nap_end();
        }
    }
}

/* ---- kscand ---------------------------------------------------------------------------------- */
/* The scan walks 15 age lists from 14 down; referenced pages go to age+4. Only pages that were
 * touched for real are looked at, in list order (oldest first: the stamp); the walk past the others
 * is charged. What a round would have seen of the uses of working sets is worked out for all rounds
 * at once when reclaim comes to the page (heat_age()). */
static uint32_t scan_collect(const struct zone *zone, uint32_t flag)
{
    uint64_t *buffer = PTR(uint64_t, scan_buffer);
    const uint64_t *map = PTR(const uint64_t, scan_map);
    uint32_t n = 0;
    for (uint32_t word = zone->first_pfn / 64; word * 64 < zone->first_pfn + zone->size; word++) {
        for (uint64_t bits = map[word]; bits != 0; bits &= bits - 1) {
            const uint32_t pfn = word * 64 + (uint32_t)__builtin_ctzll(bits);
            const struct page *page = pfn_to_page(pfn);
            if (page->flags & flag)
                buffer[n++] = (uint64_t)(MAX_AGE - page_age(page)) << 52 |
                              (uint64_t)(page->stamp - zone->stamp) << 20 | pfn;
        }
    }
    return n;
}

static void sift(uint64_t *a, uint32_t root, uint32_t n)
{
    const uint64_t item = a[root];
    for (;;) {
        uint32_t child = 2 * root + 1;
        if (child >= n)
            break;
        if (child + 1 < n && a[child + 1] > a[child])
            child++;
        if (a[child] <= item)
            break;
        a[root] = a[child];
        root = child;
    }
    a[root] = item;
}

static void heap_sort(uint64_t *a, uint32_t n)
{
    for (uint32_t i = n / 2; i-- > 0;)
        sift(a, i, n);
    for (uint32_t end = n; end-- > 1;) {
        const uint64_t top = a[0];
        a[0] = a[end];
        a[end] = top;
        sift(a, 0, end);
    }
}

INLINE_FN void scan_active_list(struct zone *zone, struct age_lists *lists, uint32_t flag)
{
    uint32_t walk = lists->nr - lists->count[MAX_AGE], young = 0;
    for (uint32_t age = 0; age < MAX_AGE; age++)
        young += lists->young[age];
    for (; walk > 0; walk -= walk < KSCAND_CHUNK ? walk : KSCAND_CHUNK)
        cpu_charge((walk < KSCAND_CHUNK ? walk : KSCAND_CHUNK) * COST_PAGE_SCAN);
    heat_round(lists);
    if (young == 0)
        return;
    uint64_t *buffer = PTR(uint64_t, scan_buffer);
    const uint32_t n = scan_collect(zone, flag);
    ASSERT(n == young);
    heap_sort(buffer, n);
    for (uint32_t i = 0; i < n; i++) {
        struct page *page = pfn_to_page((uint32_t)buffer[i] & 0xfffffu);
        const bool touched = page_touched(page);
        const uint32_t age = heat_age(page, page_age(page), touched);
        if (age == page_age(page))
            continue;
        del_page_from_lru(page);
        add_page_to_active_list(page, age);
    }
}

/* Worth it only where more pages are on low ages than on high ones. */
static bool mostly_low_ages(const struct age_lists *lists)
{
    uint32_t low = 0;
    for (uint32_t age = 0; age < KSCAND_LOW_AGE; age++)
        low += lists->count[age];
    return low > lists->nr - low;
}

static KERNEL_FN void scan_active_zone(struct zone *zone)
{
    lists_in_order_for_scan();
    if (mostly_low_ages(&zone->anon))
        scan_active_list(zone, &zone->anon, PG_active_anon);
    if (mostly_low_ages(&zone->cache))
        scan_active_list(zone, &zone->cache, PG_active_cache);
    if (zone->need_scan >= 2)
        zone->age_interval /= 2;
    else
        zone->age_interval += zone->age_interval / 2;
    if (zone->age_interval < KSCAND_INTERVAL_MIN)
        zone->age_interval = KSCAND_INTERVAL_MIN;
    if (zone->age_interval > KSCAND_INTERVAL_MAX)
        zone->age_interval = KSCAND_INTERVAL_MAX;
    zone->need_scan = 0;
}

/* Only zone Normal ever has pages on lists under PAE, but a driver's GFP_DMA page could be one:
 * both are looked at. */
static uint32_t kscand_next(void)
{
    const uint32_t now = jiffies_now();
    uint32_t soonest = zone_active(&zone_table[ZONE_NORMAL]) > 0 ? KSCAND_INTERVAL_MAX : HZ;
    for_each_zone (zone) {
        const int32_t left = (int32_t)(zone->next_scan - now);
        if (zone_active(zone) > 0 && left < (int32_t)soonest)
            soonest = left > 0 ? (uint32_t)left : 0;
    }
    return (soonest / KSCAND_TICKS + 1) * KSCAND_TICKS;
}

int kscand(void *unused)
{
    (void)unused;
    for (;;) {
        (void)sleep_on_timeout(&kscand_wait, TASK_INTERRUPTIBLE, kscand_next());
        for_each_zone (zone) {
            if (zone_active(zone) == 0 || (int32_t)(zone->next_scan - jiffies_now()) > 0)
                continue;
            scan_active_zone(zone);
            zone->next_scan = jiffies_now() + zone->age_interval;
        }
    }
}
