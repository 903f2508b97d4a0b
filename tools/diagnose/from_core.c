/* from_core.c - facts that a cos-core tells: memory and swap at the stun, sizes of all processes,
 * for what they wait, and how far the console's own clock had come. */
#include "tools/diagnose/from.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/core/core_unwind.h"
#include "tools/diagnose/tasks.h"

#define KB_PER_PAGE (CORE_PAGE / 1024.0)
#define KERNEL_STACK_KB 8.0 /* [RHEL3MM 1.1] */
#define NS_PER_MIN 60e9
#define NICE_0 120

/* ---- memory ---------------------------------------------------------------------------------- */
static void read_memory(struct diagnosis *d, struct core *c, const char *shown)
{
    struct core_mem m;
    struct core_zones zones;
    char text[FACT_TEXT_MAX];
    core_mem_load(c, &m);
    core_zones_load(c, &zones);
    if (m.total == 0)
        return;
    double available = m.free;
    for (uint32_t i = 0; i < zones.count; i++)
        available += zones.zone[i].clean;
    d->memory.total_kb = m.total * KB_PER_PAGE;
    (void)snprintf(text, sizeof text, "%u of %u pages are free, %.0f more are clean", m.free,
                   m.total, available - m.free);
    fact_set(&d->facts, FACT_FREE, 100 * available / m.total, NULL, shown, 0, text);
    if (m.swap_total == 0) {
        fact_set(&d->facts, FACT_NO_SWAP, 1, NULL, shown, 0, "there is no swap");
        return;
    }
    d->memory.swap_total_kb = m.swap_total * KB_PER_PAGE;
    d->memory.swap_used_kb = (m.swap_total - m.swap_free) * KB_PER_PAGE;
    (void)snprintf(text, sizeof text, "%u of %u swap slots are in use", m.swap_total - m.swap_free,
                   m.swap_total);
    fact_set(&d->facts, FACT_SWAP_USED, 100.0 * (m.swap_total - m.swap_free) / m.swap_total, NULL,
             shown, 0, text);
}

/* ---- tasks ----------------------------------------------------------------------------------- */
static char letter_of(uint32_t state)
{
    switch (state) {
    case CORE_RUNNING:
        return 'R';
    case CORE_INTERRUPTIBLE:
        return 'S';
    case CORE_UNINTERRUPTIBLE:
        return 'D';
    case CORE_STOPPED:
        return 'T';
    case CORE_ZOMBIE:
        return 'Z';
    case CORE_DEAD:
        return 'X';
    default:
        return '?';
    }
}

static bool has_shared_area(struct core *c, const struct core_task *t)
{
    struct core_vma *areas;
    bool found = false;
    const int count = core_vmas_load(c, t->mm, &areas);
    for (int i = 0; i < count; i++)
        found = found || (areas[i].flags & CORE_VM_SHARED) != 0;
    if (count >= 0)
        free(areas);
    return found;
}

static double private_kb(struct core *c, const struct core_task *t, struct seen_task *to)
{
    struct core_mm_pages pages;
    if (t->mm == 0)
        return t->state == CORE_DEAD ? 0 : KERNEL_STACK_KB;
    core_mm_count(c, t->mm, &pages);
    const double own = (double)pages.present - pages.file + pages.swapped + pages.tables;
    to->swap_kb = pages.swapped * KB_PER_PAGE;
    to->has_shared = has_shared_area(c, t);
    return (own > 0 ? own * KB_PER_PAGE : 0) + KERNEL_STACK_KB;
}

static void trace_of(struct core_unwinder *u, const struct core_task *t, struct seen_task *to)
{
    struct core_trace trace;
    if (u == NULL || !t->has_regs)
        return;
    core_unwind(u, t, &trace);
    for (uint32_t i = 0; i < trace.count && to->frames < TASK_FRAMES_MAX; i++)
        if (trace.frame[i].function != NULL)
            (void)snprintf(to->function[to->frames++], TASK_FUNCTION_MAX, "%s",
                           trace.frame[i].function);
}

static void see_task(struct core *c, struct core_unwinder *u, const struct core_task *t,
                     uint64_t now_ns, struct seen_task *to)
{
    to->pid = t->pid;
    to->ppid = t->ppid;
    memcpy(to->comm, t->comm, sizeof to->comm);
    to->state = letter_of(t->state);
    to->stuck = t->stuck != 0 && t->mm != 0;
    to->real_time = t->policy != CORE_SCHED_NORMAL;
    to->priority = to->real_time ? 99 - t->prio : t->static_prio - NICE_0;
    to->kb = private_kb(c, t, to);
    to->age_min = now_ns > t->start_ns ? (double)(now_ns - t->start_ns) / NS_PER_MIN : 0;
    trace_of(u, t, to);
}

/* Slots of swap that no page table and no page in the swap cache names: of shared memory segments
 * whose makers have ended. Who has such a segment attached now may have made them. */
static void find_unowned(struct diagnosis *d, struct core *c, const struct seen_tasks *s,
                         const char *shown)
{
    struct core_mem m;
    char text[FACT_TEXT_MAX];
    double owned_kb = 0;
    const struct seen_task *maker = NULL;
    core_mem_load(c, &m);
    for (uint32_t i = 0; i < s->count; i++) {
        owned_kb += s->task[i].swap_kb;
        if (s->task[i].has_shared)
            maker = &s->task[i];
    }
    const double used_kb = (m.swap_total - m.swap_free) * KB_PER_PAGE;
    const double cached_kb = m.swap_cached * KB_PER_PAGE;
    if (m.total == 0 || m.swap_total == 0)
        return;
    const double unowned_kb = fmax(used_kb - owned_kb - cached_kb, 0);
    (void)snprintf(
        text, sizeof text,
        "%.0f kB of swap are in use; page tables name %.0f kB of it, the swap cache %.0f", used_kb,
        owned_kb, cached_kb);
    fact_set(&d->facts, FACT_SHARED_MEMORY, 100 * unowned_kb / (m.total * KB_PER_PAGE),
             maker != NULL ? maker->comm : NULL, shown, 0, text);
    if (maker != NULL)
        d->facts.fact[FACT_SHARED_MEMORY].pid = maker->pid;
}

static void read_tasks(struct diagnosis *d, struct core *c, const char *shown)
{
    struct core_tasks tasks;
    if (core_tasks_load(c, &tasks) != 0)
        return;
    struct core_unwinder *u = core_unwinder_create(c);
    struct seen_tasks seen = { .task = calloc(tasks.count + 1, sizeof *seen.task),
                               .count = tasks.count,
                               .whole = tasks.whole,
                               .has_priorities = true,
                               .has_sizes = tasks.whole && core_missing(c) == 0 };
    for (uint32_t i = 0; seen.task != NULL && i < tasks.count; i++)
        see_task(c, u, &tasks.task[i], c->time_ns, &seen.task[i]);
    if (seen.task != NULL && tasks.count > 0)
        tasks_conclude(d, &seen, shown);
    if (seen.task != NULL && seen.has_sizes)
        find_unowned(d, c, &seen, shown);
    free(seen.task);
    core_unwinder_destroy(u);
    core_tasks_free(&tasks);
}

/* ---- all of it ------------------------------------------------------------------------------- */
static void read_clock(struct diagnosis *d, struct core *c, const char *shown)
{
    struct core_clock clock;
    char text[FACT_TEXT_MAX];
    core_clock_load(c, &clock);
    if (clock.now_ns == 0 || c->time_ns == 0)
        return;
    const double lag_s = c->time_ns > clock.now_ns ? (double)(c->time_ns - clock.now_ns) / 1e9 : 0;
    (void)snprintf(text, sizeof text, "the console's clock stood %.3f s before the stun", lag_s);
    fact_set(&d->facts, FACT_COS_LAG, lag_s, NULL, shown, 0, text);
    if (d->host.uptime_s <= 0)
        d->host.uptime_s = (double)c->time_ns / 1e9;
}

#define SAME_STUN_S 1.0 /* the zdump and the core of one failure name the same instant */

/* Of several cores the one counts that belongs to the zdump, else the one that is read last: names
 * carry a serial number, and what was not collected yet is read last. @return false when this one
 * is of another failure */
static bool is_the_last(struct diagnosis *d, const struct core *c, const char *shown)
{
    const double stun_s = (double)c->time_ns / 1e9;
    char uptime[DIAGNOSIS_WHEN_ROOM];
    const bool known = d->core.file[0] != '\0';
    const bool other = d->zdump.file[0] != '\0' && fabs(d->zdump.stun_s - stun_s) > SAME_STUN_S;
    if (known && fabs(d->core.stun_s - stun_s) <= SAME_STUN_S)
        return true; /* the same again */
    if (other && stun_s > 0) {
        diagnosis_uptime(stun_s, uptime);
        diagnosis_earlier(d, "a failure after an uptime of %s: %s", uptime, shown);
        return false;
    }
    if (known) {
        diagnosis_uptime(d->core.stun_s, uptime);
        diagnosis_earlier(d, "a failure after an uptime of %s: %s", uptime, d->core.file);
        facts_forget_file(&d->facts, d->core.file);
    }
    (void)snprintf(d->core.file, sizeof d->core.file, "%s", shown);
    d->core.stun_s = stun_s;
    return true;
}

void from_dumps_conclude(struct diagnosis *d)
{
    if (d->core.file[0] == '\0' || d->zdump.file[0] == '\0' || d->core.stun_s <= 0 ||
        d->zdump.stun_s <= 0 || fabs(d->core.stun_s - d->zdump.stun_s) <= SAME_STUN_S)
        return;
    diagnosis_contradicts(d,
                          "the core %s was written after %.1f days of uptime, the zdump %s after "
                          "%.1f: two failures; the core is not used",
                          d->core.file, d->core.stun_s / 86400, d->zdump.file,
                          d->zdump.stun_s / 86400);
    facts_forget_file(&d->facts, d->core.file);
    d->memory.top_count = 0;
    d->memory.swap_used_kb = -1;
    d->facts.seen[ARTEFACT_CORE] = false;
}

int from_core(struct diagnosis *d, const char *path, const char *shown,
              struct diagnosis_source *source, char *err, size_t err_size)
{
    struct core *c;
    if (core_open(path, &c, err, err_size) != 0)
        return -1;
    if (!is_the_last(d, c, shown)) {
        diagnosis_note(source, "of another failure");
        core_close(c);
        return 1;
    }
    read_memory(d, c, shown);
    read_clock(d, c, shown);
    read_tasks(d, c, shown);
    if (core_missing(c) > 0)
        diagnosis_note(source, "cut: %llu MB are missing",
                       (unsigned long long)(core_missing(c) >> 20));
    else if (c->problem_count > 0)
        diagnosis_note(source, "%u inconsistencies", c->problem_count);
    core_close(c);
    return 1;
}
