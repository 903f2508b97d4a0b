/* test_pressure.c - the controller: its order follows the shape, and its steps lead there; a spike
 * has a line alone. */
#include "tests/kernel/cos_harness.h"

#include "cos/programs/pressure.h"

#define SECOND 1000000000u
#define HOUR (3600u * (uint64_t)SECOND)
#define PERCENT 10000u

static struct pressure line(uint32_t from, uint32_t level, uint64_t within_ns)
{
    return (struct pressure){
        .from_ppm = from, .level_ppm = level, .within_ns = within_ns, .total = 64000
    };
}

static void test_a_line_starts_where_it_was_and_arrives_in_time(void **state)
{
    (void)state;
    const struct pressure p = line(20 * PERCENT, 80 * PERCENT, HOUR);
    assert_int_equal(pressure_ordered_ppm(&p, 0), 20 * PERCENT);
    assert_in_range(pressure_ordered_ppm(&p, HOUR / 2), 499990, 500000);
    assert_int_equal(pressure_ordered_ppm(&p, HOUR), 80 * PERCENT);
    assert_int_equal(pressure_ordered_ppm(&p, 1000 * HOUR), 80 * PERCENT);
}

static void test_a_line_may_lead_down(void **state)
{
    (void)state;
    const struct pressure p = line(80 * PERCENT, 20 * PERCENT, HOUR);
    assert_in_range(pressure_ordered_ppm(&p, HOUR / 2), 500000, 500010);
}

static void test_a_line_never_jumps_by_more_than_a_tenth_of_a_percent_between_looks(void **state)
{
    (void)state;
    const struct pressure p = line(0, PRESSURE_PPM, HOUR);
    uint32_t before = 0;
    for (uint64_t at = 0; at < HOUR; at += pressure_period_ns(&p, at)) {
        const uint32_t now = pressure_ordered_ppm(&p, at);
        assert_in_range(now, before, before + 1000);
        before = now;
    }
}

static void test_a_step_is_ordered_at_once(void **state)
{
    (void)state;
    struct pressure p = line(20 * PERCENT, 80 * PERCENT, HOUR);
    p.step = true;
    assert_int_equal(pressure_ordered_ppm(&p, 0), 80 * PERCENT);
}

static void test_small_errors_are_left_alone_and_large_ones_come_in_steps(void **state)
{
    (void)state;
    const struct pressure p = line(0, PRESSURE_PPM, 0);
    assert_int_equal(pressure_step(&p, 500000, 500000 - PRESSURE_DEAD_PPM + 1, 0), 0);
    assert_int_equal(pressure_step(&p, 500000, 500000 + PRESSURE_DEAD_PPM - 1, 1000), 0);
    assert_int_equal(pressure_step(&p, 510000, 500000, 0), 640);
    assert_int_equal(pressure_step(&p, 900000, 0, 0), 3200);
}

static void test_nothing_is_given_back_that_is_not_held(void **state)
{
    (void)state;
    const struct pressure p = line(0, PRESSURE_PPM, 0);
    assert_int_equal(pressure_step(&p, 500000, 900000, 100), -100);
    assert_int_equal(pressure_step(&p, 500000, 900000, 0), 0);
    assert_int_equal(pressure_step(&p, 500000, 600000, 64000), -6400);
}

/* A machine of 64000 pages in which others come and go: the loop stays within one percent. */
static void test_the_loop_holds_a_level_while_others_come_and_go(void **state)
{
    (void)state;
    const struct pressure p = line(30 * PERCENT, 95 * PERCENT, HOUR);
    uint32_t held = 0, others = 19200;
    for (uint64_t at = 0; at < 24 * HOUR; at += pressure_period_ns(&p, at)) {
        const uint32_t reached = (uint32_t)((uint64_t)(held + others) * PRESSURE_PPM / p.total);
        const uint32_t ordered = pressure_ordered_ppm(&p, at);
        assert_in_range(reached, ordered - PERCENT, ordered + PERCENT);
        held = (uint32_t)((int32_t)held + pressure_step(&p, ordered, reached, held));
        others += at / SECOND % 60 < 30 ? 8u : -8u;
    }
    assert_in_range(held + others, 64000u * 94 / 100, 64000u * 96 / 100);
}

static void test_a_spike_grows_along_its_line(void **state)
{
    (void)state;
    assert_int_equal(spike_pages(400, 600 * (uint64_t)SECOND, 0), 0);
    assert_in_range(spike_pages(400000, 600 * (uint64_t)SECOND, 300 * (uint64_t)SECOND), 49990,
                    50000);
    assert_int_equal(spike_pages(400000, 600 * (uint64_t)SECOND, 600 * (uint64_t)SECOND), 100000);
    assert_int_equal(spike_pages(400000, 600 * (uint64_t)SECOND, 99 * HOUR), 100000);
    assert_int_equal(spike_pages(400000, 0, 0), 100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_line_starts_where_it_was_and_arrives_in_time),
        cmocka_unit_test(test_a_line_may_lead_down),
        cmocka_unit_test(test_a_line_never_jumps_by_more_than_a_tenth_of_a_percent_between_looks),
        cmocka_unit_test(test_a_step_is_ordered_at_once),
        cmocka_unit_test(test_small_errors_are_left_alone_and_large_ones_come_in_steps),
        cmocka_unit_test(test_nothing_is_given_back_that_is_not_held),
        cmocka_unit_test(test_a_spike_grows_along_its_line),
        cmocka_unit_test(test_the_loop_holds_a_level_while_others_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
