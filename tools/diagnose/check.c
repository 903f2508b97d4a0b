/* check.c - what artefacts that should be of one failure say of the same thing, compared. A page
 * that
 * is put together of two hosts, like the example of KB 308590, is told and not taken for one. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "shared/units.h"
#include "tools/diagnose/readers/from.h"

#define CLOCKS_APART_S (26 * 3600.0) /* from the last hourly line to the screen, at the most */

static void check_build(struct diagnosis *d)
{
    if (d->screen.build[0] == '\0' || d->summary.build[0] == '\0' ||
        strcmp(d->screen.build, d->summary.build) == 0)
        return;
    diagnosis_contradicts(d,
                          "the screen (%s) is of build %s, vmksummary (%s) of build %s: two hosts",
                          d->screen.file, d->screen.build, d->summary.file, d->summary.build);
}

static void check_uptime(struct diagnosis *d)
{
    if (d->screen.uptime_s <= 0 || d->summary.uptime_s <= 0)
        return;
    const double apart = d->screen.uptime_s - d->summary.uptime_s;
    if (apart >= -60 && apart <= CLOCKS_APART_S)
        return;
    diagnosis_contradicts(
        d,
        "the screen says an uptime of %.0f d, the last line of vmksummary %.0f d: "
        "they come from two hosts or two failures",
        floor(d->screen.uptime_s / S_PER_DAY), floor(d->summary.uptime_s / S_PER_DAY));
}

static void check_memory(struct diagnosis *d)
{
    if (d->meminfo.swap_total_kb > 0 && d->summary.swap_kb > d->meminfo.swap_total_kb + 4)
        diagnosis_contradicts(d,
                              "vmksummary has %.0f kB of swap in use, but meminfo (%s) has only "
                              "%.0f kB in all: the swap was changed, or they are two hosts",
                              d->summary.swap_kb, d->meminfo.file, d->meminfo.swap_total_kb);
    if (d->meminfo.total_kb > 0 && d->memory.total_kb > 0 &&
        fabs(d->meminfo.total_kb - d->memory.total_kb) > 0.02 * d->memory.total_kb)
        diagnosis_contradicts(d,
                              "meminfo (%s) has a MemTotal of %.0f kB, the core one of %.0f kB: "
                              "the RAM was changed since, or they are two hosts",
                              d->meminfo.file, d->meminfo.total_kb, d->memory.total_kb);
}

static void check_heartbeat(struct diagnosis *d)
{
    const struct fact *lost = &d->facts.fact[FACT_LOST_HEARTBEAT];
    const struct fact *other = &d->facts.fact[FACT_OTHER_SCREEN];
    if (lost->known && other->known)
        diagnosis_contradicts(d, "%s is a lost heartbeat, %s another screen (%s): two failures",
                              lost->file, other->file, other->who);
}

void check_contradictions(struct diagnosis *d)
{
    check_build(d);
    check_uptime(d);
    check_memory(d);
    check_heartbeat(d);
}
