/* test_mm_reclaim.c - memory that is gone: the endless retry, laundering without slots, the OOM
 * killer.
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

#include "cos/kernel/mm/oom_kill.h"

#define SECONDS(n) ((uint64_t)(n)*1000000000u)

/* ---- pure functions -------------------------------------------------------------------------- */
/* [RHEL3MM 1.5]: goal 15 % of active; none below 1 %, all above 30 %, half at the goal */
static void test_refill_share_of_the_cache(void **state)
{
    static const struct {
        uint32_t active, cache, percent;
    } table[] = { { 100000, 0, 0 },      { 100000, 999, 0 },    { 100000, 1000, 4 },
                  { 100000, 7500, 26 },  { 100000, 15000, 50 }, { 100000, 20000, 52 },
                  { 100000, 30000, 58 }, { 100000, 30001, 100 } };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(table); i++)
        assert_int_equal(refill_cache_share(table[i].active, table[i].cache), table[i].percent);
}

static void test_oom_badness_counts_size_age_niceness_and_rights(void **state)
{
    const uint64_t days_42 =
        42ull * 86400 * HZ; /* 2768 units of 2^17 jiffies; fourth root about 7, roughly 5 */
    (void)state;
    assert_int_equal(oom_badness(146549, 0, 0, 0, false, false), 146549);
    assert_int_equal(oom_badness(146549, 0, 0, 5, false, false), 293098);
    assert_int_equal(oom_badness(146549, 0, 0, 0, true, false), 36637);
    assert_int_equal(oom_badness(146549, 0, 0, 0, true, true), 9159);
    assert_int_equal(oom_badness(146549, 100, 0, 0, false, false),
                     16283); /* 7 bits: 100 / 8 - 3 = 9 */
    assert_int_equal(oom_badness(146549, 0, days_42, 0, false, false), 29309);
    assert_int_equal(oom_badness(0, 0, 0, 0, false, false), 0);
}

static uint32_t calls_until_act(struct oom_window *w, uint32_t from, uint32_t step)
{
    for (uint32_t calls = 1; calls < 1000; calls++)
        if (oom_window_step(w, from + (calls - 1) * step))
            return calls;
    return 0;
}

static void test_oom_window_wants_ten_calls_over_a_second(void **state)
{
    (void)state;
    struct oom_window w = { 0, 0, 0, 0 };
    assert_int_equal(calls_until_act(&w, 100000, HZ),
                     11); /* the first opens the window, ten are counted */
    w = (struct oom_window){ 0, 0, 0, 0 };
    assert_int_equal(calls_until_act(&w, 100000, HZ / 10),
                     20); /* the first ten lie within the first second */
    w = (struct oom_window){ 0, 0, 0, 0 };
    assert_int_equal(calls_until_act(&w, 100000, 5 * HZ + 1),
                     0); /* thrashing so slow is no shortage */
    w = (struct oom_window){ .last_kill = 100000, .last_call = 100000, .first_call = 100000 };
    assert_int_equal(calls_until_act(&w, 100001, HZ / 10), 51); /* 5 s since the last kill */
}

/* ---- a machine without memory ---------------------------------------------------------------- */
static struct page *reserve[200];
static uint32_t reserved, eaten;
static bool eating_done;

/* A leak that catches SIGTERM: it cannot be killed off, so what it waits for is all that counts. */
static int eater(void *unused)
{
    struct mm_struct *mm = PTR(struct mm_struct, current->mm);
    (void)unused;
    current->caps = BOOT_PROG_RAWIO;
    assert_int_equal(do_mmap(mm, HARNESS_HEAP, 24u << 20, VM_READ | VM_WRITE | VM_HEAP, NULL, 0),
                     0);
    for (; eaten < (24u << 20) / PAGE_SIZE; eaten++)
        assert_true(user_account(HARNESS_HEAP + eaten * PAGE_SIZE, true));
    eating_done = true;
    return 0;
}

static struct task_struct *task_eater;

static void test_alloc_retries_without_end_while_nothing_can_be_freed(void **state)
{
    (void)state;
    for (; reserved < ARRAY_SIZE(reserve); reserved++)
        reserve[reserved] = alloc_pages(GFP_KERNEL, 0);
    task_eater = harness_find(harness_task("eater", eater, NULL));
    assert_false(harness_run(SECONDS(2)));
    const uint32_t passes = task_eater->reclaim_passes, had = eaten;
    assert_int_equal(nr_swap_pages, 0);
    assert_false(harness_run(SECONDS(3)));
    assert_int_equal(eaten, had);
    assert_true(task_eater->reclaim_passes > passes + 100);
    assert_int_equal(task_eater->stuck, STUCK_RETRY);
    assert_int_equal(free_min(&zone_table[ZONE_NORMAL]), 1); /* a user page stops just below min */
    mm_check();
}

static void test_launder_without_slots_puts_pages_back_on_active(void **state)
{
    struct zone *z = &zone_table[ZONE_NORMAL];
    (void)state;
    assert_int_equal(z->nr_restless, 0);
    assert_int_equal(z->inactive_laundry + z->inactive_clean, 0);
    const uint32_t pages = z->anon.nr + z->inactive_dirty;
    const uint32_t moved = z->inactive_dirty, at_3 = z->anon.count[INITIAL_AGE];
    assert_int_equal(rebalance_dirty_zone(z, BATCH_WORK_AMOUNT, GFP_KERNEL), 0);
    assert_int_equal(z->inactive_dirty, 0);
    assert_int_equal(z->anon.count[INITIAL_AGE], at_3 + moved);
    assert_int_equal(z->anon.nr, pages);
}

static void test_alloc_goes_on_when_pages_come_free(void **state)
{
    const uint32_t had = eaten;
    (void)state;
    for (uint32_t i = 0; i < 50; i++)
        put_page(reserve[--reserved]);
    assert_false(harness_run(SECONDS(4)));
    assert_int_equal(eaten, had + 50);
}

static void test_oom_sends_sigterm_once_and_then_waits_for_its_victim(void **state)
{
    (void)state;
    (void)harness_log();
    /* In the harness nothing is killed by a signal; the eater lives on as one who catches SIGTERM.
     * It is alone, so each next choice would be nobody: the pending one is counted first. */
    assert_false(harness_run(SECONDS(5)));
    const bool chosen = (task_eater->flags & PF_MEMDIE) != 0;
    if (!chosen)
        assert_false(harness_run(SECONDS(12)));
    assert_true(task_eater->flags & PF_MEMDIE);
    assert_int_equal(task_eater->sig_pending, 1u << SIGTERM);
    assert_non_null(strstr(harness_log(), "Out of Memory: Killed process"));
}

static int setup(void **state)
{
    (void)state;
    harness_boot(32, 1000, 0);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refill_share_of_the_cache),
        cmocka_unit_test(test_oom_badness_counts_size_age_niceness_and_rights),
        cmocka_unit_test(test_oom_window_wants_ten_calls_over_a_second),
        cmocka_unit_test(test_alloc_retries_without_end_while_nothing_can_be_freed),
        cmocka_unit_test(test_launder_without_slots_puts_pages_back_on_active),
        cmocka_unit_test(test_alloc_goes_on_when_pages_come_free),
        cmocka_unit_test(test_oom_sends_sigterm_once_and_then_waits_for_its_victim),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
