/* from_vmklog.c - facts that a log of the VMkernel shows, of the boot that failed (failure.c).
 *
 * VMFS and pCPUs have heartbeats of their own, and storage has trouble every day. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "tools/diagnose/readers/extract.h"

#define LIMIT_MIN 30 /* of the heartbeat, for alerts that do not say it */

/* "COS Error: Lost heartbeat", "COS Panic: Lost heartbeat @esxsc_panic+0x43/0x4f", or another. */
static void from_cos_error(const struct parsed *p, const struct vmklog_line *l, struct facts *ret)
{
    char headline[FACT_WHO_MAX];
    const char *at = strstr(l->text, "COS ");
    (void)snprintf(headline, sizeof headline, "%.60s", at != NULL ? at : l->text);
    if (strcasestr(l->text, "Lost heartbeat") != NULL)
        extract_line(ret, FACT_LOST_HEARTBEAT, NULL, p, l->line);
    else
        extract_line(ret, FACT_OTHER_SCREEN, headline, p, l->line);
}

/* "CpuSched: N: vm 1024: console is ready for 300 s, pCPU 0 runs 1054:bh-0" */
static void from_starved(const struct parsed *p, const struct vmklog_line *l, struct facts *ret)
{
    char who[FACT_WHO_MAX];
    const char *colon = strrchr(l->text, ':');
    if (strstr(l->text, "console is ready for") == NULL)
        return;
    (void)snprintf(who, sizeof who, "%.40s",
                   colon != NULL ? colon + 1 + strspn(colon + 1, " ") : "a world");
    extract_line(ret, FACT_WORLD_KEEPS_PCPU0, who, p, l->line);
}

static void count_lines(const struct parsed *p, enum vmklog_class class, enum fact_id id,
                        const char *who, struct facts *ret)
{
    uint32_t count = 0, first = 0;
    for (uint32_t i = p->from; i < p->to; i++)
        if (p->vmklog.line[i].class == class && count++ == 0)
            first = p->vmklog.line[i].line;
    if (count > 0)
        fact_set(ret, id, count, who, p->path, first, "%s", reading_line(&p->text, first));
}

void from_vmklog(const struct diagnosis *d, const struct parsed *p, struct facts *ret)
{
    (void)d;
    assert(p->from < p->to && p->to <= p->vmklog.line_count);
    for (uint32_t i = p->from; i < p->to; i++) {
        const struct vmklog_line *l = &p->vmklog.line[i];
        if (l->class == VMKLOG_LOST_HEARTBEAT &&
            l->alert.t >= (l->alert.to > 0 ? l->alert.to : LIMIT_MIN))
            extract_line(ret, FACT_LOST_HEARTBEAT, NULL, p, l->line);
        else if (l->class == VMKLOG_COS_ERROR)
            from_cos_error(p, l, ret);
        else if (l->class == VMKLOG_CPU_SCHED)
            from_starved(p, l, ret);
    }
    count_lines(p, VMKLOG_SERIAL, FACT_SERIAL_LOST, NULL, ret);
    count_lines(p, VMKLOG_MACHINE_CHECK, FACT_MACHINE_CHECK, "a machine check", ret);
}
