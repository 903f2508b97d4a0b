/* from_top.c - facts that logs of `top -b` and `ps` tell: how the sizes of all programs went, not
 * only of the three that vmksummary names; and how many processes there were.
 *
 * A log of top goes on for weeks, so the run of snapshots that ended last is looked at: its uptimes
 * rise. One glance at a living console proves trouble, and never that all was well at the end. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/units.h"
#include "tools/diagnose/readers/from.h"
#include "tools/diagnose/readers/tasks.h"
#include "tools/parse/ps.h"
#include "tools/parse/top.h"

#define GROWER_PCT 4.0  /* of RAM: less is breathing */
#define SLOPE_HOURS 3.0 /* what took less is no slope over hours. OUR CHOICE */
#define STEP_SHARE 0.6  /* of the gain between two snapshots: a step */
#define RISE_HOURS 1.0
#define SNAPSHOTS_LEAST 4u

/* "2 days, 18:44", "18:44", "5 min" -> s; -1 = not told */
static double uptime_of(const char *up)
{
    unsigned days = 0, hours = 0, minutes = 0;
    int used = 0;
    if (sscanf(up, "%u day%n", &days, &used) == 1 && used > 0) {
        up += strcspn(up, ",");
        up += strspn(up, ", ");
    } else {
        days = 0;
    }
    used = 0;
    if (sscanf(up, "%u min%n", &minutes, &used) == 1 && used > 0)
        return (double)(days * S_PER_DAY + minutes * S_PER_MIN);
    if (sscanf(up, "%u:%u", &hours, &minutes) == 2)
        return (double)(days * S_PER_DAY + hours * S_PER_HOUR + minutes * S_PER_MIN);
    return days > 0 ? (double)(days * S_PER_DAY) : -1;
}

/* ---- one program ----------------------------------------------------------------------------- */
struct growth {
    int64_t pid;
    char name[FACT_WHO_MAX];
    uint32_t seen, line; /* of its last row */
    double gain_kb, hours, last_kb, rise_kb, biggest_step_kb;
    bool at_end;
};

static const struct proclist_row *find_row(const struct top *t, const struct top_snapshot *s,
                                           const struct proclist_row *like)
{
    for (uint32_t i = 0; i < s->row_count; i++) {
        const struct proclist_row *r = &t->row[s->first_row + i];
        if (r->pid == like->pid && strcmp(r->command, like->command) == 0)
            return r;
    }
    return NULL;
}

/* The history of one row of the last snapshot, back from the end while it was smaller. */
static void measure(const struct top *t, uint32_t first, const struct proclist_row *like,
                    struct growth *ret)
{
    const struct top_snapshot *last = &t->snapshot[t->snapshot_count - 1];
    const double end_s = uptime_of(last->up);
    double low = (double)like->size_kb, later = low;
    *ret = (struct growth){ .pid = like->pid, .last_kb = low, .line = like->line };
    (void)snprintf(ret->name, sizeof ret->name, "%.60s", like->command);
    for (uint32_t i = t->snapshot_count; i-- > first;) {
        const struct proclist_row *r = find_row(t, &t->snapshot[i], like);
        if (r == NULL || r->size_kb < 0)
            continue;
        const double kb = (double)r->size_kb,
                     ago_h = (end_s - uptime_of(t->snapshot[i].up)) / S_PER_HOUR;
        ret->seen++;
        ret->biggest_step_kb = fmax(ret->biggest_step_kb, later - kb);
        if (ago_h <= RISE_HOURS)
            ret->rise_kb = fmax(ret->rise_kb, ret->last_kb - kb);
        if (kb < low) {
            low = kb;
            ret->hours = ago_h;
        }
        later = kb;
    }
    ret->gain_kb = ret->last_kb - low;
}

/* ---- facts ----------------------------------------------------------------------------------- */
static void set_growth(struct diagnosis *d, const struct growth *g, const char *shown)
{
    char text[FACT_TEXT_MAX];
    const double gain = diagnosis_pct_of_ram(d, (int64_t)g->gain_kb);
    static const enum fact_id ids[] = { FACT_GROWER_GAIN, FACT_GROWER_HOURS, FACT_GROWER_RATE };
    const double values[] = { gain, g->hours, g->gain_kb / g->hours };
    if (d->facts.fact[FACT_GROWER_GAIN].known && d->facts.fact[FACT_GROWER_GAIN].value >= gain)
        return;
    (void)snprintf(text, sizeof text, "top: %.40s pid %lld from %.0f to %.0f kB in %.1f hours",
                   g->name, (long long)g->pid, g->last_kb - g->gain_kb, g->last_kb, g->hours);
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        fact_forget(&d->facts, ids[i]);
        fact_set(&d->facts, ids[i], values[i], g->name, shown, g->line, text);
        d->facts.fact[ids[i]].pid = (uint32_t)g->pid;
    }
    fact_forget(&d->facts, FACT_NO_GROWER); /* that knew of three programs only */
}

static void set_rise(struct diagnosis *d, const struct growth *g, const char *shown)
{
    char text[FACT_TEXT_MAX];
    if (d->facts.fact[FACT_TOP_NOW_RISE].known)
        return;
    (void)snprintf(text, sizeof text, "top: %.40s pid %lld took %.0f kB within its last hour",
                   g->name, (long long)g->pid, g->rise_kb);
    fact_set(&d->facts, FACT_TOP_NOW_RISE, diagnosis_pct_of_ram(d, (int64_t)g->rise_kb), g->name,
             shown, g->line, text);
    d->facts.fact[FACT_TOP_NOW_RISE].pid = (uint32_t)g->pid;
}

static void see_growth(struct diagnosis *d, const struct top *t, const char *shown)
{
    const struct top_snapshot *last = &t->snapshot[t->snapshot_count - 1];
    uint32_t first = t->snapshot_count - 1;
    struct growth g, slope = { 0 }, rise = { 0 };
    while (first > 0 && uptime_of(t->snapshot[first - 1].up) >= 0 &&
           uptime_of(t->snapshot[first - 1].up) <= uptime_of(t->snapshot[first].up))
        first--;
    if (t->snapshot_count - first < SNAPSHOTS_LEAST || uptime_of(last->up) < 0)
        return;
    for (uint32_t i = 0; i < last->row_count; i++) {
        const struct proclist_row *r = &t->row[last->first_row + i];
        if (diagnosis_pct_of_ram(d, r->size_kb) < GROWER_PCT)
            continue; /* it cannot have grown by as much */
        measure(t, first, r, &g);
        if (g.seen >= SNAPSHOTS_LEAST && g.hours >= SLOPE_HOURS && g.gain_kb > slope.gain_kb &&
            g.biggest_step_kb < STEP_SHARE * g.gain_kb)
            slope = g;
        if (g.seen >= SNAPSHOTS_LEAST && g.rise_kb > rise.rise_kb)
            rise = g;
    }
    if (diagnosis_pct_of_ram(d, (int64_t)slope.gain_kb) >= GROWER_PCT)
        set_growth(d, &slope, shown);
    if (diagnosis_pct_of_ram(d, (int64_t)rise.rise_kb) >= 25)
        set_rise(d, &rise, shown);
}

static void see_rows(struct diagnosis *d, const struct proclist_row *row, uint32_t rows, bool whole,
                     const char *shown)
{
    struct seen_tasks seen = { .task = calloc(rows + 1, sizeof *seen.task),
                               .count = rows,
                               .is_glimpse = true,
                               .whole = whole };
    for (uint32_t i = 0; seen.task != NULL && i < rows; i++) {
        struct seen_task *to = &seen.task[i];
        to->pid = row[i].pid > 0 ? (uint32_t)row[i].pid : 0;
        to->state = row[i].stat[0] != '\0' ? row[i].stat[0] : '?';
        const char *name = row[i].command + (row[i].command[0] == '[');
        const char *blank = name + strcspn(name, " ]");
        const char *slash = blank;
        while (slash > name && slash[-1] != '/')
            slash--;
        (void)snprintf(to->comm, sizeof to->comm, "%.*s", (int)(blank - slash), slash);
    }
    if (seen.task != NULL && rows > 0)
        tasks_conclude(d, &seen, shown);
    free(seen.task);
}

static void keep_totals(struct diagnosis *d, const struct top_snapshot *s)
{
    if (s->mem_kb > 0 && d->memory.total_kb <= 0)
        d->memory.total_kb = s->mem_kb;
    if (s->swap_kb > 0 && d->memory.swap_total_kb <= 0)
        d->memory.swap_total_kb = s->swap_kb;
    if (s->swap_used_kb >= 0 && d->memory.swap_used_kb < 0)
        d->memory.swap_used_kb = s->swap_used_kb;
}

static void keep_largest(struct diagnosis *d, const struct proclist_row *row, uint32_t rows)
{
    if (d->memory.top_count > 0)
        return;
    for (uint32_t i = 0; i < rows; i++) {
        uint32_t at = d->memory.top_count;
        while (at > 0 && d->memory.top[at - 1].kb < row[i].size_kb)
            at--;
        if (at == DIAGNOSIS_TOP || row[i].size_kb <= 0)
            continue;
        d->memory.top_count += d->memory.top_count < DIAGNOSIS_TOP;
        for (uint32_t n = d->memory.top_count - 1; n > at; n--)
            d->memory.top[n] = d->memory.top[n - 1];
        struct diagnosis_process *p = &d->memory.top[at];
        *p = (struct diagnosis_process){ .pid = (uint32_t)row[i].pid, .kb = row[i].size_kb };
        (void)snprintf(p->name, sizeof p->name, "%.60s", row[i].command);
    }
}

static void from_top(struct diagnosis *d, const struct text *text)
{
    struct top t;
    struct diagnosis_source *source = diagnosis_find_source(d, text->name);
    top_parse(text, &t);
    if (source != NULL)
        diagnosis_note_unparsed(source, text, &t.unparsed, 0);
    if (t.snapshot_count > 0) {
        const struct top_snapshot *last = &t.snapshot[t.snapshot_count - 1];
        keep_totals(d, last);
        keep_largest(d, &t.row[last->first_row], last->row_count);
        see_growth(d, &t, text->name);
        see_rows(d, &t.row[last->first_row], last->row_count,
                 last->processes == (int64_t)last->row_count, text->name);
    }
    top_free(&t);
}

static void from_ps(struct diagnosis *d, const struct text *text)
{
    struct ps p;
    struct diagnosis_source *source = diagnosis_find_source(d, text->name);
    ps_parse(text, &p);
    if (source != NULL)
        diagnosis_note_unparsed(source, text, &p.unparsed, 0);
    if (p.listing_count > 0) {
        const struct ps_listing *last = &p.listing[p.listing_count - 1];
        keep_largest(d, &p.row[last->first_row], last->row_count);
        see_rows(d, &p.row[last->first_row], last->row_count, false, text->name);
    }
    ps_free(&p);
}

void from_top_conclude(struct diagnosis *d)
{
    for (uint32_t i = 0; i < d->log_count; i++) {
        const struct text *t = &d->log[i].text;
        if (d->log[i].kind != ARTEFACT_TOP)
            continue;
        if (top_is(t))
            from_top(d, t);
        else
            from_ps(d, t);
    }
}
