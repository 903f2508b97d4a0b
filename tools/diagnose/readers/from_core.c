/* from_core.c - facts that a cos-core tells: memory and swap at the stun, sizes of all processes,
 * for what they wait, and how far the console's own clock had come. */
#include "shared/units.h"
#include "tools/diagnose/readers/from.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/core/core_model.h"
#include "tools/diagnose/readers/tasks.h"

#define KB_PER_PAGE (CORE_PAGE / 1024)
#define KERNEL_STACK_KB 8.0 /* [RHEL3MM 1.1] */
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
    d->memory.total_kb = (int64_t)m.total * KB_PER_PAGE;
    (void)snprintf(text, sizeof text, "%u of %u pages are free, %.0f more are clean", m.free,
                   m.total, available - m.free);
    fact_set(&d->facts, FACT_FREE, 100 * available / m.total, NULL, shown, 0, text);
    if (m.swap_total == 0) {
        fact_set(&d->facts, FACT_NO_SWAP, 1, NULL, shown, 0, "there is no swap");
        return;
    }
    d->memory.swap_total_kb = (int64_t)m.swap_total * KB_PER_PAGE;
    d->memory.swap_used_kb = (int64_t)(m.swap_total - m.swap_free) * KB_PER_PAGE;
    (void)snprintf(text, sizeof text, "%u of %u swap slots are in use", m.swap_total - m.swap_free,
                   m.swap_total);
    fact_set(&d->facts, FACT_SWAP_USED, 100.0 * (m.swap_total - m.swap_free) / m.swap_total, NULL,
             shown, 0, text);
}

/* ---- tasks ----------------------------------------------------------------------------------- */
static double private_kb(struct core *c, const struct cos_task *t)
{
    struct core_mm_pages pages;
    if (t->mm == 0)
        return t->state == COS_DEAD ? 0 : KERNEL_STACK_KB;
    core_mm_count(c, t->mm, &pages);
    const double own = (double)pages.present - pages.file + pages.swapped + pages.tables;
    return (own > 0 ? own * KB_PER_PAGE : 0) + KERNEL_STACK_KB;
}

static void trace_of(const struct core *c, struct cosview_unwinder *u, const struct cos_task *t,
                     struct seen_task *to)
{
    struct cos_trace trace;
    if (u == NULL || !t->has_regs)
        return;
    cosview_unwind(u, t, &trace);
    for (uint32_t i = 0; i < trace.count && to->frames < TASK_FRAMES_MAX; i++) {
        const char *function = cos_trace_function(&c->view, &trace, i, NULL);
        if (function != NULL)
            (void)snprintf(to->function[to->frames++], TASK_FUNCTION_MAX, "%s", function);
    }
}

static void see_task(struct core *c, struct cosview_unwinder *u, const struct cos_task *t,
                     uint64_t now_ns, struct seen_task *to)
{
    to->pid = t->pid;
    to->ppid = t->ppid;
    memcpy(to->comm, t->comm, sizeof t->comm);
    to->state = cos_state_letter(t->state);
    to->stuck = t->stuck != 0 && t->mm != 0;
    to->real_time = t->policy != COS_SCHED_NORMAL;
    to->priority = to->real_time ? 99 - t->prio : t->static_prio - NICE_0;
    to->kb = private_kb(c, t);
    to->age_min = now_ns > t->start_ns ? (double)(now_ns - t->start_ns) / NS_PER_MIN : 0;
    trace_of(c, u, t, to);
}

static void read_tasks(struct diagnosis *d, struct core *c, const char *shown)
{
    struct cos_tasks tasks;
    if (core_tasks_load(c, &tasks) != 0)
        return;
    struct cosview_unwinder *u = cosview_unwinder_create(&c->view, c->phdr_va, c->phdr_count);
    struct seen_tasks seen = { .task = calloc(tasks.count + 1, sizeof *seen.task),
                               .count = tasks.count,
                               .whole = tasks.whole,
                               .has_priorities = true,
                               .has_sizes = tasks.whole && core_missing(c) == 0 };
    for (uint32_t i = 0; seen.task != NULL && i < tasks.count; i++)
        see_task(c, u, &tasks.task[i], c->time_ns, &seen.task[i]);
    if (seen.task != NULL && tasks.count > 0)
        tasks_conclude(d, &seen, shown);
    free(seen.task);
    cosview_unwinder_destroy(u);
    cos_tasks_free(&tasks);
}

/* ---- memory that nobody maps ----------------------------------------------------------------- */
#define OWNERS_MAX 64u
#define OWNER_MAX 17u
#define ORPHANS_PCT 10.0 /* of RAM: less may be pages on their way. OUR CHOICE */

struct orphans {
    unsigned char *mapped; /* one bit a frame */
    uint32_t frames;
    uint32_t slots; /* swap entries of living tasks */
    struct core *core;
};
struct owner {
    char name[OWNER_MAX];
    uint32_t pages;
};

static bool note_entry(void *arg, uint32_t address, uint64_t pte)
{
    struct orphans *o = arg;
    (void)address;
    if ((pte & CORE_PRESENT) == 0) {
        o->slots += core_pte_slot(o->core, pte) != 0;
        return true;
    }
    const uint32_t frame = core_pte_frame(pte);
    if (frame < o->frames)
        o->mapped[frame / 8] |= (unsigned char)(1u << frame % 8);
    return true;
}

/* "hpsmhd: shared result..." -> "hpsmhd": programs begin what they keep with their name. */
static bool owner_of(const struct core *c, uint32_t frame, char name[OWNER_MAX])
{
    const unsigned char *bytes =
        core_at(c, c->page_offset + (uint64_t)frame * CORE_PAGE, OWNER_MAX);
    uint32_t n = 0;
    while (bytes != NULL && n + 1 < OWNER_MAX && bytes[n] > ' ' && bytes[n] < 0x7f &&
           bytes[n] != ':' && bytes[n] != '[')
        n++;
    if (bytes == NULL || n < 2 || (bytes[n] != ':' && bytes[n] != '['))
        return false;
    memcpy(name, bytes, n);
    name[n] = '\0';
    return true;
}

static void count_owner(struct owner owners[OWNERS_MAX], const char *name)
{
    for (uint32_t i = 0; i < OWNERS_MAX; i++) {
        if (owners[i].pages != 0 && strcmp(owners[i].name, name) != 0)
            continue;
        (void)snprintf(owners[i].name, OWNER_MAX, "%s", name);
        owners[i].pages++;
        return;
    }
}

/* Anonymous frames that no task maps. @return how many; owners[0] is the name on most of them */
static uint32_t count_orphans(struct core *c, const struct orphans *o, const struct core_frames *f,
                              struct owner owners[OWNERS_MAX])
{
    const uint32_t anon = core_page_flag(c, "PG_active_anon");
    uint32_t count = 0;
    char name[OWNER_MAX];
    for (uint32_t i = 0; i < f->count && i < o->frames; i++) {
        if ((core_frame_flags(f, i) & anon) == 0 || (o->mapped[i / 8] & 1u << i % 8) != 0)
            continue;
        count++;
        if (owner_of(c, i, name))
            count_owner(owners, name);
    }
    for (uint32_t i = 1; i < OWNERS_MAX; i++)
        if (owners[i].pages > owners[0].pages)
            owners[0] = owners[i];
    return count;
}

/* Shared memory outlives those who made it and counts in nobody's size: it is what is left when
 * all address spaces have been taken away from the anonymous pages and from the swap in use. */
static void read_orphans(struct diagnosis *d, struct core *c, const char *shown)
{
    struct cos_tasks tasks;
    struct core_frames frames;
    struct core_mem m;
    struct owner owners[OWNERS_MAX] = { { "", 0 } };
    char text[FACT_TEXT_MAX];
    core_frames_init(c, &frames);
    core_mem_load(c, &m);
    if (core_missing(c) > 0 || frames.count == 0 || m.total == 0 || core_tasks_load(c, &tasks) != 0)
        return;
    struct orphans o = { .mapped = calloc(frames.count / 8 + 1, 1),
                         .frames = frames.count,
                         .core = c };
    for (uint32_t i = 0; o.mapped != NULL && i < tasks.count; i++)
        if (tasks.task[i].mm != 0)
            (void)core_mm_walk(c, tasks.task[i].mm, note_entry, &o);
    if (o.mapped != NULL && tasks.whole) {
        const uint32_t in_ram = count_orphans(c, &o, &frames, owners);
        const uint32_t used = m.swap_total - m.swap_free;
        const uint32_t in_swap = used > o.slots ? used - o.slots : 0;
        const double share = 100.0 * (in_ram + in_swap) / m.total;
        (void)snprintf(text, sizeof text,
                       "%u anonymous pages and %u swap slots belong to no process; most that can "
                       "be read name %s",
                       in_ram, in_swap, owners[0].pages > 0 ? owners[0].name : "nobody");
        if (share >= ORPHANS_PCT)
            fact_set(&d->facts, FACT_SHARED_MEMORY, share, owners[0].name, shown, 0, text);
    }
    free(o.mapped);
    cos_tasks_free(&tasks);
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
    if (d->host.uptime_ns <= 0)
        d->host.uptime_ns = (int64_t)c->time_ns;
}

#define SAME_STUN_NS 1000000000 /* the zdump and the core of one failure name the same instant */

/* Of several cores the one counts that belongs to the zdump, else the one that is read last: names
 * carry a serial number, and what was not collected yet is read last. @return false when this one
 * is of another failure */
static bool is_the_last(struct diagnosis *d, const struct core *c, const char *shown)
{
    const int64_t stun_ns = (int64_t)c->time_ns;
    char uptime[DIAGNOSIS_WHEN_ROOM];
    const bool known = d->core.file[0] != '\0';
    const bool other =
        d->zdump.file[0] != '\0' && llabs(d->zdump.uptime_ns - stun_ns) > SAME_STUN_NS;
    if (known && llabs(d->core.uptime_ns - stun_ns) <= SAME_STUN_NS)
        return true; /* the same again */
    if (other && stun_ns > 0) {
        diagnosis_uptime(stun_ns, uptime);
        diagnosis_remark(&d->earlier, "a failure after an uptime of %s: %s", uptime, shown);
        return false;
    }
    if (known) {
        diagnosis_uptime(d->core.uptime_ns, uptime);
        diagnosis_remark(&d->earlier, "a failure after an uptime of %s: %s", uptime, d->core.file);
        facts_forget_file(&d->facts, d->core.file);
    }
    (void)snprintf(d->core.file, sizeof d->core.file, "%s", shown);
    d->core.uptime_ns = stun_ns;
    return true;
}

void from_dumps_conclude(struct diagnosis *d)
{
    if (d->core.file[0] == '\0' || d->zdump.file[0] == '\0' || d->core.uptime_ns <= 0 ||
        d->zdump.uptime_ns <= 0 || llabs(d->core.uptime_ns - d->zdump.uptime_ns) <= SAME_STUN_NS)
        return;
    diagnosis_remark(&d->contradictions,
                     "the core %s was written after %.1f days of uptime, the zdump %s after "
                     "%.1f: two failures; the core is not used",
                     d->core.file, (double)d->core.uptime_ns / 86400e9, d->zdump.file,
                     (double)d->zdump.uptime_ns / 86400e9);
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
    read_orphans(d, c, shown);
    if (core_missing(c) > 0)
        diagnosis_note(source, "cut: %llu MB are missing",
                       (unsigned long long)(core_missing(c) >> 20));
    else if (c->problems.count > 0)
        diagnosis_note(source, "%u inconsistencies", c->problems.count);
    core_close(c);
    return 1;
}
