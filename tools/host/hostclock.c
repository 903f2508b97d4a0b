/* hostclock.c - see hostclock.h. */
#include "tools/host/hostclock.h"

#include <stdbool.h>

#include "shared/err.h"
#include "shared/path.h"
#include "shared/zdump.h"
#include "tools/parse/vmksummary.h"

#define EPOCH_MAX INT64_C(4102444800) /* 2100: what lies behind it is no time of a host */

/* The newest vmksummary, and the one before it if that has been rotated just now. @return false
 * when the host has none; else *ret is to be freed */
static bool read_summary(const char *host_dir, struct vmksummary *ret)
{
    static const char *const names[2] = { PATH_VMKSUMMARY_LOG ".1", PATH_VMKSUMMARY_LOG };
    char path[PATH_SIZE];
    struct err err;
    struct text t[2];
    uint32_t count = 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (path_join(path, host_dir, names[i]) == 0 && text_load(path, &t[count], &err) == 0)
            count++;
    if (count == 0)
        return false;
    vmksummary_parse(t, count, ret);
    for (uint32_t i = 0; i < count; i++)
        text_free(&t[i]);
    return true;
}

static int64_t newest_record_s(const char *host_dir)
{
    struct vmksummary v;
    int64_t newest = 0;
    if (!read_summary(host_dir, &v))
        return 0;
    for (uint32_t i = 0; i < v.record_count && v.record[i].epoch_s <= EPOCH_MAX; i++)
        newest = v.record[i].epoch_s;
    vmksummary_free(&v);
    return newest;
}

static int64_t newest_dump_s(const char *host_dir)
{
    char path[PATH_SIZE];
    struct err err;
    int64_t newest = 0;
    uint32_t count = 1;
    if (path_join(path, host_dir, PATH_DUMP_PARTITION) != 0)
        return 0;
    for (uint32_t i = 0; i < count; i++) {
        struct zdump z;
        if (zdump_load(path, i, &z, &err) != 0)
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
    const int64_t dump_s = newest_dump_s(host_dir), record_s = newest_record_s(host_dir);
    return record_s > dump_s ? record_s : dump_s;
}

int32_t hostclock_offset_s(const char *host_dir)
{
    struct vmksummary v;
    if (!read_summary(host_dir, &v))
        return 0;
    const int64_t zone_s = v.has_zone ? v.zone_s : 0;
    vmksummary_free(&v);
    return (int32_t)zone_s;
}
