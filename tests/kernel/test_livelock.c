/* test_livelock.c - what is computed instead of executed leaves the same bytes in RAM: livelocks of
 * several kinds, with and without the skip. */
#include "tests/kernel/cos_harness.h"

#include "cos/kernel/skip/inert_lists.h"
#include "cos/kernel/mm/writeback.h"

#define NIBBLERS 3u

/* Takes all that there is, until it is told to end, which it does not. */
static int __attribute__((noreturn)) glutton(struct program *p)
{
    (void)p;
    const struct mm_struct *mm = PTR(const struct mm_struct, current->mm);
    for (;;) {
        if (current->sig_handled != 0 || do_brk(mm->brk + PAGE_SIZE) != 0 ||
            !user_account(mm->brk - PAGE_SIZE, true))
            program_sleep_until(cos_clock.now_ns + SECONDS(1));
    }
}

/* Wants a page a second. */
static int __attribute__((noreturn)) nibbler(struct program *p)
{
    const struct mm_struct *mm = PTR(const struct mm_struct, current->mm);
    for (;;) {
        if (do_brk(mm->brk + PAGE_SIZE) == 0)
            (void)user_account(mm->brk - PAGE_SIZE, true);
        program_sleep_until(cos_clock.now_ns + SECONDS(1) + rng_below(&current->rng, SECONDS(1)));
        program_round(p);
    }
}

static int __attribute__((noreturn)) spinner(struct program *p)
{
    (void)p;
    for (;;)
        program_cpu(SECONDS(3600));
}

/* Fills shared memory and ends. */
#define SHM_PAGES 1500u
static int sharer(struct program *p)
{
    struct address_space *s = shmem_segment("SYSV00000001", SHM_PAGES);
    (void)p;
    ASSERT(s != NULL && shmem_attach(PTR(struct mm_struct, current->mm), 0x60000000, s) == 0);
    for (uint32_t i = 0; i < SHM_PAGES; i++)
        ASSERT(user_account(0x60000000 + i * PAGE_SIZE, true));
    return 0;
}

static struct boot_program spinner_spec;
static bool with_glutton, with_sharer, with_twin, with_writer;

/* Of a sanitizer build the frames on the tasks' stacks hold what the sanitizer left there; only the
 * other figures are compared. */
#ifdef __SANITIZE_ADDRESS__
static uint64_t hash_ram(void)
{
    return 0;
}
#else
static uint64_t hash_ram(void)
{
    const struct machine_hostinfo *info =
        PTR(const struct machine_hostinfo, MACHINE_WINDOW_VA + MACHINE_HOSTINFO_OFFSET);
    const uint64_t *word = PTR(const uint64_t, MACHINE_PAGE_OFFSET);
    uint64_t h = 0;
    for (uint64_t i = 0; i < info->ram_bytes / sizeof *word; i++)
        h = (h ^ word[i]) * 0x100000001b3u;
    return h;
}
#endif

static int twin_main(void *program)
{
    (void)program;
    program_sleep_until(cos_clock.now_ns + SECONDS(3600));
    return 0;
}

static void twin_end(kptr program)
{
    (void)program;
}

/* pid 1's pages have two ptes each then, as crond's have while a job waits between fork and exec.
 * Without swap, or they would all be there. */
static void fork_twin(void)
{
    static struct program twin;
    twin = *PTR(const struct program, current->program);
    ASSERT(do_fork(&(struct process_body){ &twin, twin_main, twin_end }) > 0);
}

static void fifty_seconds(struct cos_result *r)
{
    struct boot_program spec = cos_program("glutton");
    spec.flags |= BOOT_PROG_SIGTERM;
    sched_setscheduler(current, SCHED_FIFO, 99); /* that pid 1 sees the end of it */
    if (with_sharer) {
        const struct boot_program sharer_spec = cos_program("sharer");
        (void)cos_spawn(&sharer_spec, sharer);
        cos_wait_all();
    }
    if (with_twin)
        fork_twin();
    if (with_writer) {
        (void)kernel_thread(8, "kupdated", kupdated, NULL);
        ASSERT(file_write("var/log/test", 0, NULL, 300 * PAGE_SIZE) == 0);
    }
    if (with_glutton) {
        (void)cos_spawn(&spec, glutton);
        strcopy(spec.name, "nibbler", sizeof spec.name);
        for (uint32_t i = 0; i < NIBBLERS; i++)
            (void)cos_spawn(&spec, nibbler);
    }
    program_sleep_until(cos_clock.now_ns + SECONDS(20));
    if (spinner_spec.name[0] != '\0')
        (void)cos_spawn(&spinner_spec, spinner);
    program_sleep_until(cos_clock.now_ns + SECONDS(30));
    const bool counted = inert_active() || inert_possible(&zone_table[ZONE_NORMAL]);
    inert_settle();
    mm_check();
    r->number[7] = nr_shmem_pages;
    r->number[8] = counted;
    r->number[0] = hash_ram();
    r->number[1] = cos_clock.now_ns;
    r->number[2] = run_queue.switches;
    for_each_task (t)
        r->number[3] += t->reclaim_passes;
    r->number[4] = find_task_by_name("nibbler") != NULL;
    const struct task_struct *spin = find_task_by_name("spinner");
    r->number[5] = spin != NULL ? spin->utime_ns : 0;
    r->number[6] = avenrun[0];
}

static struct cos_result run(bool no_skip)
{
    static struct cos_machine m = { .ram_mb = 32 };
    m.no_skip = no_skip;
    m.swap_slots = with_twin ? 0 : 500;
    return *cos_run_done(&m, fifty_seconds);
}

static const struct cos_result *compare(void)
{
    static struct cos_result skipped, executed;
    skipped = run(false);
    executed = run(true);
    for (size_t i = 0; i < ARRAY_SIZE(skipped.number); i++)
        if (skipped.number[i] != executed.number[i])
            fail_msg("number %zu: %llu skipped, %llu executed", i,
                     (unsigned long long)skipped.number[i], (unsigned long long)executed.number[i]);
    assert_string_equal(skipped.log, executed.log);
    return &skipped;
}

static void test_a_livelock_without_a_spinner(void **state)
{
    (void)state;
    with_glutton = true;
    memset(&spinner_spec, 0, sizeof spinner_spec);
    const struct cos_result *r = compare();
    assert_true(r->number[3] > 5000); /* they did turn */
    assert_int_equal(r->number[4], 1);
}

static void test_a_livelock_over_shared_memory_of_the_dead(void **state)
{
    (void)state;
    with_glutton = with_sharer = true;
    memset(&spinner_spec, 0, sizeof spinner_spec);
    const struct cos_result *r = compare();
    with_sharer = false;
    assert_true(r->number[3] > 5000);
    assert_true(r->number[7] > SHM_PAGES / 2);
    assert_true(r->number[8] == 1); /* counted to the end: the dead pages are inert */
}

static void test_a_livelock_over_pages_that_a_fork_shares(void **state)
{
    (void)state;
    with_glutton = with_twin = true;
    memset(&spinner_spec, 0, sizeof spinner_spec);
    const struct cos_result *r = compare();
    with_twin = false;
    assert_true(r->number[3] > 5000);
    assert_true(r->number[8] == 1); /* counted to the end: shared pages are inert, too */
}

/* They become old in its midst, unless reclaim comes first. */
static void test_a_livelock_over_dirty_pages_of_files(void **state)
{
    (void)state;
    with_glutton = with_writer = true;
    memset(&spinner_spec, 0, sizeof spinner_spec);
    const struct cos_result *r = compare();
    with_writer = false;
    assert_true(r->number[3] > 5000);
}

static void spin_as(uint32_t policy, uint32_t rt_prio, int32_t nice)
{
    spinner_spec = cos_program("spinner");
    spinner_spec.policy = policy;
    spinner_spec.rt_prio = rt_prio;
    spinner_spec.nice = nice;
}

static void test_a_spinner_alone(void **state)
{
    (void)state;
    with_glutton = false;
    spin_as(SCHED_FIFO, 50, 0);
    assert_true(compare()->number[5] > SECONDS(29));
    spin_as(SCHED_NORMAL, 0, 0);
    assert_true(compare()->number[5] > SECONDS(29));
    spin_as(SCHED_RR, 1, 0);
    (void)compare();
}

static void test_a_spinner_in_a_livelock(void **state)
{
    (void)state;
    with_glutton = true;
    spin_as(SCHED_NORMAL, 0, -20);
    (void)compare();
    spin_as(SCHED_FIFO, 50, 0);
    (void)compare();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_livelock_without_a_spinner),
        cmocka_unit_test(test_a_livelock_over_shared_memory_of_the_dead),
        cmocka_unit_test(test_a_livelock_over_pages_that_a_fork_shares),
        cmocka_unit_test(test_a_livelock_over_dirty_pages_of_files),
        cmocka_unit_test(test_a_spinner_alone),
        cmocka_unit_test(test_a_spinner_in_a_livelock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
