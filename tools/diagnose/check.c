/* check.c - compares what artefacts that should be of one failure say of the same thing. A page
 * that is put together of two hosts, like the example of KB 308590, is reported as that. */
#include <stdlib.h>
#include <string.h>

#include "shared/units.h"
#include "tools/diagnose/readers/from.h"

#define CLOCKS_APART_S (26 * 3600) /* from the last hourly line to the screen, at the most */

static void check_build(struct diagnosis *d)
{
    if (d->screen.build[0] == '\0' || d->summary.build[0] == '\0' ||
        strcmp(d->screen.build, d->summary.build) == 0)
        return;
    diagnosis_remark(&d->contradictions,
                     "the screen (%s) is of build %s, vmksummary (%s) of build %s: two hosts",
                     d->screen.file, d->screen.build, d->summary.file, d->summary.build);
}

static void check_uptime(struct diagnosis *d)
{
    if (d->screen.uptime_ns <= 0 || d->summary.uptime_ns <= 0)
        return;
    const int64_t apart_s = (d->screen.uptime_ns - d->summary.uptime_ns) / (int64_t)NS_PER_S;
    if (apart_s >= -60 && apart_s <= CLOCKS_APART_S)
        return;
    diagnosis_remark(&d->contradictions,
                     "the screen says an uptime of %lld d, the last line of vmksummary %lld d: "
                     "they come from two hosts or two failures",
                     (long long)(d->screen.uptime_ns / (int64_t)NS_PER_DAY),
                     (long long)(d->summary.uptime_ns / (int64_t)NS_PER_DAY));
}

static void check_memory(struct diagnosis *d)
{
    if (d->meminfo.swap_total_kb > 0 && d->summary.swap_kb > d->meminfo.swap_total_kb + 4)
        diagnosis_remark(&d->contradictions,
                         "vmksummary has %lld kB of swap in use, but meminfo (%s) has only "
                         "%lld kB in all: the swap was changed, or they are two hosts",
                         (long long)d->summary.swap_kb, d->meminfo.file,
                         (long long)d->meminfo.swap_total_kb);
    if (d->meminfo.total_kb > 0 && d->memory.total_kb > 0 &&
        50 * llabs(d->meminfo.total_kb - d->memory.total_kb) > d->memory.total_kb)
        diagnosis_remark(&d->contradictions,
                         "meminfo (%s) has a MemTotal of %lld kB, the core one of %lld kB: "
                         "the RAM was changed since, or they are two hosts",
                         d->meminfo.file, (long long)d->meminfo.total_kb,
                         (long long)d->memory.total_kb);
}

static void check_heartbeat(struct diagnosis *d)
{
    const struct fact *lost = &d->facts.fact[FACT_LOST_HEARTBEAT];
    const struct fact *other = &d->facts.fact[FACT_OTHER_SCREEN];
    if (lost->known && other->known)
        diagnosis_remark(&d->contradictions,
                         "%s is a lost heartbeat, %s another screen (%s): two failures", lost->file,
                         other->file, other->who);
}

void check_contradictions(struct diagnosis *d)
{
    check_build(d);
    check_uptime(d);
    check_memory(d);
    check_heartbeat(d);
}
