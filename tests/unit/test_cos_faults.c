/* test_cos_faults.c - faults of the COS begin, end and come again at their instants, send their
 * signals, and leave programs to those who start them.
 * links: cos/programs/faults.c cos/kernel/arch/lib.c -no-pie -Wl,-Ttext-segment=0x60000000 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>

#include "cos/kernel/mm/mm.h"
#include "cos/kernel/sched/process.h"
#include "cos/programs/faults.h"

#define MINUTE UINT64_C(60000000000)
#define HOUR (60 * MINUTE)
#define TASKS 8u

/* ---- what faults.c uses of the kernel --------------------------------------------- */
struct cos_clock cos_clock = { .next_ns = UINT64_MAX };
union task_union init_task_union;
kptr current_task;
static struct boot_params params;
const struct boot_params *boot_params = &params;
static union task_union tasks[TASKS] __attribute__((aligned(THREAD_SIZE)));
static struct program programs[TASKS];
static uint32_t task_count;
static bool no_fork, unless_now;
static char trace[2048];
static size_t trace_length;

static void __attribute__((format(printf, 1, 2))) tell(const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    trace_length +=
        (size_t)vsnprintf(trace + trace_length, sizeof trace - trace_length, format, ap);
    va_end(ap);
    assert_true(trace_length < sizeof trace);
}

/* Timers: a few, looked at one after the other. */
static struct ktimer *armed[2 * TASKS];

void ktimer_add(struct ktimer *t, uint64_t at_ns, void (*fn)(kptr), kptr arg)
{
    unsigned i = 0;
    while (i < 2 * TASKS && armed[i] != NULL && armed[i] != t)
        i++;
    assert_true(i < 2 * TASKS);
    *t = (struct ktimer){ .at_ns = at_ns, .fn = (kptr)(uintptr_t)fn, .arg = arg };
    armed[i] = t;
}

/* Let time pass until `ns`, timers in order. */
static void pass_until(uint64_t ns)
{
    for (;;) {
        unsigned first = 2 * TASKS;
        for (unsigned i = 0; i < 2 * TASKS; i++)
            if (armed[i] != NULL && armed[i]->at_ns <= ns &&
                (first == 2 * TASKS || armed[i]->at_ns < armed[first]->at_ns))
                first = i;
        if (first == 2 * TASKS)
            break;
        struct ktimer *t = armed[first];
        armed[first] = NULL;
        cos_clock.now_ns = t->at_ns;
        ((void (*)(kptr))(uintptr_t)t->fn)(t->arg);
    }
    cos_clock.now_ns = ns;
}

static struct task_struct *add_task(const char *comm, uint32_t state)
{
    struct task_struct *t = &tasks[task_count].task;
    struct task_struct *last = PTR(struct task_struct, init_task->prev_task);
    assert_true(task_count < TASKS);
    memset(t, 0, sizeof *t);
    memset(&programs[task_count], 0, sizeof programs[task_count]);
    t->pid = ++task_count;
    t->state = state;
    t->program = kptr_of(&programs[task_count - 1]);
    strcopy(t->comm, comm, sizeof t->comm);
    t->next_task = kptr_of(init_task);
    t->prev_task = kptr_of(last);
    last->next_task = init_task->prev_task = kptr_of(t);
    return t;
}

struct task_struct *find_task_by_pid(uint32_t pid)
{
    return pid > 0 && pid <= task_count ? &tasks[pid - 1].task : NULL;
}

void wake_up_process(struct task_struct *t)
{
    tell("wake %s\n", t->comm);
}

void send_sig(uint32_t sig, struct task_struct *t)
{
    tell("%" PRIu64 " m: signal %u to %u\n", cos_clock.now_ns / MINUTE, sig, t->pid);
}

int spawn_child(const struct boot_program *spec, const char *text, uint64_t until_ns)
{
    assert_null(text);
    assert_true(until_ns > cos_clock.now_ns);
    if (no_fork)
        return -11;
    tell("%" PRIu64 " m: %s\n", cos_clock.now_ns / MINUTE, spec->name);
    return (int)add_task(spec->name, TASK_RUNNING)->pid;
}

void fault_note(uint32_t index, uint32_t kind, uint64_t v0, uint64_t v1)
{
    static const char *const names[] = { "", "begins", "ends", "skipped", "", "", "no target" };
    assert_true(v0 == 0 && v1 == 0);
    tell("%" PRIu64 " m: %u %s\n", cos_clock.now_ns / MINUTE, index, names[kind]);
}

bool fault_unless_holds(const struct fault *f)
{
    return f->unless != FAULT_ALWAYS && unless_now;
}

void return_to_user(void)
{
}

struct task_struct *find_task_by_name(const char *comm)
{
    for_each_task (t)
        if (strcmp(t->comm, comm) == 0)
            return t;
    return NULL;
}

void hand_over(void)
{
    fail();
}

void model_bug(const char *file, int line, const char *what)
{
    mock_assert(0, what, file, line);
    __builtin_trap();
}

/* ---- tests ----------------------------------------------------------------------------------- */
static struct program crond;

static int setup(void **state)
{
    (void)state;
    memset(PTR(void, SCRATCH_VA), 0, SCRATCH_SIZE);
    memset(&params, 0, sizeof params);
    memset(armed, 0, sizeof armed);
    init_task->next_task = init_task->prev_task = kptr_of(init_task);
    task_count = 0;
    cos_clock.now_ns = 0;
    no_fork = unless_now = false;
    trace_length = 0;
    trace[0] = '\0';
    (void)add_task("init", TASK_INTERRUPTIBLE);
    return 0;
}

static void add_fault(struct fault f)
{
    params.fault[params.fault_count++] = f;
}

static void test_a_kill_reaches_all_of_the_name_or_the_oldest(void **state)
{
    (void)state;
    (void)add_task("snmpd", TASK_INTERRUPTIBLE);
    (void)add_task("hpsmhd", TASK_INTERRUPTIBLE);
    (void)add_task("hpsmhd", TASK_ZOMBIE);
    (void)add_task("hpsmhd", TASK_RUNNING);
    add_fault((struct fault){ .type = FAULT_KILL, .target = "hpsmhd", .at_ns = 3 * MINUTE });
    add_fault((struct fault){
        .type = FAULT_KILL, .target = "hpsmhd", .at_ns = 4 * MINUTE, .count = 1, .signal = 15 });
    add_fault((struct fault){ .type = FAULT_KILL, .target = "nobody", .at_ns = 5 * MINUTE });
    faults_init();
    pass_until(HOUR);
    assert_string_equal(trace, "3 m: 0 begins\n3 m: signal 9 to 3\n3 m: signal 9 to 5\n"
                               "4 m: 1 begins\n4 m: signal 15 to 3\n"
                               "5 m: 2 begins\n5 m: 2 no target\n");
    assert_false(fault_goes_on(0));
}

static void test_a_stop_with_a_length_is_followed_by_cont(void **state)
{
    (void)state;
    (void)add_task("snmpd", TASK_INTERRUPTIBLE);
    add_fault((struct fault){
        .type = FAULT_STOP, .target = "snmpd", .at_ns = MINUTE, .for_ns = 20 * MINUTE });
    faults_init();
    pass_until(2 * MINUTE);
    assert_true(fault_goes_on(0));
    pass_until(HOUR);
    assert_string_equal(trace, "1 m: 0 begins\n1 m: signal 19 to 2\n"
                               "21 m: signal 18 to 2\n21 m: 0 ends\n");
}

static void test_every_and_times_count_and_unless_skips(void **state)
{
    (void)state;
    (void)add_task("VMap", TASK_INTERRUPTIBLE);
    add_fault((struct fault){ .type = FAULT_LEAK,
                              .target = "VMap",
                              .at_ns = HOUR,
                              .for_ns = 10 * MINUTE,
                              .every_ns = HOUR,
                              .times = 3,
                              .unless = FAULT_UNLESS_OOM });
    faults_init();
    pass_until(90 * MINUTE);
    unless_now = true;
    pass_until(150 * MINUTE);
    unless_now = false;
    pass_until(185 * MINUTE);
    assert_int_equal(fault_on_ns(0), 15 * MINUTE);
    assert_int_equal(fault_lasts_ns(0), 5 * MINUTE);
    pass_until(24 * HOUR);
    assert_int_equal(fault_on_ns(0), 20 * MINUTE);
    assert_string_equal(trace, "60 m: 0 begins\n70 m: 0 ends\n120 m: 0 skipped\n"
                               "180 m: 0 begins\n190 m: 0 ends\n");
}

static void test_a_program_waits_for_init_and_for_a_fork_that_works(void **state)
{
    (void)state;
    add_fault((struct fault){ .type = FAULT_CPU_HOG, .name = "ptpd", .at_ns = MINUTE, .count = 2 });
    faults_init();
    pass_until(MINUTE);
    assert_string_equal(trace, "1 m: 0 begins\nwake init\n");
    no_fork = true;
    assert_false(faults_start_due());
    no_fork = false;
    assert_true(faults_start_due());
    assert_true(faults_start_due());
    assert_string_equal(trace, "1 m: 0 begins\nwake init\n1 m: ptpd\n1 m: ptpd\n");
    assert_int_equal(programs[1].fault, 1);
    assert_ptr_equal(fault_of(&programs[2]), &params.fault[0]);
}

static void log_job(struct program *p, int pid, const char *command)
{
    assert_ptr_equal(p, &crond);
    if (pid < 0)
        tell("%s cannot start\n", command);
}

static void test_a_storm_starts_one_more_each_period_up_to_its_count(void **state)
{
    (void)state;
    add_fault((struct fault){ .type = FAULT_FORK_STORM,
                              .name = "df.sh",
                              .at_ns = MINUTE,
                              .period_ns = 2 * MINUTE,
                              .count = 4,
                              .size_kb = 4000 });
    faults_init();
    for (unsigned minute = 1; minute <= 20; minute++) {
        pass_until(minute * MINUTE);
        no_fork = minute == 3;
        faults_start_jobs(&crond, log_job);
    }
    assert_string_equal(trace,
                        "1 m: 0 begins\n1 m: df.sh\ndf.sh cannot start\n5 m: df.sh\n7 m: df.sh\n");
}

static void test_a_target_that_is_not_there_is_told(void **state)
{
    (void)state;
    add_fault((struct fault){ .type = FAULT_LEAK, .target = "VMap", .at_ns = MINUTE });
    faults_init();
    assert_int_equal(faults_next_ns(1), MINUTE);
    pass_until(HOUR);
    assert_int_equal(faults_next_ns(1), UINT64_MAX);
    assert_string_equal(trace, "1 m: 0 begins\n1 m: 0 no target\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_kill_reaches_all_of_the_name_or_the_oldest, setup),
        cmocka_unit_test_setup(test_a_stop_with_a_length_is_followed_by_cont, setup),
        cmocka_unit_test_setup(test_every_and_times_count_and_unless_skips, setup),
        cmocka_unit_test_setup(test_a_program_waits_for_init_and_for_a_fork_that_works, setup),
        cmocka_unit_test_setup(test_a_storm_starts_one_more_each_period_up_to_its_count, setup),
        cmocka_unit_test_setup(test_a_target_that_is_not_there_is_told, setup),
    };
    if (mmap(PTR(void, SCRATCH_VA), SCRATCH_SIZE, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
