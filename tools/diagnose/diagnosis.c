/* diagnosis.c - see diagnosis.h: the life of the record. */
#include "tools/diagnose/diagnosis.h"

#include <math.h>
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
    d->screen.uptime_ns = d->summary.uptime_ns = d->summary.swap_kb = -1;
    d->meminfo.total_kb = d->meminfo.swap_total_kb = -1;
    return d;
}

void diagnosis_free(struct diagnosis *d)
{
    if (d == NULL)
        return;
    for (uint32_t i = 0; i < d->summary_text_count; i++)
        text_free(&d->summary_text[i]);
    free(d->summary_text);
    for (uint32_t i = 0; i < d->log_count; i++)
        text_free(&d->log[i].text);
    free(d->log);
    free(d->hour);
    free(d);
}

void diagnosis_remark(struct diagnosis_remarks *r, const char *format, ...)
{
    va_list args;
    char remark[DIAGNOSIS_REMARK_MAX];
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
    s->line_count = t->count;
    s->unparsed_count = 0;
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

struct diagnosis_source *diagnosis_find_source(struct diagnosis *d, const char *path)
{
    for (uint32_t i = 0; i < d->source_count; i++)
        if (strcmp(d->source[i].path, path) == 0)
            return &d->source[i];
    return NULL;
}

double diagnosis_pct_of_ram(const struct diagnosis *d, int64_t kb)
{
    const int64_t ram_kb = d->memory.total_kb > 0 ? d->memory.total_kb : RAM_KB_MOST;
    return 100.0 * (double)kb / (double)ram_kb;
}
