/* check.c - see check.h. A page that is put together of two hosts, like the example of KB 308590,
 * is reported as that. */
#include "tools/diagnose/check.h"

#include <stdlib.h>
#include <string.h>

#include "shared/units.h"
#include "tools/diagnose/readers/reading.h"

#define CLOCKS_APART_S (26 * S_PER_HOUR) /* from the last hourly line to the screen, at the most */
#define CLOCKS_BACK_S (-S_PER_MIN)
#define RAM_APART_PCT 2 /* pages that the kernel keeps for itself may differ */
#define PAGE_KB 4

/* The screen, and the last hourly line with the file that it stands in. */
static void check_screen(struct diagnosis *d, const struct parsed *screen, const char *file,
                         const struct vmksummary_record *last)
{
    const struct purple *s = &screen->screen;
    const int64_t screen_s = (int64_t)(s->uptime_ms / 1000),
                  last_s = (int64_t)(last->vmk_ms / 1000);
    if (s->build != 0 && last->vmk_build[0] != '\0' &&
        s->build != strtoull(last->vmk_build, NULL, 10))
        diagnosis_remark(&d->contradictions,
                         "the screen (%s) is of build %llu, vmksummary (%s) of build %s: two hosts",
                         screen->path, (unsigned long long)s->build, file, last->vmk_build);
    if (s->has_uptime && screen_s > 0 && last_s > 0 &&
        (screen_s - last_s < CLOCKS_BACK_S || screen_s - last_s > CLOCKS_APART_S))
        diagnosis_remark(&d->contradictions,
                         "the screen says an uptime of %lld d, the last line of vmksummary %lld d: "
                         "they come from two hosts or two failures",
                         (long long)(screen_s / S_PER_DAY), (long long)(last_s / S_PER_DAY));
}

static void check_memory(struct diagnosis *d, const struct parsed *meminfo)
{
    const int64_t total_kb = meminfo_kb(&meminfo->meminfo, "MemTotal"),
                  swap_kb = meminfo_kb(&meminfo->meminfo, "SwapTotal"), ram_kb = d->memory.total_kb;
    const int64_t used_kb = d->hour_count > 0 ? d->hour[d->hour_count - 1]->swap_kb : -1;
    if (swap_kb > 0 && used_kb > swap_kb + PAGE_KB)
        diagnosis_remark(&d->contradictions,
                         "vmksummary has %lld kB of swap in use, but meminfo (%s) has only %lld kB "
                         "in all: the swap was changed, or they are two hosts",
                         (long long)used_kb, meminfo->path, (long long)swap_kb);
    if (total_kb > 0 && ram_kb > 0 && 100 * llabs(total_kb - ram_kb) > RAM_APART_PCT * ram_kb)
        diagnosis_remark(&d->contradictions,
                         "meminfo (%s) has a MemTotal of %lld kB, the core one of %lld kB: the RAM "
                         "was changed since, or they are two hosts",
                         meminfo->path, (long long)total_kb, (long long)ram_kb);
}

void check_contradictions(struct diagnosis *d)
{
    const struct parsed *screen = reading_next(d->reading, ARTEFACT_SCREEN, NULL),
                        *summary = reading_next(d->reading, ARTEFACT_VMKSUMMARY, NULL),
                        *meminfo = reading_next(d->reading, ARTEFACT_MEMINFO, NULL);
    const struct fact *lost = &d->facts.fact[FACT_LOST_HEARTBEAT],
                      *other = &d->facts.fact[FACT_OTHER_SCREEN];
    if (screen != NULL && d->hour_count > 0) {
        const struct vmksummary_record *last = d->hour[d->hour_count - 1];
        check_screen(d, screen, summary->summary.text[last->file].name, last);
    }
    if (meminfo != NULL)
        check_memory(d, meminfo);
    if (lost->known && other->known)
        diagnosis_remark(&d->contradictions,
                         "%s is a lost heartbeat, %s another screen (%s): two failures", lost->file,
                         other->file, other->who);
}
