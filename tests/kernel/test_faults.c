/* test_faults.c - faults of the COS: they begin, end and come again at their instants, send their
 * signals, leave programs to those who start them, and report what they did. */
#include "tests/kernel/cos_harness.h"

#include "cos/programs/faults.h"

#define HOURS(n) MINUTES((n)*60ull)

static const struct cos_machine small = { .ram_mb = 32, .swap_slots = 1000 };
static char trace[2048];

static void add(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void add(const char *format, ...)
{
    const size_t used = strlen(trace);
    va_list ap;
    va_start(ap, format);
    const int n = vsnprintf(trace + used, sizeof trace - used, format, ap);
    va_end(ap);
    ASSERT(n >= 0 && used + (size_t)n < sizeof trace);
}

/* The notes so far: "MINUTE m: INDEX what". */
static const char *notes(void)
{
    static const char *const names[] = { "",      "begins", "ends",     "skipped",
                                         "level", "failed", "no target" };
    const struct fault_notes *n =
        PTR(const struct fault_notes, MACHINE_WINDOW_VA + MACHINE_NOTES_OFFSET);
    trace[0] = '\0';
    for (uint64_t i = 0; i < n->head; i++)
        add("%u m: %u %s\n", (unsigned)(n->note[i].at_ns / MINUTES(1)), n->note[i].fault,
            names[n->note[i].kind]);
    return trace;
}

static void start(const struct fault *f, uint32_t count)
{
    memcpy(cos_params.fault, f, count * sizeof *f);
    cos_params.fault_count = count;
    faults_init();
}

static void sleep_to(uint64_t ns)
{
    program_sleep_until(ns);
}

static int idle(struct program *p)
{
    (void)p;
    cos_sleep(HOURS(1000));
    return 0;
}

static uint32_t count_of(const char *comm)
{
    uint32_t count = 0;
    for_each_task (t)
        count += t->state < TASK_ZOMBIE && strcmp(t->comm, comm) == 0;
    return count;
}

/* ---- signals --------------------------------------------------------------------------------- */
static void test_a_kill_reaches_all_of_the_name_or_the_oldest(void)
{
    const struct fault f[] = {
        { .type = FAULT_KILL, .target = "hpsmhd", .at_ns = MINUTES(3), .count = 1, .signal = 15 },
        { .type = FAULT_KILL, .target = "hpsmhd", .at_ns = MINUTES(4) },
        { .type = FAULT_KILL, .target = "nobody", .at_ns = MINUTES(5) },
    };
    const struct task_struct *oldest = cos_child("hpsmhd", BOOT_PROG_ROOT, idle);
    (void)cos_child("hpsmhd", BOOT_PROG_ROOT, idle);
    (void)cos_child("hpsmhd", BOOT_PROG_ROOT, idle);
    (void)cos_child("snmpd", BOOT_PROG_ROOT, idle);
    start(f, 3);
    sleep_to(MINUTES(3) + SECONDS(1));
    assert_int_equal(count_of("hpsmhd"), 2);
    assert_int_equal(oldest->state, TASK_ZOMBIE);
    assert_int_equal(oldest->exit_code, 15);
    sleep_to(MINUTES(6));
    assert_int_equal(count_of("hpsmhd"), 0);
    assert_int_equal(count_of("snmpd"), 1);
    assert_false(fault_goes_on(0));
    assert_string_equal(notes(), "3 m: 0 begins\n4 m: 1 begins\n5 m: 2 begins\n5 m: 2 no target\n");
}

static void test_a_stop_with_a_length_is_followed_by_cont(void)
{
    const struct fault f = {
        .type = FAULT_STOP, .target = "snmpd", .at_ns = MINUTES(1), .for_ns = MINUTES(20)
    };
    const struct task_struct *t = cos_child("snmpd", BOOT_PROG_ROOT, idle);
    start(&f, 1);
    sleep_to(MINUTES(2));
    assert_true(fault_goes_on(0));
    assert_int_equal(t->state, TASK_STOPPED);
    sleep_to(MINUTES(22));
    assert_int_equal(t->state, TASK_INTERRUPTIBLE);
    assert_string_equal(notes(), "1 m: 0 begins\n21 m: 0 ends\n");
}

/* ---- clocks ---------------------------------------------------------------------------------- */
static void test_a_time_that_unless_skips_does_not_count_as_on(void)
{
    const struct fault f = { .type = FAULT_LEAK,
                             .target = "VMap",
                             .at_ns = HOURS(1),
                             .for_ns = MINUTES(10),
                             .every_ns = HOURS(1),
                             .times = 3,
                             .unless = FAULT_UNLESS_OOM };
    (void)cos_child("VMap", BOOT_PROG_ROOT, idle);
    start(&f, 1);
    assert_true(faults_next_ns(1) == HOURS(1));
    sleep_to(MINUTES(90));
    oom_kill_count = 1;
    sleep_to(MINUTES(150));
    oom_kill_count = 0;
    sleep_to(MINUTES(185));
    assert_int_equal(fault_on_ns(0) / SECONDS(1), 15 * 60);
    assert_int_equal(fault_lasts_ns(0) / SECONDS(1), 5 * 60);
    sleep_to(HOURS(24));
    assert_true(fault_on_ns(0) == MINUTES(20));
    assert_true(faults_next_ns(1) == UINT64_MAX);
    assert_string_equal(notes(), "60 m: 0 begins\n70 m: 0 ends\n120 m: 0 skipped\n"
                                 "180 m: 0 begins\n190 m: 0 ends\n");
}

static void test_unless_sees_the_machine(void)
{
    struct fault f[4];
    for (unsigned i = 0; i < 4; i++)
        f[i] = (struct fault){ .type = FAULT_FAIL_NTH, .target = "x", .at_ns = MINUTES(1) };
    f[0].unless = f[1].unless = FAULT_UNLESS_RUNNING;
    strcopy(f[0].unless_name, "VMap", sizeof f[0].unless_name);
    strcopy(f[1].unless_name, "vpxa", sizeof f[1].unless_name);
    f[2].unless = f[3].unless = FAULT_UNLESS_RAM_USED;
    f[2].unless_pct = fault_resource_ppm(FAULT_RESOURCE_RAM) / 10000;
    f[3].unless_pct = f[2].unless_pct + 10;
    (void)cos_child("VMap", BOOT_PROG_ROOT, idle);
    start(f, 4);
    sleep_to(MINUTES(2));
    assert_in_range(f[2].unless_pct, 1, 80);
    assert_int_equal(fault_resource_ppm(FAULT_RESOURCE_SWAP), 0);
    assert_string_equal(notes(), "1 m: 0 skipped\n1 m: 1 begins\n1 m: 2 skipped\n1 m: 3 begins\n");
}

static void test_each_time_an_allocation_fails_is_counted_anew(void)
{
    const struct fault f = { .type = FAULT_FAIL_NTH,
                             .target = "VMap",
                             .at_ns = MINUTES(10),
                             .for_ns = MINUTES(5),
                             .every_ns = MINUTES(10),
                             .count = 1000 };
    start(&f, 1);
    assert_int_equal(fault_memory()->failing, 0);
    sleep_to(MINUTES(11));
    assert_int_equal(fault_memory()->failing, 1);
    fault_state(0)->calls = 7;
    sleep_to(MINUTES(16));
    assert_int_equal(fault_memory()->failing, 0);
    sleep_to(MINUTES(21));
    assert_int_equal(fault_memory()->failing, 1);
    assert_int_equal(fault_state(0)->calls, 0);
}

static void test_a_target_that_is_not_there_is_reported(void)
{
    const struct fault f = { .type = FAULT_LEAK, .target = "VMap", .at_ns = MINUTES(1) };
    start(&f, 1);
    sleep_to(HOURS(1));
    assert_string_equal(notes(), "1 m: 0 begins\n1 m: 0 no target\n");
}

/* ---- programs -------------------------------------------------------------------------------- */
static void test_a_program_waits_for_init_and_for_a_fork_that_works(void)
{
    const struct fault f[] = {
        { .type = FAULT_CPU_HOG, .name = "ptpd", .at_ns = MINUTES(1), .count = 2 },
        { .type = FAULT_FAIL_NTH, .target = "init", .at_ns = MINUTES(1), .count = 1 },
    };
    start(f, 2);
    sleep_to(MINUTES(1));
    assert_int_equal(count_of("ptpd"), 0);
    assert_false(faults_start_due());
    assert_true(faults_start_due());
    assert_true(faults_start_due());
    assert_int_equal(count_of("ptpd"), 2);
    const struct program *p = PTR(const struct program, find_task_by_name("ptpd")->program);
    assert_ptr_equal(fault_of(p), &cos_params.fault[0]);
}

static void log_job(struct program *crond, int pid, const char *command)
{
    assert_null(crond);
    add("%u m: %s %s\n", (unsigned)(cos_clock.now_ns / MINUTES(1)), command,
        pid < 0 ? "cannot start" : "starts");
}

static void test_a_storm_starts_one_more_each_period_up_to_its_count(void)
{
    const struct fault f[] = {
        { .type = FAULT_FORK_STORM,
          .name = "df.sh",
          .at_ns = MINUTES(1),
          .period_ns = MINUTES(2),
          .count = 4,
          .size_kb = 4000 },
        { .type = FAULT_FAIL_NTH, .target = "init", .at_ns = MINUTES(2), .count = 1 },
    };
    start(f, 2);
    trace[0] = '\0';
    for (unsigned minute = 1; minute <= 20; minute++) {
        sleep_to(MINUTES(minute));
        faults_start_jobs(NULL, log_job);
    }
    assert_string_equal(trace, "1 m: df.sh starts\n3 m: df.sh cannot start\n"
                               "5 m: df.sh starts\n7 m: df.sh starts\n");
}

/* ---- notes ----------------------------------------------------------------------------------- */
static void test_notes_go_round_and_keep_the_newest(void)
{
    const struct fault_notes *n =
        PTR(const struct fault_notes, MACHINE_WINDOW_VA + MACHINE_NOTES_OFFSET);
    for (uint64_t i = 0; i < FAULT_NOTES_MAX + 5; i++)
        fault_note(3, FAULT_NOTE_LEVEL, i, i * 2);
    assert_int_equal(n->head, FAULT_NOTES_MAX + 5);
    assert_int_equal(n->note[4].value[1], (FAULT_NOTES_MAX + 4) * 2);
    assert_int_equal(n->note[5].value[0], 5);
    assert_int_equal(n->note[5].fault, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cos_unit_test(&small, test_a_kill_reaches_all_of_the_name_or_the_oldest),
        cos_unit_test(&small, test_a_stop_with_a_length_is_followed_by_cont),
        cos_unit_test(&small, test_a_time_that_unless_skips_does_not_count_as_on),
        cos_unit_test(&small, test_unless_sees_the_machine),
        cos_unit_test(&small, test_each_time_an_allocation_fails_is_counted_anew),
        cos_unit_test(&small, test_a_target_that_is_not_there_is_reported),
        cos_unit_test(&small, test_a_program_waits_for_init_and_for_a_fork_that_works),
        cos_unit_test(&small, test_a_storm_starts_one_more_each_period_up_to_its_count),
        cos_unit_test(&small, test_notes_go_round_and_keep_the_newest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
