/* test_shmem.c - shared memory outlives who filled it, goes to swap and comes back, and belongs to
 * nobody. */
#include "tests/kernel/cos_harness.h"

#define SHM_VA 0x60000000u
#define PAGES 2000u

static const struct cos_machine small = { .ram_mb = 32, .swap_slots = 6000 };
static uint32_t wanted; /* what the reader has to find */

static void attach(void)
{
    struct address_space *s = shmem_segment("SYSV0000000a", PAGES);
    ASSERT(s != NULL && shmem_attach(PTR(struct mm_struct, current->mm), SHM_VA, s) == 0);
}

static int writer(struct program *p)
{
    (void)p;
    attach();
    for (uint32_t i = 0; i < PAGES; i++)
        *(uint32_t *)user_touch(SHM_VA + i * PAGE_SIZE, true) = i + wanted;
    return 0;
}

static int reader(struct program *p)
{
    (void)p;
    attach();
    for (uint32_t i = 0; i < PAGES; i++)
        ASSERT(*(const uint32_t *)user_touch(SHM_VA + i * PAGE_SIZE, false) == i + wanted);
    return 0;
}

/* Pushes everything else out. */
static int pusher(struct program *p)
{
    const struct mm_struct *mm = PTR(const struct mm_struct, current->mm);
    const uint32_t start = mm->brk;
    (void)p;
    ASSERT(do_brk(start + 6500 * PAGE_SIZE) == 0);
    for (uint32_t i = 0; i < 6500; i++)
        ASSERT(user_account(start + i * PAGE_SIZE, true));
    return 0;
}

static void run_child(const char *name, int (*fn)(struct program *))
{
    const struct boot_program spec = cos_program(name);
    ASSERT(cos_spawn(&spec, fn) > 0);
    cos_wait_all();
}

static void it_outlives(struct cos_result *r)
{
    const uint32_t cached = nr_page_cache, committed = vm_committed, swap = nr_swap_pages;
    wanted = 77;
    run_child("writer", writer);
    ASSERT(nr_shmem_pages == PAGES && nr_page_cache >= cached + PAGES);
    ASSERT(vm_committed == committed + PAGES);
    run_child("reader", reader);
    run_child("pusher", pusher);
    r->number[0] = swap - nr_swap_pages;
    ASSERT(nr_shmem_pages < PAGES); /* in swap, and nobody's */
    run_child("reader", reader);
    wanted = 99;
    run_child("writer", writer);
    run_child("pusher", pusher);
    run_child("reader", reader);
    ASSERT(vm_committed == committed + PAGES);
}

static void test_shared_memory_outlives_its_writers_in_ram_and_swap(void **state)
{
    (void)state;
    const struct cos_result *r = cos_run_done(&small, it_outlives);
    assert_true(r->number[0] > 100);
}

/* ---- mlockall -------------------------------------------------------------------------------- */
static int sleeper(struct program *p)
{
    program_sleep_until(cos_clock.now_ns + SECONDS(3600));
    return p->touches != 0;
}

static uint32_t rss_of(const char *name)
{
    return PTR(const struct mm_struct, find_task_by_name(name)->mm)->rss;
}

static void locked_stays(struct cos_result *r)
{
    struct boot_program spec = cos_program("locked");
    spec.flags |= BOOT_PROG_MLOCK;
    ASSERT(cos_spawn(&spec, sleeper) > 0);
    strcopy(spec.name, "ordinary", sizeof spec.name);
    spec.flags &= ~(uint32_t)BOOT_PROG_MLOCK;
    ASSERT(cos_spawn(&spec, sleeper) > 0);
    strcopy(spec.name, "pusher", sizeof spec.name);
    ASSERT(cos_spawn(&spec, pusher) > 0);
    program_sleep_until(cos_clock.now_ns + SECONDS(600));
    r->number[0] = rss_of("locked");
    r->number[1] = rss_of("ordinary");
    r->number[2] = PTR(const struct mm_struct, find_task_by_name("locked")->mm)->total_vm;
}

static void test_locked_memory_stays_where_it_is(void **state)
{
    (void)state;
    const struct cos_result *r = cos_run_done(&small, locked_stays);
    assert_true(r->number[0] == r->number[2]);
    assert_true(r->number[1] < r->number[2] / 2);
}

/* ---- swapoff --------------------------------------------------------------------------------- */
static int sleeping_holder(struct program *p)
{
    const struct mm_struct *mm = PTR(const struct mm_struct, current->mm);
    const uint32_t start = mm->brk;
    ASSERT(do_brk(start + 2000 * PAGE_SIZE) == 0);
    for (uint32_t i = 0; i < 2000; i++)
        *(uint32_t *)user_touch(start + i * PAGE_SIZE, true) = i;
    program_sleep_until(cos_clock.now_ns + SECONDS(600));
    for (uint32_t i = 0; i < 2000; i++)
        ASSERT(*(const uint32_t *)user_touch(start + i * PAGE_SIZE, false) == i);
    return p->touches != 0;
}

static void swap_goes(struct cos_result *r)
{
    const struct boot_program holder = cos_program("holder");
    wanted = 5;
    run_child("writer", writer);
    ASSERT(cos_spawn(&holder, sleeping_holder) > 0);
    const struct boot_program p = cos_program("pusher");
    ASSERT(cos_spawn(&p, pusher) > 0);
    program_sleep_until(cos_clock.now_ns + SECONDS(300));
    ASSERT(reap_child() > 0);
    r->number[0] = total_swap_pages - nr_swap_pages;
    ASSERT(sys_swapoff() == 0);
    ASSERT(total_swap_pages == 0 && nr_swap_pages == 0 && swapper_space.nrpages == 0);
    ASSERT(nr_shmem_pages == PAGES);
    mm_check();
    ASSERT(sys_swapoff() == -EINVAL);
    cos_wait_all();
    run_child("reader", reader);
    ASSERT(sys_swapon() == 0 && nr_swap_pages == small.swap_slots);
    run_child("pusher", pusher);
    run_child("reader", reader);
}

static void test_swapoff_brings_everything_back(void **state)
{
    (void)state;
    const struct cos_result *r = cos_run_done(&small, swap_goes);
    assert_true(r->number[0] > 1000);
}

/* ---- sharing --------------------------------------------------------------------------------- */
/* Two at the same time see each other's writes. */
static int listener(struct program *p)
{
    (void)p;
    attach();
    while (*(const uint32_t *)user_touch(SHM_VA, false) != 5)
        program_sleep_until(cos_clock.now_ns + SECONDS(1));
    return 0;
}

static int speaker(struct program *p)
{
    (void)p;
    attach();
    program_sleep_until(cos_clock.now_ns + SECONDS(10));
    *(uint32_t *)user_touch(SHM_VA, true) = 5;
    return 0;
}

static void both_see(struct cos_result *r)
{
    const struct boot_program a = cos_program("listener");
    (void)r;
    ASSERT(cos_spawn(&a, listener) > 0);
    run_child("speaker", speaker);
    ASSERT(nr_shmem_pages == 1);
}

static void test_all_who_attach_see_one_memory(void **state)
{
    (void)state;
    (void)cos_run_done(&small, both_see);
}

static void too_much(struct cos_result *r)
{
    (void)r;
    ASSERT(shmem_segment("big", 20000) == NULL);
    ASSERT(shmem_segment("none", 0) == NULL);
    ASSERT(shmem_segment("small", 10) == shmem_segment("small", 10));
}

static void test_a_segment_that_does_not_fit_is_refused(void **state)
{
    (void)state;
    (void)cos_run_done(&small, too_much);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shared_memory_outlives_its_writers_in_ram_and_swap),
        cmocka_unit_test(test_all_who_attach_see_one_memory),
        cmocka_unit_test(test_locked_memory_stays_where_it_is),
        cmocka_unit_test(test_swapoff_brings_everything_back),
        cmocka_unit_test(test_a_segment_that_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
