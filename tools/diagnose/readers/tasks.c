/* tasks.c - see tasks.h. */
#include "tools/diagnose/readers/tasks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAEMON "vmnixhbd"
#define USUAL_TASKS \
    250u /* with that many virtual machines; a glimpse that sees less says nothing */

bool task_is_in(const struct seen_task *t, const char *function)
{
    for (uint32_t i = 0; i < t->frames; i++)
        if (strcmp(t->function[i], function) == 0)
            return true;
    return false;
}

static bool is_in_any(const struct seen_task *t, const char *const *functions)
{
    while (*functions != NULL && !task_is_in(t, *functions))
        functions++;
    return *functions != NULL;
}

/* "R: schedule <- yield <- __alloc_pages" */
static void describe(const struct seen_task *t, char *to, size_t size)
{
    size_t used = (size_t)snprintf(to, size, "%s pid %u, state %c", t->comm, t->pid, t->state);
    for (uint32_t i = 0; i < t->frames && used < size; i++)
        used +=
            (size_t)snprintf(to + used, size - used, "%s%s", i > 0 ? " <- " : ": ", t->function[i]);
}

/* ---- vmnixhbd -------------------------------------------------------------------------------- */
/* The task that had the CPU at the stun; one that waits for it stands in schedule(). */
static bool runs_now(const struct seen_task *t)
{
    return t->state == 'R' && t->frames > 0 && strcmp(t->function[0], "schedule") != 0 &&
           !task_is_in(t, "__alloc_pages");
}

static enum fact_id state_of_daemon(const struct seen_task *t)
{
    static const char *const allocator[] = { "__alloc_pages", "try_to_free_pages",
                                             "do_try_to_free_pages", NULL };
    static const char *const rpc[] = { "vmnix_rpc", "vmnix_call", "__down", NULL };
    static const char *const io[] = {
        "___wait_on_page", "wait_on_page", "wait_on_page_timeout", "__lock_page",
        "lock_page",       "do_swap_page", "filemap_nopage",       NULL
    };
    if (t->state == 'T')
        return FACT_HBD_STOPPED;
    if (t->stuck || is_in_any(t, allocator))
        return FACT_HBD_IN_ALLOCATOR;
    if (is_in_any(t, rpc))
        return FACT_HBD_IN_RPC;
    if (t->state == 'D' || is_in_any(t, io))
        return FACT_HBD_IN_IO;
    return t->state == 'R' ? FACT_HBD_RUNNABLE : FACT_HBD_ASLEEP;
}

/* What vmnixhbd waits for is told once, by the best source: two would be weighed as two states. */
static bool is_decided(const struct facts *f)
{
    for (int id = FACT_HBD_GONE; id <= FACT_HBD_ASLEEP; id++)
        if (f->fact[id].known)
            return true;
    return false;
}

static bool is_no_trouble(enum fact_id state)
{
    return state == FACT_HBD_ASLEEP || state == FACT_HBD_RUNNABLE;
}

static void conclude_daemon(struct diagnosis *d, const struct seen_tasks *s, const char *file)
{
    char text[FACT_TEXT_MAX];
    for (uint32_t i = 0; i < s->count; i++) {
        const struct seen_task *t = &s->task[i];
        if (strcmp(t->comm, DAEMON) != 0 || t->state == 'Z' || t->state == 'X')
            continue;
        if (runs_now(t))
            return; /* it was caught at work: that it waits for anything cannot be said */
        const enum fact_id state = state_of_daemon(t);
        if (is_decided(&d->facts) || (s->is_glimpse && is_no_trouble(state)))
            return;
        describe(t, text, sizeof text);
        fact_set(&d->facts, state, 1, DAEMON, file, 0, text);
        d->facts.fact[state].pid = t->pid;
        return;
    }
    if (!s->whole || s->count == 0 || is_decided(&d->facts))
        return; /* it may be among those that could not be read */
    (void)snprintf(text, sizeof text, "%u tasks, none of them is a living " DAEMON, s->count);
    fact_set(&d->facts, FACT_HBD_GONE, 1, DAEMON, file, 0, text);
}

/* ---- memory by process and by name ----------------------------------------------------------- */
struct group {
    const char *name;
    double kb;
    uint32_t count;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct group *)a)->name, ((const struct group *)b)->name);
}

static int by_kb(const void *a, const void *b)
{
    const double x = ((const struct seen_task *)a)->kb, y = ((const struct seen_task *)b)->kb;
    return x < y ? 1 : x > y ? -1 : 0;
}

/* Tasks added up by name. VMs are many by nature and are left out: the host is there for them. */
static uint32_t make_groups(const struct seen_tasks *s, struct group *groups)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < s->count; i++)
        if (strcmp(s->task[i].comm, "vmware-vmx") != 0)
            groups[count++] = (struct group){ s->task[i].comm, s->task[i].kb, 1 };
    qsort(groups, count, sizeof *groups, by_name);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (kept > 0 && strcmp(groups[kept - 1].name, groups[i].name) == 0) {
            groups[kept - 1].kb += groups[i].kb;
            groups[kept - 1].count++;
        } else {
            groups[kept++] = groups[i];
        }
    }
    return kept;
}

static void conclude_groups(struct diagnosis *d, const struct seen_tasks *s, const char *file)
{
    char text[FACT_TEXT_MAX];
    struct group *groups = calloc(s->count + 1, sizeof *groups);
    if (groups == NULL)
        return;
    const uint32_t count = make_groups(s, groups);
    const struct group *most = NULL;
    for (uint32_t i = 0; i < count; i++)
        if (most == NULL || groups[i].count > most->count)
            most = &groups[i];
    if (most != NULL) {
        (void)snprintf(text, sizeof text, "%u of %u tasks are called %s, with %.0f kB together",
                       most->count, s->count, most->name, most->kb);
        fact_set(&d->facts, FACT_SAME_NAME, most->count, most->name, file, 0, text);
        if (s->has_sizes && most->count >= 20 && d->memory.total_kb > 0)
            fact_set(&d->facts, FACT_SAME_NAME_SHARE, diagnosis_pct_of_ram(d, (int64_t)most->kb),
                     most->name, file, 0, text);
    }
    free(groups);
}

static void keep_top(struct diagnosis *d, const struct seen_task *sorted, uint32_t count)
{
    d->memory.top_count = 0;
    for (uint32_t i = 0; i < count && i < DIAGNOSIS_TOP && sorted[i].kb > 0; i++) {
        struct diagnosis_process *p = &d->memory.top[d->memory.top_count++];
        (void)snprintf(p->name, sizeof p->name, "%s", sorted[i].comm);
        p->pid = sorted[i].pid;
        p->kb = (int64_t)sorted[i].kb;
    }
}

static void conclude_sizes(struct diagnosis *d, const struct seen_tasks *s, const char *file)
{
    char text[FACT_TEXT_MAX];
    struct seen_task *sorted = calloc(s->count + 1, sizeof *sorted);
    if (sorted == NULL || d->memory.total_kb <= 0) {
        free(sorted);
        return;
    }
    memcpy(sorted, s->task, s->count * sizeof *sorted);
    qsort(sorted, s->count, sizeof *sorted, by_kb);
    keep_top(d, sorted, s->count);
    if (s->count > 0) {
        const struct seen_task *top = &sorted[0];
        (void)snprintf(text, sizeof text, "%s pid %u holds %.0f of %lld kB RAM, swap included",
                       top->comm, top->pid, top->kb, (long long)d->memory.total_kb);
        fact_set(&d->facts, FACT_TOP_NOW, diagnosis_pct_of_ram(d, (int64_t)top->kb), top->comm,
                 file, 0, text);
        d->facts.fact[FACT_TOP_NOW].pid = top->pid;
        (void)snprintf(text, sizeof text, "%s pid %u was started %.0f minutes before the stun",
                       top->comm, top->pid, top->age_min);
        if (diagnosis_pct_of_ram(d, (int64_t)top->kb) >= 25)
            fact_set(&d->facts, FACT_TOP_NOW_YOUNG, top->age_min, top->comm, file, 0, text);
    }
    free(sorted);
}

/* ---- jobs of the night ----------------------------------------------------------------------- */
static const struct seen_task *find_pid(const struct seen_tasks *s, uint32_t pid)
{
    for (uint32_t i = 0; i < s->count; i++)
        if (s->task[i].pid == pid)
            return &s->task[i];
    return NULL;
}

/* Is crond among its ancestors? Bounded, since a list from a file may have a circle. */
static bool is_cron_job(const struct seen_tasks *s, const struct seen_task *t)
{
    for (int depth = 0; depth < 8 && t != NULL && t->pid > 1; depth++) {
        t = find_pid(s, t->ppid);
        if (t != NULL && strcmp(t->comm, "crond") == 0)
            return true;
    }
    return false;
}

static void conclude_jobs(struct diagnosis *d, const struct seen_tasks *s, const char *file)
{
    char text[FACT_TEXT_MAX];
    double kb = 0;
    uint32_t jobs = 0;
    for (uint32_t i = 0; i < s->count; i++) {
        if (!is_cron_job(s, &s->task[i]))
            continue;
        kb += s->task[i].kb;
        jobs++;
    }
    if (jobs == 0 || d->memory.total_kb <= 0)
        return;
    (void)snprintf(text, sizeof text, "%u processes that crond started hold %.0f kB", jobs, kb);
    fact_set(&d->facts, FACT_NIGHT_JOB, diagnosis_pct_of_ram(d, (int64_t)kb), "crond", file, 0,
             text);
}

/* ---- the CPU --------------------------------------------------------------------------------- */
static void conclude_real_time(struct diagnosis *d, const struct seen_tasks *s, const char *file)
{
    char text[FACT_TEXT_MAX];
    for (uint32_t i = 0; i < s->count; i++) {
        const struct seen_task *t = &s->task[i];
        if (!t->real_time || t->state != 'R')
            continue;
        describe(t, text, sizeof text);
        fact_set(&d->facts, FACT_RT_SPINNER, t->priority, t->comm, file, 0, text);
        d->facts.fact[FACT_RT_SPINNER].pid = t->pid;
    }
}

static void conclude_hogs(struct diagnosis *d, const struct seen_tasks *s, const char *file)
{
    char text[FACT_TEXT_MAX];
    uint32_t hogs = 0, runnable = 0, stuck = 0, zombies = 0;
    const char *name = NULL, *zombie = NULL;
    for (uint32_t i = 0; i < s->count; i++) {
        const struct seen_task *t = &s->task[i];
        const bool runs = t->state == 'R' && t->pid != 0;
        runnable += runs;
        stuck += t->stuck || task_is_in(t, "__alloc_pages");
        zombies += t->state == 'Z';
        if (t->state == 'Z')
            zombie = t->comm;
        if (s->has_priorities && runs && !t->real_time && t->priority < 0 && !t->stuck) {
            hogs++;
            name = t->comm;
        }
    }
    (void)snprintf(text, sizeof text, "%u tasks, %u runnable, %u in the allocator, %u zombies",
                   s->count, runnable, stuck, zombies);
    if (!s->is_glimpse || s->count >= USUAL_TASKS)
        fact_set(&d->facts, FACT_TASKS, s->count, NULL, file, 0, text);
    fact_set(&d->facts, FACT_RUNNABLE, runnable, NULL, file, 0, text);
    fact_set(&d->facts, FACT_STUCK_TASKS, stuck, NULL, file, 0, text);
    fact_set(&d->facts, FACT_ZOMBIES, zombies, zombie, file, 0, text);
    if (hogs > 0)
        fact_set(&d->facts, FACT_HOGS, hogs, name, file, 0, text);
}

/* The thread that mends a SCSI host works only when a command did not come back in time. */
static void conclude_disk(struct diagnosis *d, const struct seen_tasks *s, const char *file)
{
    char text[FACT_TEXT_MAX];
    for (uint32_t i = 0; i < s->count; i++) {
        const struct seen_task *t = &s->task[i];
        if (!task_is_in(t, "scsi_error_handler") || t->state != 'D')
            continue;
        describe(t, text, sizeof text);
        fact_set(&d->facts, FACT_DISK_RECOVERS, 1, NULL, file, 0, text);
    }
}

void tasks_conclude(struct diagnosis *d, const struct seen_tasks *tasks, const char *file)
{
    conclude_daemon(d, tasks, file);
    conclude_groups(d, tasks, file);
    conclude_hogs(d, tasks, file);
    conclude_disk(d, tasks, file);
    if (tasks->has_priorities)
        conclude_real_time(d, tasks, file);
    if (tasks->has_sizes) {
        conclude_sizes(d, tasks, file);
        conclude_jobs(d, tasks, file);
    }
}
