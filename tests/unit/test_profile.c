/* test_profile.c - release profiles and their templates; what --clock takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "vmkernel/run/pace.h"
#include "vmkernel/model/profile.h"

static void test_profile_esx35_prints_the_alert_of_the_article(void **state)
{
    (void)state;
    const struct profile *p = profile_find("esx-3.5");
    const struct profile_value values[] = {
        { "comm", "VMap", 0 }, { "pid", NULL, 9173 },   { "t", NULL, 30 },
        { "to", NULL, 30 },    { "clt", NULL, p->clt },
    };
    char text[128];
    const size_t len = profile_format(text, sizeof text, p->form_lost_heartbeat, values, 5);
    assert_string_equal(text, "VMNIX: ALERT: HB: 365: Lost heartbeat "
                              "(comm=VMap pid=9173 t=30 to=30 clt=1).");
    assert_int_equal(len, strlen(text));
}

static void test_profile_blk_dev_and_cr3_give_the_screen_of_the_article(void **state)
{
    (void)state;
    const struct profile *p = profile_find("esx-3.5");
    assert_int_equal(0xc014b306u - p->blk_dev_base, 0xbd8524a5u);
    assert_int_equal(p->cr3_base + 800u * 1024 * 1024, 0x34401000u);
}

static void test_profile_values_that_do_not_fit_are_cut_and_terminated(void **state)
{
    (void)state;
    const struct profile_value values[] = { { "a", "12345", 0 }, { "b", NULL, UINT64_MAX } };
    char text[8] = "zzzzzzz";
    assert_int_equal(profile_format(text, sizeof text, "<{a}{b}>", values, 2), 7);
    assert_string_equal(text, "<123451");
    assert_int_equal(profile_format(text, 1, "{a}", values, 2), 0);
    assert_string_equal(text, "");
    assert_int_equal(profile_format(text, sizeof text, "", values, 2), 0);
}

static void test_profile_unknown_names_have_no_profile(void **state)
{
    (void)state;
    assert_null(profile_find("esx-9"));
    assert_null(profile_find(""));
}

static void test_pace_takes_virtual_real_and_factors_alone(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int result;
        uint64_t factor;
    } cases[] = {
        { "virtual", 0, 0 },
        { "real", 0, 1 },
        { "x1", 0, 1 },
        { "x600", 0, 600 },
        { "x0", -1, 77 },
        { "x", -1, 77 },
        { "x-1", -1, 77 },
        { "x1.5", -1, 77 },
        { "", -1, 77 },
        { "x1000000001", -1, 77 },
        { "X600", -1, 77 },
        { "realtime", -1, 77 },
        { "x99999999999999999999", -1, 77 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t factor = 77;
        assert_int_equal(pace_parse(cases[i].text, &factor), cases[i].result);
        assert_int_equal(factor, cases[i].factor);
    }
}

static void test_pace_quantum_is_a_second_or_ten_milliseconds_of_wall_time(void **state)
{
    (void)state;
    const struct pace jumps = { .factor = 0 }, real = { .factor = 1 }, fast = { .factor = 600 };
    assert_true(pace_quantum_ns(&jumps) == UINT64_MAX);
    assert_int_equal(pace_quantum_ns(&real), 1000000000u);
    assert_int_equal(pace_quantum_ns(&fast), 6000000000u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_profile_esx35_prints_the_alert_of_the_article),
        cmocka_unit_test(test_profile_blk_dev_and_cr3_give_the_screen_of_the_article),
        cmocka_unit_test(test_profile_values_that_do_not_fit_are_cut_and_terminated),
        cmocka_unit_test(test_profile_unknown_names_have_no_profile),
        cmocka_unit_test(test_pace_takes_virtual_real_and_factors_alone),
        cmocka_unit_test(test_pace_quantum_is_a_second_or_ten_milliseconds_of_wall_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
