/* test_mm_reclaim.c - memory that is gone: the endless retry, and laundering without slots. The OOM
 * killer has test_oom. */
#include "tests/kernel/cos_harness.h"

#include "cos/kernel/skip/inert.h"

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
    inert_settle();
    mm_check();
}

static void test_launder_without_slots_puts_pages_back_on_active(void)
{
    struct zone *z = &zone_table[ZONE_NORMAL];
    (void)no_memory();
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refill_share_of_the_cache),
        cos_unit_test(&small, test_alloc_retries_without_end_while_nothing_can_be_freed),
        cos_unit_test(&small, test_launder_without_slots_puts_pages_back_on_active),
        cos_unit_test(&small, test_alloc_goes_on_when_pages_come_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
