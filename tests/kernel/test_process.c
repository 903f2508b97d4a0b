/* test_process.c - pids, signals, zombies and orphans. */
#include "tests/kernel/cos_harness.h"

#include "cos/kernel/errno.h"
#include "cos/programs/faults.h"

static const struct fault no_stacks = {
    .type = FAULT_FAIL_PAGE_ALLOC, .probability = 100, .fail_times = -1, .min_order = THREAD_ORDER
};
static const struct cos_machine machine = {
    .ram_mb = 32, .swap_slots = 1000, .faults = &no_stacks, .fault_count = 1
};

/* ---- helpers --------------------------------------------------------------------------------- */
static int sleeper(struct program *p)
{
    (void)p;
    program_sleep_until(UINT64_MAX / 8);
    return 0;
}

static int exits_with_3(struct program *p)
{
    (void)p;
    return 3;
}

static int spawn(const char *name, uint32_t pid)
{
    struct boot_program spec = cos_program(name);
    spec.pid = pid;
    return cos_spawn(&spec, sleeper);
}

static struct task_struct *task(int pid)
{
    struct task_struct *t = find_task_by_pid((uint32_t)pid);
    assert_non_null(t);
    return t;
}

static void let_them_run(void)
{
    cos_sleep(SECONDS(1));
}

/* ---- pids ------------------------------------------------------------------------------------ */
static void test_pids_start_at_1000_and_fixed_ones_are_kept(void)
{
    assert_int_equal(spawn("one", 0), 1000);
    assert_int_equal(spawn("VMap", 9173), 9173);
    assert_int_equal(spawn("two", 0), 1001);
    assert_string_equal(task(9173)->comm, "VMap");
    assert_null(find_task_by_pid(1002));
    assert_null(find_task_by_pid(UINT32_MAX));
}

static void test_a_fixed_pid_in_use_is_refused(void)
{
    const uint32_t threads = nr_threads;
    assert_int_equal(spawn("one", 20), 20);
    assert_int_equal(spawn("two", 20), -EAGAIN);
    assert_int_equal(nr_threads, threads + 1);
}

static void test_pids_wrap_and_skip_those_in_use(void)
{
    last_pid = 32766;
    assert_int_equal(spawn("a", 0), 32767);
    assert_int_equal(spawn("b", 0), 300);
    last_pid = 299;
    assert_int_equal(spawn("c", 0), 301);
}

static void test_without_a_stack_there_is_no_child_and_no_pid_lost(void)
{
    const uint32_t threads = nr_threads, children = current->wait_children;
    faults_init();
    assert_int_equal(spawn("one", 1234), -ENOMEM);
    fault_memory()->failing = 0;
    assert_int_equal(current->wait_children, children);
    assert_int_equal(nr_threads, threads);
    assert_int_equal(spawn("one", 1234), 1234);
}

static void test_threads_max_bounds_the_tasks(void)
{
    const uint32_t pages = max_mapnr;
    max_mapnr = 16 * (nr_threads + 2);
    assert_int_equal(spawn("one", 0), 1000);
    assert_int_equal(spawn("two", 0), 1001);
    assert_int_equal(spawn("three", 0), -EAGAIN);
    max_mapnr = pages;
}

/* ---- a program's identity -------------------------------------------------------------------- */
static void test_a_child_gets_its_arguments_and_identity(void)
{
    struct boot_program spec = cos_program("logger");
    spec.nice = 5;
    spec.flags = BOOT_PROG_ROOT | BOOT_PROG_RAWIO;
    const struct task_struct *t = task(spawn_child(&spec, "a line", 77));
    const struct program *p = PTR(const struct program, t->program);
    assert_string_equal(p->text, "a line");
    assert_int_equal(p->until_ns, 77);
    assert_int_equal(t->static_prio, 125);
    assert_int_equal(t->uid, 0);
    assert_int_equal(t->caps, BOOT_PROG_RAWIO);
    assert_int_equal(t->ppid, 1);
    spec.flags = 0;
    assert_int_equal(task(spawn_child(&spec, NULL, 0))->uid, 99);
}

static const struct task_struct *with_policy(uint32_t policy, uint32_t rt_prio, int32_t nice)
{
    struct boot_program spec = cos_program("one");
    spec.policy = policy;
    spec.rt_prio = rt_prio;
    spec.nice = nice;
    return task(spawn_child(&spec, NULL, 0));
}

static void test_a_program_gets_the_policy_that_it_is_started_with(void)
{
    const struct task_struct *t = with_policy(SCHED_RR, 40, 0);
    assert_int_equal(t->policy, SCHED_RR);
    assert_int_equal(t->rt_priority, 40);
    assert_int_equal(with_policy(SCHED_FIFO, 0, 0)->rt_priority, 1); /* none is none */
    t = with_policy(SCHED_NORMAL, 40, -20);
    assert_int_equal(t->rt_priority, 0);
    assert_int_equal(t->static_prio, 100);
}

/* ---- exit and wait --------------------------------------------------------------------------- */
static void test_a_zombie_stays_until_its_parent_waits(void)
{
    const struct task_struct *t = cos_child("one", 0, exits_with_3);
    const int pid = (int)t->pid;
    struct cpu_times before, after;
    assert_int_equal(reap_child(), 0);
    let_them_run();
    assert_int_equal(t->state, TASK_ZOMBIE);
    assert_int_equal(t->exit_code, 3);
    assert_true(t->utime_ns + t->stime_ns > 0);
    process_cpu_times(&before);
    assert_int_equal(reap_child(), pid);
    process_cpu_times(&after);
    assert_memory_equal(&after, &before, sizeof after); /* the time of the dead is not forgotten */
    assert_null(find_task_by_pid((uint32_t)pid));
    assert_int_equal(sys_wait4(), -ECHILD);
    assert_int_equal(reap_child(), -ECHILD);
}

static uint32_t dead, alive;

static int parent(struct program *p)
{
    (void)p;
    dead = cos_child("dead", 0, exits_with_3)->pid;
    alive = cos_child("alive", 0, sleeper)->pid;
    let_them_run();
    return 0;
}

static void test_orphans_go_to_init(void)
{
    const uint32_t children = current->wait_children;
    const uint32_t pid = cos_child("parent", 0, parent)->pid;
    cos_sleep(SECONDS(2));
    assert_int_equal(task((int)dead)->ppid, 1);
    assert_int_equal(task((int)alive)->ppid, 1);
    assert_int_equal(current->wait_children, children + 3);
    assert_int_equal(reap_child(), pid);
    assert_int_equal(reap_child(), dead);
    assert_int_equal(reap_child(), 0);
}

static void test_only_a_waiting_parent_is_woken(void)
{
    (void)cos_child("one", 0, exits_with_3);
    current->state = TASK_INTERRUPTIBLE;
    assert_int_equal(schedule_timeout(100), 0); /* slept to the end */
    assert_true(reap_child() > 0);
    (void)cos_child("two", 0, exits_with_3);
    const uint32_t since = jiffies_now();
    assert_true(sys_rt_sigtimedwait(100) > 0);
    assert_true(jiffies_now() - since < 100);
}

/* ---- signals --------------------------------------------------------------------------------- */
static void test_a_caught_sigterm_is_noted_and_life_goes_on(void)
{
    struct task_struct *t = cos_child("VMap", BOOT_PROG_SIGTERM, sleeper);
    let_them_run();
    send_sig(SIGTERM, t);
    assert_int_equal(t->state, TASK_RUNNING);
    let_them_run();
    assert_int_equal(t->sig_handled, 1u << SIGTERM);
    assert_int_equal(t->sig_pending, 0);
    assert_int_equal(t->state, TASK_INTERRUPTIBLE);
}

static int sleeper_in_d(struct program *p)
{
    (void)p;
    current->state = TASK_UNINTERRUPTIBLE;
    (void)schedule_timeout(300);
    return_to_user();
    return 0;
}

static void test_sigterm_does_not_wake_a_task_in_d(void)
{
    struct task_struct *t = cos_child("one", 0, sleeper_in_d);
    let_them_run();
    send_sig(SIGTERM, t);
    let_them_run();
    assert_int_equal(t->state, TASK_UNINTERRUPTIBLE);
    assert_int_equal(t->sig_pending, 1u << SIGTERM);
    cos_sleep(SECONDS(2));
    assert_int_equal(t->exit_code, SIGTERM);
}

static void test_sigkill_ends_also_those_that_catch_sigterm(void)
{
    struct task_struct *t = cos_child("VMap", BOOT_PROG_SIGTERM, sleeper);
    let_them_run();
    send_sig(SIGTERM, t);
    send_sig(SIGKILL, t);
    let_them_run();
    assert_int_equal(t->state, TASK_ZOMBIE);
    assert_int_equal(t->exit_code, SIGKILL);
    assert_int_equal(t->program, 0);
}

static void test_stop_and_continue_cancel_each_other(void)
{
    struct task_struct *t = cos_child("one", BOOT_PROG_SIGTERM, sleeper);
    let_them_run();
    send_sig(SIGCONT, t);
    send_sig(SIGSTOP, t);
    assert_int_equal(t->sig_pending, 1u << SIGSTOP);
    let_them_run();
    assert_int_equal(t->state, TASK_STOPPED);
    send_sig(SIGTERM, t);
    assert_int_equal(t->state, TASK_STOPPED);
    send_sig(SIGCONT, t);
    assert_int_equal(t->state, TASK_RUNNING);
    let_them_run();
    assert_int_equal(t->state, TASK_INTERRUPTIBLE);
    assert_int_equal(t->sig_handled, 1u << SIGTERM);
}

static void test_a_task_is_found_by_name_while_it_lives(void)
{
    (void)cos_child("worker", 0, exits_with_3); /* a zombie does not count */
    let_them_run();
    const int pid = spawn("worker", 0);
    (void)spawn("worker", 0);
    assert_true(find_task_by_name("worker") == task(pid));
    assert_null(find_task_by_name("nobody"));
}

static void test_init_takes_no_signals(void)
{
    send_sig(SIGTERM, current);
    send_sig(SIGKILL, current);
    assert_int_equal(current->sig_pending, 0);
    expect_assert_failure(do_exit(0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cos_unit_test(&machine, test_pids_start_at_1000_and_fixed_ones_are_kept),
        cos_unit_test(&machine, test_a_fixed_pid_in_use_is_refused),
        cos_unit_test(&machine, test_pids_wrap_and_skip_those_in_use),
        cos_unit_test(&machine, test_without_a_stack_there_is_no_child_and_no_pid_lost),
        cos_unit_test(&machine, test_threads_max_bounds_the_tasks),
        cos_unit_test(&machine, test_a_child_gets_its_arguments_and_identity),
        cos_unit_test(&machine, test_a_program_gets_the_policy_that_it_is_started_with),
        cos_unit_test(&machine, test_a_zombie_stays_until_its_parent_waits),
        cos_unit_test(&machine, test_orphans_go_to_init),
        cos_unit_test(&machine, test_only_a_waiting_parent_is_woken),
        cos_unit_test(&machine, test_a_caught_sigterm_is_noted_and_life_goes_on),
        cos_unit_test(&machine, test_sigterm_does_not_wake_a_task_in_d),
        cos_unit_test(&machine, test_sigkill_ends_also_those_that_catch_sigterm),
        cos_unit_test(&machine, test_stop_and_continue_cancel_each_other),
        cos_unit_test(&machine, test_a_task_is_found_by_name_while_it_lives),
        cos_unit_test(&machine, test_init_takes_no_signals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
