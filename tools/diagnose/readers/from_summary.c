/* from_summary.c - trends over the hourly lines of vmksummary, in the boot that ended with the
 * failure (d->hour): how much the program gained that grows (tools/trend), how full swap was. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/units.h"
#include "tools/diagnose/readers/extract.h"
#include "tools/parse/memory.h"
#include "tools/trend/growth.h"

#define STEADY_LINES 12u          /* fewer say nothing of steadiness. OUR CHOICE */
#define STEADY_SHARE 0.08         /* of its size: a breathing hostd moves by less */
#define ARRIVAL_SHARE 0.9         /* of its size at the end. OUR CHOICE */
#define LARGE_PCT 25.0            /* of RAM: two lines are enough to see that it still grows */
#define FRESH_S (130 * S_PER_MIN) /* a last line that is older says little of the end */

/* The hours of d, and the files that they stand in. */
struct hours {
    const struct diagnosis *d;
    const struct parsed_summary *s;
    const struct vmksummary_record **at; /* oldest first */
    const struct vmksummary_record *last;
    uint32_t count;
};

static struct hours hours_of(const struct diagnosis *d, const struct parsed *p)
{
    return (struct hours){ d, &p->summary, d->hour, d->hour[d->hour_count - 1], d->hour_count };
}

static const char *file_of(const struct hours *h, const struct vmksummary_record *r)
{
    return h->s->text[r->file].name;
}

static struct fact *set(const struct hours *h, struct facts *ret, enum fact_id id, double value,
                        const char *who, const struct vmksummary_record *r, const char *text)
{
    return fact_set(ret, id, value, who, file_of(h, r), r->line, "%s",
                    text != NULL ? text : reading_line(&h->s->text[r->file], r->line));
}

/* ---- programs -------------------------------------------------------------------------------- */
/* How the size of a program went that the last line names; by the clock, as the lines show it. */
static struct gain gain_of(const struct hours *h, const char *name)
{
    struct gain g = { .line = h->last->line };
    struct trend_point *point = memory_get(h->count * sizeof *point);
    uint32_t count = 0;
    for (uint32_t i = 0; i < h->count; i++) {
        const int64_t kb = vmksummary_kb_of(h->at[i], name);
        if (kb >= 0)
            point[count++] =
                (struct trend_point){ (double)(h->at[i]->epoch_s - h->at[0]->epoch_s) / S_PER_HOUR,
                                      (double)kb };
    }
    gain_measure(point, count, &g);
    (void)snprintf(g.name, sizeof g.name, "%s", name);
    (void)snprintf(g.file, sizeof g.file, "%s", file_of(h, h->last));
    free(point);
    return g;
}

void from_summary_grower(const struct diagnosis *d, const struct parsed *p, struct gain *ret)
{
    const struct hours h = hours_of(d, p);
    const struct vmksummary *v = &p->summary.v;
    struct growth growth[VMKSUMMARY_TOP_MAX];
    const uint32_t count = growth_find(v, (uint32_t)(h.last - v->record), growth);
    for (uint32_t i = 0; i < count; i++) {
        const struct gain g = gain_of(&h, growth[i].name);
        if (gain_counts(d, &g) && g.kb > ret->kb)
            *ret = g;
    }
}

static void extract_growth(const struct hours *h, const struct parsed *p, struct facts *ret)
{
    const struct gain *g = &h->d->reading->grower;
    char text[FACT_TEXT_MAX];
    if (h->d->reading->grower_of == p) {
        (void)snprintf(text, sizeof text,
                       "%s: from %.0f to %.0f kB in %.1f hours, %.0f kB/h; %+.0f kB in the last "
                       "%.0f s",
                       g->name, g->last_kb - g->kb, g->last_kb, g->hours, gain_kb_per_hour(g),
                       g->last_step_kb, g->last_step_s);
        gain_extract(h->d, g, text, ret);
    } else if (g->seen == 0 && h->count >= STEADY_LINES) {
        (void)snprintf(text, sizeof text, "%u hourly lines; no program in them gained %d %% of RAM",
                       h->count, GAIN_LEAST_PCT);
        set(h, ret, FACT_NO_GROWER, 1, NULL, h->last, text);
    }
}

/* Did the program come with its size, from one hourly line to the next? Before its first line it
 * was at the most as large as the smallest of the three that stand in the line before. */
static void extract_arrival(const struct hours *h, const struct gain *g, struct facts *ret)
{
    char text[FACT_TEXT_MAX];
    uint32_t first = 0;
    while (vmksummary_kb_of(h->at[first], g->name) < 0)
        first++; /* the last line names it */
    if (first == 0 || h->at[first - 1]->top_count == 0)
        return;
    const struct vmksummary_record *before = h->at[first - 1], *r = h->at[first];
    const double least = (double)before->top[before->top_count - 1].kb;
    const double size = (double)vmksummary_kb_of(r, g->name);
    if (size - least < ARRIVAL_SHARE * (g->last_kb - least))
        return;
    (void)snprintf(text, sizeof text,
                   "%s: less than %.0f kB in one hourly line, %.0f kB in the next, %.0f kB at the "
                   "end",
                   g->name, least, size, g->last_kb);
    set(h, ret, FACT_CAME_WHOLE, diagnosis_pct_of_ram(h->d, size - least), g->name, r, text);
}

/* What the last lines say of the program that is largest at the end. */
static void extract_largest(const struct hours *h, struct facts *ret)
{
    char text[FACT_TEXT_MAX];
    if (h->last->top_count == 0)
        return;
    const struct gain g = gain_of(h, h->last->top[0].name);
    const double share = diagnosis_pct_of_ram(h->d, g.last_kb);
    const bool is_steady =
        g.seen >= STEADY_LINES && g.high_kb - g.low_kb <= STEADY_SHARE * g.high_kb;
    extract_arrival(h, &g, ret);
    set(h, ret, FACT_BIGGEST_LAST, share, g.name, h->last, NULL);
    if (is_steady) {
        (void)snprintf(text, sizeof text, "%s: between %.0f and %.0f kB in %u lines", g.name,
                       g.low_kb, g.high_kb, g.seen);
        set(h, ret, FACT_BIGGEST_STEADY, share, g.name, h->last, text);
    }
    if (is_steady || share < LARGE_PCT || g.last_step_kb <= 0 || g.last_step_s <= 0)
        return;
    const double per_hour = g.last_step_kb / g.last_step_s * S_PER_HOUR;
    (void)snprintf(text, sizeof text,
                   "%s: +%.0f kB from one hourly line to the next (%.0f s), %.0f kB/h", g.name,
                   g.last_step_kb, g.last_step_s, per_hour);
    set(h, ret, FACT_BIG_AND_GROWING, diagnosis_pct_of_ram(h->d, 24 * per_hour), g.name, h->last,
        text);
    if (h->d->reading->grower_of == NULL)
        set(h, ret, FACT_GROWER_RATE, per_hour, g.name, h->last, text);
}

/* What the largest process holds at the stun beyond what the last hourly line knew of it. */
static void extract_rise(const struct hours *h, struct facts *ret)
{
    const struct fact *top = &h->d->facts.fact[FACT_TOP_NOW];
    const int64_t now_kb = h->d->memory.top[0].kb;
    char name[9], text[FACT_TEXT_MAX];
    if (!top->known || (h->d->host.end_s >= 0 && h->d->host.end_s - h->last->epoch_s > FRESH_S))
        return;
    (void)snprintf(name, sizeof name, "%.8s", top->who);
    int64_t known_kb = vmksummary_kb_of(h->last, name);
    const bool is_listed = known_kb >= 0;
    if (!is_listed)
        known_kb = h->last->top_count > 0 ? h->last->top[h->last->top_count - 1].kb : 0;
    (void)snprintf(text, sizeof text,
                   "%s holds %lld kB at the stun; the last hourly line knew of %s%lld kB", top->who,
                   (long long)now_kb, is_listed ? "" : "less than ", (long long)known_kb);
    set(h, ret, FACT_TOP_NOW_RISE, diagnosis_pct_of_ram(h->d, (double)(now_kb - known_kb)),
        top->who, h->last, text)
        ->pid = top->pid;
}

/* ---- swap ------------------------------------------------------------------------------------ */
static double pct_of_swap(const struct hours *h, int64_t kb)
{
    return 100.0 * (double)kb / (double)h->d->memory.swap_total_kb;
}

static void extract_swap(const struct hours *h, struct facts *ret)
{
    const struct vmksummary_record *last = h->last, *day = NULL;
    char text[FACT_TEXT_MAX];
    for (uint32_t i = 0; i < h->count; i++)
        if (h->at[i]->epoch_s <= last->epoch_s - S_PER_DAY + 10 * S_PER_MIN)
            day = h->at[i];
    if (h->d->memory.swap_total_kb > 0) {
        set(h, ret, FACT_SWAP_LAST, pct_of_swap(h, last->swap_kb), NULL, last, NULL);
        if (day != NULL)
            set(h, ret, FACT_SWAP_DAY_BEFORE, pct_of_swap(h, day->swap_kb), NULL, day, NULL);
    }
    const struct vmksummary_record *from = day != NULL ? day : h->at[0];
    if (last->epoch_s <= from->epoch_s)
        return;
    const double hours = (double)(last->epoch_s - from->epoch_s) / S_PER_HOUR;
    (void)snprintf(text, sizeof text, "swap: from %lld to %lld kB in %.1f hours",
                   (long long)from->swap_kb, (long long)last->swap_kb, hours);
    set(h, ret, FACT_SWAP_RATE, (double)(last->swap_kb - from->swap_kb) / hours, NULL, last, text);
}

/* The least swap in use from one instant to before another; -1 = no line. */
static int64_t least_swap(const struct hours *h, int64_t from_s, int64_t to_s)
{
    int64_t least = -1;
    for (uint32_t i = 0; i < h->count; i++)
        if (h->at[i]->epoch_s >= from_s && h->at[i]->epoch_s < to_s &&
            (least < 0 || h->at[i]->swap_kb < least))
            least = h->at[i]->swap_kb;
    return least;
}

/* A load that comes each night lets swap go again, or keeps it where it is. From the second day on,
 * since idle pages go to swap in the first. */
static void extract_climb(const struct hours *h, struct facts *ret)
{
    const int64_t first_s = h->at[0]->epoch_s, last_s = h->last->epoch_s;
    char text[FACT_TEXT_MAX];
    if (h->d->memory.swap_total_kb <= 0 || last_s - first_s < 4 * S_PER_DAY)
        return;
    const int64_t was = least_swap(h, first_s + S_PER_DAY, first_s + 2 * S_PER_DAY);
    const int64_t is = least_swap(h, last_s - S_PER_DAY + 1, last_s + 1);
    if (was < 0 || is < 0)
        return;
    (void)snprintf(text, sizeof text,
                   "least swap in use: %lld kB on the second day, %lld kB on the last",
                   (long long)was, (long long)is);
    set(h, ret, FACT_SWAP_CLIMB, pct_of_swap(h, is - was), NULL, h->last, text);
}

/* ---- all of it ------------------------------------------------------------------------------- */
void from_summary(const struct diagnosis *d, const struct parsed *p, struct facts *ret)
{
    const struct hours h = hours_of(d, p);
    if (d->host.end_s > h.last->epoch_s)
        set(&h, ret, FACT_SUMMARY_SILENT, (double)(d->host.end_s - h.last->epoch_s) / S_PER_MIN,
            NULL, h.last, NULL);
    extract_swap(&h, ret);
    extract_climb(&h, ret);
    extract_growth(&h, p, ret);
    extract_largest(&h, ret);
    extract_rise(&h, ret);
}
