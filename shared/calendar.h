/* calendar.h - civil time, and the time stamps of the logs.
 *
 * Turns seconds since the epoch into a date in a time zone that is a fixed offset from UTC, and
 * back, and writes the three stamps that ESX artefacts bear. Proleptic Gregorian calendar, years
 * -9999 to 9999, no leap seconds (as POSIX). It reads no clock and no time zone data.
 * Freestanding: `cos` links it as well as the hosted programs.
 *
 * Sources: [KB308590/Screen] "42:14:03:58.308" and [KB308590/vmksummary] "Nov 13 04:01:45";
 * [KB1019238] days below 10 have two blanks in real logs ("Jan  9"); [KB308590]
 * vmkernel-zdump-111309.07.13.1 is named MMDDYY.HH.MM. */
#ifndef SHARED_CALENDAR_H
#define SHARED_CALENDAR_H

#include <stdint.h>

#define CALENDAR_SYSLOG_SIZE 16u /* bytes of "Nov 13 04:01:45" and its zero */
#define CALENDAR_DUMP_SIZE 13u   /* bytes of "111309.07.13" and its zero */
#define CALENDAR_UPTIME_SIZE \
    24u /* bytes of the longest "d:hh:mm:ss.mmm" (2^64 ns are 213503 days) and its zero */

struct calendar_date {
    int32_t year;
    uint32_t month;   /* 1..12 */
    uint32_t day;     /* 1..31 */
    uint32_t hour;    /* 0..23 */
    uint32_t minute;  /* 0..59 */
    uint32_t second;  /* 0..59 */
    uint32_t weekday; /* 0 = Sunday */
};

/** The civil date of an instant, utc_offset_s east of UTC (UTC-5 is -18000). All fields of *ret
 * are set. */
void calendar_from_epoch(int64_t epoch_s, int32_t utc_offset_s, struct calendar_date *ret);

/** The instant of a civil date; the inverse of calendar_from_epoch(). `weekday` is not looked at;
 * the other fields must be in range (calendar_is_valid). */
int64_t calendar_to_epoch(const struct calendar_date *date, int32_t utc_offset_s);

/** @return 1 when year to second name an existing instant (30 February does not), else 0 */
int calendar_is_valid(const struct calendar_date *date);

/** Writes "Nov 13 04:01:45", the stamp of syslog lines; the day is padded with a blank. */
void calendar_format_syslog(const struct calendar_date *date, char ret[CALENDAR_SYSLOG_SIZE]);

/** Writes "111309.07.13" (MMDDYY.HH.MM), as in the name of a vmkernel-zdump. */
void calendar_format_dump(const struct calendar_date *date, char ret[CALENDAR_DUMP_SIZE]);

/** Writes an uptime of the VMkernel as "d:hh:mm:ss.mmm", cut to whole milliseconds. @return its
 * length */
uint32_t calendar_format_uptime(uint64_t uptime_ns, char ret[CALENDAR_UPTIME_SIZE]);

#endif /* SHARED_CALENDAR_H */
