/* test_oom.c - whom the OOM killer chooses, when it acts, what it says, and when it never helps. */
#include "tests/kernel/cos_harness.h"

#include "cos/kernel/mm/v24/oom_kill.h"

static const struct cos_machine small = { .ram_mb = 32, .swap_slots = 500 };

/* ---- badness --------------------------------------------------------------------------------- */
/* [RHEL3MM 1.8]: total_vm / sqrt(cpu seconds) / fourth root(run time / 1310.72 s); x2 if nice > 0;
 * /4 for root; /4 for CAP_SYS_RAWIO; integer division throughout. By hand; the rough root halves
 * the number of bits and takes a quarter off where that is odd: 4 -> 2, 16 -> 4 - 1 = 3,
 * 64 -> 8 - 2 = 6, 256 -> 16 - 4 = 12, 12 -> 3, 1024 -> 32 - 8 = 24. */
static void test_badness_matches_the_table(void **state)
{
    static const struct {
        uint32_t total_vm;
        uint64_t cpu_s, run_units; /* of 2^17 jiffies */
        int32_t nice;
        bool root, rawio;
        uint32_t points;
    } table[] = {
        { 1000, 0, 0, 0, false, false, 1000 },
        { 1000, 1, 1, 0, false, false, 1000 },
        { 1000, 4, 0, 0, false, false, 500 },
        { 1000, 16, 0, 0, false, false, 333 },
        { 1000, 64, 16, 0, false, false, 166 }, /* 1000 / 6; fourth root of 16: 3, then 1 */
        { 1000, 0, 256, 0, false, false, 333 }, /* fourth root of 256: 12, then 3 */
        { 1000, 0, 0, 10, false, false, 2000 },
        { 1000, 0, 0, -10, false, false, 1000 },
        { 1000, 0, 0, 0, true, false, 250 },
        { 1000, 0, 0, 0, false, true, 250 },
        { 1000, 0, 0, 0, true, true, 62 },
        { 1000, 0, 0, 19, true, true, 125 },       /* 2000 / 4 / 4 */
        { 146549, 1024, 256, 0, true, true, 127 }, /* / 24 = 6106; / 3 = 2035; / 4 = 508; / 4 */
        { 15, 0, 0, 0, true, true, 0 },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(table); i++)
        assert_int_equal(oom_badness(table[i].total_vm, table[i].cpu_s, table[i].run_units << 17,
                                     table[i].nice, table[i].root, table[i].rawio),
                         table[i].points);
}

/* [RHEL3MM 1.8]: roots are "rough (integer, off by up to a third, at least 1)". */
static void test_badness_roots_are_off_by_a_third_at_most(void **state)
{
    const uint32_t vm = 1u << 30;
    (void)state;
    for (uint64_t root = 1; root < 30000; root++) {
        const uint32_t by = vm / oom_badness(vm, root * root, 0, 0, false, false);
        assert_in_range(by, root * 2 / 3, root * 4 / 3 + 1);
    }
}

/* ---- the window ------------------------------------------------------------------------------ */
/* Calls at these instants (ticks of 10 ms): which acts? -1 = none. */
static int acts_at(uint32_t first, uint32_t gap, unsigned calls, struct oom_window *w)
{
    for (unsigned i = 0; i < calls; i++)
        if (oom_window_step(w, first + i * gap))
            return (int)i;
    return -1;
}

static void test_the_window_wants_ten_calls_after_a_second(void **state)
{
    struct oom_window w = { 0 };
    (void)state;
    /* The first call begins it; calls within its first second do not count; the tenth acts. */
    assert_int_equal(acts_at(10000, 100, 100, &w), 10);
    w = (struct oom_window){ 0 };
    assert_int_equal(acts_at(10000, 10, 100, &w), 10 + 9);
    w = (struct oom_window){ 0 };
    assert_int_equal(acts_at(10000, 500, 100, &w), 10); /* 5 s is not yet too long */
}

static void test_a_gap_of_more_than_five_seconds_begins_anew(void **state)
{
    struct oom_window w = { 0 };
    (void)state;
    assert_int_equal(acts_at(10000, 501, 1000, &w), -1); /* thrashing prevents it for ever */
    w = (struct oom_window){ 0 };
    assert_int_equal(acts_at(10000, 100, 10, &w), -1);
    assert_int_equal(acts_at(10900 + 501, 100, 100, &w), 10);
}

static void test_the_next_kill_is_five_seconds_away_at_least(void **state)
{
    struct oom_window w = { 0 };
    (void)state;
    assert_int_equal(acts_at(10000, 20, 1000, &w), 14); /* 1 s, then ten of five a second */
    assert_int_equal(acts_at(10300, 20, 1000, &w), 24); /* not before 10280 + 500 */
    assert_int_equal(w.last_kill, 10780);
}

/* ---- the killing ----------------------------------------------------------------------------- */
static bool stubborn;

/* Takes a page after the other until there is an end of it, or a signal that it catches. */
static int __attribute__((noreturn)) glutton(struct program *p)
{
    (void)p;
    const struct mm_struct *mm = PTR(const struct mm_struct, current->mm);
    for (;;) {
        if ((current->sig_handled != 0 && !stubborn) || do_brk(mm->brk + PAGE_SIZE) != 0 ||
            !user_account(mm->brk - PAGE_SIZE, true))
            program_sleep_until(cos_clock.now_ns + SECONDS(1));
    }
}

/* Wants a page a second. */
static int __attribute__((noreturn)) nibbler(struct program *p)
{
    const struct mm_struct *mm = PTR(const struct mm_struct, current->mm);
    (void)p;
    for (;;) {
        if (do_brk(mm->brk + PAGE_SIZE) == 0)
            (void)user_account(mm->brk - PAGE_SIZE, true);
        program_sleep_until(cos_clock.now_ns + SECONDS(1));
    }
}

static uint32_t victim_flags;
static bool with_nibbler;

/* Ten minutes with a glutton. 0: kills, 1: zombies and living gluttons, 2..: where the COS is */
static void ten_minutes(struct cos_result *r)
{
    struct boot_program spec = cos_program("glutton");
    spec.flags = victim_flags;
    (void)cos_spawn(&spec, glutton);
    strcopy(spec.name, "nibbler", sizeof spec.name);
    spec.flags = 0;
    if (with_nibbler)
        (void)cos_spawn(&spec, nibbler);
    program_sleep_until(cos_clock.now_ns + SECONDS(600));
    r->number[0] = oom_kill_count;
    const struct task_struct *t = find_task_by_name("glutton");
    r->number[1] = t != NULL;
    r->number[2] = t != NULL ? t->reclaim_passes : reap_child() > 0;
    r->number[3] = cos_clock.now_ns;
    r->number[4] = run_queue.switches;
    r->number[5] = zone_table[ZONE_NORMAL].stamp;
    r->number[6] = zone_table[ZONE_NORMAL].anon.bias;
}

static unsigned count(const char *text, const char *what)
{
    unsigned n = 0;
    for (const char *at = strstr(text, what); at != NULL; at = strstr(at + 1, what))
        n++;
    return n;
}

static const struct cos_result *ten_minutes_with(uint32_t flags)
{
    victim_flags = flags;
    return cos_run_done(&small, ten_minutes);
}

static void test_an_ordinary_victim_is_killed_and_all_is_well(void **state)
{
    (void)state;
    const struct cos_result *r = ten_minutes_with(0);
    assert_int_equal(r->number[0], 1);
    assert_int_equal(r->number[1], 0);
    assert_int_equal(r->number[2], 1);
    assert_int_equal(count(r->log, "Out of Memory: Killed process 1000 (glutton).\n"), 1);
    assert_int_equal(count(r->log, "Avoiding"), 0);
}

static void test_the_dump_comes_before_the_victim_in_the_kernels_layout(void **state)
{
    static const char *const lines[] = {
        "<4>Mem-info:\n",
        "<4>Zone:DMA freepages:",
        "<4>Zone:Normal freepages:",
        "<4>Zone:HighMem freepages:     0 min:     0 low:     0 high:     0\n",
        "<4>Free pages:      ",
        "<4>( Active: ",
        "<4>  aa:",
        "<4>Swap cache: add ",
        " pages of slabcache\n",
        " pages of kernel stacks\n",
        " lowmem pagetables, 0 highmem pagetables\n",
        "<4>0 bounce buffer pages, 0 are on the emergency list\n",
        "<4>Free swap:            0kB\n",
        "<4>8192 pages of RAM\n",
        " pages shared\n",
        " pages swap cached\n",
        "<3>Out of Memory: Killed process 1000 (glutton).\n",
    };
    (void)state;
    const char *at = ten_minutes_with(0)->log;
    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        const char *next = strstr(at, lines[i]);
        if (next == NULL)
            print_message("missing: %s in %s\n", lines[i], at);
        assert_non_null(next);
        at = next;
    }
}

static void test_a_root_daemon_gets_sigterm_and_dies_of_it(void **state)
{
    (void)state;
    const struct cos_result *r = ten_minutes_with(BOOT_PROG_ROOT | BOOT_PROG_RAWIO);
    assert_int_equal(r->number[0], 1);
    assert_int_equal(r->number[1], 0);
}

static void test_one_that_catches_sigterm_blocks_all_further_kills(void **state)
{
    (void)state;
    with_nibbler = true;
    const struct cos_result *r =
        ten_minutes_with(BOOT_PROG_ROOT | BOOT_PROG_RAWIO | BOOT_PROG_SIGTERM);
    with_nibbler = false;
    assert_int_equal(r->number[0], 1);
    assert_int_equal(r->number[1], 1);
    assert_true(count(r->log, "<4>Avoiding OOM kill due to 1 pending\n") > 10);
    assert_int_equal(count(r->log, "Killed process 1000"), count(r->log, "Killed process"));
}

/* One who is to die and goes on taking gets no more than others leave, and then a NULL. */
static void test_a_victim_that_goes_on_taking_dies_of_a_fault(void **state)
{
    (void)state;
    stubborn = true;
    const struct cos_result *r =
        ten_minutes_with(BOOT_PROG_ROOT | BOOT_PROG_RAWIO | BOOT_PROG_SIGTERM);
    stubborn = false;
    assert_int_equal(r->number[1], 0);
    assert_int_equal(count(r->log, "VM: killing process glutton\n"), 1);
}

/* Kernel memory is gone, and all that init has is too little for a point. */
static int __attribute__((noreturn)) kernel_glutton(void *unused)
{
    (void)unused;
    for (;;)
        ASSERT(alloc_pages(GFP_KERNEL, 0) != NULL);
}

static void nobody_is_left(struct cos_result *r)
{
    struct mm_struct *mm = PTR(struct mm_struct, current->mm);
    (void)r;
    while (mm->total_vm > 15)
        ASSERT(do_munmap(mm, PTR(const struct vm_area_struct, mm->mmap)->start) == 0);
    (void)kernel_thread(900, "module", kernel_glutton, NULL);
    program_sleep_until(cos_clock.now_ns + SECONDS(600));
}

static void test_without_anyone_to_kill_the_kernel_panics(void **state)
{
    struct cos_result *r;
    (void)state;
    assert_int_equal(cos_run(&small, nobody_is_left, &r), COS_END_PANIC);
    assert_non_null(strstr(r->text, "Out of memory and no killable processes..."));
    assert_non_null(strstr(r->log, "Mem-info:"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_badness_matches_the_table),
        cmocka_unit_test(test_badness_roots_are_off_by_a_third_at_most),
        cmocka_unit_test(test_the_window_wants_ten_calls_after_a_second),
        cmocka_unit_test(test_a_gap_of_more_than_five_seconds_begins_anew),
        cmocka_unit_test(test_the_next_kill_is_five_seconds_away_at_least),
        cmocka_unit_test(test_an_ordinary_victim_is_killed_and_all_is_well),
        cmocka_unit_test(test_the_dump_comes_before_the_victim_in_the_kernels_layout),
        cmocka_unit_test(test_a_root_daemon_gets_sigterm_and_dies_of_it),
        cmocka_unit_test(test_one_that_catches_sigterm_blocks_all_further_kills),
        cmocka_unit_test(test_a_victim_that_goes_on_taking_dies_of_a_fault),
        cmocka_unit_test(test_without_anyone_to_kill_the_kernel_panics),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
