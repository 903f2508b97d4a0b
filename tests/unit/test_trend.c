/* test_trend.c - slopes that noise, peaks and restarts do not bend, and what a forecast makes of
 * them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "shared/rng.h"
#include "tools/forecast/forecast.h"

#define HOURS 200u

static struct trend_point points[HOURS];

/* kb = 50000 + noise, and from hour `from` on `per_h` more each hour. */
static void grow(uint32_t from, double per_h, uint32_t noise, uint64_t seed)
{
    struct rng rng;
    rng_init(&rng, seed, "trend");
    for (uint32_t i = 0; i < HOURS; i++) {
        points[i].h = i;
        points[i].kb = 50000 + (noise > 0 ? (double)rng_below(&rng, noise) : 0);
        points[i].kb += i > from ? per_h * (i - from) : 0;
    }
}

static void assert_near(double got, double wanted, double room)
{
    if (got < wanted - room || got > wanted + room)
        fail_msg("%f is not within %f of %f", got, room, wanted);
}

static void test_trend_of_a_line_is_its_slope(void **state)
{
    struct trend t;
    (void)state;
    grow(0, 2662, 0, 1);
    trend_recent(points, HOURS, &t);
    assert_near(t.per_h, 2662, 0.001);
    assert_near(t.low, 2662, 0.001);
    assert_near(t.high, 2662, 0.001);
    assert_int_equal(t.point_count, HOURS);
    assert_true(trend_grows(&t));
}

static void test_trend_forgets_the_time_before_the_leak(void **state)
{
    struct trend t;
    (void)state;
    grow(120, 2662, 300, 2);
    trend_recent(points, HOURS, &t);
    assert_near(t.per_h, 2662, 30);
    assert_true(t.from_h >= 110);
    assert_true(t.point_count >= 40);
}

/* All 200 hours taken together would be called flat: 12 of them do not move a median. */
static void test_trend_is_not_talked_out_of_a_leak_by_the_past(void **state)
{
    struct trend t;
    (void)state;
    grow(HOURS - 13, 900, 100, 6);
    trend_recent(points, HOURS, &t);
    assert_near(t.per_h, 900, 30);
    assert_true(t.point_count <= 16);
    assert_true(trend_grows(&t));
}

static void test_trend_sees_a_leak_of_two_hours(void **state)
{
    struct trend t;
    (void)state;
    grow(HOURS - 3, 31000, 300, 3);
    trend_recent(points, HOURS, &t);
    assert_near(t.per_h, 31000, 400);
    assert_true(trend_grows(&t));
}

static void test_trend_is_not_bent_by_nightly_peaks(void **state)
{
    struct trend t;
    (void)state;
    grow(0, 500, 100, 4);
    for (uint32_t i = 4; i < HOURS; i += 24)
        points[i].kb += 40000;
    trend_recent(points, HOURS, &t);
    assert_near(t.per_h, 500, 10);
}

static void test_trend_begins_anew_when_the_process_does(void **state)
{
    struct trend t;
    (void)state;
    grow(0, 2662, 0, 5);
    for (uint32_t i = 150; i < HOURS; i++)
        points[i].kb = 20000 + 900. * (i - 150);
    trend_recent(points, HOURS, &t);
    assert_near(t.per_h, 900, 0.001);
    assert_near(t.from_h, 150, 0.001);
}

static void test_trend_of_noise_does_not_grow(void **state)
{
    struct trend t;
    unsigned grew = 0;
    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++) {
        grow(HOURS, 0, 600, seed);
        trend_recent(points, HOURS, &t);
        grew += trend_grows(&t);
    }
    assert_int_equal(grew, 0);
}

/* Sen's interval of 80 % holds the true slope in about 80 of 100 cases. */
static void test_trend_interval_holds_about_as_often_as_it_says(void **state)
{
    struct trend t;
    unsigned holds = 0;
    (void)state;
    for (uint64_t seed = 0; seed < 300; seed++) {
        grow(0, 20, 2000, seed + 1000);
        trend_fit(points, 60, &t);
        holds += t.low <= 20 && t.high >= 20;
    }
    assert_in_range(holds, 300 * 72 / 100, 300 * 88 / 100);
}

static void test_trend_needs_two_points(void **state)
{
    struct trend t;
    (void)state;
    grow(0, 5000, 0, 1);
    trend_recent(points, 0, &t);
    assert_int_equal(t.point_count, 0);
    assert_false(trend_grows(&t));
    trend_recent(points, 1, &t);
    assert_int_equal(t.point_count, 0);
    trend_recent(points, 2, &t);
    assert_int_equal(t.point_count, 2);
    assert_near(t.low, 3500, 0.01); /* our choice for few points */
    assert_near(t.high, 6500, 0.01);
}

/* Hours 0 to 11 of one boot, 12 to 23 of the next, in which "slow" and "fast" grow, "fast" beside a
 * smaller namesake, "gone" grows until hour 20 and "calm" does not. */
static void growing_host(struct vmksummary *ret)
{
    static struct vmksummary_record records[24];
    for (unsigned i = 0; i < 24; i++) {
        const int64_t h = i % 12, now = i >= 12;
        records[i] = (struct vmksummary_record){ .kind = VMKSUMMARY_HOURLY,
                                                 .boot = i / 12,
                                                 .vmk_ms = (uint64_t)h * 3600000,
                                                 .swap_kb = 1000 * i,
                                                 .top_count = 5,
                                                 .top = { { "slow", 200000 + now * 4000 * h },
                                                          { "fast", 100000 + now * 9000 * h },
                                                          { "calm", 90000 },
                                                          { "gone", 80000 + now * 5000 * h },
                                                          { "fast", 3000 } } };
        if (i > 20)
            records[i].top[3] = (struct vmksummary_process){ "other", 70000 };
    }
    *ret = (struct vmksummary){ .record = records, .record_count = 24 };
}

static void test_growth_names_who_grows_in_this_boot_the_fastest_first(void **state)
{
    struct growth g[VMKSUMMARY_TOP_MAX];
    struct trend_point swap[24];
    struct vmksummary v;
    (void)state;
    growing_host(&v);
    assert_int_equal(growth_find(&v, 23, g), 2);
    assert_string_equal(g[0].name, "fast");
    assert_int_equal(g[0].kb, 199000);
    assert_int_equal(g[0].hour_count, 12);
    assert_near(g[0].trend.per_h, 9000, 0.01);
    assert_near(trend_gain_kb(&g[0].trend), 99000, 0.01);
    assert_string_equal(g[1].name, "slow");
    assert_int_equal(growth_find(&v, 20, g), 3); /* "gone" is not gone yet */
    assert_string_equal(g[1].name, "gone");
    assert_int_equal(growth_find(&v, 11, g), 0);
    assert_int_equal(growth_points(&v, 23, NULL, swap), 12);
    assert_near(swap[0].kb, 12000, 0.01);
}

/* An earlier boot that failed at 586 MB tells where this one will. */
static void test_forecast_learns_from_the_failure_before(void **state)
{
    static char file[16384];
    const struct forecast_memory memory = { .ram_kb = 799732, .swap_kb = 554168 };
    struct vmksummary v;
    struct forecast f;
    struct text t;
    size_t used = 0;
    (void)state;
    for (unsigned i = 0; i < 40; i++) {
        const unsigned up = i % 20 + 1, kb = 400000 + 10000 * (i < 20 ? i : i - 25 + 5);
        if (i == 20)
            used += (size_t)snprintf(file + used, sizeof file - used,
                                     "Nov 13 23:11:01 h vmkhalt: (1258171861) Starting system...\n"
                                     "Nov 13 23:11:12 h logger: (1258171872) VMkernel error\n");
        if (i == 32)
            break;
        used += (size_t)snprintf(
            file + used, sizeof file - used,
            "Nov %u %02u:01:01 h logger: (%u) hb: vmk loaded, %u.20, %u.002, 9, 123630, 123630, "
            "409600000, VMap-%u\n",
            13 + (i + 4) / 24, (i + 4) % 24, 1258102861 + i * 3600, up * 3600 + 12, up * 3600, kb);
    }
    text_from("vmksummary", file, used, &t);
    vmksummary_parse(&t, 1, &v);
    assert_int_equal(v.unparsed.count, 0);
    assert_int_equal(v.boot_count, 2);
    forecast_make(&v, &memory, &f);
    assert_int_equal(f.outlook, FORECAST_GROWING);
    assert_non_null(strstr(f.left_from, "earlier boot"));
    assert_near(f.per_h, 10000, 1);
    /* 590000 kB was its last size, 510000 kB is the present one; half an hour of the pace on top */
    assert_near(f.left_kb, 80000 + 5000, 1);
    vmksummary_free(&v);
    text_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trend_of_a_line_is_its_slope),
        cmocka_unit_test(test_trend_forgets_the_time_before_the_leak),
        cmocka_unit_test(test_trend_is_not_talked_out_of_a_leak_by_the_past),
        cmocka_unit_test(test_trend_sees_a_leak_of_two_hours),
        cmocka_unit_test(test_trend_is_not_bent_by_nightly_peaks),
        cmocka_unit_test(test_trend_begins_anew_when_the_process_does),
        cmocka_unit_test(test_trend_of_noise_does_not_grow),
        cmocka_unit_test(test_trend_interval_holds_about_as_often_as_it_says),
        cmocka_unit_test(test_trend_needs_two_points),
        cmocka_unit_test(test_growth_names_who_grows_in_this_boot_the_fastest_first),
        cmocka_unit_test(test_forecast_learns_from_the_failure_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
