/* from_logs.c - facts that logs tell: the VMkernel's (with uptimes) and messages (with dates),
 * of the boot that failed.
 *
 * What a line is, its parser says (tools/parse). Logs go on over starts, so facts are taken from
 * one boot alone: that of the last loss that a log tells of, else the last one that began before
 * the failure. Losses in other boots are named as earlier failures. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/diagnose/readers/from.h"
#include "tools/diagnose/readers/tasks.h"
#include "tools/parse/messages.h"
#include "tools/parse/vmklog.h"

#define DAEMON "vmnixhbd"
#define RESTART_MS 60000u /* uptimes that fall by more than that: the host was started anew */
#define SAME_LOSS_NS 60000000000    /* the alert of t=30 and the error behind it */
#define SLACK_S 120                 /* between the VMkernel's clock and the stamp of syslogd */
#define SLACK_NO_ZONE_S (14 * 3600) /* nobody says in which zone the stamps are */
#define KB_PER_PAGE 4

void from_log_add(struct diagnosis *d, enum artefact kind, struct text *text)
{
    struct diagnosis_log *more = realloc(d->log, (d->log_count + 1) * sizeof *d->log);
    if (more == NULL) {
        text_free(text);
        return;
    }
    d->log = more;
    d->log[d->log_count++] = (struct diagnosis_log){ *text, kind };
}

/* Did a line with this stamp come before the end of the failure? Without stamp or end it may. */
static bool is_before_end(const struct diagnosis *d, bool has_stamp, const struct scan_stamp *stamp)
{
    if (!has_stamp || d->host.end_s < 0)
        return true;
    const int64_t slack = d->facts.seen[ARTEFACT_VMKSUMMARY] ? SLACK_S : SLACK_NO_ZONE_S;
    const int64_t end = d->host.end_s + d->host.zone_s;
    return scan_stamp_near(stamp, end) <= end + slack;
}

/* ---- the VMkernel's -------------------------------------------------------------------------- */
struct span {
    uint32_t from, to; /* lines from..to-1 of one boot */
};

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

static struct span boot_around(const struct vmklog *v, uint32_t i)
{
    struct span s = { i, i + 1 };
    while (s.from > 0 && !is_restart(v, s.from))
        s.from--;
    while (s.to < v->line_count && !is_restart(v, s.to))
        s.to++;
    return s;
}

static void name_stop(struct diagnosis *d, const struct vmklog_line *l, const char *shown)
{
    char uptime[DIAGNOSIS_WHEN_ROOM];
    if (l->class != VMKLOG_COS_ERROR)
        return;
    diagnosis_uptime((int64_t)l->uptime_ms * 1000000, uptime);
    diagnosis_remark(&d->earlier, "\"%.80s\" after an uptime of %s: %s:%u", l->text, uptime, shown,
                     l->line);
}

/* The boot whose facts count. @return false when none of this file does */
static bool choose_boot(struct diagnosis *d, const struct vmklog *v, const char *shown,
                        struct span *ret)
{
    uint32_t stop = v->line_count;
    for (uint32_t i = 0; i < v->line_count; i++) {
        if (!is_stop(&v->line[i]))
            continue;
        if (stop < v->line_count && boot_around(v, stop).from != boot_around(v, i).from)
            name_stop(d, &v->line[stop], shown);
        stop = i;
    }
    if (stop < v->line_count) {
        const int64_t at_ns = (int64_t)v->line[stop].uptime_ms * 1000000;
        if (d->loss.file[0] != '\0' && llabs(at_ns - d->loss.uptime_ns) > SAME_LOSS_NS) {
            name_stop(d, &v->line[stop], shown);
            return false;
        }
        if (d->loss.file[0] == '\0') {
            (void)snprintf(d->loss.file, sizeof d->loss.file, "%s", shown);
            d->loss.uptime_ns = at_ns;
        }
        *ret = boot_around(v, stop);
        return true;
    }
    for (uint32_t i = v->line_count; i-- > 0;) {
        if (!is_before_end(d, v->line[i].has_stamp, &v->line[i].stamp))
            continue;
        *ret = boot_around(v, i);
        return true;
    }
    return false;
}

static void take_alert(struct diagnosis *d, const struct vmklog_line *l, const char *line,
                       const char *shown)
{
    const int64_t to = l->alert.to > 0 ? l->alert.to : 30;
    if (l->alert.comm[0] != '\0' && l->alert.t >= 0) {
        fact_forget(&d->facts, FACT_ALERT_COMM); /* the last one counts */
        fact_set(&d->facts, FACT_ALERT_COMM, (double)l->alert.t, l->alert.comm, shown, l->line,
                 line);
    }
    if (l->alert.t >= to)
        fact_set(&d->facts, FACT_LOST_HEARTBEAT, 1, NULL, shown, l->line, line);
}

/* "COS Error: Lost heartbeat", "COS Panic: Lost heartbeat @esxsc_panic+0x43/0x4f", or another. */
static void take_cos_error(struct diagnosis *d, const struct vmklog_line *l, const char *line,
                           const char *shown)
{
    char headline[FACT_WHO_MAX];
    const char *at = strstr(l->text, "COS ");
    if (strcasestr(l->text, "Lost heartbeat") != NULL) {
        fact_set(&d->facts, FACT_LOST_HEARTBEAT, 1, NULL, shown, l->line, line);
        return;
    }
    (void)snprintf(headline, sizeof headline, "%.60s", at != NULL ? at : l->text);
    fact_set(&d->facts, FACT_OTHER_SCREEN, 1, headline, shown, l->line, line);
}

/* "CpuSched: N: vm 1024: console is ready for 300 s, pCPU 0 runs 1054:bh-0" */
static void take_starved(struct diagnosis *d, const struct vmklog_line *l, const char *line,
                         const char *shown)
{
    char who[FACT_WHO_MAX];
    if (strstr(l->text, "console is ready for") == NULL)
        return;
    const char *colon = strrchr(l->text, ':');
    (void)snprintf(who, sizeof who, "%.40s",
                   colon != NULL ? colon + 1 + strspn(colon + 1, " ") : "a world");
    fact_set(&d->facts, FACT_WORLD_KEEPS_PCPU0, 1, who, shown, l->line, line);
}

static void take_vmk_line(struct diagnosis *d, const struct vmklog_line *l, const char *line,
                          const char *shown)
{
    switch (l->class) {
    case VMKLOG_LOST_HEARTBEAT:
        take_alert(d, l, line, shown);
        break;
    case VMKLOG_COS_ERROR:
        take_cos_error(d, l, line, shown);
        break;
    case VMKLOG_CPU_SCHED:
        take_starved(d, l, line, shown);
        break;
    default: /* VMFS and pCPUs have heartbeats of their own, and storage has trouble every day */
        break;
    }
}

static void take_counts(struct diagnosis *d, const struct vmklog *v, struct span s,
                        const struct text *t, const char *shown)
{
    uint32_t count[VMKLOG_CLASSES] = { 0 }, first[VMKLOG_CLASSES] = { 0 };
    for (uint32_t i = s.from; i < s.to; i++)
        if (count[v->line[i].class]++ == 0)
            first[v->line[i].class] = v->line[i].line;
    if (count[VMKLOG_SERIAL] > 0)
        fact_set(&d->facts, FACT_SERIAL_LOST, count[VMKLOG_SERIAL], NULL, shown,
                 first[VMKLOG_SERIAL], t->lines[first[VMKLOG_SERIAL] - 1].at);
    if (count[VMKLOG_MACHINE_CHECK] > 0)
        fact_set(&d->facts, FACT_MACHINE_CHECK, count[VMKLOG_MACHINE_CHECK], "a machine check",
                 shown, first[VMKLOG_MACHINE_CHECK], t->lines[first[VMKLOG_MACHINE_CHECK] - 1].at);
}

void from_vmklog(struct diagnosis *d, const struct text *t, const char *shown,
                 struct diagnosis_source *source)
{
    struct vmklog v;
    struct span s;
    vmklog_parse(t, 1, &v);
    if (source != NULL)
        diagnosis_note_unparsed(source, t, &v.unparsed, 0);
    if (choose_boot(d, &v, shown, &s)) {
        for (uint32_t i = s.from; i < s.to; i++)
            take_vmk_line(d, &v.line[i], t->lines[v.line[i].line - 1].at, shown);
        take_counts(d, &v, s, t, shown);
    } else if (source != NULL) {
        diagnosis_note(source, "not of the boot that failed");
    }
    vmklog_free(&v);
}

/* ---- the console's --------------------------------------------------------------------------- */
static bool is_start(const struct messages_line *l)
{
    return l->class == MESSAGES_BOOT && strncmp(l->text, "Linux version", 13) == 0;
}

/* The lines of files (first..last line number) that are of the boot that failed. */
static struct span choose_lines(const struct diagnosis *d, const struct messages *m)
{
    struct span s = { 0, m->line_count };
    while (s.to > 0 && !is_before_end(d, m->line[s.to - 1].has_stamp, &m->line[s.to - 1].stamp))
        s.to--;
    for (uint32_t i = 0; i < s.to; i++)
        if (is_start(&m->line[i]))
            s.from = i;
    return s;
}

static void take_kill(struct diagnosis *d, const struct messages_line *l, const char *line,
                      const char *shown)
{
    const bool daemon = strcmp(l->name, DAEMON) == 0;
    if (l->name[0] == '\0')
        return;
    fact_set(&d->facts, daemon ? FACT_OOM_KILLED_HBD : FACT_OOM_KILLED, 1, l->name, shown, l->line,
             line);
}

static void take_retry(struct diagnosis *d, const struct messages_line *l, const char *line,
                       const char *shown)
{
    if (d->facts.fact[FACT_DISK_RETRIES].known &&
        d->facts.fact[FACT_DISK_RETRIES].value >= (double)l->number)
        return;
    fact_forget(&d->facts, FACT_DISK_RETRIES);
    fact_set(&d->facts, FACT_DISK_RETRIES, (double)l->number, NULL, shown, l->line, line);
}

static void take_message(struct diagnosis *d, const struct messages_line *l, const char *line,
                         const char *shown)
{
    switch (l->class) {
    case MESSAGES_OOM_KILL:
    case MESSAGES_VM_KILL:
        take_kill(d, l, line, shown);
        break;
    case MESSAGES_SD_RETRY:
        take_retry(d, l, line, shown);
        break;
    case MESSAGES_PANIC:
        fact_set(&d->facts, FACT_COS_OOPS, 1, "a panic of the console's kernel", shown, l->line,
                 line);
        break;
    default:
        break;
    }
}

static bool is_within(const struct messages *m, struct span s, uint32_t line)
{
    return s.to > s.from && line >= m->line[s.from].line && line <= m->line[s.to - 1].line;
}

static void take_oopses(struct diagnosis *d, const struct messages *m, struct span s,
                        const struct text *t, const char *shown)
{
    char who[FACT_WHO_MAX];
    for (uint32_t i = 0; i < m->oops_count; i++) {
        const struct messages_oops *o = &m->oops[i];
        if (!is_within(m, s, o->line))
            continue;
        (void)snprintf(who, sizeof who, "an Oops of the console's kernel%s%.26s",
                       o->function[0] != '\0' ? " in " : "", o->function);
        fact_set(&d->facts, FACT_COS_OOPS, 1, who, shown, o->line, t->lines[o->line - 1].at);
    }
}

/* The last Mem-info block: memory as the console itself saw it. */
static void take_meminfo(struct diagnosis *d, const struct messages *m, struct span s,
                         const char *shown)
{
    char text[FACT_TEXT_MAX];
    const struct messages_meminfo *b = NULL;
    for (uint32_t i = 0; i < m->meminfo_count; i++)
        if (is_within(m, s, m->meminfo[i].line))
            b = &m->meminfo[i];
    if (b == NULL || b->free_pages < 0)
        return;
    const int64_t pages = b->ram_pages - (b->reserved_pages > 0 ? b->reserved_pages : 0);
    const int64_t clean = b->clean > 0 ? b->clean : 0;
    if (b->ram_pages > 0 && d->memory.total_kb <= 0)
        d->memory.total_kb = pages * KB_PER_PAGE;
    (void)snprintf(text, sizeof text,
                   "Mem-info: %lld pages are free, %lld clean; free swap %lld kB",
                   (long long)b->free_pages, (long long)clean, (long long)b->free_swap_kb);
    fact_set(&d->facts, FACT_FREE, diagnosis_pct_of_ram(d, (b->free_pages + clean) * KB_PER_PAGE),
             NULL, shown, b->line, text);
    if (b->free_swap_kb >= 0 && d->memory.swap_total_kb > 0)
        fact_set(&d->facts, FACT_SWAP_USED,
                 100 - 100 * (double)b->free_swap_kb / (double)d->memory.swap_total_kb, NULL, shown,
                 b->line, text);
}

static void see_listed(const struct messages *m, const struct messages_task *from,
                       struct seen_task *to)
{
    to->pid = from->pid > 0 ? (uint32_t)from->pid : 0;
    to->ppid = from->father > 0 ? (uint32_t)from->father : 0;
    (void)snprintf(to->comm, sizeof to->comm, "%s", from->comm);
    to->state = from->state;
    for (uint32_t i = 0; i < from->frame_count && to->frames < TASK_FRAMES_MAX; i++)
        (void)snprintf(to->function[to->frames++], TASK_FUNCTION_MAX, "%.39s",
                       m->frame[from->first_frame + i].function);
}

/* The last list of tasks (SysRq-T); it begins with init. */
static void take_tasks(struct diagnosis *d, const struct messages *m, struct span s,
                       const char *shown)
{
    uint32_t first = m->task_count, last = 0;
    for (uint32_t i = 0; i < m->task_count; i++) {
        if (!is_within(m, s, m->task[i].line))
            continue;
        if (first == m->task_count || m->task[i].pid == 1)
            first = i;
        last = i + 1;
    }
    if (first >= last)
        return;
    struct seen_tasks seen = { .task = calloc(last - first, sizeof *seen.task),
                               .is_glimpse = true,
                               .whole = m->task[first].pid == 1 };
    for (; seen.task != NULL && seen.count < last - first; seen.count++)
        see_listed(m, &m->task[first + seen.count], &seen.task[seen.count]);
    if (seen.task != NULL)
        tasks_conclude(d, &seen, shown);
    free(seen.task);
}

void from_messages(struct diagnosis *d, const struct text *t, const char *shown,
                   struct diagnosis_source *source)
{
    struct messages m;
    messages_parse(t, 1, &m);
    if (source != NULL)
        diagnosis_note_unparsed(source, t, &m.unparsed, 0);
    const struct span s = choose_lines(d, &m);
    for (uint32_t i = s.from; i < s.to; i++)
        take_message(d, &m.line[i], t->lines[m.line[i].line - 1].at, shown);
    take_oopses(d, &m, s, t, shown);
    take_meminfo(d, &m, s, shown);
    take_tasks(d, &m, s, shown);
    messages_free(&m);
}

/* ---- all of them ----------------------------------------------------------------------------- */
/* "vmkernel" 0, "vmkernel.3", "vmkernel.3.gz" 3: how often it was rotated. */
static uint32_t age_of(const char *name)
{
    const char *slash = strrchr(name, '/');
    for (const char *dot = strchr(slash != NULL ? slash : name, '.'); dot != NULL;
         dot = strchr(dot + 1, '.')) {
        char *end;
        const unsigned long age = strtoul(dot + 1, &end, 10);
        if (end != dot + 1 && (*end == '\0' || *end == '.') && age < 1000)
            return (uint32_t)age;
    }
    return 0;
}

static int by_age(const void *a, const void *b)
{
    const struct diagnosis_log *x = a, *y = b;
    const uint32_t s = age_of(x->text.name), t = age_of(y->text.name);
    return s != t ? (s < t ? -1 : 1) : strcmp(x->text.name, y->text.name);
}

void from_logs_conclude(struct diagnosis *d)
{
    if (d->log_count > 0)
        qsort(d->log, d->log_count, sizeof *d->log, by_age);
    for (uint32_t i = 0; i < d->log_count; i++) {
        const struct text *t = &d->log[i].text;
        if (d->log[i].kind == ARTEFACT_VMKLOG)
            from_vmklog(d, t, t->name, diagnosis_find_source(d, t->name));
        else if (d->log[i].kind == ARTEFACT_MESSAGES)
            from_messages(d, t, t->name, diagnosis_find_source(d, t->name));
    }
}
