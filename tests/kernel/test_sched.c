/* test_sched.c - slices, priorities, policies, timers; and ticks that are counted against ticks
 * that are taken. */
#include "tests/kernel/cos_harness.h"

#include "cos/kernel/sched/v24/priority.h"

#define DAYS(n) MINUTES((n)*1440ull)

static const struct cos_machine machine = { .ram_mb = 32, .swap_slots = 1000 };

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
static char trace[512];
static uint32_t trace_length;

/* One letter for each tick of work: the first of the program's name. */
static void work(uint32_t ticks)
{
    for (uint32_t i = 0; i < ticks; i++) {
        program_cpu(NS_PER_JIFFY);
        assert_true(trace_length < sizeof trace - 1);
        trace[trace_length++] = current->comm[0];
    }
}

static int worker(struct program *p)
{
    (void)p;
    work(20);
    return 0;
}

static int spins_a_minute(struct program *p)
{
    (void)p;
    program_cpu(MINUTES(1));
    return 0;
}

static int yields_twice(struct program *p)
{
    (void)p;
    for (uint32_t i = 0; i < 3; i++) {
        work(3);
        yield();
    }
    return 0;
}

static struct task_struct *start(const char *name, int32_t nice, uint32_t policy, uint32_t rt_prio,
                                 int (*fn)(struct program *))
{
    struct boot_program spec = cos_program(name);
    spec.nice = nice;
    spec.policy = policy;
    spec.rt_prio = rt_prio;
    return find_task_by_pid((uint32_t)cos_spawn(&spec, fn));
}

/* All have started: they compete from now on. */
static void let_them_compete(void)
{
    sched_setscheduler(current, SCHED_FIFO, 99); /* pid 1 sees the end of it */
    cos_sleep(MINUTES(1));
}

static void test_real_time_priorities_are_99_minus_rt_priority(void)
{
    struct task_struct *fifo = start("fifo", -5, SCHED_FIFO, 99, worker);
    assert_int_equal(fifo->prio, 0);
    assert_int_equal(start("rr", 0, SCHED_RR, 1, worker)->prio, 98);
    set_user_nice(fifo, 10);
    assert_int_equal(fifo->prio, 0);
    assert_int_equal(fifo->static_prio, 130);
    fifo->sleep_avg = 0;
    sched_setscheduler(fifo, SCHED_NORMAL, 0);
    assert_int_equal(fifo->prio, 135);
}

static void test_fifo_keeps_the_cpu_and_yields_to_its_own_priority_only(void)
{
    (void)start("a", 0, SCHED_FIFO, 50, yields_twice);
    (void)start("b", 0, SCHED_FIFO, 50, yields_twice);
    (void)start("c", -20, SCHED_NORMAL, 0, yields_twice);
    let_them_compete();
    assert_string_equal(trace, "aaabbbaaabbbaaabbbccccccccc");
}

static void test_rr_goes_to_the_tail_when_its_slice_is_used_up(void)
{
    start("a", 0, SCHED_RR, 10, worker)->time_slice = 10;
    start("b", 0, SCHED_RR, 10, worker)->time_slice = 10;
    let_them_compete(); /* exec takes the first tick */
    assert_string_equal(trace, "aaaaaaaaabbbbbbbbbaaaaaaaaaabbbbbbbbbbab");
}

static void test_a_normal_task_that_used_its_slice_waits_for_the_others(void)
{
    start("a", 0, SCHED_NORMAL, 0, worker)->sleep_avg = 0;
    start("b", 5, SCHED_NORMAL, 0, worker)->sleep_avg = 0;
    let_them_compete(); /* with 5 and 3 ticks of pid 1 at first, then with 10 and 7 of their own */
    assert_string_equal(trace, "aaaabbaaaaaaaaaabbbbbbbaaaaaabbbbbbbbbbb");
}

/* A better task that wakes asks for a switch; one of a lower nice value goes before. */
static void test_set_user_nice_moves_a_queued_task(void)
{
    (void)start("a", 0, SCHED_NORMAL, 0, worker);
    struct task_struct *b = start("b", 0, SCHED_NORMAL, 0, worker);
    need_resched = 0;
    set_user_nice(b, -20);
    assert_true(need_resched);
    assert_true(sched_pick() == b);
    set_user_nice(b, 19);
    assert_true(sched_pick() != b);
}

#define TIMERS 40u
static uint32_t fired[TIMERS], fired_count;

static void fires(kptr i)
{
    fired[fired_count++] = i;
}

static void test_timers_fire_by_instant_and_then_in_the_order_they_were_set(void)
{
    static struct ktimer timer[TIMERS];
    const uint64_t now = cos_clock.now_ns;
    for (uint32_t i = 0; i < TIMERS; i++)
        ktimer_add(&timer[i], now + SECONDS(1 + i * 7 % 5), fires, i);
    for (uint32_t i = 0; i < TIMERS; i += 8)
        ktimer_del(&timer[i]);
    cos_sleep(SECONDS(10));
    assert_int_equal(fired_count, TIMERS - TIMERS / 8);
    for (uint32_t n = 1; n < fired_count; n++) {
        const uint32_t a = fired[n - 1], b = fired[n];
        assert_true(b % 8 != 0 && (a * 7 % 5 < b * 7 % 5 || (a * 7 % 5 == b * 7 % 5 && a < b)));
    }
}

static int sleeper_in_d(struct program *p)
{
    (void)p;
    current->state = TASK_UNINTERRUPTIBLE;
    (void)schedule_timeout(60 * HZ);
    return 0;
}

/* [RHEL3MM 2]: each 5 s, in units of 1/2048: 1884, 2014 and 2037 parts of what was. */
static void test_the_load_counts_who_runs_and_who_is_in_d(void)
{
    (void)start("runs", 0, SCHED_NORMAL, 0, spins_a_minute);
    (void)start("waits", 0, SCHED_NORMAL, 0, sleeper_in_d);
    cos_sleep(SECONDS(6));
    assert_int_equal(avenrun[0], 2 * (2048 - 1884));
    assert_int_equal(avenrun[1], 2 * (2048 - 2014));
    assert_int_equal(avenrun[2], 2 * (2048 - 2037));
    cos_sleep(MINUTES(5));
    assert_in_range(avenrun[0], 0, 2048 / 25);
}

/* ---- counted ticks --------------------------------------------------------------------------- */
static const struct task_struct kinds[] = {
    { .policy = SCHED_FIFO, .static_prio = 120, .rt_priority = 50 },
    { .policy = SCHED_RR, .static_prio = 120, .rt_priority = 7 },
    { .policy = SCHED_RR, .static_prio = 139, .rt_priority = 7 },
    { .policy = SCHED_NORMAL, .static_prio = 120 },
    { .policy = SCHED_NORMAL, .static_prio = 120, .sleep_avg = 1000 },
    { .policy = SCHED_NORMAL, .static_prio = 139, .sleep_avg = 77 },
    { .policy = SCHED_NORMAL, .static_prio = 100, .sleep_avg = 999 },
};

static const struct task_struct *kind; /* of the spinner */
static uint64_t spin_ns;

static int spinner(struct program *p)
{
    (void)p;
    current->sleep_avg = kind->sleep_avg;
    program_cpu(spin_ns);
    return 0;
}

static uint64_t hash_bytes(const void *bytes, size_t n)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < n; i++)
        h = (h ^ ((const uint8_t *)bytes)[i]) * 0x100000001b3u;
    return h;
}

/* One task of that kind spins; pid 1 wakes in the midst, another waits, behind a FIFO in vain. */
static void spin(struct cos_result *r)
{
    sched_setscheduler(current, SCHED_FIFO, 99);
    const struct task_struct *t =
        start("spinner", kind->static_prio - 120, kind->policy, kind->rt_priority, spinner);
    if (kind->policy == SCHED_FIFO)
        (void)start("waiter", 0, SCHED_NORMAL, 0, worker);
    cos_sleep(spin_ns / 3);
    cos_sleep(spin_ns / 2);
    r->number[0] = cos_clock.now_ns;
    r->number[1] = hash_bytes(t, sizeof *t);
    r->number[2] = hash_bytes(&run_queue, sizeof run_queue);
    r->number[3] = hash_bytes(avenrun, sizeof avenrun);
    cos_sleep(spin_ns);
    r->number[4] = t->state == TASK_ZOMBIE ? t->utime_ns : 0;
    r->number[5] = run_queue.switches;
}

static struct cos_result *run_spinner(bool no_skip)
{
    const struct cos_machine m = {
        .ram_mb = 32, .swap_slots = 1000, .grant_ns = 61234567890u, .no_skip = no_skip
    };
    return cos_run_done(&m, spin);
}

static void test_counted_ticks_leave_the_state_of_taken_ones(void **state)
{
    static struct cos_result taken;
    struct rng rng;
    (void)state;
    rng_init(&rng, 3, "spin");
    for (uint32_t i = 0; i < 10 * ARRAY_SIZE(kinds); i++) {
        kind = &kinds[i % ARRAY_SIZE(kinds)];
        spin_ns = rng_below(&rng, SECONDS(200));
        taken = *run_spinner(true);
        const struct cos_result *counted = run_spinner(false);
        assert_memory_equal(counted->number, taken.number, sizeof taken.number);
        assert_true(counted->number[4] >= spin_ns);
        assert_true(spin_ns < SECONDS(10) || counted->interrupts < taken.interrupts);
    }
}

static void test_thirty_days_of_a_spinner_take_few_ticks(void **state)
{
    (void)state;
    /* 43200 grants of about a minute; some 44 ticks are taken at the end of each. */
    spin_ns = DAYS(30);
    kind = &kinds[0];
    assert_in_range(run_spinner(false)->interrupts, 1, 2 * 43200 * 50);
    kind = &kinds[3];
    assert_in_range(run_spinner(false)->interrupts, 1, 2 * 43200 * 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slices_match_the_table),
        cmocka_unit_test(test_bonus_and_interactivity),
        cmocka_unit_test(test_a_fork_shares_slice_and_sleep),
        cos_unit_test(&machine, test_real_time_priorities_are_99_minus_rt_priority),
        cos_unit_test(&machine, test_fifo_keeps_the_cpu_and_yields_to_its_own_priority_only),
        cos_unit_test(&machine, test_rr_goes_to_the_tail_when_its_slice_is_used_up),
        cos_unit_test(&machine, test_a_normal_task_that_used_its_slice_waits_for_the_others),
        cos_unit_test(&machine, test_set_user_nice_moves_a_queued_task),
        cos_unit_test(&machine, test_timers_fire_by_instant_and_then_in_the_order_they_were_set),
        cos_unit_test(&machine, test_the_load_counts_who_runs_and_who_is_in_d),
        cmocka_unit_test(test_counted_ticks_leave_the_state_of_taken_ones),
        cmocka_unit_test(test_thirty_days_of_a_spinner_take_few_ticks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
