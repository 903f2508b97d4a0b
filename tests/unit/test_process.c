/* test_process.c - pids, signals, zombies and orphans.
 * links: cos/kernel/sched/kstat.c cos/kernel/sched/process.c cos/kernel/sched/priority.c cos/kernel/arch/lib.c
 * links: -no-pie -Wl,-Ttext-segment=0x60000000 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cos/kernel/errno.h"
#include "cos/kernel/mm/mm.h"
#include "cos/kernel/sched/process.h"

#define STACKS 40u

/* ---- what process.c uses of the kernel ------------------------------------------------------- */
union task_union init_task_union;
struct cos_clock cos_clock = { .next_ns = UINT64_MAX };
kptr current_task;
uint32_t max_mapnr = 1u << 20;
static union task_union stacks[STACKS] __attribute__((aligned(THREAD_SIZE)));
static bool stack_used[STACKS];
static unsigned address_spaces_ended, programs_ended;
static bool no_memory;
static jmp_buf *zombie_leaves; /* where schedule() goes when a zombie calls it */
static unsigned wakes;

kptr get_free_pages(uint32_t gfp, uint32_t order)
{
    assert_int_equal(gfp, GFP_KERNEL);
    assert_int_equal(order, THREAD_ORDER);
    for (unsigned i = 0; i < STACKS && !no_memory; i++) {
        if (!stack_used[i]) {
            stack_used[i] = true;
            memset(&stacks[i], 0xa5, sizeof stacks[i]); /* old contents */
            return kptr_of(&stacks[i]);
        }
    }
    return 0;
}

void free_pages_at(kptr address, uint32_t order)
{
    assert_int_equal(order, THREAD_ORDER);
    const unsigned i = (unsigned)(PTR(union task_union, address) - stacks);
    assert_true(i < STACKS && stack_used[i]);
    stack_used[i] = false;
}

void task_prepare(struct task_struct *t, int (*fn)(void *), void *arg)
{
    assert_true(fn != NULL && t->frame == 0);
    (void)arg;
}

void task_first_wake(struct task_struct *t)
{
    t->state = TASK_RUNNING;
}

void set_user_nice(struct task_struct *t, int32_t nice)
{
    t->static_prio = 120 + nice;
}

void sched_setscheduler(struct task_struct *t, uint32_t policy, uint32_t rt_priority)
{
    t->policy = policy;
    t->rt_priority = rt_priority;
}

void wake_up_process(struct task_struct *t)
{
    wakes++;
    t->state = TASK_RUNNING;
}

void schedule(void)
{
    if (current->state == TASK_ZOMBIE)
        longjmp(*zombie_leaves, 1);
}

uint32_t schedule_timeout(uint32_t ticks)
{
    return ticks;
}

void exit_mmap(struct mm_struct *mm)
{
    (void)mm;
    address_spaces_ended++;
}

struct mm_struct *dup_mm(void)
{
    return NULL;
}

uint64_t cos_random(const char *name)
{
    return strlen(name);
}

void hand_over(void)
{
    fail();
}

void return_to_user(void)
{
}

void panic(const char *format, ...)
{
    mock_assert(0, format, __FILE__, __LINE__);
    __builtin_trap();
}

void model_bug(const char *file, int line, const char *what)
{
    mock_assert(0, what, file, line);
    __builtin_trap();
}

/* ---- helpers --------------------------------------------------------------------------------- */
static int thread(void *unused)
{
    (void)unused;
    return 0;
}

static void program_end(kptr program)
{
    assert_int_equal(program, kptr_of(&programs_ended));
    programs_ended++;
}

static int spawn_spec(const struct boot_program *spec)
{
    int error;
    struct task_struct *t = new_task(spec->pid, spec->name, &error);
    if (t == NULL)
        return error;
    process_set_identity(t, spec);
    process_start(t, &(struct process_body){ &programs_ended, thread, program_end });
    return (int)t->pid;
}

static int spawn(const char *name, uint32_t pid, uint32_t flags)
{
    struct boot_program spec = { .pid = pid, .flags = flags };
    strcopy(spec.name, name, sizeof spec.name);
    return spawn_spec(&spec);
}

static struct task_struct *task(int pid)
{
    struct task_struct *t = find_task_by_pid((uint32_t)pid);
    assert_non_null(t);
    return t;
}

static void become(int pid)
{
    current_task = kptr_of(pid == 0 ? init_task : task(pid));
}

/* `pid` exits; pid 1 runs afterwards. */
static void end(int pid, uint32_t code)
{
    jmp_buf back;
    zombie_leaves = &back;
    become(pid);
    if (setjmp(back) == 0)
        do_exit(code);
    assert_int_equal(current->state, TASK_ZOMBIE);
    become(1);
}

static int setup(void **state)
{
    (void)state;
    /* Bury what the test before left; tests/lib has no other way to reset process.c. */
    if (init_task->next_task != 0) {
        become(1);
        while (nr_threads > 1) {
            struct task_struct *last = PTR(struct task_struct, init_task->prev_task);
            if (last->state != TASK_ZOMBIE)
                end((int)last->pid, 0);
            while (reap_child() > 0)
                ;
        }
    } else {
        init_task->next_task = init_task->prev_task = kptr_of(init_task);
        become(0);
        (void)kernel_thread(1, "init", thread, NULL);
        become(1);
    }
    last_pid = 999;
    programs_ended = 0;
    address_spaces_ended = 0;
    no_memory = false;
    wakes = 0;
    return 0;
}

/* ---- tests ----------------------------------------------------------------------------------- */
static void test_pids_start_at_1000_and_fixed_ones_are_kept(void **state)
{
    (void)state;
    assert_int_equal(spawn("one", 0, 0), 1000);
    assert_int_equal(spawn("VMap", 9173, 0), 9173);
    assert_int_equal(spawn("two", 0, 0), 1001);
    assert_string_equal(task(9173)->comm, "VMap");
    assert_null(find_task_by_pid(1002));
    assert_null(find_task_by_pid(UINT32_MAX));
}

static void test_a_fixed_pid_in_use_is_refused(void **state)
{
    (void)state;
    assert_int_equal(spawn("one", 20, 0), 20);
    assert_int_equal(spawn("two", 20, 0), -EAGAIN);
    assert_int_equal(nr_threads, 2);
}

static void test_pids_wrap_and_skip_those_in_use(void **state)
{
    (void)state;
    last_pid = 32766;
    assert_int_equal(spawn("a", 0, 0), 32767);
    assert_int_equal(spawn("b", 0, 0), 300);
    last_pid = 299;
    assert_int_equal(spawn("c", 0, 0), 301);
}

static void test_without_a_stack_there_is_no_child_and_no_pid_lost(void **state)
{
    (void)state;
    no_memory = true;
    assert_int_equal(spawn("one", 1234, 0), -ENOMEM);
    assert_int_equal(current->wait_children, 0);
    no_memory = false;
    assert_int_equal(spawn("one", 1234, 0), 1234);
}

static void test_threads_max_bounds_the_tasks(void **state)
{
    (void)state;
    max_mapnr = 16 * 3;
    assert_int_equal(spawn("one", 0, 0), 1000);
    assert_int_equal(spawn("two", 0, 0), 1001);
    assert_int_equal(spawn("three", 0, 0), -EAGAIN);
    max_mapnr = 1u << 20;
}

static void test_a_child_gets_its_identity(void **state)
{
    (void)state;
    struct boot_program spec = { .name = "logger",
                                 .nice = 5,
                                 .flags = BOOT_PROG_ROOT | BOOT_PROG_RAWIO };
    const struct task_struct *t = task(spawn_spec(&spec));
    assert_int_equal(t->static_prio, 125);
    assert_int_equal(t->uid, 0);
    assert_int_equal(t->caps, BOOT_PROG_RAWIO);
    assert_int_equal(t->ppid, 1);
    assert_int_equal(task(spawn("nobody", 0, 0))->uid, 99);
}

static void test_a_zombie_stays_until_its_parent_waits(void **state)
{
    (void)state;
    const int pid = spawn("one", 0, 0);
    assert_int_equal(reap_child(), 0);
    task(pid)->utime_ns = 5;
    task(pid)->stime_ns = 7;
    struct cpu_times before, after;
    process_cpu_times(&before);
    end(pid, 3);
    assert_int_equal(task(pid)->exit_code, 3);
    assert_int_equal(wait_child(), pid);
    assert_null(find_task_by_pid((uint32_t)pid));
    process_cpu_times(&after);
    assert_memory_equal(&after, &before, sizeof after); /* the time of the dead is not forgotten */
    assert_int_equal(wait_child(), -ECHILD);
    assert_int_equal(reap_child(), -ECHILD);
}

static void test_orphans_go_to_init(void **state)
{
    (void)state;
    const int parent = spawn("parent", 0, 0);
    become(parent);
    const int dead = spawn("dead", 0, 0), alive = spawn("alive", 0, 0);
    end(dead, 0);
    end(parent, 0);
    assert_int_equal(task(dead)->ppid, 1);
    assert_int_equal(task(alive)->ppid, 1);
    assert_int_equal(current->wait_children, 3);
    assert_int_equal(reap_child(), parent);
    assert_int_equal(reap_child(), dead);
    assert_int_equal(reap_child(), 0);
}

static void test_only_a_waiting_parent_is_woken(void **state)
{
    (void)state;
    const int pid = spawn("one", 0, 0);
    end(pid, 0);
    assert_int_equal(wakes, 0);
    const int other = spawn("two", 0, 0);
    task(1)->in_wait = 1;
    end(other, 0);
    task(1)->in_wait = 0;
    assert_int_equal(wakes, 1);
}

static void test_a_caught_sigterm_is_noted_and_life_goes_on(void **state)
{
    (void)state;
    const int pid = spawn("VMap", 9173, BOOT_PROG_SIGTERM);
    task(pid)->state = TASK_INTERRUPTIBLE;
    send_sig(SIGTERM, task(pid));
    assert_int_equal(task(pid)->state, TASK_RUNNING);
    become(pid);
    deliver_signals();
    assert_int_equal(current->sig_handled, 1u << SIGTERM);
    assert_int_equal(current->sig_pending, 0);
    become(1);
}

static void test_sigterm_does_not_wake_a_task_in_d(void **state)
{
    (void)state;
    const int pid = spawn("one", 0, 0);
    task(pid)->state = TASK_UNINTERRUPTIBLE;
    send_sig(SIGTERM, task(pid));
    assert_int_equal(task(pid)->state, TASK_UNINTERRUPTIBLE);
    assert_int_equal(task(pid)->sig_pending, 1u << SIGTERM);
}

static void test_sigkill_ends_also_those_that_catch_sigterm(void **state)
{
    (void)state;
    jmp_buf back;
    const int pid = spawn("VMap", 0, BOOT_PROG_SIGTERM);
    send_sig(SIGTERM, task(pid));
    send_sig(SIGKILL, task(pid));
    become(pid);
    zombie_leaves = &back;
    if (setjmp(back) == 0)
        deliver_signals();
    assert_int_equal(current->state, TASK_ZOMBIE);
    assert_int_equal(current->exit_code, SIGKILL);
    assert_int_equal(current->program, 0);
    assert_int_equal(programs_ended, 1);
    become(1);
}

static void test_stop_and_continue_cancel_each_other(void **state)
{
    (void)state;
    const int pid = spawn("one", 0, 0);
    send_sig(SIGCONT, task(pid));
    send_sig(SIGSTOP, task(pid));
    assert_int_equal(task(pid)->sig_pending, 1u << SIGSTOP);
    become(pid);
    deliver_signals(); /* schedule() of this test comes back at once */
    assert_int_equal(current->state, TASK_STOPPED);
    become(1);
    send_sig(SIGTERM, task(pid));
    assert_int_equal(task(pid)->state, TASK_STOPPED);
    send_sig(SIGCONT, task(pid));
    assert_int_equal(task(pid)->state, TASK_RUNNING);
}

static void test_a_task_is_found_by_name_while_it_lives(void **state)
{
    (void)state;
    end(spawn("worker", 0, 0), 0); /* a zombie does not count */
    const int a = spawn("worker", 0, 0);
    (void)spawn("worker", 0, 0);
    assert_true(find_task_by_name("worker") == task(a));
    assert_null(find_task_by_name("nobody"));
}

static void test_a_program_gets_the_policy_that_it_is_started_with(void **state)
{
    (void)state;
    const struct boot_program rr = { .name = "rr", .policy = SCHED_RR, .rt_prio = 40 };
    const struct boot_program fifo = { .name = "fifo", .policy = SCHED_FIFO };
    const struct boot_program normal = { .name = "normal", .rt_prio = 40, .nice = -20 };
    const struct task_struct *t = task(spawn_spec(&rr));
    assert_int_equal(t->policy, SCHED_RR);
    assert_int_equal(t->rt_priority, 40);
    assert_int_equal(task(spawn_spec(&fifo))->rt_priority, 1); /* none is none */
    t = task(spawn_spec(&normal));
    assert_int_equal(t->rt_priority, 0);
    assert_int_equal(t->static_prio, 100);
}

static void test_init_takes_no_signals(void **state)
{
    (void)state;
    send_sig(SIGTERM, task(1));
    send_sig(SIGKILL, task(1));
    assert_int_equal(task(1)->sig_pending, 0);
    expect_assert_failure(do_exit(0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_pids_start_at_1000_and_fixed_ones_are_kept, setup),
        cmocka_unit_test_setup(test_a_fixed_pid_in_use_is_refused, setup),
        cmocka_unit_test_setup(test_pids_wrap_and_skip_those_in_use, setup),
        cmocka_unit_test_setup(test_without_a_stack_there_is_no_child_and_no_pid_lost, setup),
        cmocka_unit_test_setup(test_threads_max_bounds_the_tasks, setup),
        cmocka_unit_test_setup(test_a_child_gets_its_identity, setup),
        cmocka_unit_test_setup(test_a_zombie_stays_until_its_parent_waits, setup),
        cmocka_unit_test_setup(test_orphans_go_to_init, setup),
        cmocka_unit_test_setup(test_only_a_waiting_parent_is_woken, setup),
        cmocka_unit_test_setup(test_a_caught_sigterm_is_noted_and_life_goes_on, setup),
        cmocka_unit_test_setup(test_sigterm_does_not_wake_a_task_in_d, setup),
        cmocka_unit_test_setup(test_sigkill_ends_also_those_that_catch_sigterm, setup),
        cmocka_unit_test_setup(test_stop_and_continue_cancel_each_other, setup),
        cmocka_unit_test_setup(test_a_task_is_found_by_name_while_it_lives, setup),
        cmocka_unit_test_setup(test_a_program_gets_the_policy_that_it_is_started_with, setup),
        cmocka_unit_test_setup(test_init_takes_no_signals, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
