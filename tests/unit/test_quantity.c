/* test_quantity.c - numbers with units: what is read, and what is refused rather than guessed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "shared/units.h"
#include "tools/scenario/quantity.h"

#define UNTOUCHED INT64_C(-77)

static void test_quantity_units_scale_to_the_base(void **state)
{
    static const struct {
        const char *text;
        const struct quantity_unit *units;
        int64_t want;
    } table[] = {
        { "800MB", quantity_kb, 819200 },
        { "554168kB", quantity_kb, 554168 },
        { "0kB", quantity_kb, 0 },
        { "1.5MB", quantity_kb, 1536 },
        { "8 MB", quantity_kb, 8192 },
        { "2662kB/h", quantity_kb_per_h, 2662 },
        { "1kB/s", quantity_kb_per_h, 3600 },
        { "2992.5MHz", quantity_khz, 2992500 },
        { "27733kB/s", quantity_kb_per_s, 27733 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        int64_t got = UNTOUCHED;
        assert_int_equal(quantity_parse(table[i].text, table[i].units, &got), 0);
        assert_int_equal(got, table[i].want);
    }
}

static void test_quantity_refuses_what_is_not_a_whole_number_of_a_known_unit(void **state)
{
    static const char *const bad[] = { "",
                                       "800",
                                       "MB",
                                       "800mb",
                                       "800MiB",
                                       "-1MB",
                                       "0.3kB",
                                       "1.MB",
                                       "1..5MB",
                                       "800MB ",
                                       "1e3MB",
                                       " 1MB",
                                       "99999999999999999999kB" };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t got = UNTOUCHED;
        assert_int_equal(quantity_parse(bad[i], quantity_kb, &got), -1);
        assert_int_equal(got, UNTOUCHED);
    }
}

static void test_quantity_durations_in_both_forms(void **state)
{
    static const struct {
        const char *text;
        int64_t want_s;
    } table[] = {
        { "60s", 60 },
        { "42d", 42 * 86400 },
        { "42d14h3m", 42 * 86400 + 14 * 3600 + 180 },
        { "1.5h", 5400 },
        { "42:14:03", 42 * 86400 + 14 * 3600 + 180 },
        { "42:14:03:58", 42 * 86400 + 14 * 3600 + 238 },
        { "0s", 0 },
    };
    int64_t got;
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        got = UNTOUCHED;
        assert_int_equal(quantity_duration(table[i].text, &got), 0);
        assert_int_equal(got, table[i].want_s * (int64_t)NS_PER_S);
    }
    assert_int_equal(quantity_duration("42:14:03:58.308", &got), 0);
    assert_int_equal(got, INT64_C(3679438308000000));
}

static void test_quantity_refuses_durations_that_could_mean_two_things(void **state)
{
    static const char *const bad[] = { "",          "60",      "3m14h",    "1h1h",
                                       "1d:2",      "1:24:00", "1:00:60",  "42:14",
                                       "1:2:3:4:5", "5x",      "10000000d" };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t got = UNTOUCHED;
        assert_int_equal(quantity_duration(bad[i], &got), -1);
        assert_int_equal(got, UNTOUCHED);
    }
}

static void test_quantity_dates_and_offsets(void **state)
{
    int64_t got = UNTOUCHED;
    (void)state;
    assert_int_equal(quantity_date("2009-10-01 14:54", &got), 0);
    assert_int_equal(got, 1254408840); /* date -u -d '2009-10-01 14:54' +%s */
    assert_int_equal(quantity_date("2009-10-01T14:54:07", &got), 0);
    assert_int_equal(got, 1254408847);
    assert_int_equal(quantity_date("2009-02-29 00:00", &got), -1);
    assert_int_equal(quantity_date("2009-10-01", &got), -1);
    assert_int_equal(quantity_date("2009-10-01 24:00", &got), -1);
    assert_int_equal(quantity_date("2009-10-01 14:54:07x", &got), -1);
    assert_int_equal(quantity_offset("-05:00", &got), 0);
    assert_int_equal(got, -18000);
    assert_int_equal(quantity_offset("05:00", &got), -1);
    assert_int_equal(quantity_offset("+15:00", &got), -1);
}

static void test_quantity_format_takes_the_largest_unit_that_divides(void **state)
{
    char text[32];
    (void)state;
    quantity_format(819200, quantity_kb, text, sizeof text);
    assert_string_equal(text, "800MB");
    quantity_format(799732, quantity_kb, text, sizeof text);
    assert_string_equal(text, "799732kB");
    quantity_format(0, quantity_kb, text, sizeof text);
    assert_string_equal(text, "0kB");
    quantity_format(90 * (int64_t)NS_PER_S, quantity_time, text, sizeof text);
    assert_string_equal(text, "90s");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quantity_units_scale_to_the_base),
        cmocka_unit_test(test_quantity_refuses_what_is_not_a_whole_number_of_a_known_unit),
        cmocka_unit_test(test_quantity_durations_in_both_forms),
        cmocka_unit_test(test_quantity_refuses_durations_that_could_mean_two_things),
        cmocka_unit_test(test_quantity_dates_and_offsets),
        cmocka_unit_test(test_quantity_format_takes_the_largest_unit_that_divides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
