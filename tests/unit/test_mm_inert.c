/* test_mm_inert.c - reclaim on inert memory: it goes round, and counting gives the same as page by
 * page.
 *
 * links: cos/kernel/sched/kstat.c
 * links: -no-pie -Wl,-Ttext-segment=0x60000000
 * links: cos/kernel/mm/lru.c cos/kernel/mm/zone.c cos/kernel/mm/page_alloc.c
 * links: cos/kernel/mm/vmscan.c cos/kernel/mm/filemap.c cos/kernel/mm/swapfile.c
 * links: cos/kernel/mm/rmap.c cos/kernel/mm/memory.c cos/kernel/mm/mmap.c
 * links: cos/kernel/mm/slab.c cos/kernel/mm/dcache.c cos/kernel/mm/block.c
 * links: cos/kernel/skip/inert_lists.c cos/kernel/mm/oom_kill.c cos/kernel/mm/show_mem.c
 * links: cos/kernel/faults/fail_page_alloc.c cos/kernel/faults/fault_note.c cos/kernel/mm/shmem.c */
#include "tests/unit/mm_harness.c"

#include <sys/wait.h>

#include "cos/kernel/skip/inert_lists.h"

#define GFP_NO_OOM \
    (GFP_WAIT | GFP_HIGH | GFP_IO | GFP_HIGHIO) /* a pass without FS never calls the OOM killer */

static bool ready;

/* Swap full, no page referenced: fill RAM and swap, then age what is young by passes until nothing
 * moves but the ring. */
static int exhaust(void *unused)
{
    struct mm_struct *mm = PTR(struct mm_struct, current->mm);
    (void)unused;
    assert_int_equal(do_mmap(mm, HARNESS_HEAP, 24u << 20, VM_READ | VM_WRITE | VM_HEAP, NULL, 0),
                     0);
    for (uint32_t i = 0; nr_swap_pages > 0 || free_min(&zone_table[ZONE_NORMAL]) < 0; i++)
        assert_true(user_account(HARNESS_HEAP + i * PAGE_SIZE, true));
    struct zone *z = &zone_table[ZONE_NORMAL];
    while (!inert_possible(z)) {
        (void)try_to_free_pages(GFP_NO_OOM);
        (void)rebalance_laundry_zone(z, BATCH_WORK_AMOUNT, GFP_WAIT);
        rmqueue_drain_clean(z, z->inactive_clean);
        while (free_min(z) < 0)
            (void)alloc_pages(GFP_ATOMIC, 0);
    }
    mm_check();
    ready = true;
    sleep_until(UINT64_MAX / 2);
    return 0;
}

static uint64_t hash_bytes(uint64_t h, const void *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        h = (h ^ ((const uint8_t *)bytes)[i]) * 0x100000001b3u;
    return h;
}

struct outcome {
    uint64_t hash, now_ns;
    uint32_t shifts, stamp, dirty;
};

static struct outcome outcome_now(void)
{
    struct outcome o = { .now_ns = cos_clock.now_ns };
    o.hash = hash_bytes(0xcbf29ce484222325u, PTR(void, mem_map), max_mapnr * sizeof(struct page));
    o.hash = hash_bytes(o.hash, zone_table, sizeof zone_table);
    o.shifts = zone_table[ZONE_NORMAL].anon.bias;
    o.stamp = zone_table[ZONE_NORMAL].stamp;
    o.dirty = zone_table[ZONE_NORMAL].inactive_dirty;
    return o;
}

/* Direct passes, and a round of kswapd after each third. */
static uint32_t rounds;
static bool by_counting;
static struct outcome result;

static int passes(void *unused)
{
    (void)unused;
    if (by_counting)
        inert_enter(&zone_table[ZONE_NORMAL]);
    for (uint32_t i = 0; i < rounds; i++) {
        assert_int_equal(try_to_free_pages(GFP_NO_OOM), 0);
        if (i % 3 == 2) {
            wakeup_kswapd(GFP_ATOMIC);
            yield();
        }
    }
    assert_true(by_counting == inert_active());
    inert_settle();
    mm_check();
    result = outcome_now();
    return 0;
}

static struct outcome outcome_of(bool counting, uint32_t n)
{
    int fd[2];
    struct outcome o;
    assert_int_equal(pipe(fd), 0);
    const pid_t child = fork();
    if (child == 0) {
        rounds = n;
        by_counting = counting;
        (void)harness_task("passes", passes, NULL);
        while (result.hash == 0)
            (void)harness_run(cos_clock.now_ns + 1000000000u);
        _exit(write(fd[1], &result, sizeof result) == sizeof result ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(read(fd[0], &o, sizeof o), sizeof o);
    (void)close(fd[0]);
    (void)close(fd[1]);
    return o;
}

static void test_inert_counting_equals_page_by_page_byte_for_byte(void **state)
{
    static const uint32_t counts[] = { 1, 2, 3, 4, 7, 12, 30, 99, 300, 2000, 30000 };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
        const struct outcome real = outcome_of(false, counts[i]);
        const struct outcome counted = outcome_of(true, counts[i]);
        assert_int_equal(counted.now_ns, real.now_ns);
        assert_int_equal(counted.shifts, real.shifts);
        assert_int_equal(counted.stamp, real.stamp);
        assert_int_equal(counted.dirty, real.dirty);
        assert_int_equal(counted.hash, real.hash);
    }
}

static void test_inert_pass_puts_every_page_back_on_active_at_age_3(void **state)
{
    struct zone *z = &zone_table[ZONE_NORMAL];
    (void)state;
    const uint32_t pages = z->anon.nr + z->inactive_dirty, turned = z->anon.count[INITIAL_AGE];
    assert_int_equal(try_to_free_pages(GFP_NO_OOM), 0);
    assert_int_equal(z->inactive_dirty, 0);
    assert_int_equal(z->anon.nr, pages);
    assert_true(z->anon.count[INITIAL_AGE] >= 256 || turned == 0);
    assert_int_equal(nr_swap_pages, 0);
    mm_check();
}

static int setup(void **state)
{
    (void)state;
    harness_boot(32, 1000, 0);
    (void)harness_task("exhaust", exhaust, NULL);
    while (!ready)
        (void)harness_run(cos_clock.now_ns + 1000000u);
    ktimer_del(&sleep_timers[1]); /* kscand: its scans are no passes */
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inert_counting_equals_page_by_page_byte_for_byte),
        cmocka_unit_test(test_inert_pass_puts_every_page_back_on_active_at_age_3),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
