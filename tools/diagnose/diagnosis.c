/* diagnosis.c - see diagnosis.h: the life of the record, and its conclusion. */
#include "tools/diagnose/diagnosis.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/diagnose/from.h"

#define FNAME_BYTES 8u       /* of a name in vmksummary: man ps, `fname` */
#define RAM_KB_MOST 799732.0 /* MemTotal of the largest console [KB308590] */

struct diagnosis *diagnosis_create(void)
{
    struct diagnosis *d = calloc(1, sizeof *d);
    if (d == NULL)
        return NULL;
    d->host.vms = -1;
    d->memory.swap_used_kb = -1;
    return d;
}

void diagnosis_free(struct diagnosis *d)
{
    if (d == NULL)
        return;
    for (uint32_t i = 0; i < d->summary_text_count; i++)
        text_free(&d->summary_text[i]);
    free(d->summary_text);
    free(d->hour);
    free(d);
}

void diagnosis_contradicts(struct diagnosis *d, const char *format, ...)
{
    va_list args;
    if (d->inconsistency_count == DIAGNOSIS_REMARKS_MAX)
        return;
    va_start(args, format);
    (void)vsnprintf(d->inconsistency[d->inconsistency_count++], DIAGNOSIS_REMARK_MAX, format, args);
    va_end(args);
}

double diagnosis_ram_kb(const struct diagnosis *d)
{
    return d->memory.total_kb > 0 ? d->memory.total_kb : RAM_KB_MOST;
}

/* vmksummary cuts names at 8 bytes and has no pids; where a core knows the process, facts get
 * both. */
static void name_in_full(struct diagnosis *d)
{
    for (int id = 0; id < FACTS; id++) {
        struct fact *f = &d->facts.fact[id];
        for (uint32_t i = 0; f->known && f->who[0] != '\0' && i < d->memory.top_count; i++) {
            const struct diagnosis_process *p = &d->memory.top[i];
            const bool cut = strlen(f->who) == FNAME_BYTES;
            if (p->pid == 0 ||
                (cut ? strncmp(f->who, p->name, FNAME_BYTES) != 0 : strcmp(f->who, p->name) != 0))
                continue;
            (void)snprintf(f->who, sizeof f->who, "%s", p->name);
            f->pid = f->pid != 0 ? f->pid : p->pid;
            break;
        }
    }
}

void diagnosis_conclude(struct diagnosis *d)
{
    from_summary_conclude(d);
    name_in_full(d);
    check_contradictions(d);
    verdict_reach(&d->facts, &d->verdict);
}
