/* test_sched.c - slices, priorities, policies; and ticks that are counted against ticks that are
 * taken.
 * links: cos/kernel/sched/kstat.c cos/kernel/arch/hosted.c
 * links: cos/kernel/sched/sched.c cos/kernel/sched/time.c cos/kernel/sched/priority.c cos/kernel/skip/alone.c
 * links: cos/kernel/arch/lib.c -no-pie -Wl,-Ttext-segment=0x60000000 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/mman.h>

#include "cos/kernel/arch/cost.h"
#include "cos/kernel/arch/hypervisor.h"
#include "cos/kernel/mm/mm.h"
#include "cos/kernel/sched/priority.h"
#include "tests/unit/jumped_to.h"

#define TASKS 4u
#define DAY_NS 86400000000000u

/* ---- what the scheduler uses of the kernel --------------------------------------------------- */
static union task_union tasks[TASKS];
static const struct boot_params params;
const struct boot_params *boot_params = &params;
uint64_t grant_until_ns;
static bool skip_off;
static uint32_t ticks_taken;

void do_timers(struct task_struct *t);
void test_hand_over(void);
void test_hand_over(void)
{
    ticks_taken++;
    do_timers(current);
}
JUMPED_TO("hand_over", "test_hand_over");
JUMPED_TO("run_aside", "abort");

void switch_stacks(void);
void switch_stacks(void)
{
    fail();
}
void task_start(void);
void task_start(void)
{
}
void livelock_skip(void)
{
}
bool skip_is_off(void)
{
    return skip_off;
}
void kthread_rearm(void)
{
}
void deliver_signals(void)
{
}
void inert_leave_fn(kptr unused)
{
    (void)unused;
}

/* A grant ends: the next one is a minute and a bit. */
void hypervisor_yield(enum gate_yield reason, uint64_t next_ns)
{
    (void)next_ns;
    assert_int_equal(reason, GATE_YIELD_END);
    grant_until_ns += 61234567890u;
}

void model_bug(const char *file, int line, const char *what)
{
    mock_assert(0, what, file, line);
    __builtin_trap();
}

/* ---- helpers --------------------------------------------------------------------------------- */
static struct task_struct *task(uint32_t i)
{
    return &tasks[i].task;
}

static void new_run(void)
{
    memset(tasks, 0, sizeof tasks);
    memset(&run_queue, 0, sizeof run_queue);
    memset(avenrun, 0, sizeof avenrun);
    nr_running = need_resched = ticks_taken = 0;
    sched_init();
    tick_stop();
    init_task->prio = init_task->static_prio = MAX_PRIO;
    for (uint32_t i = 0; i < TASKS; i++)
        task(i)->stack_magic = STACK_MAGIC;
    init_task->stack_magic = STACK_MAGIC;
}

static void start(uint32_t i, int32_t nice, uint32_t policy, uint32_t rt_priority)
{
    struct task_struct *t = task(i);
    t->pid = i + 1;
    t->state = TASK_UNINTERRUPTIBLE;
    set_user_nice(t, nice);
    sched_setscheduler(t, policy, rt_priority);
    task_first_wake(t);
}

static void run_first(void)
{
    sched_take_cpu(current, sched_pick());
}

/* ---- tables ---------------------------------------------------------------------------------- */
/* [RHEL3MM 4]: "timeslice = 1 + 19*(139-static_prio)/39 ticks: nice -20 200 ms, nice 0 100 ms,
 * nice 19 10 ms", by hand for all 40. */
static void test_slices_match_the_table(void **state)
{
    static const uint32_t ticks[40] = { 20, 19, 19, 18, 18, 17, 17, 16, 16, 15, 15, 14, 14, 13,
                                        13, 12, 12, 11, 11, 10, 10, 9,  9,  8,  8,  7,  7,  6,
                                        6,  5,  5,  4,  4,  3,  3,  2,  2,  1,  1,  1 };
    (void)state;
    for (int32_t nice = NICE_MIN; nice <= NICE_MAX; nice++)
        assert_int_equal(full_slice(120 + nice), ticks[nice - NICE_MIN]);
}

/* Bonus -5..+5 by sleep_avg of at most 10 s; interactive from nice/4 + 2 better than static. */
static void test_bonus_and_interactivity(void **state)
{
    static const struct {
        int32_t nice;
        uint32_t sleep_avg;
        int32_t prio;
        bool interactive;
    } table[] = {
        { 0, 0, 125, false },    { 0, 500, 120, false },   { 0, 699, 119, false },
        { 0, 700, 118, true },   { 0, 1000, 115, true },   { -20, 0, 105, false },
        { -20, 200, 103, true }, { -20, 1000, 100, true }, { 19, 1000, 134, false },
        { 19, 0, 139, false },   { 10, 1000, 125, true },  { 10, 900, 126, true },
        { 10, 899, 127, false }, { 12, 1000, 127, true },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
        struct task_struct t = { .static_prio = 120 + table[i].nice,
                                 .sleep_avg = table[i].sleep_avg };
        t.prio = effective_prio(&t);
        assert_int_equal(t.prio, table[i].prio);
        assert_int_equal(is_interactive(&t), table[i].interactive);
    }
}

static void test_real_time_priorities_are_99_minus_rt_priority(void **state)
{
    (void)state;
    new_run();
    start(0, -5, SCHED_FIFO, 99);
    start(1, 0, SCHED_RR, 1);
    assert_int_equal(task(0)->prio, 0);
    assert_int_equal(task(1)->prio, 98);
    set_user_nice(task(0), 10);
    assert_int_equal(task(0)->prio, 0);
    assert_int_equal(task(0)->static_prio, 130);
    sched_setscheduler(task(0), SCHED_NORMAL, 0);
    assert_int_equal(task(0)->prio, 135);
    assert_true(sched_pick() == task(1));
}

static void test_a_fork_shares_slice_and_sleep(void **state)
{
    struct task_struct parent = { .static_prio = 120, .time_slice = 7, .sleep_avg = 900 };
    struct task_struct child = { .static_prio = 120 };
    (void)state;
    assert_false(share_with_child(&parent, &child));
    assert_int_equal(child.time_slice, 4);
    assert_int_equal(parent.time_slice, 3);
    assert_int_equal(child.sleep_avg, 450);  /* CHILD_PENALTY 50 */
    assert_int_equal(parent.sleep_avg, 900); /* PARENT_PENALTY 100 */
    give_back_to_parent(&parent, &child);
    assert_int_equal(parent.time_slice, 7);
    assert_int_equal(parent.sleep_avg, (900 * 3 + 450) / 4);
    parent.time_slice = 1;
    assert_true(share_with_child(&parent, &child));
    assert_int_equal(parent.time_slice, 1);
    child.first_slice = 0;
    give_back_to_parent(&parent, &child);
    assert_int_equal(parent.time_slice, 1);
}

/* ---- order ----------------------------------------------------------------------------------- */
static void test_fifo_keeps_the_cpu_and_yields_to_its_own_priority_only(void **state)
{
    (void)state;
    new_run();
    grant_until_ns = UINT64_MAX / 2;
    start(0, 0, SCHED_FIFO, 50);
    start(1, 0, SCHED_FIFO, 50);
    start(2, -20, SCHED_NORMAL, 0);
    run_first();
    assert_true(current == task(0));
    for (uint32_t i = 0; i < 1000; i++)
        sched_tick(current);
    assert_false(need_resched);
    sched_requeue_yield(current);
    run_first();
    assert_true(current == task(1));
    sched_requeue_yield(current);
    run_first();
    assert_true(current == task(0));
    assert_int_equal(task(2)->array, run_queue.active);
}

static void test_rr_goes_to_the_tail_when_its_slice_is_used_up(void **state)
{
    (void)state;
    new_run();
    start(0, 0, SCHED_RR, 10);
    start(1, 0, SCHED_RR, 10);
    run_first();
    for (uint32_t i = 0; i < 10; i++)
        sched_tick(task(0));
    assert_true(need_resched);
    run_first();
    assert_true(current == task(1));
    assert_int_equal(task(0)->array, run_queue.active);
    assert_int_equal(task(0)->time_slice, 10);
}

static void test_a_normal_task_that_used_its_slice_waits_for_the_others(void **state)
{
    (void)state;
    new_run();
    start(0, 0, SCHED_NORMAL, 0);
    start(1, 5, SCHED_NORMAL, 0);
    run_first();
    for (uint32_t i = 0; i < 10; i++)
        sched_tick(task(0));
    assert_int_equal(task(0)->array, run_queue.expired);
    run_first();
    assert_true(current == task(1));
}

/* A better task that wakes asks for a switch; one of a lower nice value goes before. */
static void test_set_user_nice_moves_a_queued_task(void **state)
{
    (void)state;
    new_run();
    start(0, 0, SCHED_NORMAL, 0);
    start(1, 0, SCHED_NORMAL, 0);
    run_first();
    need_resched = 0;
    set_user_nice(task(1), -10);
    assert_true(need_resched);
    assert_true(sched_pick() == task(1));
    set_user_nice(task(1), 19);
    assert_true(sched_pick() == task(0));
}

/* ---- counted ticks --------------------------------------------------------------------------- */
struct result {
    union task_union task;
    struct run_queue queue;
    uint64_t now_ns, tick_ns;
    uint32_t avenrun[3];
};

/* What program_cpu() does. */
static void spin(uint64_t ns)
{
    while (ns > 0) {
        ns -= run_alone(ns);
        const uint64_t room = cos_clock.next_ns - cos_clock.now_ns;
        const uint64_t step = ns < room ? ns : room;
        user_cpu(step);
        ns -= step;
    }
}

static void timer_fn(kptr arg)
{
    (void)arg;
}

/* One task of that kind spins; a timer fires in the midst, others wait in vain behind a FIFO. */
static void run_spinner(const struct task_struct *kind, uint64_t start_ns, uint64_t ns, bool off,
                        struct result *ret)
{
    static struct ktimer timer;
    new_run();
    skip_off = off;
    cos_clock = (struct cos_clock){ .now_ns = start_ns, .boot_ns = start_ns - 1234567 };
    time_init();
    grant_until_ns = start_ns + 5000000000u;
    memset(&timer, 0, sizeof timer);
    task(0)->sleep_avg = kind->sleep_avg;
    start(0, kind->static_prio - 120, kind->policy, kind->rt_priority);
    task(0)->sleep_avg = kind->sleep_avg;
    if (kind->policy == SCHED_FIFO)
        start(1, 0, SCHED_NORMAL, 0);
    run_first();
    ktimer_add(&timer, start_ns + ns / 3, timer_fn, 0);
    spin(ns);
    ktimer_del(&timer);
    ret->task = tasks[0];
    ret->queue = run_queue;
    ret->now_ns = cos_clock.now_ns;
    ret->tick_ns = tick_at();
    memcpy(ret->avenrun, avenrun, sizeof avenrun);
}

static const struct task_struct kinds[] = {
    { .policy = SCHED_FIFO, .static_prio = 120, .rt_priority = 50 },
    { .policy = SCHED_RR, .static_prio = 120, .rt_priority = 7 },
    { .policy = SCHED_RR, .static_prio = 139, .rt_priority = 7 },
    { .policy = SCHED_NORMAL, .static_prio = 120 },
    { .policy = SCHED_NORMAL, .static_prio = 120, .sleep_avg = 1000 },
    { .policy = SCHED_NORMAL, .static_prio = 139, .sleep_avg = 77 },
    { .policy = SCHED_NORMAL, .static_prio = 100, .sleep_avg = 999 },
};

static void test_counted_ticks_leave_the_state_of_taken_ones(void **state)
{
    static struct result counted, taken;
    struct rng rng;
    (void)state;
    rng_init(&rng, 3, "spin");
    for (uint32_t i = 0; i < 20 * ARRAY_SIZE(kinds); i++) {
        const struct task_struct *kind = &kinds[i % ARRAY_SIZE(kinds)];
        const uint64_t start_ns = 1000000000000u + rng_below(&rng, 20000000);
        const uint64_t ns = rng_below(&rng, 200000000000u);
        run_spinner(kind, start_ns, ns, true, &taken);
        const uint32_t all = ticks_taken;
        run_spinner(kind, start_ns, ns, false, &counted);
        assert_true(ns < 10000000000u || ticks_taken < all);
        assert_memory_equal(&counted, &taken, sizeof counted);
    }
}

static void test_thirty_days_of_a_spinner_take_few_ticks(void **state)
{
    static struct result r;
    (void)state;
    /* 43200 grants of about a minute; some 44 ticks are taken at the end of each. */
    run_spinner(&kinds[0], 1000000000000u, 30 * DAY_NS, false, &r);
    assert_in_range(ticks_taken, 1, 43200 * 50);
    run_spinner(&kinds[3], 1000000000000u, 30 * DAY_NS, false, &r);
    assert_in_range(ticks_taken, 1, 43200 * 50);
}

static int setup(void **state)
{
    (void)state;
    /* inert_active() looks at the first word of it. */
    void *got = mmap(PTR(void, SCRATCH_VA), SCRATCH_SIZE, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_NORESERVE, -1, 0);
    assert_ptr_equal(got, PTR(void, SCRATCH_VA));
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slices_match_the_table),
        cmocka_unit_test(test_bonus_and_interactivity),
        cmocka_unit_test(test_real_time_priorities_are_99_minus_rt_priority),
        cmocka_unit_test(test_a_fork_shares_slice_and_sleep),
        cmocka_unit_test(test_fifo_keeps_the_cpu_and_yields_to_its_own_priority_only),
        cmocka_unit_test(test_rr_goes_to_the_tail_when_its_slice_is_used_up),
        cmocka_unit_test(test_a_normal_task_that_used_its_slice_waits_for_the_others),
        cmocka_unit_test(test_set_user_nice_moves_a_queued_task),
        cmocka_unit_test(test_counted_ticks_leave_the_state_of_taken_ones),
        cmocka_unit_test(test_thirty_days_of_a_spinner_take_few_ticks),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
