/* diagnosis.c - see diagnosis.h. */
#include "tools/diagnose/facts/diagnosis.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/calendar.h"
#include "shared/isodate.h"

#define RAM_KB_MOST 799732 /* MemTotal of the largest console [KB308590] */

struct diagnosis *diagnosis_create(void)
{
    struct diagnosis *d = calloc(1, sizeof *d);
    if (d == NULL)
        return NULL;
    d->host.uptime_ns = d->host.end_s = d->host.vms = -1;
    d->memory.total_kb = d->memory.swap_total_kb = d->memory.swap_used_kb = -1;
    return d;
}

double diagnosis_pct_of_ram(const struct diagnosis *d, double kb)
{
    const int64_t ram_kb = d->memory.total_kb > 0 ? d->memory.total_kb : RAM_KB_MOST;
    return 100 * kb / (double)ram_kb;
}

void diagnosis_add_process(struct diagnosis_memory *m, const char *name, uint32_t pid, int64_t kb)
{
    uint32_t at = m->top_count;
    while (at > 0 && m->top[at - 1].kb < kb)
        at--;
    if (at == DIAGNOSIS_TOP || kb <= 0)
        return;
    m->top_count += m->top_count < DIAGNOSIS_TOP;
    for (uint32_t n = m->top_count - 1; n > at; n--)
        m->top[n] = m->top[n - 1];
    m->top[at] = (struct diagnosis_process){ .pid = pid, .kb = kb };
    (void)snprintf(m->top[at].name, sizeof m->top[at].name, "%s", name);
}

void diagnosis_remark(struct diagnosis_remarks *r, const char *format, ...)
{
    va_list args;
    char remark[DIAGNOSIS_REMARK_MAX] = "";
    va_start(args, format);
    (void)vsnprintf(remark, sizeof remark, format, args);
    va_end(args);
    for (uint32_t i = 0; i < r->count; i++)
        if (strcmp(r->text[i], remark) == 0)
            return;
    if (r->count < DIAGNOSIS_REMARKS_MAX)
        memcpy(r->text[r->count++], remark, sizeof remark);
}

void diagnosis_note(struct diagnosis_source *s, const char *format, ...)
{
    va_list args;
    if (s == NULL)
        return;
    size_t used = strlen(s->note);
    if (used > 0 && used + 3 < sizeof s->note) {
        memcpy(s->note + used, "; ", 3);
        used += 2;
    }
    va_start(args, format);
    (void)vsnprintf(s->note + used, sizeof s->note - used, format, args);
    va_end(args);
}

void diagnosis_note_unparsed(struct diagnosis_source *s, const struct text *t,
                             const struct unparsed *unparsed, uint32_t file)
{
    if (s == NULL)
        return;
    s->line_count = t->count;
    for (uint32_t i = 0; i < unparsed->count; i++) {
        if (unparsed->line[i].file != file)
            continue;
        if (s->unparsed_count < DIAGNOSIS_UNPARSED_SHOWN) {
            s->unparsed[s->unparsed_count].line = unparsed->line[i].line;
            s->unparsed[s->unparsed_count].why = unparsed->line[i].why;
        }
        s->unparsed_count++;
    }
    if (s->unparsed_count > 0)
        diagnosis_note(s, "%u of %u lines not understood", s->unparsed_count, s->line_count);
}

void diagnosis_uptime(int64_t ns, char ret[DIAGNOSIS_WHEN_ROOM])
{
    _Static_assert(DIAGNOSIS_WHEN_ROOM >= CALENDAR_UPTIME_SIZE, "an uptime fits");
    (void)calendar_format_uptime(ns > 0 ? (uint64_t)ns : 0, ret);
}

void diagnosis_when(int64_t epoch_s, char ret[DIAGNOSIS_WHEN_ROOM])
{
    _Static_assert(DIAGNOSIS_WHEN_ROOM >= ISODATE_SIZE, "a date fits");
    isodate_format(epoch_s, 0, ret);
}
