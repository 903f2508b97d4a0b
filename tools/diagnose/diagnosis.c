/* diagnosis.c - see diagnosis.h: the life of the record, and its conclusion. */
#include "tools/diagnose/diagnosis.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/calendar.h"
#include "tools/diagnose/readers/from.h"

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
    for (uint32_t i = 0; i < d->log_count; i++)
        text_free(&d->log[i].text);
    free(d->log);
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

void diagnosis_earlier(struct diagnosis *d, const char *format, ...)
{
    va_list args;
    char remark[DIAGNOSIS_REMARK_MAX];
    va_start(args, format);
    (void)vsnprintf(remark, sizeof remark, format, args);
    va_end(args);
    for (uint32_t i = 0; i < d->earlier_count; i++)
        if (strcmp(d->earlier[i], remark) == 0)
            return;
    if (d->earlier_count < DIAGNOSIS_EARLIER_MAX)
        memcpy(d->earlier[d->earlier_count++], remark, sizeof remark);
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

void diagnosis_note_odds(struct diagnosis_source *s, const struct text *t,
                         const struct parse_odds *odds, uint32_t file)
{
    s->lines = t->count;
    s->odds = 0;
    for (uint32_t i = 0; i < odds->count; i++) {
        if (odds->odd[i].file != file)
            continue;
        if (s->odds < DIAGNOSIS_ODDS_SHOWN) {
            s->odd[s->odds].line = odds->odd[i].line;
            s->odd[s->odds].why = odds->odd[i].why;
        }
        s->odds++;
    }
    if (s->odds > 0)
        diagnosis_note(s, "%u of %u lines not understood", s->odds, s->lines);
}

void diagnosis_uptime(double s, char ret[DIAGNOSIS_WHEN_ROOM])
{
    _Static_assert(DIAGNOSIS_WHEN_ROOM >= CALENDAR_UPTIME_SIZE, "an uptime fits");
    (void)calendar_format_uptime((uint64_t)(fmax(s, 0) * 1000) * 1000000, ret);
}

void diagnosis_when(int64_t epoch_s, char ret[DIAGNOSIS_WHEN_ROOM])
{
    struct calendar_date date;
    calendar_from_epoch(epoch_s, 0, &date);
    (void)snprintf(ret, DIAGNOSIS_WHEN_ROOM, "%04d-%02u-%02u %02u:%02u:%02u", date.year % 10000,
                   date.month, date.day, date.hour, date.minute, date.second);
}

struct diagnosis_source *diagnosis_find_source(struct diagnosis *d, const char *path)
{
    for (uint32_t i = 0; i < d->source_count; i++)
        if (strcmp(d->source[i].path, path) == 0)
            return &d->source[i];
    return NULL;
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
            memcpy(f->who, p->name, sizeof f->who); /* both are FACT_WHO_MAX bytes */
            f->pid = f->pid != 0 ? f->pid : p->pid;
            break;
        }
    }
}

void diagnosis_conclude(struct diagnosis *d)
{
    from_dumps_conclude(d);
    from_summary_conclude(d);
    from_logs_conclude(d);
    from_top_conclude(d);
    name_in_full(d);
    check_contradictions(d);
    verdict_reach(&d->facts, &d->verdict);
}
