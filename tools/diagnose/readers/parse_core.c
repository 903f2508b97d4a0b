/* parse_core.c - the figures of a cos-core: memory and swap at the stun, sizes of all processes,
 * for what they wait, how far the console's own clock had come. See reading.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/core/core_model.h"
#include "tools/diagnose/readers/reading.h"
#include "tools/parse/memory.h"

#define KB_PER_PAGE (CORE_PAGE / 1024)
#define KERNEL_STACK_KB 8 /* [RHEL3MM 1.1] */
#define NICE_0 120

/* ---- tasks ----------------------------------------------------------------------------------- */
static int64_t private_kb(struct core *c, const struct cos_task *t)
{
    struct core_mm_pages pages;
    if (t->mm == 0)
        return t->state == COS_DEAD ? 0 : KERNEL_STACK_KB;
    core_mm_count(c, t->mm, &pages);
    const int64_t own = (int64_t)pages.present - pages.file + pages.swapped + pages.tables;
    return (own > 0 ? own * KB_PER_PAGE : 0) + KERNEL_STACK_KB;
}

static void trace_of(const struct core *c, struct cosview_unwinder *u, const struct cos_task *t,
                     struct seen_task *to)
{
    struct cos_trace trace;
    if (u == NULL || !t->has_regs)
        return;
    cosview_unwind(u, t, &trace);
    if (cos_frame_is_user(&t->regs))
        task_add_frame(to, "user mode");
    for (uint32_t i = 0; i < trace.count; i++)
        task_add_frame(to, cos_trace_function(&c->view, &trace, i, NULL));
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
    to->age_ns = now_ns > t->start_ns ? (int64_t)(now_ns - t->start_ns) : 0;
    trace_of(c, u, t, to);
}

static void parse_tasks(struct core *c, struct cos_tasks *tasks, struct seen_tasks *ret)
{
    struct cosview_unwinder *u = cosview_unwinder_create(&c->view, c->phdr_va, c->phdr_count);
    *ret = (struct seen_tasks){ .task = memory_get((tasks->count + 1u) * sizeof *ret->task),
                                .count = tasks->count,
                                .whole = tasks->whole,
                                .has_priorities = true,
                                .has_sizes = tasks->whole && core_missing(c) == 0 };
    for (uint32_t i = 0; i < tasks->count; i++)
        see_task(c, u, &tasks->task[i], c->time_ns, &ret->task[i]);
    cosview_unwinder_destroy(u);
}

/* ---- memory that nobody maps ----------------------------------------------------------------- */
#define OWNERS_MAX 64u

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
static void parse_orphans(struct core *c, const struct cos_tasks *tasks, struct parsed_core *ret)
{
    struct core_frames frames;
    struct owner owners[OWNERS_MAX] = { { "", 0 } };
    core_frames_init(c, &frames);
    if (core_missing(c) > 0 || frames.count == 0 || !tasks->whole)
        return;
    struct orphans o = { .mapped = memory_get(frames.count / 8 + 1),
                         .frames = frames.count,
                         .core = c };
    for (uint32_t i = 0; i < tasks->count; i++)
        if (tasks->task[i].mm != 0)
            (void)core_mm_walk(c, tasks->task[i].mm, note_entry, &o);
    const uint32_t used = ret->swap_total - ret->swap_free;
    ret->orphans = count_orphans(c, &o, &frames, owners);
    ret->orphan_slots = used > o.slots ? used - o.slots : 0;
    (void)snprintf(ret->orphan_owner, sizeof ret->orphan_owner, "%s", owners[0].name);
    free(o.mapped);
}

/* ---- all of it ------------------------------------------------------------------------------- */
static void parse(struct core *c, struct parsed_core *ret)
{
    struct core_mem m;
    struct core_zones zones;
    struct core_clock clock;
    struct cos_tasks tasks;
    core_mem_load(c, &m);
    core_zones_load(c, &zones);
    core_clock_load(c, &clock);
    ret->stun_ns = (int64_t)c->time_ns;
    ret->clock_ns = (int64_t)clock.now_ns;
    ret->total = m.total;
    ret->free = m.free;
    ret->swap_total = m.swap_total;
    ret->swap_free = m.swap_free;
    for (uint32_t i = 0; i < zones.count; i++)
        ret->clean += zones.zone[i].clean;
    if (core_tasks_load(c, &tasks) != 0)
        return;
    parse_tasks(c, &tasks, &ret->tasks);
    if (m.total > 0)
        parse_orphans(c, &tasks, ret);
    cos_tasks_free(&tasks);
}

int reading_add_core(struct diagnosis *d, const char *path, const char *shown, struct err *err)
{
    struct core *c;
    const int error = core_open(path, &c, err);
    if (error != 0)
        return error;
    struct parsed *p = reading_add(d, ARTEFACT_CORE, shown);
    parse(c, &p->core);
    if (core_missing(c) > 0)
        diagnosis_note(p->source, "cut: %llu MB are missing",
                       (unsigned long long)(core_missing(c) >> 20));
    else if (c->problems.count > 0)
        diagnosis_note(p->source, "%u inconsistencies", c->problems.count);
    core_close(c);
    return 1;
}
