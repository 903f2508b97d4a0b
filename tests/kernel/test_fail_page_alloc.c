/* test_fail_page_alloc.c - which allocations fail by the knobs, and that the kernel survives each
 * one: the N-th allocation fails, for N = 1, 2, ... until none fails. */
#include "tests/kernel/cos_harness.h"

#include "cos/kernel/faults/fail_page_alloc.h"
#include "cos/programs/faults.h"

static const struct cos_machine plain = { .ram_mb = 32, .swap_slots = 1000 };

static struct cos_machine machine_with(const struct fault *f)
{
    struct cos_machine m = plain;
    m.faults = f;
    m.fault_count = 1;
    return m;
}

/* ---- the knobs ------------------------------------------------------------------------------- */
/* number[i]: bit n = allocation n of kind i failed */
static void ask_64_times(struct cos_result *r)
{
    faults_init();
    for (unsigned i = 0; i < 64; i++)
        r->number[0] |= (uint64_t)should_fail_alloc_page(GFP_KERNEL, 0) << i;
    for (unsigned i = 0; i < 64; i++)
        r->number[1] |= (uint64_t)should_fail_alloc_page(GFP_ATOMIC, 1) << i;
    for (unsigned i = 0; i < 64; i++)
        r->number[2] |= (uint64_t)should_fail_alloc_page(GFP_KERNEL, 3) << i;
    r->number[3] = PTR(struct fault_notes, MACHINE_WINDOW_VA + MACHINE_NOTES_OFFSET)->head;
}

static const struct cos_result *ask(const struct fault *f)
{
    const struct cos_machine m = machine_with(f);
    return cos_run_done(&m, ask_64_times);
}

static void test_the_knobs_choose(void **state)
{
    const struct fault all = { .type = FAULT_FAIL_PAGE_ALLOC,
                               .probability = 100,
                               .fail_times = -1 };
    struct fault f = all;
    (void)state;
    const struct cos_result *r = ask(&f);
    assert_true(r->number[0] == UINT64_MAX && r->number[2] == UINT64_MAX);
    assert_true(r->number[3] == 1); /* BEGINS, and no note of each failure */
    f.interval = 4;
    assert_true(ask(&f)->number[0] == 0x8888888888888888u);
    f = all;
    f.fail_times = 3;
    assert_true(ask(&f)->number[0] == 7);
    f = all;
    f.space = 11; /* pages: 10 of order 0 leave less than another and its like */
    assert_true(ask(&f)->number[0] == ~0x3ffull);
    f = all;
    f.min_order = 1;
    r = ask(&f);
    assert_true(r->number[0] == 0 && r->number[1] == UINT64_MAX && r->number[2] == UINT64_MAX);
    f = all;
    f.flags = FAULT_FLAG_IGNORE_GFP_WAIT | FAULT_FLAG_VERBOSE;
    r = ask(&f);
    assert_true(r->number[0] == 0 && r->number[1] == UINT64_MAX && r->number[2] == 0);
    assert_true(r->number[3] == 65);
}

static void test_probability_draws_from_a_stream_of_its_own(void **state)
{
    struct fault f = { .type = FAULT_FAIL_PAGE_ALLOC, .probability = 25, .fail_times = -1 };
    (void)state;
    const uint64_t first = ask(&f)->number[0];
    assert_in_range(__builtin_popcountll(first), 6, 28);
    assert_true(ask(&f)->number[0] == first);
    f.probability = 0;
    assert_true(ask(&f)->number[0] == 0);
}

static void test_the_filter_is_the_name_of_the_task(void **state)
{
    struct fault f = { .type = FAULT_FAIL_PAGE_ALLOC, .probability = 100, .fail_times = -1 };
    (void)state;
    strcopy(f.target, "VMap", sizeof f.target);
    assert_true(ask(&f)->number[0] == 0);
    strcopy(f.target, "init", sizeof f.target);
    assert_true(ask(&f)->number[0] == UINT64_MAX);
}

static void test_fail_nth_fails_the_nth_and_no_other(void **state)
{
    const struct fault f = { .type = FAULT_FAIL_NTH, .count = 67 };
    (void)state;
    const struct cos_result *r = ask(&f);
    assert_true(r->number[0] == 0 && r->number[1] == 4 && r->number[2] == 0);
    assert_true(r->number[3] == 2);
}

/* ---- until none fails ------------------------------------------------------------------------ */
/* Everything of RAM that the kernel has given out, by what it is for. */
static uint32_t pages_accounted(void)
{
    uint32_t hot = 0, stacks = 0;
    for_each_zone (zone)
        hot += zone->hot_count;
    for_each_task (t) {
        (void)t;
        stacks += THREAD_SIZE / PAGE_SIZE;
    }
    return nr_free_pages() + hot + stacks + nr_page_cache + nr_slab_pages + nr_page_tables;
}

static int grandchild(struct program *p)
{
    program_round(p);
    return 0;
}

/* fork, exec, faults on files and on anonymous memory, brk, reading, names, a signal, exit. */
static int worker(struct program *p)
{
    struct mm_struct *mm = PTR(struct mm_struct, current->mm);
    struct boot_program spec = cos_program("worker");
    program_round(p);
    const uint32_t brk = mm->brk;
    if (do_brk(brk + 20 * PAGE_SIZE) == 0)
        for (uint32_t i = 0; i < 20; i++)
            ASSERT(user_account(brk + i * PAGE_SIZE, i % 2 == 0));
    for (uint32_t i = 0; i < 20; i++)
        dcache_lookup(i);
    file_read(file_mapping("/etc/services", 12), 0, 12);
    (void)cos_spawn(&spec, grandchild);
    cos_wait_all();
    return 0;
}

static void live(struct cos_result *r)
{
    const struct boot_program spec = cos_program("worker");
    const uint32_t init_pages = PTR(const struct mm_struct, current->mm)->rss - 1;
    const uint32_t before = pages_accounted();
    faults_init();
    (void)cos_spawn(&spec, worker);
    cos_wait_all();
    fault_memory()->failing = 0;
    r->number[0] = fault_state(0)->done;
    r->number[1] = fault_state(0)->calls;
    ASSERT(find_task_by_name("worker") == NULL);
    /* Nothing is lost, whatever failed. Pages of files may have come into the cache of init's
     * text while they were read for others. */
    ASSERT(init_pages > 0 && pages_accounted() == before);
    mm_check();
    (void)cos_spawn(&spec, worker); /* and all is well */
    cos_wait_all();
    ASSERT(pages_accounted() == before);
}

static void survive(const struct fault *f, uint64_t *ret_failed)
{
    const struct cos_machine m = machine_with(f);
    const struct cos_result *r = cos_run_done(&m, live);
    *ret_failed = r->number[0];
}

static void test_the_kernel_survives_each_nth_failure(void **state)
{
    struct fault f = { .type = FAULT_FAIL_NTH, .target = "worker" };
    uint64_t failed = 1;
    (void)state;
    while (failed != 0) {
        f.count++;
        survive(&f, &failed);
    }
    print_message("%u allocations\n", (unsigned)f.count - 1);
    assert_in_range(f.count, 60, 1000);
}

static void test_the_kernel_survives_failures_at_every_interval(void **state)
{
    struct fault f = {
        .type = FAULT_FAIL_PAGE_ALLOC, .target = "worker", .probability = 100, .fail_times = -1
    };
    uint64_t failed = 1;
    (void)state;
    while (failed != 0) {
        f.interval++;
        survive(&f, &failed);
    }
    assert_in_range(f.interval, 60, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_knobs_choose),
        cmocka_unit_test(test_probability_draws_from_a_stream_of_its_own),
        cmocka_unit_test(test_the_filter_is_the_name_of_the_task),
        cmocka_unit_test(test_fail_nth_fails_the_nth_and_no_other),
        cmocka_unit_test(test_the_kernel_survives_each_nth_failure),
        cmocka_unit_test(test_the_kernel_survives_failures_at_every_interval),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
