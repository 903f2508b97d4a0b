/* test_fault_clock.c - when faults are on: one clock, the queue of a side, `unless`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "shared/fault_clock.h"

static struct fault plan[4];
static struct fault_queue queue;
static struct fault_world world;
static char trace[512];

static int setup(void **state)
{
    (void)state;
    memset(plan, 0, sizeof plan);
    world = (struct fault_world){ 0 };
    trace[0] = '\0';
    return 0;
}

static void look(const struct fault *f, void *context, struct fault_world *ret)
{
    assert_ptr_equal(context, &world);
    assert_int_not_equal(f->unless, FAULT_ALWAYS);
    *ret = world;
}

/* Take all that comes up to an instant, as a simulation does: event by event. */
static const char *take_until(uint64_t end_ns)
{
    static const char signs[] = {
        [FAULT_NOTE_BEGINS] = '+', [FAULT_NOTE_ENDS] = '-', [FAULT_NOTE_SKIPPED] = '?'
    };
    struct fault_event ev;
    for (uint64_t at; (at = fault_queue_next_ns(&queue)) <= end_ns;)
        while (fault_queue_take(&queue, at, look, &world, &ev))
            (void)snprintf(trace + strlen(trace), sizeof trace - strlen(trace), "%u%c%" PRIu64 " ",
                           ev.index, signs[ev.kind], ev.at_ns);
    return trace;
}

static void start(uint32_t count)
{
    trace[0] = '\0';
    fault_queue_init(&queue, plan, count, FAULT_SIDE_VMKERNEL);
}

/* ---- one clock ------------------------------------------------------------------------------- */
static void test_a_fault_lasts_and_comes_again_as_often_as_it_says(void **state)
{
    (void)state;
    plan[0] = (struct fault){
        .type = FAULT_DOORBELL_LOSS, .at_ns = 10, .for_ns = 5, .every_ns = 100, .times = 2
    };
    start(1);
    assert_string_equal(take_until(1000), "0+10 0-15 0+110 0-115 ");
    assert_true(fault_queue_next_ns(&queue) == FAULT_NEVER);
    plan[0].times = 0;
    start(1);
    assert_string_equal(take_until(220), "0+10 0-15 0+110 0-115 0+210 0-215 ");
    plan[0].every_ns = plan[0].for_ns = 0;
    start(1);
    assert_string_equal(take_until(1000), "0+10 ");
    assert_int_equal(fault_clock_lasts_ns(&queue.clock[0], 1000), 990);
}

static void test_times_that_overlap_begin_anew_and_last_together(void **state)
{
    (void)state;
    plan[0] = (struct fault){
        .type = FAULT_RING_DROP, .at_ns = 10, .for_ns = 150, .every_ns = 100, .times = 3
    };
    start(1);
    assert_string_equal(take_until(1000), "0+10 0+110 0+210 0-360 ");
    assert_int_equal(queue.clock[0].before_ns, 350);
    plan[0].for_ns = 100; /* an end comes before the beginning at its instant */
    start(1);
    assert_string_equal(take_until(1000), "0+10 0-110 0+110 0-210 0+210 0-310 ");
    assert_int_equal(queue.clock[0].before_ns, 300);
}

static void test_the_length_is_the_shorter_of_for_and_what_is_held(void **state)
{
    static const struct {
        struct fault f;
        uint64_t length_ns;
    } table[] = {
        { { .type = FAULT_LEAK }, FAULT_NEVER },
        { { .type = FAULT_LEAK, .for_ns = 7, .within_ns = 1, .hold_ns = 1 }, 7 },
        { { .type = FAULT_SPIKE, .within_ns = 10, .hold_ns = 20, .for_ns = 120 }, 30 },
        { { .type = FAULT_SPIKE, .within_ns = 10, .hold_ns = 20, .for_ns = 25 }, 25 },
        { { .type = FAULT_PRESSURE, .within_ns = 10, .hold_ns = 20 }, 30 },
        { { .type = FAULT_PRESSURE, .within_ns = 10 }, FAULT_NEVER },
        { { .type = FAULT_PRESSURE, .within_ns = 2, .hold_ns = FAULT_NEVER - 1 }, FAULT_NEVER },
        { { .type = FAULT_KILL, .for_ns = 7 }, 0 },
        { { .type = FAULT_RING_CORRUPT, .for_ns = 7 }, 0 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        assert_true(fault_length_ns(&table[i].f) == table[i].length_ns);
}

static void test_the_last_time_is_over_when_its_clock_says_so(void **state)
{
    struct fault f = { .type = FAULT_SPIKE, .at_ns = 60, .within_ns = 10, .hold_ns = 20 };
    (void)state;
    f.for_ns = 120;
    assert_int_equal(fault_over_ns(&f), 90);
    f.every_ns = 100;
    assert_true(fault_over_ns(&f) == FAULT_NEVER);
    f.times = 3;
    assert_int_equal(fault_over_ns(&f), 290);
    f.hold_ns = f.for_ns = 0;
    assert_true(fault_over_ns(&f) == FAULT_NEVER);
    f.type = FAULT_KILL;
    assert_int_equal(fault_over_ns(&f), 260);
    f.every_ns = FAULT_NEVER / 2; /* its third time does not come before the end of the clock */
    assert_true(fault_over_ns(&f) == FAULT_NEVER);
}

static void test_times_before_an_instant_are_counted(void **state)
{
    struct fault f = { .type = FAULT_KILL, .at_ns = 10 };
    (void)state;
    assert_int_equal(fault_times_before(&f, 10), 0);
    assert_int_equal(fault_times_before(&f, 11), 1);
    f.every_ns = 100;
    assert_int_equal(fault_times_before(&f, 110), 1);
    assert_int_equal(fault_times_before(&f, 111), 2);
    f.times = 2;
    assert_int_equal(fault_times_before(&f, 100000), 2);
    f.times = 0;
    assert_int_equal(fault_times_before(&f, FAULT_NEVER), UINT32_MAX);
}

/* ---- the queue ------------------------------------------------------------------------------- */
static void test_faults_end_before_others_begin_at_the_same_instant(void **state)
{
    (void)state;
    plan[0] = (struct fault){ .type = FAULT_WORLD_STARVE, .at_ns = 20 };
    plan[1] = (struct fault){ .type = FAULT_RING_DELAY, .at_ns = 20 };
    plan[2] = (struct fault){ .type = FAULT_DOORBELL_LOSS, .at_ns = 10, .for_ns = 10 };
    plan[3] = (struct fault){ .type = FAULT_RPC_HANG, .at_ns = 15, .for_ns = 5 };
    start(4);
    assert_string_equal(take_until(1000), "2+10 3+15 2-20 3-20 0+20 1+20 ");
}

static void test_faults_of_the_console_are_not_the_vmkernels(void **state)
{
    (void)state;
    plan[0] = (struct fault){ .type = FAULT_LEAK, .at_ns = 1 };
    plan[1] = (struct fault){ .type = FAULT_KILL, .at_ns = 2, .target = "vmware-hostd" };
    plan[2] = (struct fault){ .type = FAULT_KILL, .at_ns = 3, .target = "vmnixhbd" };
    plan[3] = (struct fault){ .type = FAULT_DUMP_SLOT_SMALL, .at_ns = 4 };
    start(4);
    assert_string_equal(take_until(1000), "2+3 ");
    fault_queue_init(&queue, plan, 4, FAULT_SIDE_COS);
    assert_string_equal(take_until(1000), "2+3 0+1 1+2 ");
}

static void test_faults_that_strike_are_never_on(void **state)
{
    (void)state;
    plan[0] = (struct fault){ .type = FAULT_RING_CORRUPT, .at_ns = 10, .for_ns = 50 };
    plan[1] = (struct fault){ .type = FAULT_DOORBELL_LOSS, .at_ns = 10 };
    start(2);
    assert_null(fault_queue_on(&queue, FAULT_DOORBELL_LOSS, NULL));
    (void)take_until(10);
    assert_null(fault_queue_on(&queue, FAULT_RING_CORRUPT, NULL));
    assert_ptr_equal(fault_queue_on(&queue, FAULT_DOORBELL_LOSS, NULL), &plan[1]);
}

static void test_a_time_that_unless_skips_changes_nothing(void **state)
{
    (void)state;
    plan[0] = (struct fault){ .type = FAULT_RING_DROP,
                              .at_ns = 10,
                              .for_ns = 150,
                              .every_ns = 100,
                              .times = 3,
                              .unless = FAULT_UNLESS_OOM };
    start(1);
    (void)take_until(50);
    world.oom_kills = 1;
    assert_string_equal(take_until(1000), "0+10 0?110 0-160 0?210 ");
    assert_null(fault_queue_on(&queue, FAULT_RING_DROP, NULL));
    assert_int_equal(queue.clock[0].before_ns, 150);
}

static void test_faults_have_a_target_or_hit_everyone(void **state)
{
    (void)state;
    plan[0] = (struct fault){ .type = FAULT_RPC_HANG, .at_ns = 1, .target = "vmware-hostd" };
    plan[1] = (struct fault){ .type = FAULT_IO_HANG, .at_ns = 1 };
    start(2);
    (void)take_until(1);
    assert_null(fault_queue_on(&queue, FAULT_RPC_HANG, "vpxa"));
    assert_null(fault_queue_on(&queue, FAULT_RPC_HANG, "vmware-hostd2"));
    assert_ptr_equal(fault_queue_on(&queue, FAULT_RPC_HANG, "vmware-hostd"), &plan[0]);
    assert_ptr_equal(fault_queue_on(&queue, FAULT_IO_HANG, "swap"), &plan[1]);
}

/* ---- unless ---------------------------------------------------------------------------------- */
static void test_unless_looks_at_the_world(void **state)
{
    struct fault f = { .type = FAULT_KILL };
    (void)state;
    world =
        (struct fault_world){ .ram_used = 500, .ram_all = 1000, .swap_used = 50, .swap_all = 200 };
    assert_false(fault_is_prevented(&f, &world));
    f.unless = FAULT_UNLESS_RAM_USED;
    f.unless_pct = 51;
    assert_false(fault_is_prevented(&f, &world));
    f.unless_pct = 50;
    assert_true(fault_is_prevented(&f, &world));
    f.unless = FAULT_UNLESS_SWAP_USED;
    assert_false(fault_is_prevented(&f, &world));
    f.unless_pct = 25;
    assert_true(fault_is_prevented(&f, &world));
    world.swap_all = 0;
    assert_false(fault_is_prevented(&f, &world));
    f.unless = FAULT_UNLESS_RUNNING;
    assert_false(fault_is_prevented(&f, &world));
    world.running = true;
    assert_true(fault_is_prevented(&f, &world));
    f.unless = FAULT_UNLESS_OOM;
    assert_false(fault_is_prevented(&f, &world));
    world.oom_kills = 1;
    assert_true(fault_is_prevented(&f, &world));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_fault_lasts_and_comes_again_as_often_as_it_says, setup),
        cmocka_unit_test_setup(test_times_that_overlap_begin_anew_and_last_together, setup),
        cmocka_unit_test_setup(test_the_length_is_the_shorter_of_for_and_what_is_held, setup),
        cmocka_unit_test_setup(test_the_last_time_is_over_when_its_clock_says_so, setup),
        cmocka_unit_test_setup(test_times_before_an_instant_are_counted, setup),
        cmocka_unit_test_setup(test_faults_end_before_others_begin_at_the_same_instant, setup),
        cmocka_unit_test_setup(test_faults_of_the_console_are_not_the_vmkernels, setup),
        cmocka_unit_test_setup(test_faults_that_strike_are_never_on, setup),
        cmocka_unit_test_setup(test_a_time_that_unless_skips_changes_nothing, setup),
        cmocka_unit_test_setup(test_faults_have_a_target_or_hit_everyone, setup),
        cmocka_unit_test_setup(test_unless_looks_at_the_world, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
