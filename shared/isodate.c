/* isodate.c - see isodate.h. */
#include "shared/isodate.h"

#include <stdio.h>

#include "shared/calendar.h"

/* A number of 1 to `digits` digits behind one of the bytes in `before` (0 = none). */
static int read_part(const char **at, const char *before, unsigned digits, uint32_t *ret)
{
    const char *p = *at;
    uint32_t value = 0;
    if (before[0] != '\0') {
        if (*p != before[0] && (before[1] == '\0' || *p != before[1]))
            return -1;
        p++;
    }
    const char *from = p;
    for (; *p >= '0' && *p <= '9' && p - from < (long)digits; p++)
        value = 10 * value + (uint32_t)(*p - '0');
    if (p == from)
        return -1;
    *at = p;
    *ret = value;
    return 0;
}

int isodate_read(const char **at, int64_t *ret_epoch_s)
{
    const char *p = *at;
    struct calendar_date d = { 0 };
    uint32_t year;
    if (read_part(&p, "", 4, &year) != 0 || read_part(&p, "-", 2, &d.month) != 0 ||
        read_part(&p, "-", 2, &d.day) != 0 || read_part(&p, " T", 2, &d.hour) != 0 ||
        read_part(&p, ":", 2, &d.minute) != 0)
        return -1;
    if (*p == ':' && read_part(&p, ":", 2, &d.second) != 0)
        return -1;
    d.year = (int32_t)year;
    if (year < 1970 || calendar_is_valid(&d) == 0)
        return -1;
    *at = p;
    *ret_epoch_s = calendar_to_epoch(&d, 0);
    return 0;
}

void isodate_format(int64_t epoch_s, int32_t utc_offset_s, char ret[ISODATE_SIZE])
{
    struct calendar_date d;
    calendar_from_epoch(epoch_s, utc_offset_s, &d);
    (void)snprintf(ret, ISODATE_SIZE, "%04d-%02u-%02u %02u:%02u:%02u", d.year % 10000,
                   d.month % 100, d.day % 100, d.hour % 100, d.minute % 100, d.second % 100);
}
