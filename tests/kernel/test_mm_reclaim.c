/* test_mm_reclaim.c - memory that is gone: who gets the last pages, the endless retry, laundering
 * without slots. The OOM killer has test_oom. */
#include "tests/kernel/cos_harness.h"

#include "cos/kernel/mm/v24/oom_kill.h"
#include "cos/kernel/skip/hooks.h"

#define HEAP 0x60000000u
#define RESERVE 200u

static const struct cos_machine small = { .ram_mb = 32, .swap_slots = 1000 };

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

/* ---- a machine without memory ---------------------------------------------------------------- */
static struct page *reserve[RESERVE];
static uint32_t eaten;

/* What it waits for is all that counts, so it goes on after a SIGTERM of the OOM killer. */
static int eater(struct program *p)
{
    struct mm_struct *mm = PTR(struct mm_struct, current->mm);
    (void)p;
    assert_int_equal(do_mmap(mm, HEAP, 24u << 20, VM_READ | VM_WRITE | VM_HEAP, NULL, 0), 0);
    for (; eaten < (24u << 20) / PAGE_SIZE; eaten++)
        assert_true(user_account(HEAP + eaten * PAGE_SIZE, true));
    return 0;
}

/* pid 1 holds some pages, the eater took all others. @return the eater, which waits for one more */
static struct task_struct *no_memory(void)
{
    sched_setscheduler(current, SCHED_FIFO, 99); /* to come back from its sleep */
    for (uint32_t i = 0; i < RESERVE; i++)
        reserve[i] = alloc_pages(GFP_KERNEL, 0);
    struct task_struct *t = cos_child("eater", BOOT_PROG_RAWIO | BOOT_PROG_SIGTERM, eater);
    while (t->stuck != STUCK_RETRY)
        cos_sleep(SECONDS(1) / 10);
    return t;
}

static void test_alloc_retries_without_end_while_nothing_can_be_freed(void)
{
    const struct task_struct *t = no_memory();
    const uint32_t passes = t->reclaim_passes, had = eaten;
    assert_int_equal(nr_swap_pages, 0);
    cos_sleep(SECONDS(1) / 2);
    assert_int_equal(eaten, had);
    assert_true(t->reclaim_passes > passes + 100);
    assert_int_equal(t->stuck, STUCK_RETRY);
    assert_int_equal(free_min(&zone_table[ZONE_NORMAL]), 1); /* a user page stops just below min */
}

static void test_launder_without_slots_puts_pages_back_on_active(void)
{
    struct zone *z = &zone_table[ZONE_NORMAL];
    (void)no_memory();
    while (z->inactive_dirty == 0)
        cos_sleep(SECONDS(1) / 100);
    inert_settle();
    const uint32_t pages = z->anon.nr + z->inactive_dirty, moved = z->inactive_dirty;
    const uint32_t at_3 = z->anon.count[INITIAL_AGE];
    assert_true(moved > 0 && z->inactive_laundry + z->inactive_clean == 0);
    assert_int_equal(rebalance_dirty_zone(z, BATCH_WORK_AMOUNT, GFP_KERNEL), 0);
    assert_int_equal(z->inactive_dirty, 0);
    assert_int_equal(z->anon.count[INITIAL_AGE], at_3 + moved);
    assert_int_equal(z->anon.nr, pages);
}

static void test_alloc_goes_on_when_pages_come_free(void)
{
    (void)no_memory();
    const uint32_t had = eaten;
    for (uint32_t i = 0; i < 50; i++)
        put_page(reserve[i]);
    cos_sleep(SECONDS(1) / 10);
    assert_int_equal(eaten, had + 50);
}

/* ---- who may take how much [RHEL3MM 1.4] ----------------------------------------------------- */
static void test_who_may_not_wait_leaves_a_quarter_of_min_and_an_eighth_of_the_hot_pages(void)
{
    const struct zone *z = &zone_table[ZONE_NORMAL];
    for (uint32_t i = 0; i < RESERVE; i++)
        reserve[i] = alloc_pages(GFP_KERNEL, 0);
    for (uint32_t i = 0; i < RESERVE; i++)
        put_page(reserve[i]);
    assert_true(z->hot_count > z->hot_max / 8);
    while (alloc_pages(GFP_ATOMIC, 0) != NULL)
        continue;
    assert_int_equal(z->free_pages, 1 + z->pages_min / 4);
    assert_int_equal(z->hot_count, z->hot_max / 8);
    current->flags |= PF_MEMALLOC; /* those who free memory may have it all */
    while (alloc_pages(GFP_ATOMIC, 0) != NULL)
        continue;
    current->flags &= ~PF_MEMALLOC;
    assert_int_equal(z->free_pages + z->hot_count, 0);
}

static int __attribute__((noreturn)) module(void *unused)
{
    (void)unused;
    for (;;)
        assert_non_null(alloc_pages(GFP_KERNEL, 0));
}

static void test_the_kernel_itself_waits_at_half_of_min(void)
{
    const struct zone *z = &zone_table[ZONE_NORMAL];
    sched_setscheduler(current, SCHED_FIFO, 99);
    const struct task_struct *t = kernel_thread(900, "module", module, NULL);
    while (t->stuck != STUCK_RETRY || t->reclaim_passes < 200)
        cos_sleep(SECONDS(1) / 100);
    assert_int_equal(free_and_clean(z), z->pages_min / 2 - 1);
}

/* [RHEL3MM 1.6] */
static void test_a_pass_refills_when_a_quarter_is_not_inactive_or_free(void)
{
    const struct zone *z = &zone_table[ZONE_NORMAL];
    struct mm_struct *mm = PTR(struct mm_struct, current->mm);
    assert_int_equal(do_mmap(mm, HEAP, 24u << 20, VM_READ | VM_WRITE | VM_HEAP, NULL, 0), 0);
    uint32_t page = 0;
    for (uint32_t percent = 26; percent >= 24; percent -= 2) {
        while (z->free_pages * 100 >= (z->free_pages + zone_active(z)) * percent)
            assert_true(user_account(HEAP + page++ * PAGE_SIZE, true));
        const uint32_t bias = z->anon.bias; /* the pages are young: a refill ages them first */
        (void)try_to_free_pages(GFP_KERNEL);
        assert_int_equal(z->anon.bias != bias, percent < 25);
    }
}

/* [RHEL3MM 1.8] */
static void test_a_pass_without_success_is_no_emergency_while_memory_is_free(void)
{
    int done = 1;
    oom_window.last_call = 7;
    for (uint32_t pass = 0; done != 0 && pass < 100; pass++)
        done = try_to_free_pages(GFP_KERNEL);
    assert_int_equal(done, 0);
    assert_true(free_min_any() == 0);
    assert_int_equal(oom_window.last_call, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refill_share_of_the_cache),
        cos_unit_test(&small, test_alloc_retries_without_end_while_nothing_can_be_freed),
        cos_unit_test(&small, test_launder_without_slots_puts_pages_back_on_active),
        cos_unit_test(&small,
                      test_who_may_not_wait_leaves_a_quarter_of_min_and_an_eighth_of_the_hot_pages),
        cos_unit_test(&small, test_the_kernel_itself_waits_at_half_of_min),
        cos_unit_test(&small, test_a_pass_refills_when_a_quarter_is_not_inactive_or_free),
        cos_unit_test(&small, test_a_pass_without_success_is_no_emergency_while_memory_is_free),
        cos_unit_test(&small, test_alloc_goes_on_when_pages_come_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
