/* tasks.c - see tasks.h. */
#include "tools/diagnose/readers/tasks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/units.h"

#define DAEMON "vmnixhbd"
#define USUAL_TASKS 250u /* with that many VMs; a glimpse that sees less says nothing */
#define SHARE_TASKS 20u  /* of one name, for their share of RAM to count */
#define YOUNG_PCT 25.0   /* of RAM: what holds less may be of any age */

void task_add_frame(struct seen_task *t, const char *function)
{
    if (function != NULL && t->frames < TASK_FRAMES_MAX)
        (void)snprintf(t->function[t->frames++], TASK_FUNCTION_MAX, "%.39s", function);
}

static bool task_is_in(const struct seen_task *t, const char *function)
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

static void extract_daemon(const struct seen_tasks *s, const char *file, struct facts *ret)
{
    char text[FACT_TEXT_MAX];
    for (uint32_t i = 0; i < s->count; i++) {
        const struct seen_task *t = &s->task[i];
        if (strcmp(t->comm, DAEMON) != 0 || t->state == 'Z' || t->state == 'X')
            continue;
        if (runs_now(t))
            return; /* it was caught at work: that it waits for anything cannot be said */
        const enum fact_id state = state_of_daemon(t);
        if (s->is_glimpse && (state == FACT_HBD_ASLEEP || state == FACT_HBD_RUNNABLE))
            return;
        describe(t, text, sizeof text);
        fact_set(ret, state, 1, DAEMON, file, 0, "%s", text)->pid = t->pid;
        return;
    }
    if (s->whole && s->count > 0) /* else it may be among those that could not be read */
        fact_set(ret, FACT_HBD_GONE, 1, DAEMON, file, 0,
                 "%u tasks, none of them is a living " DAEMON, s->count);
}

/* ---- memory by process and by name ----------------------------------------------------------- */
struct group {
    const char *name;
    int64_t kb;
    uint32_t count;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct group *)a)->name, ((const struct group *)b)->name);
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

static void extract_groups(const struct diagnosis *d, const struct seen_tasks *s, const char *file,
                           struct facts *ret)
{
    struct group *groups = calloc(s->count + 1, sizeof *groups);
    if (groups == NULL)
        return;
    const uint32_t count = make_groups(s, groups);
    const struct group *most = NULL;
    for (uint32_t i = 0; i < count; i++)
        if (most == NULL || groups[i].count > most->count)
            most = &groups[i];
    if (most != NULL) {
        const struct fact *f = fact_set(ret, FACT_SAME_NAME, most->count, most->name, file, 0,
                                        "%u of %u tasks are called %s, with %lld kB together",
                                        most->count, s->count, most->name, (long long)most->kb);
        if (s->has_sizes && most->count >= SHARE_TASKS)
            fact_set(ret, FACT_SAME_NAME_SHARE, diagnosis_pct_of_ram(d, (double)most->kb),
                     most->name, file, 0, "%s", f->text);
    }
    free(groups);
}

static void extract_largest(const struct diagnosis *d, const struct seen_tasks *s, const char *file,
                            struct facts *ret)
{
    const struct seen_task *top = s->count > 0 ? &s->task[0] : NULL;
    for (uint32_t i = 0; i < s->count; i++)
        top = s->task[i].kb > top->kb ? &s->task[i] : top;
    if (top == NULL)
        return;
    const double pct = diagnosis_pct_of_ram(d, (double)top->kb),
                 age_min = (double)top->age_ns / NS_PER_MIN;
    fact_set(ret, FACT_TOP_NOW, pct, top->comm, file, 0,
             "%s pid %u holds %lld of %lld kB RAM, swap included", top->comm, top->pid,
             (long long)top->kb, (long long)d->memory.total_kb)
        ->pid = top->pid;
    if (pct >= YOUNG_PCT)
        fact_set(ret, FACT_TOP_NOW_YOUNG, age_min, top->comm, file, 0,
                 "%s pid %u was started %.0f minutes before the stun", top->comm, top->pid,
                 age_min);
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

static void extract_jobs(const struct diagnosis *d, const struct seen_tasks *s, const char *file,
                         struct facts *ret)
{
    int64_t kb = 0;
    uint32_t jobs = 0;
    for (uint32_t i = 0; i < s->count; i++) {
        if (!is_cron_job(s, &s->task[i]))
            continue;
        kb += s->task[i].kb;
        jobs++;
    }
    if (jobs > 0)
        fact_set(ret, FACT_NIGHT_JOB, diagnosis_pct_of_ram(d, (double)kb), "crond", file, 0,
                 "%u processes that crond started hold %lld kB", jobs, (long long)kb);
}

/* ---- the CPU --------------------------------------------------------------------------------- */
static void extract_real_time(const struct seen_tasks *s, const char *file, struct facts *ret)
{
    char text[FACT_TEXT_MAX];
    for (uint32_t i = 0; i < s->count; i++) {
        const struct seen_task *t = &s->task[i];
        if (!t->real_time || t->state != 'R')
            continue;
        describe(t, text, sizeof text);
        fact_set(ret, FACT_RT_SPINNER, t->priority, t->comm, file, 0, "%s", text)->pid = t->pid;
        return;
    }
}

static void extract_counts(const struct seen_tasks *s, const char *file, struct facts *ret)
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
        fact_set(ret, FACT_TASKS, s->count, NULL, file, 0, "%s", text);
    fact_set(ret, FACT_RUNNABLE, runnable, NULL, file, 0, "%s", text);
    fact_set(ret, FACT_ZOMBIES, zombies, zombie, file, 0, "%s", text);
    if (hogs > 0)
        fact_set(ret, FACT_HOGS, hogs, name, file, 0, "%s", text);
}

/* The thread that mends a SCSI host works only when a command did not come back in time. */
static void extract_disk(const struct seen_tasks *s, const char *file, struct facts *ret)
{
    char text[FACT_TEXT_MAX];
    for (uint32_t i = 0; i < s->count; i++) {
        const struct seen_task *t = &s->task[i];
        if (!task_is_in(t, "scsi_error_handler") || t->state != 'D')
            continue;
        describe(t, text, sizeof text);
        fact_set(ret, FACT_DISK_RECOVERS, 1, NULL, file, 0, "%s", text);
        return;
    }
}

void tasks_extract(const struct diagnosis *d, const struct seen_tasks *tasks, const char *file,
                   struct facts *ret)
{
    extract_daemon(tasks, file, ret);
    extract_groups(d, tasks, file, ret);
    extract_counts(tasks, file, ret);
    extract_disk(tasks, file, ret);
    if (tasks->has_priorities)
        extract_real_time(tasks, file, ret);
    if (tasks->has_sizes) {
        extract_largest(d, tasks, file, ret);
        extract_jobs(d, tasks, file, ret);
    }
}
