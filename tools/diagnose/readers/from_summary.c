/* from_summary.c - trends over the hourly lines of vmksummary: who grows, how full swap was.
 *
 * A line names the three largest programs only, so a program's history has holes. Growth is looked
 * for in the boot that ended with the failure, from the last hour in which the program was still
 * near its low; a step within one hour is no growth. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/units.h"
#include "tools/diagnose/readers/from.h"
#include "tools/parse/vmksummary.h"

#define NAMES_MAX 64u
#define STEADY_LINES 12u   /* fewer say nothing of steadiness. OUR CHOICE */
#define STEADY_SHARE 0.08  /* of its size: a breathing hostd moves by less */
#define NEAR_LOW 0.05      /* of the gain */
#define STEP_SHARE 0.6     /* of the gain in one hour: that is a step and no slope */
#define ARRIVAL_SHARE 0.9  /* of its size at the end. OUR CHOICE */
#define GROWER_PCT 4.0     /* of RAM: less is breathing */
#define FRESH_S (130 * 60) /* a last line that is older says little of the end */

void from_summary_add(struct diagnosis *d, struct text *text)
{
    struct text *more =
        realloc(d->summary_text, (d->summary_text_count + 1) * sizeof *d->summary_text);
    if (more == NULL) {
        text_free(text);
        return;
    }
    d->summary_text = more;
    d->summary_text[d->summary_text_count++] = *text;
}

/* ---- the hours before the end ---------------------------------------------------------------- */
struct hours {
    const struct vmksummary *v;
    const struct vmksummary_record **at; /* oldest first */
    uint32_t count;
};

static bool is_hour(const struct vmksummary_record *r)
{
    return r->kind == VMKSUMMARY_HOURLY;
}

/* The boot that failed: that of the last hourly line before the known end, or before the last
 * "VMkernel error", or simply the last. @return the index behind its last record */
static uint32_t end_of_story(const struct diagnosis *d, const struct vmksummary *v)
{
    uint32_t end = v->record_count;
    if (d->host.end_s >= 0) {
        while (end > 0 && v->record[end - 1].epoch_s > d->host.end_s)
            end--;
        if (end > 0)
            return end;
        end = v->record_count; /* files of another time: take them as they are */
    }
    for (uint32_t i = v->record_count; i-- > 0;) {
        if (v->record[i].kind != VMKSUMMARY_ERROR)
            continue;
        while (i > 0 && !is_hour(&v->record[i]))
            i--;
        return i + 1;
    }
    return end;
}

static void choose_hours(const struct diagnosis *d, const struct vmksummary *v, struct hours *h)
{
    const uint32_t end = end_of_story(d, v);
    uint32_t boot = 0;
    h->v = v;
    h->count = 0;
    h->at = calloc(v->record_count + 1, sizeof(struct vmksummary_record *));
    for (uint32_t i = 0; i < end; i++)
        if (is_hour(&v->record[i]))
            boot = v->record[i].boot;
    for (uint32_t i = 0; h->at != NULL && i < end; i++)
        if (is_hour(&v->record[i]) && v->record[i].boot == boot)
            h->at[h->count++] = &v->record[i];
}

static const char *file_of(const struct diagnosis *d, const struct vmksummary_record *r)
{
    return r->file < d->summary_text_count ? d->summary_text[r->file].name : "vmksummary";
}

static const char *line_of(const struct diagnosis *d, const struct vmksummary_record *r)
{
    if (r->file >= d->summary_text_count)
        return "";
    const struct text *t = &d->summary_text[r->file];
    return r->line > 0 && r->line <= t->count ? t->lines[r->line - 1].at : "";
}

/* ---- one program ----------------------------------------------------------------------------- */
struct trend {
    char name[VMKSUMMARY_NAME_MAX];
    uint32_t seen; /* hours in which it stands */
    double low, last, high;
    double gain, hours; /* since it was near its low */
    double biggest_step;
    double last_step, last_step_s; /* between its last two hours */
    const struct vmksummary_record *last_record;
};

/* The program's size hour by hour: the low first, then what came after it. */
static void measure(const struct hours *h, struct trend *t)
{
    double before = -1, start = 0;
    const struct vmksummary_record *start_record = NULL, *before_record = NULL;
    t->low = INFINITY;
    for (uint32_t i = 0; i < h->count; i++) {
        const int64_t kb = vmksummary_kb_of(h->at[i], t->name);
        if (kb < 0)
            continue;
        t->low = fmin(t->low, (double)kb);
        t->high = fmax(t->high, (double)kb);
        t->last = (double)kb;
        t->seen++;
    }
    const double near_low = t->low + NEAR_LOW * (t->last - t->low);
    for (uint32_t i = 0; i < h->count; i++) {
        const int64_t kb = vmksummary_kb_of(h->at[i], t->name);
        if (kb < 0)
            continue;
        if ((double)kb <= near_low || start_record == NULL) {
            start = (double)kb;
            start_record = h->at[i];
            t->biggest_step = 0;
        } else if (before >= 0) {
            t->biggest_step = fmax(t->biggest_step, (double)kb - before);
        }
        if (before_record != NULL) {
            t->last_step = (double)kb - before;
            t->last_step_s = (double)(h->at[i]->epoch_s - before_record->epoch_s);
        }
        before = (double)kb;
        before_record = h->at[i];
    }
    t->last_record = before_record;
    t->gain = t->last - start;
    t->hours = before_record != NULL
                   ? (double)(before_record->epoch_s - start_record->epoch_s) / S_PER_HOUR
                   : 0;
}

static uint32_t list_names(const struct hours *h, struct trend trends[NAMES_MAX])
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < h->count; i++)
        for (uint32_t n = 0; n < h->at[i]->top_count; n++) {
            uint32_t at = 0;
            while (at < count && strcmp(trends[at].name, h->at[i]->top[n].name) != 0)
                at++;
            if (at < count || count == NAMES_MAX)
                continue;
            memset(&trends[count], 0, sizeof trends[count]);
            memcpy(trends[count++].name, h->at[i]->top[n].name, sizeof trends->name);
        }
    for (uint32_t i = 0; i < count; i++)
        measure(h, &trends[i]);
    return count;
}

/* Grows: by enough of RAM, not in one step, and it is still there at the end. */
static bool grows(const struct diagnosis *d, const struct hours *h, const struct trend *t)
{
    return t->seen >= 4 && diagnosis_pct_of_ram(d, (int64_t)t->gain) >= GROWER_PCT &&
           t->biggest_step < STEP_SHARE * t->gain && t->last_record == h->at[h->count - 1];
}

/* ---- facts ----------------------------------------------------------------------------------- */
static void set_growth(struct diagnosis *d, const struct trend *t)
{
    char text[FACT_TEXT_MAX];
    const struct vmksummary_record *r = t->last_record;
    const char *file = file_of(d, r);
    (void)snprintf(text, sizeof text,
                   "%s: from %.0f to %.0f kB in %.1f hours, %.0f kB/h; %+.0f kB in the last %.0f s",
                   t->name, t->last - t->gain, t->last, t->hours,
                   t->hours > 0 ? t->gain / t->hours : 0, t->last_step, t->last_step_s);
    fact_set(&d->facts, FACT_GROWER_GAIN, diagnosis_pct_of_ram(d, (int64_t)t->gain), t->name, file,
             r->line, text);
    fact_set(&d->facts, FACT_GROWER_HOURS, t->hours, t->name, file, r->line, text);
    fact_set(&d->facts, FACT_GROWER_RATE, t->hours > 0 ? t->gain / t->hours : 0, t->name, file,
             r->line, text);
}

static const struct trend *find_grower(const struct diagnosis *d, const struct hours *h,
                                       const struct trend *trends, uint32_t count)
{
    const struct trend *best = NULL;
    for (uint32_t i = 0; i < count; i++)
        if (grows(d, h, &trends[i]) && (best == NULL || trends[i].gain > best->gain))
            best = &trends[i];
    return best;
}

static void conclude_growth(struct diagnosis *d, const struct hours *h, const struct trend *trends,
                            uint32_t count)
{
    char text[FACT_TEXT_MAX];
    const struct trend *grower = find_grower(d, h, trends, count);
    const struct vmksummary_record *last = h->at[h->count - 1];
    if (grower != NULL) {
        set_growth(d, grower);
        return;
    }
    if (h->count < STEADY_LINES)
        return;
    (void)snprintf(text, sizeof text, "%u hourly lines; no program in them gained %.0f %% of RAM",
                   h->count, GROWER_PCT);
    fact_set(&d->facts, FACT_NO_GROWER, 1, NULL, file_of(d, last), last->line, text);
}

/* Did the program come with its size, from one hourly line to the next? Before its first line it
 * was at the most as large as the smallest of the three that stand in the line before. */
static void conclude_arrival(struct diagnosis *d, const struct hours *h, const struct trend *t)
{
    char text[FACT_TEXT_MAX];
    uint32_t first = 0;
    while (first < h->count && vmksummary_kb_of(h->at[first], t->name) < 0)
        first++;
    if (first == 0 || first == h->count || h->at[first - 1]->top_count == 0)
        return;
    const struct vmksummary_record *before = h->at[first - 1], *r = h->at[first];
    const double least = (double)before->top[before->top_count - 1].kb;
    const double came = (double)vmksummary_kb_of(r, t->name) - least;
    if (came < ARRIVAL_SHARE * (t->last - least))
        return;
    (void)snprintf(
        text, sizeof text,
        "%s: less than %.0f kB in one hourly line, %.0f kB in the next, %.0f kB at the end",
        t->name, least, came + least, t->last);
    fact_set(&d->facts, FACT_CAME_WHOLE, diagnosis_pct_of_ram(d, (int64_t)came), t->name,
             file_of(d, r), r->line, text);
}

/* What the last lines say of the program that is largest at the end. Two lines are enough to see
 * that
 * a program which fills the console still grows. */
static void conclude_biggest(struct diagnosis *d, const struct hours *h, const struct trend *trends,
                             uint32_t count)
{
    char text[FACT_TEXT_MAX];
    const struct vmksummary_record *r = h->at[h->count - 1];
    const struct trend *t = NULL;
    for (uint32_t i = 0; i < count && r->top_count > 0; i++)
        if (strcmp(trends[i].name, r->top[0].name) == 0)
            t = &trends[i];
    if (t == NULL)
        return;
    const double share = diagnosis_pct_of_ram(d, (int64_t)t->last);
    conclude_arrival(d, h, t);
    fact_set(&d->facts, FACT_BIGGEST_LAST, share, t->name, file_of(d, r), r->line, line_of(d, r));
    if (t->seen >= STEADY_LINES && t->high - t->low <= STEADY_SHARE * t->high) {
        (void)snprintf(text, sizeof text, "%s: between %.0f and %.0f kB in %u lines", t->name,
                       t->low, t->high, t->seen);
        fact_set(&d->facts, FACT_BIGGEST_STEADY, share, t->name, file_of(d, r), r->line, text);
    }
    if (share < 25 || t->seen < 2 || t->last_step <= 0 || t->last_step_s <= 0)
        return;
    const double per_hour = t->last_step / t->last_step_s * S_PER_HOUR;
    (void)snprintf(text, sizeof text,
                   "%s: +%.0f kB from one hourly line to the next (%.0f s), %.0f kB/h", t->name,
                   t->last_step, t->last_step_s, per_hour);
    const double per_day = 24 * diagnosis_pct_of_ram(d, 1000000) * per_hour / 1e6;
    if (t->seen < STEADY_LINES || t->high - t->low > STEADY_SHARE * t->high) {
        fact_set(&d->facts, FACT_BIG_AND_GROWING, per_day, t->name, file_of(d, r), r->line, text);
        fact_set(&d->facts, FACT_GROWER_RATE, per_hour, t->name, file_of(d, r), r->line, text);
    }
}

static void conclude_swap(struct diagnosis *d, const struct hours *h)
{
    const struct vmksummary_record *last = h->at[h->count - 1], *day = NULL;
    char text[FACT_TEXT_MAX];
    if (d->memory.swap_used_kb < 0)
        d->memory.swap_used_kb = last->swap_kb;
    for (uint32_t i = 0; i < h->count; i++)
        if (h->at[i]->epoch_s <= last->epoch_s - (int64_t)(24 * S_PER_HOUR) + 600)
            day = h->at[i];
    if (d->memory.swap_total_kb > 0) {
        fact_set(&d->facts, FACT_SWAP_LAST,
                 100 * (double)last->swap_kb / (double)d->memory.swap_total_kb, NULL,
                 file_of(d, last), last->line, line_of(d, last));
        if (day != NULL)
            fact_set(&d->facts, FACT_SWAP_DAY_BEFORE,
                     100 * (double)day->swap_kb / (double)d->memory.swap_total_kb, NULL,
                     file_of(d, day), day->line, line_of(d, day));
    }
    const struct vmksummary_record *from = day != NULL ? day : h->at[0];
    if (last->epoch_s <= from->epoch_s)
        return;
    const double hours = (double)(last->epoch_s - from->epoch_s) / S_PER_HOUR;
    (void)snprintf(text, sizeof text, "swap: from %lld to %lld kB in %.1f hours",
                   (long long)from->swap_kb, (long long)last->swap_kb, hours);
    fact_set(&d->facts, FACT_SWAP_RATE, (double)(last->swap_kb - from->swap_kb) / hours, NULL,
             file_of(d, last), last->line, text);
}

/* The least swap in use within a day, from `from` on; INFINITY = no line. */
static double least_swap(const struct hours *h, int64_t from, int64_t to)
{
    double least = INFINITY;
    for (uint32_t i = 0; i < h->count; i++)
        if (h->at[i]->epoch_s >= from && h->at[i]->epoch_s < to)
            least = fmin(least, (double)h->at[i]->swap_kb);
    return least;
}

/* A load that comes each night lets swap go again, or keeps it where it is. From the second day on,
 * since idle pages go to swap in the first. */
static void conclude_climb(struct diagnosis *d, const struct hours *h)
{
    const struct vmksummary_record *first = h->at[0], *last = h->at[h->count - 1];
    const int64_t day = (int64_t)S_PER_DAY, start = first->epoch_s + day;
    char text[FACT_TEXT_MAX];
    if (d->memory.swap_total_kb <= 0 || last->epoch_s - first->epoch_s < 4 * day)
        return;
    const double was = least_swap(h, start, start + day);
    const double is = least_swap(h, last->epoch_s - day + 1, last->epoch_s + 1);
    if (isinf(was) || isinf(is))
        return;
    (void)snprintf(text, sizeof text,
                   "least swap in use: %.0f kB on the second day, %.0f kB on the last", was, is);
    fact_set(&d->facts, FACT_SWAP_CLIMB, 100 * (is - was) / (double)d->memory.swap_total_kb, NULL,
             file_of(d, last), last->line, text);
}

static void conclude_silence(struct diagnosis *d, const struct hours *h)
{
    const struct vmksummary_record *last = h->at[h->count - 1];
    fact_set(&d->facts, FACT_SUMMARY_LINES, h->count, NULL, file_of(d, last), last->line,
             line_of(d, last));
    if (last->late_s != INT64_MIN)
        fact_set(&d->facts, FACT_SUMMARY_LATE, (double)last->late_s, NULL, file_of(d, last),
                 last->line, line_of(d, last));
    if (d->host.end_s > last->epoch_s)
        fact_set(&d->facts, FACT_SUMMARY_SILENT, (double)(d->host.end_s - last->epoch_s) / 60, NULL,
                 file_of(d, last), last->line, line_of(d, last));
}

/* What the largest process holds at the stun beyond what the last hourly line knew of it. */
static void conclude_rise(struct diagnosis *d, const struct hours *h)
{
    const struct vmksummary_record *last = h->at[h->count - 1];
    const struct fact *top = &d->facts.fact[FACT_TOP_NOW];
    char name[9], text[FACT_TEXT_MAX];
    if (!top->known || d->memory.top_count == 0 ||
        (d->host.end_s >= 0 && d->host.end_s - last->epoch_s > FRESH_S))
        return;
    (void)snprintf(name, sizeof name, "%.8s", top->who);
    int64_t known_kb = vmksummary_kb_of(last, name);
    if (known_kb < 0)
        known_kb =
            last->top_count > 0 ? last->top[last->top_count - 1].kb : 0; /* not among the largest */
    const int64_t rise_kb = d->memory.top[0].kb - known_kb;
    (void)snprintf(text, sizeof text,
                   "%s holds %lld kB at the stun; the last hourly line knew of %s%lld kB", top->who,
                   (long long)d->memory.top[0].kb,
                   vmksummary_kb_of(last, name) < 0 ? "less than " : "", (long long)known_kb);
    fact_set(&d->facts, FACT_TOP_NOW_RISE, diagnosis_pct_of_ram(d, rise_kb), top->who,
             file_of(d, last), last->line, text);
    d->facts.fact[FACT_TOP_NOW_RISE].pid = top->pid;
}

/* ---- all of it ------------------------------------------------------------------------------- */
static void keep_hours(struct diagnosis *d, const struct hours *h)
{
    const uint32_t skip = h->count > DIAGNOSIS_HOURS_MAX ? h->count - DIAGNOSIS_HOURS_MAX : 0;
    d->hour = calloc(h->count - skip + 1, sizeof *d->hour);
    for (uint32_t i = skip; d->hour != NULL && i < h->count; i++) {
        struct diagnosis_hour *to = &d->hour[d->hour_count++];
        to->epoch_s = h->at[i]->epoch_s;
        to->swap_kb = h->at[i]->swap_kb;
        for (uint32_t n = 0; n < 3 && n < h->at[i]->top_count; n++) {
            (void)snprintf(to->top[n].name, sizeof to->top[n].name, "%.15s", h->at[i]->top[n].name);
            to->top[n].kb = h->at[i]->top[n].kb;
        }
    }
}

static void keep_last(struct diagnosis *d, const struct hours *h)
{
    const struct vmksummary_record *last = h->at[h->count - 1];
    if (d->host.vms < 0)
        d->host.vms = last->vms;
    if (d->host.name[0] == '\0')
        (void)snprintf(d->host.name, sizeof d->host.name, "%s", last->host);
    if (d->host.build[0] == '\0')
        (void)snprintf(d->host.build, sizeof d->host.build, "%s", last->vmk_build);
    if (d->host.uptime_ns <= 0)
        d->host.uptime_ns = (int64_t)last->cos_ms * 1000000;
    (void)snprintf(d->summary.build, sizeof d->summary.build, "%s", last->vmk_build);
    (void)snprintf(d->summary.file, sizeof d->summary.file, "%s", file_of(d, last));
    d->summary.uptime_ns = (int64_t)last->vmk_ms * 1000000;
    d->summary.swap_kb = last->swap_kb;
    if (d->memory.top_count > 0)
        return;
    for (uint32_t n = 0; n < last->top_count && n < DIAGNOSIS_TOP; n++) {
        struct diagnosis_process *p = &d->memory.top[d->memory.top_count++];
        (void)snprintf(p->name, sizeof p->name, "%s", last->top[n].name);
        p->kb = last->top[n].kb;
    }
}

/* Not one hourly line of a console. */
static bool is_of_esxi5(const struct vmksummary *v)
{
    for (uint32_t i = 0; i < v->record_count; i++)
        if (v->record[i].kind == VMKSUMMARY_HOURLY)
            return false;
    return v->is_esxi5;
}

static void note_files(struct diagnosis *d, const struct vmksummary *v)
{
    for (uint32_t i = 0; i < d->summary_text_count; i++) {
        struct diagnosis_source *s = diagnosis_find_source(d, d->summary_text[i].name);
        if (s == NULL)
            continue;
        diagnosis_note_unparsed(s, &d->summary_text[i], &v->unparsed, i);
        if (is_of_esxi5(v))
            diagnosis_note(s, "of ESXi 5, which has no service console and no such heartbeat");
    }
}

/* "VMkernel error" stands behind the start after a purple screen: all but the last are older. */
static void name_earlier_errors(struct diagnosis *d, const struct vmksummary *v)
{
    char when[DIAGNOSIS_WHEN_ROOM];
    const struct vmksummary_record *last = NULL;
    for (uint32_t i = 0; i < v->record_count; i++) {
        const struct vmksummary_record *r = &v->record[i];
        if (r->kind != VMKSUMMARY_ERROR)
            continue;
        if (last != NULL) {
            diagnosis_when(last->epoch_s, when);
            diagnosis_remark(&d->earlier, "a purple screen before %s (UTC): %s:%u", when,
                             file_of(d, last), last->line);
        }
        last = r;
    }
    /* An unreset host: its end is behind the last of them. */
    if (last != NULL && d->host.end_s > last->epoch_s) {
        diagnosis_when(last->epoch_s, when);
        diagnosis_remark(&d->earlier, "a purple screen before %s (UTC): %s:%u", when,
                         file_of(d, last), last->line);
    }
}

void from_summary_conclude(struct diagnosis *d)
{
    static struct trend trends[NAMES_MAX];
    struct vmksummary v;
    struct hours h;
    if (d->summary_text_count == 0)
        return;
    vmksummary_parse(d->summary_text, d->summary_text_count, &v);
    note_files(d, &v);
    if (is_of_esxi5(&v)) {
        vmksummary_free(&v);
        return;
    }
    name_earlier_errors(d, &v);
    d->host.zone_s = v.has_zone ? v.zone_s : 0;
    choose_hours(d, &v, &h);
    if (h.at != NULL && h.count > 0) {
        const uint32_t count = list_names(&h, trends);
        keep_hours(d, &h);
        keep_last(d, &h);
        conclude_silence(d, &h);
        conclude_swap(d, &h);
        conclude_climb(d, &h);
        conclude_growth(d, &h, trends, count);
        conclude_biggest(d, &h, trends, count);
        conclude_rise(d, &h);
    }
    free(h.at);
    vmksummary_free(&v);
}
