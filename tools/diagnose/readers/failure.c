/* failure.c - see failure.h. */
#include "tools/diagnose/readers/failure.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/units.h"
#include "tools/diagnose/readers/extract.h"
#include "tools/parse/dumptext.h"

#define KB_PER_PAGE 4
#define SAME_STUN_NS (int64_t) NS_PER_S /* zdump and core of one failure name the same instant */
#define RESTART_MS 60000u /* uptimes that fall by more than that: the host was started anew */
#define SAME_LOSS_NS (int64_t) NS_PER_MIN /* the alert of t=30 and the error behind it */
#define SLACK_S 120                       /* between the VMkernel's clock and syslogd's stamp */
#define SLACK_NO_ZONE_S (14 * S_PER_HOUR) /* nothing says in which zone the stamps are */

/* ---- the dumps ------------------------------------------------------------------------------- */
static const struct parsed *of_failure(const struct diagnosis *d, enum artefact kind)
{
    const struct parsed *p = NULL;
    while ((p = reading_next(d->reading, kind, p)) != NULL && !p->is_of_failure)
        ;
    return p;
}

static void name_zdump(struct diagnosis *d, const struct parsed *p)
{
    char when[DIAGNOSIS_WHEN_ROOM] = "an unknown time", uptime[DIAGNOSIS_WHEN_ROOM];
    if (p->zdump.end_s > 0)
        diagnosis_when(p->zdump.end_s, when);
    diagnosis_uptime(p->zdump.stun_ns, uptime);
    diagnosis_remark(&d->earlier, "%s (UTC), after an uptime of %s: %s", when, uptime, p->path);
}

static void choose_zdump(struct diagnosis *d)
{
    int64_t end_s = 0;
    for (struct parsed *p = NULL; (p = reading_next(d->reading, ARTEFACT_ZDUMP, p)) != NULL;)
        end_s = p->zdump.end_s > end_s ? p->zdump.end_s : end_s;
    for (struct parsed *p = NULL; (p = reading_next(d->reading, ARTEFACT_ZDUMP, p)) != NULL;) {
        p->is_of_failure = p->zdump.end_s == end_s;
        if (p->is_of_failure)
            continue;
        diagnosis_note(p->source, "of an earlier failure");
        name_zdump(d, p);
    }
    d->host.end_s = end_s > 0 ? end_s : -1;
}

static bool is_same_stun(const struct parsed *core, int64_t stun_ns)
{
    return core->core.stun_ns == 0 || llabs(core->core.stun_ns - stun_ns) <= SAME_STUN_NS;
}

static void choose_core(struct diagnosis *d)
{
    const struct parsed *zdump = of_failure(d, ARTEFACT_ZDUMP), *last = NULL;
    for (struct parsed *p = NULL; (p = reading_next(d->reading, ARTEFACT_CORE, p)) != NULL;)
        if (zdump == NULL || zdump->zdump.stun_ns == 0 || is_same_stun(p, zdump->zdump.stun_ns))
            last = p;
    for (struct parsed *p = NULL; (p = reading_next(d->reading, ARTEFACT_CORE, p)) != NULL;) {
        char uptime[DIAGNOSIS_WHEN_ROOM];
        p->is_of_failure = last != NULL && is_same_stun(p, last->core.stun_ns);
        if (p->is_of_failure)
            continue;
        diagnosis_note(p->source, "of another failure");
        diagnosis_uptime(p->core.stun_ns, uptime);
        if (last != NULL)
            diagnosis_remark(&d->earlier, "a failure after an uptime of %s: %s", uptime, p->path);
        else
            diagnosis_remark(&d->contradictions,
                             "the core %s was written after %.1f days of uptime, the zdump %s "
                             "after %.1f: two failures; the core is not used",
                             p->path, (double)p->core.stun_ns / NS_PER_DAY, zdump->path,
                             (double)zdump->zdump.stun_ns / NS_PER_DAY);
    }
}

/* ---- the hours before the end ---------------------------------------------------------------- */
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

/* "VMkernel error" stands behind the start after a purple screen: all but the last are of earlier
 * failures, and the last, too, when the failure came behind it. */
static void name_earlier_errors(struct diagnosis *d, const struct parsed_summary *s)
{
    const struct vmksummary_record *last = NULL;
    for (uint32_t i = 0; i <= s->v.record_count; i++) {
        char when[DIAGNOSIS_WHEN_ROOM];
        const bool is_end = i == s->v.record_count;
        if (!is_end && s->v.record[i].kind != VMKSUMMARY_ERROR)
            continue;
        if (last != NULL && (!is_end || d->host.end_s > last->epoch_s)) {
            diagnosis_when(last->epoch_s, when);
            diagnosis_remark(&d->earlier, "a purple screen before %s (UTC): %s:%u", when,
                             s->text[last->file].name, last->line);
        }
        last = is_end ? NULL : &s->v.record[i];
    }
}

static void choose_hours(struct diagnosis *d)
{
    struct parsed *p = reading_next(d->reading, ARTEFACT_VMKSUMMARY, NULL);
    if (p == NULL || (p->summary.v.is_esxi5 && p->summary.v.hourly_count == 0))
        return;
    const struct vmksummary *v = &p->summary.v;
    const uint32_t end = end_of_story(d, v);
    uint32_t boot = 0;
    name_earlier_errors(d, &p->summary);
    d->host.zone_s = v->has_zone ? v->zone_s : 0;
    d->hour = calloc(v->record_count + 1, sizeof(struct vmksummary_record *));
    for (uint32_t i = 0; i < end; i++)
        if (is_hour(&v->record[i]))
            boot = v->record[i].boot;
    for (uint32_t i = 0; d->hour != NULL && i < end; i++)
        if (is_hour(&v->record[i]) && v->record[i].boot == boot)
            d->hour[d->hour_count++] = &v->record[i];
    p->is_of_failure = d->hour_count > 0;
}

/* ---- the boot in a VMkernel log -------------------------------------------------------------- */
/* Did a line with this stamp come before the end of the failure? Without stamp or end it may. */
static bool is_before_end(const struct diagnosis *d, bool has_stamp, const struct scan_stamp *stamp)
{
    if (!has_stamp || d->host.end_s < 0)
        return true;
    const int64_t slack = d->facts.seen[ARTEFACT_VMKSUMMARY] ? SLACK_S : SLACK_NO_ZONE_S;
    const int64_t end = d->host.end_s + d->host.zone_s;
    return scan_stamp_near(stamp, end) <= end + slack;
}

static bool is_restart(const struct vmklog *v, uint32_t i)
{
    return i > 0 && v->line[i].class != VMKLOG_REPEATED &&
           v->line[i].uptime_ms + RESTART_MS < v->line[i - 1].uptime_ms;
}

/* A stop of the console, whatever its reason: "COS Error", "COS Panic" or an alert at its limit */
static bool is_stop(const struct vmklog_line *l)
{
    return l->class == VMKLOG_COS_ERROR ||
           (l->class == VMKLOG_LOST_HEARTBEAT && l->alert.to > 0 && l->alert.t >= l->alert.to);
}

static void take_boot_around(struct parsed *p, uint32_t i)
{
    const struct vmklog *v = &p->vmklog;
    p->from = i;
    p->to = i + 1;
    while (p->from > 0 && !is_restart(v, p->from))
        p->from--;
    while (p->to < v->line_count && !is_restart(v, p->to))
        p->to++;
    p->is_of_failure = true;
}

static void name_stop(struct diagnosis *d, const struct parsed *p, uint32_t i)
{
    char uptime[DIAGNOSIS_WHEN_ROOM];
    const struct vmklog_line *l = &p->vmklog.line[i];
    if (l->class != VMKLOG_COS_ERROR)
        return;
    diagnosis_uptime((int64_t)(l->uptime_ms * NS_PER_MS), uptime);
    diagnosis_remark(&d->earlier, "\"%.80s\" after an uptime of %s: %s:%u", l->text, uptime,
                     p->path, l->line);
}

/* The last stop in the log; those in boots before it are named. @return its index, or the number of
 * lines when there is none */
static uint32_t find_stop(struct diagnosis *d, struct parsed *p)
{
    const struct vmklog *v = &p->vmklog;
    uint32_t stop = v->line_count;
    for (uint32_t i = 0; i < v->line_count; i++) {
        if (!is_stop(&v->line[i]))
            continue;
        if (stop < v->line_count) {
            take_boot_around(p, stop);
            if (i >= p->to)
                name_stop(d, p, stop);
        }
        stop = i;
    }
    return stop;
}

/* `loss_ns`: the uptime of the loss by a log that was asked before; -1 = none reports one. */
static void choose_boot(struct diagnosis *d, struct parsed *p, int64_t *loss_ns)
{
    const struct vmklog *v = &p->vmklog;
    const uint32_t stop = find_stop(d, p);
    p->is_of_failure = false;
    if (stop < v->line_count) {
        const int64_t at_ns = (int64_t)(v->line[stop].uptime_ms * NS_PER_MS);
        if (*loss_ns >= 0 && llabs(at_ns - *loss_ns) > SAME_LOSS_NS) {
            name_stop(d, p, stop);
        } else {
            *loss_ns = *loss_ns >= 0 ? *loss_ns : at_ns;
            take_boot_around(p, stop);
        }
    } else {
        for (uint32_t i = v->line_count; i-- > 0 && !p->is_of_failure;)
            if (is_before_end(d, v->line[i].has_stamp, &v->line[i].stamp))
                take_boot_around(p, i);
    }
    if (!p->is_of_failure)
        diagnosis_note(p->source, "not of the boot that failed");
}

/* ---- the boot in messages -------------------------------------------------------------------- */
static bool is_start(const struct messages_line *l)
{
    return l->class == MESSAGES_BOOT && strncmp(l->text, "Linux version", 13) == 0;
}

static void choose_lines(const struct diagnosis *d, struct parsed *p)
{
    const struct messages *m = &p->messages;
    p->from = 0;
    p->to = m->line_count;
    while (p->to > 0 && !is_before_end(d, m->line[p->to - 1].has_stamp, &m->line[p->to - 1].stamp))
        p->to--;
    for (uint32_t i = 0; i < p->to; i++)
        if (is_start(&m->line[i]))
            p->from = i;
    p->is_of_failure = p->from < p->to;
}

static void choose_boots(struct diagnosis *d)
{
    int64_t loss_ns = -1;
    for (int in_zdump = 1; in_zdump >= 0; in_zdump--) /* the zdump knows its own loss */
        for (struct parsed *p = NULL; (p = reading_next(d->reading, ARTEFACT_VMKLOG, p)) != NULL;)
            if ((p->within != NULL) == (in_zdump == 1) &&
                (p->within == NULL || p->within->is_of_failure))
                choose_boot(d, p, &loss_ns);
    for (struct parsed *p = NULL; (p = reading_next(d->reading, ARTEFACT_MESSAGES, p)) != NULL;)
        if (p->within == NULL || p->within->is_of_failure)
            choose_lines(d, p);
}

/* ---- the host and its memory ----------------------------------------------------------------- */
/* Take what is not known yet, from `least` on: who knows best is asked first. */
static void take_text(char *to, size_t size, const char *from)
{
    if (to[0] == '\0')
        (void)snprintf(to, size, "%s", from);
}

static void take(int64_t *to, int64_t from, int64_t least)
{
    if (*to < 0 && from >= least)
        *to = from;
}

static void describe_by_screens(struct diagnosis_host *h, const struct diagnosis *d, bool in_zdump)
{
    for (struct parsed *p = NULL; (p = reading_next(d->reading, ARTEFACT_SCREEN, p)) != NULL;) {
        const struct purple *s = &p->screen;
        char build[32] = "";
        if (!p->is_of_failure || (p->within != NULL) != in_zdump)
            continue;
        if (s->build != 0)
            (void)snprintf(build, sizeof build, "%llu", (unsigned long long)s->build);
        take_text(h->build, sizeof h->build, build);
        if (s->layout != PURPLE_NO_LAYOUT)
            take_text(h->profile, sizeof h->profile, purple_layout_name(s->layout));
        if (s->has_uptime)
            take(&h->uptime_ns, (int64_t)(s->uptime_ms * NS_PER_MS), 1);
    }
}

static void describe_by_zdump(struct diagnosis *d, const struct parsed_zdump *from)
{
    struct diagnosis_host *h = &d->host;
    char text[sizeof h->name] = "";
    int64_t vms = -1, swap_kb = -1;
    (void)dumptext_find(&from->z, ZDUMP_STATE, "host", text, sizeof text);
    take_text(h->name, sizeof h->name, text);
    if (h->build[0] == '\0')
        (void)dumptext_find(&from->z, ZDUMP_STATE, "build", h->build, sizeof h->build);
    if (h->profile[0] == '\0')
        (void)dumptext_find(&from->z, ZDUMP_STATE, "profile", h->profile, sizeof h->profile);
    (void)dumptext_find_number(&from->z, ZDUMP_STATE, "vms", &vms);
    (void)dumptext_find_number(&from->z, ZDUMP_STATE, "cos_swap_kb", &swap_kb);
    take(&h->uptime_ns, from->stun_ns, 1);
    take(&h->vms, vms, 0);
    take(&d->memory.swap_total_kb, swap_kb, 0);
}

static void describe_by_core(struct diagnosis *d, const struct parsed_core *c)
{
    struct diagnosis_memory *m = &d->memory;
    take(&d->host.uptime_ns, c->stun_ns, 1);
    take(&m->total_kb, (int64_t)c->total * KB_PER_PAGE, 1);
    if (c->swap_total > 0) {
        m->swap_total_kb = (int64_t)c->swap_total * KB_PER_PAGE;
        m->swap_used_kb = (int64_t)(c->swap_total - c->swap_free) * KB_PER_PAGE;
    }
    for (uint32_t i = 0; c->tasks.has_sizes && c->total > 0 && i < c->tasks.count; i++)
        diagnosis_add_process(m, c->tasks.task[i].comm, c->tasks.task[i].pid, c->tasks.task[i].kb);
}

static void describe_by_last_hour(struct diagnosis *d, const struct vmksummary_record *last)
{
    struct diagnosis_host *h = &d->host;
    const bool has_processes = d->memory.top_count > 0;
    take(&h->vms, last->vms, 0);
    take_text(h->name, sizeof h->name, last->host);
    take_text(h->build, sizeof h->build, last->vmk_build);
    take(&h->uptime_ns, (int64_t)(last->cos_ms * NS_PER_MS), 0);
    take(&d->memory.swap_used_kb, last->swap_kb, 0);
    for (uint32_t n = 0; !has_processes && n < last->top_count; n++)
        diagnosis_add_process(&d->memory, last->top[n].name, 0, last->top[n].kb);
}

static void describe_by_top(struct diagnosis_memory *m, const struct parsed *p)
{
    uint32_t count;
    const struct top_row *row = from_top_rows(p, &count);
    const bool has_processes = m->top_count > 0;
    if (p->top.snapshot_count > 0) {
        const struct top_snapshot *s = &p->top.snapshot[p->top.snapshot_count - 1];
        take(&m->total_kb, s->mem_kb, 1);
        take(&m->swap_total_kb, s->swap_kb, 1);
        take(&m->swap_used_kb, s->swap_used_kb, 0);
    }
    for (uint32_t i = 0; !has_processes && i < count; i++)
        diagnosis_add_process(m, row[i].command, (uint32_t)row[i].pid, row[i].size_kb);
}

/* The host and its memory. Of a bundle, /proc/meminfo is of the time after the start: its totals
 * hold, what it says of the use says nothing of the failure [KB308590]. */
static void describe(struct diagnosis *d)
{
    struct diagnosis_memory *m = &d->memory;
    const struct parsed *zdump = of_failure(d, ARTEFACT_ZDUMP),
                        *core = of_failure(d, ARTEFACT_CORE);
    describe_by_screens(&d->host, d, false);
    if (zdump != NULL)
        describe_by_zdump(d, &zdump->zdump);
    describe_by_screens(&d->host, d, true);
    if (core != NULL)
        describe_by_core(d, &core->core);
    for (struct parsed *p = NULL; (p = reading_next(d->reading, ARTEFACT_MEMINFO, p)) != NULL;) {
        take(&m->total_kb, meminfo_kb(&p->meminfo, "MemTotal"), 1);
        take(&m->swap_total_kb, meminfo_kb(&p->meminfo, "SwapTotal"), 1);
    }
    for (struct parsed *p = NULL; (p = reading_next(d->reading, ARTEFACT_MESSAGES, p)) != NULL;) {
        const struct messages_meminfo *b = p->is_of_failure ? from_messages_meminfo(p) : NULL;
        const int64_t reserved = b != NULL && b->reserved_pages > 0 ? b->reserved_pages : 0;
        take(&m->total_kb, b != NULL ? KB_PER_PAGE * (b->ram_pages - reserved) : -1, 1);
    }
    if (d->hour_count > 0)
        describe_by_last_hour(d, d->hour[d->hour_count - 1]);
    for (struct parsed *p = NULL; (p = reading_next(d->reading, ARTEFACT_TOP, p)) != NULL;)
        describe_by_top(m, p);
}

static void keep_beats(struct diagnosis *d)
{
    const struct parsed *zdump = of_failure(d, ARTEFACT_ZDUMP);
    struct dumptext t;
    if (zdump == NULL)
        return;
    for (dumptext_begin(&t, &zdump->zdump.z, ZDUMP_HEARTBEATS);
         dumptext_next(&t) && d->beat_count < DIAGNOSIS_BEATS_MAX;) {
        struct diagnosis_beat *b = &d->beat[d->beat_count];
        d->beat_count += dumptext_is(&t, "beat") && dumptext_number(&t, "ns", &b->at_ns) &&
                         dumptext_number(&t, "latency_ns", &b->latency_ns);
    }
}

/* ---- who grew -------------------------------------------------------------------------------- */
static void choose_grower(struct diagnosis *d)
{
    for (uint32_t i = 0; i < d->reading->count; i++) {
        const struct parsed *p = d->reading->parsed[i];
        struct gain g = { .seen = 0 };
        if (p->kind == ARTEFACT_VMKSUMMARY && p->is_of_failure)
            from_summary_grower(d, p, &g);
        else if (p->kind == ARTEFACT_TOP)
            from_top_grower(d, p, &g);
        if (g.seen > 0 && g.kb > d->reading->grower.kb) {
            d->reading->grower = g;
            d->reading->grower_of = p;
        }
    }
}

/* ---- all of it ------------------------------------------------------------------------------- */
void failure_decide(struct diagnosis *d)
{
    const struct reading *r = d->reading;
    for (uint32_t i = 0; i < r->count; i++)
        r->parsed[i]->is_of_failure =
            r->parsed[i]->kind == ARTEFACT_MEMINFO || r->parsed[i]->kind == ARTEFACT_TOP;
    choose_zdump(d);
    choose_core(d);
    for (uint32_t i = 0; i < r->count; i++) {
        struct parsed *p = r->parsed[i];
        if (p->kind == ARTEFACT_SCREEN)
            p->is_of_failure =
                p->screen.is_screen && (p->within == NULL || p->within->is_of_failure);
        if (p->within == NULL)
            d->facts.seen[p->kind] |=
                p->is_of_failure || (p->kind != ARTEFACT_CORE && p->kind != ARTEFACT_ZDUMP);
    }
    choose_hours(d);
    choose_boots(d);
    describe(d);
    keep_beats(d);
    choose_grower(d);
}
