/* calendar.c - see calendar.h.
 *
 * Days are counted in eras of 400 years that start on 1 March, so that the leap day is the last
 * day of its year and the months before it follow one linear formula: (153 * m + 2) / 5 days lie
 * before the m-th month from March on (a well-known property of the Gregorian calendar). */
#include "shared/calendar.h"

#include "shared/units.h"

#define DAYS_PER_ERA 146097 /* 400 years */
#define EPOCH_DAY 719468    /* days from 0000-03-01 to 1970-01-01 */

/* Division that rounds to minus infinity, so that instants before 1970 work like those after. */
static int64_t floor_div(int64_t a, int64_t b)
{
    const int64_t q = a / b;
    return a % b < 0 ? q - 1 : q;
}

static char *put_digits(char *to, uint64_t value, unsigned digits)
{
    for (unsigned i = digits; i > 0; i--) {
        to[i - 1] = (char)('0' + value % 10);
        value /= 10;
    }
    return to + digits;
}

/* Years, months and days from a day number; 0 is 1970-01-01. */
static void set_day(int64_t day_number, struct calendar_date *ret)
{
    const int64_t day = day_number + EPOCH_DAY;
    const int64_t era = floor_div(day, DAYS_PER_ERA);
    const uint32_t day_of_era = (uint32_t)(day - era * DAYS_PER_ERA);
    const uint32_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / (DAYS_PER_ERA - 1)) /
        365;
    const uint32_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const uint32_t march_month = (5 * day_of_year + 2) / 153;

    ret->day = day_of_year - (153 * march_month + 2) / 5 + 1;
    ret->month = march_month < 10 ? march_month + 3 : march_month - 9;
    ret->year = (int32_t)(era * 400 + year_of_era) + (ret->month <= 2);
    ret->weekday = (uint32_t)(day_number + 4 -
                              7 * floor_div(day_number + 4, 7)); /* 1970-01-01 was a Thursday */
}

static int64_t day_number_of(const struct calendar_date *date)
{
    const int64_t year = (int64_t)date->year - (date->month <= 2);
    const int64_t era = floor_div(year, 400);
    const int64_t year_of_era = year - era * 400;
    const int64_t march_month = date->month > 2 ? date->month - 3 : date->month + 9;
    const int64_t day_of_year = (153 * march_month + 2) / 5 + date->day - 1;
    return era * DAYS_PER_ERA + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
           day_of_year - EPOCH_DAY;
}

void calendar_from_epoch(int64_t epoch_s, int32_t utc_offset_s, struct calendar_date *ret)
{
    const int64_t local_s = epoch_s + utc_offset_s;
    const int64_t day_number = floor_div(local_s, S_PER_DAY);
    const uint32_t second_of_day = (uint32_t)(local_s - day_number * S_PER_DAY);

    set_day(day_number, ret);
    ret->hour = second_of_day / 3600;
    ret->minute = second_of_day / 60 % 60;
    ret->second = second_of_day % 60;
}

int64_t calendar_to_epoch(const struct calendar_date *date, int32_t utc_offset_s)
{
    return day_number_of(date) * S_PER_DAY + (int64_t)date->hour * 3600 + date->minute * 60 +
           date->second - utc_offset_s;
}

int calendar_is_valid(const struct calendar_date *date)
{
    if (date->year < -9999 || date->year > 9999 || date->month < 1 || date->month > 12 ||
        date->day < 1 || date->day > 31 || date->hour > 23 || date->minute > 59 ||
        date->second > 59)
        return 0;
    /* A day that its month does not have turns into one of the next month. */
    struct calendar_date back;
    calendar_from_epoch(calendar_to_epoch(date, 0), 0, &back);
    return back.month == date->month && back.day == date->day;
}

void calendar_format_syslog(const struct calendar_date *date, char ret[CALENDAR_SYSLOG_SIZE])
{
    static const char names[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    char *to = ret;
    for (const char *name = names[(date->month - 1) % 12]; *name != '\0'; name++)
        *to++ = *name;
    *to++ = ' ';
    to = put_digits(to, date->day, 2);
    if (date->day < 10)
        to[-2] = ' ';
    *to++ = ' ';
    to = put_digits(to, date->hour, 2);
    *to++ = ':';
    to = put_digits(to, date->minute, 2);
    *to++ = ':';
    to = put_digits(to, date->second, 2);
    *to = '\0';
}

void calendar_format_dump(const struct calendar_date *date, char ret[CALENDAR_DUMP_SIZE])
{
    const int32_t year_of_century = (date->year % 100 + 100) % 100;
    char *to = put_digits(ret, date->month, 2);
    to = put_digits(to, date->day, 2);
    to = put_digits(to, (uint64_t)year_of_century, 2);
    *to++ = '.';
    to = put_digits(to, date->hour, 2);
    *to++ = '.';
    to = put_digits(to, date->minute, 2);
    *to = '\0';
}

uint32_t calendar_format_uptime(uint64_t uptime_ns, char ret[CALENDAR_UPTIME_SIZE])
{
    const uint64_t ms = uptime_ns / NS_PER_MS;
    const uint64_t days = ms / 1000 / S_PER_DAY;
    unsigned day_digits = 1;
    for (uint64_t rest = days / 10; rest > 0; rest /= 10)
        day_digits++;

    char *to = put_digits(ret, days, day_digits);
    *to++ = ':';
    to = put_digits(to, ms / 1000 / 3600 % 24, 2);
    *to++ = ':';
    to = put_digits(to, ms / 1000 / 60 % 60, 2);
    *to++ = ':';
    to = put_digits(to, ms / 1000 % 60, 2);
    *to++ = '.';
    to = put_digits(to, ms % 1000, 3);
    *to = '\0';
    return (uint32_t)(to - ret);
}
