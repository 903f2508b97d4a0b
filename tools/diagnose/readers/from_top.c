/* from_top.c - facts that logs of `top -b` and `ps` show: how the sizes of all programs went, not
 * only of the three that vmksummary names; and how many processes there were.
 *
 * A log of top goes on for weeks, so the run of snapshots that ended last is looked at: its uptimes
 * rise. One glance at a living console proves trouble, and never that all was well at the end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/units.h"
#include "tools/diagnose/readers/extract.h"
#include "tools/parse/memory.h"
#include "tools/trend/trend.h"

#define SLOPE_S (3 * S_PER_HOUR) /* what took less is no slope over hours. OUR CHOICE */
#define RISE_PCT 25.0            /* of RAM within the last hour: a spike */

/* "2 days, 18:44", "18:44", "5 min" -> s; -1 = not known */
static int64_t uptime_of(const char *up)
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
        return days * S_PER_DAY + minutes * S_PER_MIN;
    if (sscanf(up, "%u:%u", &hours, &minutes) == 2)
        return days * S_PER_DAY + hours * S_PER_HOUR + minutes * S_PER_MIN;
    return days > 0 ? days * S_PER_DAY : -1;
}

/* ---- one program ----------------------------------------------------------------------------- */
/* The snapshots that end the log, their uptimes, and room for one program's history in them. */
struct run {
    const struct top *t;
    uint32_t first, count;
    int64_t *uptime_s; /* of each snapshot */
    struct gain_point *point;
    struct trend_point *trend_point; /* the same */
};

/* @return false when it is too short to say anything */
static bool run_begin(struct run *r, const struct top *t)
{
    int64_t later_s = INT64_MAX;
    *r = (struct run){ .t = t, .first = t->snapshot_count };
    r->uptime_s = memory_get((t->snapshot_count + 1u) * sizeof *r->uptime_s);
    r->point = memory_get((t->snapshot_count + 1u) * sizeof *r->point);
    r->trend_point = memory_get((t->snapshot_count + 1u) * sizeof *r->trend_point);
    while (r->first > 0) {
        const int64_t up_s = uptime_of(t->snapshot[r->first - 1].up);
        if (up_s < 0 || up_s > later_s)
            break;
        r->uptime_s[--r->first] = later_s = up_s;
    }
    r->count = t->snapshot_count - r->first;
    return r->count >= GAIN_SEEN_LEAST;
}

static void run_end(struct run *r)
{
    free(r->uptime_s);
    free(r->point);
    free(r->trend_point);
}

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

/* The history of a row of the last snapshot. @return how many points it has in r->point */
static uint32_t follow(struct run *r, const struct proclist_row *like)
{
    uint32_t count = 0;
    for (uint32_t i = r->first; i < r->t->snapshot_count; i++) {
        const struct proclist_row *row = find_row(r->t, &r->t->snapshot[i], like);
        if (row == NULL || row->size_kb < 0)
            continue;
        r->point[count] = (struct gain_point){ r->uptime_s[i], row->size_kb };
        r->trend_point[count++] =
            (struct trend_point){ (double)r->uptime_s[i] / S_PER_HOUR, (double)row->size_kb };
    }
    return count;
}

void from_top_grower(const struct diagnosis *d, const struct parsed *p, struct gain *ret)
{
    uint32_t rows;
    const struct proclist_row *row = from_top_rows(p, &rows);
    struct run r;
    if (run_begin(&r, &p->top)) {
        for (uint32_t i = 0; i < rows; i++) {
            struct gain g = { .pid = (uint32_t)row[i].pid, .line = row[i].line };
            struct trend trend;
            const uint32_t count = follow(&r, &row[i]);
            if (count == 0)
                continue;
            gain_measure(r.point, count, &g);
            if (!gain_counts(d, &g) || g.s < SLOPE_S || g.kb <= ret->kb)
                continue;
            trend_recent(r.trend_point, count, &trend);
            if (!trend_grows(&trend))
                continue;
            (void)snprintf(g.name, sizeof g.name, "%.60s", row[i].command);
            (void)snprintf(g.file, sizeof g.file, "%s", p->path);
            *ret = g;
        }
    }
    run_end(&r);
}

/* The most that a program took within the last hour. */
static void extract_rise(const struct diagnosis *d, const struct parsed *p, struct facts *ret)
{
    uint32_t rows;
    const struct proclist_row *row = from_top_rows(p, &rows), *who = NULL;
    int64_t most_kb = 0;
    struct run r;
    const bool is_long = run_begin(&r, &p->top);
    for (uint32_t i = 0; is_long && i < rows; i++) {
        const uint32_t count = follow(&r, &row[i]);
        for (uint32_t n = 0; count >= GAIN_SEEN_LEAST && n < count; n++) {
            const int64_t rise_kb = row[i].size_kb - r.point[n].kb;
            if (r.uptime_s[p->top.snapshot_count - 1] - r.point[n].at_s > S_PER_HOUR ||
                rise_kb <= most_kb)
                continue;
            most_kb = rise_kb;
            who = &row[i];
        }
    }
    if (who != NULL && diagnosis_pct_of_ram(d, most_kb) >= RISE_PCT)
        fact_set(ret, FACT_TOP_NOW_RISE, diagnosis_pct_of_ram(d, most_kb), who->command, p->path,
                 who->line, "top: %.40s pid %lld took %lld kB within its last hour", who->command,
                 (long long)who->pid, (long long)most_kb)
            ->pid = (uint32_t)who->pid;
    run_end(&r);
}

/* ---- all of them ----------------------------------------------------------------------------- */
const struct proclist_row *from_top_rows(const struct parsed *p, uint32_t *ret_count)
{
    *ret_count = 0;
    if (p->top.snapshot_count == 0)
        return NULL;
    const struct top_snapshot *last = &p->top.snapshot[p->top.snapshot_count - 1];
    *ret_count = last->row_count;
    return &p->top.row[last->first_row];
}

/* "[kswapd]", "/usr/sbin/crond -n" -> the name alone. */
static void name_of(const char *command, struct seen_task *to)
{
    const char *name = command + (command[0] == '[');
    const char *blank = name + strcspn(name, " ]");
    const char *slash = blank;
    while (slash > name && slash[-1] != '/')
        slash--;
    (void)snprintf(to->comm, sizeof to->comm, "%.*s", (int)(blank - slash), slash);
}

static void extract_tasks(const struct diagnosis *d, const struct parsed *p, struct facts *ret)
{
    uint32_t rows;
    const struct proclist_row *row = from_top_rows(p, &rows);
    struct seen_tasks seen = { .is_glimpse = true };
    for (uint32_t i = 0; i < rows; i++) {
        struct seen_task *to = PARSE_ADD(seen.task, seen.count, seen.room);
        to->pid = row[i].pid > 0 ? (uint32_t)row[i].pid : 0;
        to->state = row[i].stat[0] != '\0' ? row[i].stat[0] : '?';
        name_of(row[i].command, to);
    }
    seen.whole = rows > 0 && p->top.snapshot[p->top.snapshot_count - 1].processes == (int64_t)rows;
    if (rows > 0)
        tasks_extract(d, &seen, p->path, ret);
    free(seen.task);
}

void from_top(const struct diagnosis *d, const struct parsed *p, struct facts *ret)
{
    const struct gain *g = &d->reading->grower;
    char text[FACT_TEXT_MAX];
    if (d->reading->grower_of == p) {
        (void)snprintf(text, sizeof text, "top: %.40s pid %u from %lld to %lld kB in %.1f hours",
                       g->name, g->pid, (long long)(g->last_kb - g->kb), (long long)g->last_kb,
                       (double)g->s / S_PER_HOUR);
        gain_extract(d, g, text, ret);
    }
    extract_rise(d, p, ret);
    extract_tasks(d, p, ret);
}
