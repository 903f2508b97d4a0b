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

#define SLOPE_HOURS 3.0 /* what took less is no slope over hours. OUR CHOICE */
#define RISE_PCT 25.0   /* of RAM within the last hour: a spike */

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

/* ---- the programs ---------------------------------------------------------------------------- */
static const struct top_row *find_row(const struct top *t, const struct top_snapshot *s,
                                      const struct top_row *like)
{
    for (uint32_t i = 0; i < s->row_count; i++) {
        const struct top_row *r = &t->row[s->first_row + i];
        if (r->pid == like->pid && strcmp(r->command, like->command) == 0)
            return r;
    }
    return NULL;
}

/* The history of a row of the last snapshot, in the snapshots that end the log. @return how many
 * points it has, oldest first */
static uint32_t follow(const struct top *t, const struct top_row *like, struct trend_point *ret)
{
    uint32_t count = 0;
    int64_t later_s = INT64_MAX;
    for (uint32_t i = t->snapshot_count; i-- > 0;) {
        const int64_t up_s = uptime_of(t->snapshot[i].up);
        if (up_s < 0 || up_s > later_s)
            break;
        later_s = up_s;
        const struct top_row *row = find_row(t, &t->snapshot[i], like);
        if (row != NULL && row->size_kb >= 0)
            ret[count++] = (struct trend_point){ (double)up_s / S_PER_HOUR, (double)row->size_kb };
    }
    for (uint32_t i = 0; i < count / 2; i++) {
        const struct trend_point swapped = ret[i];
        ret[i] = ret[count - 1 - i];
        ret[count - 1 - i] = swapped;
    }
    return count;
}

/* Of the programs in the last snapshot, the one that gained most over hours and the one that rose
 * most within the last; seen = 0: none was seen often enough. */
static void measure_all(const struct diagnosis *d, const struct parsed *p, struct gain *ret_slope,
                        struct gain *ret_rise)
{
    uint32_t rows;
    const struct top_row *row = from_top_rows(p, &rows);
    struct trend_point *point = memory_get((p->top.snapshot_count + 1u) * sizeof *point);
    ret_slope->seen = ret_rise->seen = 0;
    for (uint32_t i = 0; i < rows; i++) {
        struct gain g = { .pid = (uint32_t)row[i].pid, .line = row[i].line };
        struct trend trend;
        if (diagnosis_pct_of_ram(d, (double)row[i].size_kb) < GAIN_LEAST_PCT)
            continue; /* it cannot have gained as much */
        gain_measure(point, follow(&p->top, &row[i], point), &g);
        (void)snprintf(g.name, sizeof g.name, "%.60s", row[i].command);
        (void)snprintf(g.file, sizeof g.file, "%s", p->path);
        if (g.seen >= GAIN_SEEN_LEAST && (ret_rise->seen == 0 || g.rise_kb > ret_rise->rise_kb))
            *ret_rise = g;
        trend_recent(point, g.seen, &trend);
        if (gain_counts(d, &g) && g.hours >= SLOPE_HOURS && trend_grows(&trend) &&
            (ret_slope->seen == 0 || g.kb > ret_slope->kb))
            *ret_slope = g;
    }
    free(point);
}

void from_top_grower(const struct diagnosis *d, const struct parsed *p, struct gain *ret)
{
    struct gain rise;
    measure_all(d, p, ret, &rise);
}

static void extract_growth(const struct diagnosis *d, const struct parsed *p, struct facts *ret)
{
    char text[FACT_TEXT_MAX];
    struct gain g = { .kb = 0 }, rise = { .kb = 0 };
    measure_all(d, p, &g, &rise);
    if (d->reading->grower_of == p) {
        (void)snprintf(text, sizeof text, "top: %.40s pid %u from %.0f to %.0f kB in %.1f hours",
                       g.name, g.pid, g.last_kb - g.kb, g.last_kb, g.hours);
        gain_extract(d, &g, text, ret);
    }
    if (rise.seen > 0 && diagnosis_pct_of_ram(d, rise.rise_kb) >= RISE_PCT)
        fact_set(ret, FACT_TOP_NOW_RISE, diagnosis_pct_of_ram(d, rise.rise_kb), rise.name, p->path,
                 rise.line, "top: %.40s pid %u took %.0f kB within its last hour", rise.name,
                 rise.pid, rise.rise_kb)
            ->pid = rise.pid;
}

/* ---- all of them ----------------------------------------------------------------------------- */
const struct top_row *from_top_rows(const struct parsed *p, uint32_t *ret_count)
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
    const struct top_row *row = from_top_rows(p, &rows);
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
    extract_growth(d, p, ret);
    extract_tasks(d, p, ret);
}
