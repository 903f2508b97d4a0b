/* hostclock.c - see hostclock.h. */
#include "tools/host/hostclock.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/calendar.h"
#include "shared/zdump.h"

#define PATH_ROOM 4096
#define LINE_ROOM 1024
#define EPOCH_MAX 4102444800 /* 2100: what lies behind it is no time of a host */
#define QUARTER_S 900

struct line { /* of vmksummary */
    int64_t epoch_s;
    int32_t day, second; /* local: day of the month, second of the day */
};

/* "Nov 13 04:01:45 host logger: (1258102905) ...". @return false when it is no such line */
static bool parse_line(const char *text, struct line *ret)
{
    unsigned day, hour, minute, second;
    if (sscanf(text, "%*3s %2u %2u:%2u:%2u", &day, &hour, &minute, &second) != 4 || day > 31 ||
        hour > 23 || minute > 59 || second > 60)
        return false;
    const char *open = strstr(text, ": (");
    if (open == NULL)
        return false;
    char *end;
    errno = 0;
    const long long epoch_s = strtoll(open + 3, &end, 10);
    if (errno != 0 || *end != ')' || epoch_s <= 0 || epoch_s > EPOCH_MAX)
        return false;
    *ret = (struct line){ epoch_s, (int32_t)day, (int32_t)(hour * 3600 + minute * 60 + second) };
    return true;
}

/* The line with the newest epoch. */
static bool newest_line(const char *host_dir, struct line *ret)
{
    char path[PATH_ROOM], text[LINE_ROOM];
    bool found = false;
    if ((size_t)snprintf(path, sizeof path, "%s/var/log/vmksummary", host_dir) >= sizeof path)
        return false;
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return false;
    while (fgets(text, sizeof text, f) != NULL) {
        struct line line;
        if (!parse_line(text, &line) || (found && line.epoch_s < ret->epoch_s))
            continue;
        *ret = line;
        found = true;
    }
    (void)fclose(f);
    return found;
}

static int64_t newest_dump_s(const char *host_dir)
{
    char path[PATH_ROOM], err[256];
    int64_t newest = 0;
    uint32_t count = 1;
    if ((size_t)snprintf(path, sizeof path, "%s/dev/vmkcore", host_dir) >= sizeof path)
        return 0;
    for (uint32_t i = 0; i < count; i++) {
        struct zdump z;
        if (zdump_load(path, i, &z, err, sizeof err) != 0)
            break;
        if (z.slot_ok && i == 0)
            count = z.slot.slot_count;
        if (z.slot_ok && z.slot.epoch_s > newest && z.slot.epoch_s <= EPOCH_MAX)
            newest = z.slot.epoch_s;
        zdump_free(&z);
    }
    return newest;
}

int64_t hostclock_s(const char *host_dir)
{
    struct line line = { 0 };
    const int64_t dump_s = newest_dump_s(host_dir);
    (void)newest_line(host_dir, &line);
    return line.epoch_s > dump_s ? line.epoch_s : dump_s;
}

int32_t hostclock_offset_s(const char *host_dir)
{
    struct line line;
    struct calendar_date utc;
    if (!newest_line(host_dir, &line))
        return 0;
    calendar_from_epoch(line.epoch_s, 0, &utc);
    int64_t ahead_s = line.second - (int64_t)(utc.hour * 3600 + utc.minute * 60 + utc.second);
    if (line.day != (int32_t)utc.day) { /* the local day is the one after or the one before */
        const bool after = line.day == (int32_t)utc.day + 1 || (line.day == 1 && utc.day > 1);
        ahead_s += after ? 86400 : -86400;
    }
    const int64_t half = ahead_s < 0 ? -QUARTER_S / 2 : QUARTER_S / 2;
    return (int32_t)((ahead_s + half) / QUARTER_S * QUARTER_S);
}
