/* test_calendar.c - shared/calendar: dates known from elsewhere, both directions, and the stamps
 * of the article. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "shared/calendar.h"
#include "shared/isodate.h"
#include "shared/units.h"

#define UTC_MINUS_5 (-18000)

static void assert_syslog_stamp(int64_t epoch_s, int32_t utc_offset_s, const char *want)
{
    struct calendar_date date;
    char stamp[CALENDAR_SYSLOG_SIZE];
    calendar_from_epoch(epoch_s, utc_offset_s, &date);
    calendar_format_syslog(&date, stamp);
    assert_string_equal(stamp, want);
}

static void assert_date(int64_t epoch_s, int year, unsigned month, unsigned day, unsigned weekday)
{
    struct calendar_date date;
    calendar_from_epoch(epoch_s, 0, &date);
    assert_int_equal(date.year, year);
    assert_int_equal(date.month, month);
    assert_int_equal(date.day, day);
    assert_int_equal(date.weekday, weekday);
}

static void assert_uptime(uint64_t uptime_ns, const char *want)
{
    char text[CALENDAR_UPTIME_SIZE];
    const uint32_t length = calendar_format_uptime(uptime_ns, text);
    assert_string_equal(text, want);
    assert_int_equal(text[length], '\0');
    assert_int_equal(text[length - 4], '.');
}

static void test_calendar_stamps_agree_with_the_article(void **state)
{
    (void)state;
    assert_syslog_stamp(1258099291, UTC_MINUS_5, "Nov 13 03:01:31");
    assert_syslog_stamp(1258102905, UTC_MINUS_5, "Nov 13 04:01:45");
    assert_syslog_stamp(1258114439, UTC_MINUS_5, "Nov 13 07:13:59");
}

static void test_calendar_days_below_ten_have_two_blanks(void **state)
{
    (void)state;
    assert_syslog_stamp(1262995261, 0, "Jan  9 00:01:01");
    assert_syslog_stamp(1263081661, 0, "Jan 10 00:01:01");
}

static void test_calendar_offset_moves_the_date_both_ways(void **state)
{
    (void)state;
    assert_syslog_stamp(946684799, 0, "Dec 31 23:59:59");
    assert_syslog_stamp(946684799, 1, "Jan  1 00:00:00");
    assert_syslog_stamp(946684800, -1, "Dec 31 23:59:59");
    assert_syslog_stamp(1258102905, 20700, "Nov 13 14:46:45"); /* UTC+5:45 */
}

static void test_calendar_knows_leap_days(void **state)
{
    (void)state;
    assert_date(0, 1970, 1, 1, 4);
    assert_date(951782400, 2000, 2, 29, 2);
    assert_date(951868800, 2000, 3, 1, 3);
    assert_date(1235779200, 2009, 2, 28, 6);
    assert_date(1235865600, 2009, 3, 1, 0);
    assert_date(4107456000, 2100, 2, 28, 0);
    assert_date(4107542400, 2100, 3, 1, 1);
}

static void test_calendar_handles_instants_before_1970(void **state)
{
    (void)state;
    assert_date(-1, 1969, 12, 31, 3);
    assert_syslog_stamp(-1, 0, "Dec 31 23:59:59");
    assert_date(-11676096000, 1600, 1, 1, 6);
}

static void test_calendar_round_trip_over_every_day_of_800_years(void **state)
{
    (void)state;
    struct calendar_date before = { .year = 1599, .month = 12, .day = 31 };
    uint32_t weekday = 6; /* 1600-01-01 was a Saturday */
    for (int64_t day = -11676096000 / 86400; day < -11676096000 / 86400 + 2 * 146097; day++) {
        struct calendar_date date;
        const int64_t epoch_s = day * 86400 + 86399;
        calendar_from_epoch(epoch_s, 0, &date);
        assert_true(calendar_is_valid(&date));
        assert_true(calendar_to_epoch(&date, 0) == epoch_s);
        assert_int_equal(date.weekday, weekday);
        /* Each day follows the one before: the next day, or a first of the next month. */
        if (date.day != 1)
            assert_true(date.day == before.day + 1 && date.month == before.month &&
                        date.year == before.year);
        else
            assert_true(date.month == before.month % 12 + 1 &&
                        date.year == before.year + (before.month == 12));
        before = date;
        weekday = (weekday + 1) % 7;
    }
}

static void test_calendar_to_epoch_takes_the_offset_back(void **state)
{
    (void)state;
    const struct calendar_date boot = {
        .year = 2009, .month = 10, .day = 1, .hour = 14, .minute = 54
    };
    assert_true(calendar_to_epoch(&boot, UTC_MINUS_5) == 1254426840);
}

static void test_calendar_refuses_dates_that_do_not_exist(void **state)
{
    (void)state;
    const struct calendar_date bad[] = {
        { .year = 2009, .month = 2, .day = 29 },
        { .year = 2100, .month = 2, .day = 29 },
        { .year = 2009, .month = 4, .day = 31 },
        { .year = 2009, .month = 13, .day = 1 },
        { .year = 2009, .month = 0, .day = 1 },
        { .year = 2009, .month = 1, .day = 0 },
        { .year = 10000, .month = 1, .day = 1 },
        { .year = 2009, .month = 1, .day = 1, .hour = 24 },
        { .year = 2009, .month = 1, .day = 1, .minute = 60 },
        { .year = 2009, .month = 1, .day = 1, .second = 60 },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(calendar_is_valid(&bad[i]));
    const struct calendar_date leap = {
        .year = 2008, .month = 2, .day = 29, .hour = 23, .minute = 59, .second = 59
    };
    assert_true(calendar_is_valid(&leap));
}

static void test_calendar_uptime_is_that_of_the_screen(void **state)
{
    (void)state;
    const uint64_t screen_s = 42 * 86400u + 14 * 3600u + 3 * 60u + 58;
    assert_uptime(screen_s * NS_PER_S + 308000000u, "42:14:03:58.308");
    assert_uptime(0, "0:00:00:00.000");
    assert_uptime(999999, "0:00:00:00.000");
    assert_uptime(86400u * NS_PER_S - 1, "0:23:59:59.999");
    assert_uptime(86400u * NS_PER_S, "1:00:00:00.000");
    assert_uptime(864000u * NS_PER_S, "10:00:00:00.000");
    assert_uptime(UINT64_MAX, "213503:23:34:33.709");
}

static void test_calendar_dump_name_is_that_of_the_article(void **state)
{
    (void)state;
    struct calendar_date date;
    char text[CALENDAR_DUMP_SIZE];
    calendar_from_epoch(1258114439, UTC_MINUS_5, &date);
    calendar_format_dump(&date, text);
    assert_string_equal(text, "111309.07.13");
}

static void test_isodate_reads_what_it_writes_and_steps_behind_it(void **state)
{
    (void)state;
    static const char *const not_one[] = { "2009-11-13",        "2009-11-13 24:00",
                                           "2009-02-29 01:02",  "1969-12-31 23:59",
                                           "20091-1-1 00:00",   "2009-11-13_04:01",
                                           "2009-11-13 04:01:", "2009-011-13 04:01" };
    char text[ISODATE_SIZE];
    int64_t epoch_s = 7;
    for (int64_t at = 0; at < INT64_C(253402300799); at += INT64_C(86399999)) {
        isodate_format(at, 0, text);
        const char *p = text;
        assert_int_equal(isodate_read(&p, &epoch_s), 0);
        assert_int_equal(epoch_s, at);
        assert_ptr_equal(p, text + 19);
    }
    isodate_format(1258114439, UTC_MINUS_5, text);
    assert_string_equal(text, "2009-11-13 07:13:59");
    const char *p = "2012-1-5T10:00Z";
    assert_int_equal(isodate_read(&p, &epoch_s), 0);
    assert_int_equal(epoch_s, 1325757600);
    assert_string_equal(p, "Z");
    for (size_t i = 0; i < sizeof not_one / sizeof not_one[0]; i++) {
        p = not_one[i];
        assert_int_equal(isodate_read(&p, &epoch_s), -1);
        assert_ptr_equal(p, not_one[i]);
        assert_int_equal(epoch_s, 1325757600);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calendar_stamps_agree_with_the_article),
        cmocka_unit_test(test_calendar_days_below_ten_have_two_blanks),
        cmocka_unit_test(test_calendar_offset_moves_the_date_both_ways),
        cmocka_unit_test(test_calendar_knows_leap_days),
        cmocka_unit_test(test_calendar_handles_instants_before_1970),
        cmocka_unit_test(test_calendar_round_trip_over_every_day_of_800_years),
        cmocka_unit_test(test_calendar_to_epoch_takes_the_offset_back),
        cmocka_unit_test(test_calendar_refuses_dates_that_do_not_exist),
        cmocka_unit_test(test_calendar_uptime_is_that_of_the_screen),
        cmocka_unit_test(test_calendar_dump_name_is_that_of_the_article),
        cmocka_unit_test(test_isodate_reads_what_it_writes_and_steps_behind_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
