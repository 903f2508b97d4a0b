/* task.c - see task.h. */
#include "shared/cosview/task.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- one task -------------------------------------------------------------------------------- */

static void read_who(const struct cosview *v, struct cos_task *t)
{
    uint64_t at;
    const uint64_t a = t->address;
    t->ppid = cosview_field(v, a, "task_struct.ppid", 0);
    t->tgid = cosview_field(v, a, "task_struct.tgid", t->pid);
    t->state = cosview_field(v, a, "task_struct.state", UINT32_MAX);
    t->flags = cosview_field(v, a, "task_struct.flags", 0);
    t->uid = cosview_field(v, a, "task_struct.uid", 0);
    t->caps = cosview_field(v, a, "task_struct.caps", 0);
    if (!cosview_offset(v, "task_struct.comm", &at) ||
        !cosview_text(v, a + at, t->comm, sizeof t->comm))
        memcpy(t->comm, "?", 2);
}

static void read_sched(const struct cosview *v, struct cos_task *t)
{
    const uint64_t a = t->address;
    t->policy = cosview_field(v, a, "task_struct.policy", 0);
    t->prio = (int32_t)cosview_field(v, a, "task_struct.prio", 0);
    t->static_prio = (int32_t)cosview_field(v, a, "task_struct.static_prio", 0);
    t->time_slice = cosview_field(v, a, "task_struct.time_slice", 0);
    t->sleep_avg = cosview_field(v, a, "task_struct.sleep_avg", 0);
    t->array = cosview_field(v, a, "task_struct.array", 0);
    t->stuck = cosview_field(v, a, "task_struct.stuck", 0);
    t->reclaim_passes = cosview_field(v, a, "task_struct.reclaim_passes", 0);
    t->sig_pending = cosview_field(v, a, "task_struct.sig_pending", 0);
    t->sig_caught = cosview_field(v, a, "task_struct.sig_caught", 0);
    t->wait_queue = cosview_field(v, a, "task_struct.wait_queue", 0);
    t->wait_page = cosview_field(v, a, "task_struct.wait_page", 0);
    t->min_flt = cosview_field(v, a, "task_struct.min_flt", 0);
    t->maj_flt = cosview_field(v, a, "task_struct.maj_flt", 0);
    (void)cosview_field_u64(v, a, "task_struct.utime_ns", &t->utime_ns);
    (void)cosview_field_u64(v, a, "task_struct.stime_ns", &t->stime_ns);
    (void)cosview_field_u64(v, a, "task_struct.start_ns", &t->start_ns);
}

static void read_mm(const struct cosview *v, struct cos_task *t)
{
    t->mm = cosview_field(v, t->address, "task_struct.mm", 0);
    if (t->mm != 0 && (!cosview_field_u32(v, t->mm, "mm_struct.total_vm", &t->vm) ||
                       !cosview_field_u32(v, t->mm, "mm_struct.rss", &t->rss)))
        problems_add(v->problems,
                     "task %" PRIu32 " (%s): its mm_struct at %" PRIx32 " is out of reach", t->pid,
                     t->comm, t->mm);
}

bool cos_task_read(const struct cosview *v, uint64_t address, struct cos_task *ret)
{
    struct cos_task t = { .address = address };
    /* Links are 32 bits wide, and a task_struct begins a stack. */
    if (address % 4 != 0 || address > UINT32_MAX ||
        !cosview_field_u32(v, address, "task_struct.pid", &t.pid))
        return false;
    read_who(v, &t);
    read_sched(v, &t);
    read_mm(v, &t);
    t.frame = cosview_field(v, address, "task_struct.frame", 0);
    t.has_regs =
        t.frame != 0 && t.frame % 4 == 0 && cosview_read(v, t.frame, &t.regs, sizeof t.regs);
    *ret = t;
    return true;
}

/* ---- all of them ----------------------------------------------------------------------------- */

static int append(struct cos_tasks *tasks, const struct cos_task *t)
{
    if ((tasks->count & (tasks->count - 1)) == 0) { /* room for the next power of two */
        const size_t room = tasks->count == 0 ? 1 : 2 * (size_t)tasks->count;
        struct cos_task *more = realloc(tasks->task, room * sizeof *more);
        if (more == NULL)
            return -1;
        tasks->task = more;
    }
    tasks->task[tasks->count++] = *t;
    return 0;
}

struct cos_task *cos_tasks_append(const struct cosview *v, uint64_t address,
                                  struct cos_tasks *tasks)
{
    struct cos_task t;
    return cos_task_read(v, address, &t) && append(tasks, &t) == 0 ? &tasks->task[tasks->count - 1]
                                                                   : NULL;
}

/* A circle that does not close at its head was walked up to three times: leave each task once. */
static void drop_repeated(struct cos_tasks *tasks, uint32_t cycle)
{
    uint32_t first = 0;
    assert(cycle > 0);
    while (first + cycle < tasks->count &&
           tasks->task[first].address != tasks->task[first + cycle].address)
        first++;
    if (first + cycle < tasks->count)
        tasks->count = first + cycle;
}

static int walk_tasks(const struct cosview *v, uint64_t head, uint64_t next_task,
                      struct cos_tasks *tasks)
{
    struct cos_walk w;
    uint64_t at = head;
    cos_walk_begin(&w, v, "task list", head, next_task, COS_TASKS_MAX);
    do {
        struct cos_task t;
        if (!cos_task_read(v, at, &t)) {
            problems_add(v->problems,
                         "task list: no task at %" PRIx64 "; %" PRIu32 " tasks before it", at,
                         tasks->count);
            return 0;
        }
        if (append(tasks, &t) != 0)
            return -1;
    } while (cos_walk_next(&w, &at));
    if (w.cycle > 0)
        drop_repeated(tasks, w.cycle);
    tasks->whole = !w.broken;
    return 0;
}

int cos_tasks_read(const struct cosview *v, uint64_t current, struct cos_tasks *ret)
{
    struct cos_tasks tasks = { .count = 0 };
    uint64_t head, next_task;
    if (!cosview_symbol(v, "init_task_union", &head) ||
        !cosview_offset(v, "task_struct.next_task", &next_task)) {
        problems_add(v->problems, "the note does not say where the task list begins");
    } else if (walk_tasks(v, head, next_task, &tasks) != 0) {
        cos_tasks_free(&tasks);
        return -1;
    }
    for (uint32_t i = 0; i < tasks.count; i++)
        tasks.task[i].current = current != 0 && tasks.task[i].address == current;
    *ret = tasks;
    return 0;
}

void cos_tasks_free(struct cos_tasks *tasks)
{
    free(tasks->task);
    *tasks = (struct cos_tasks){ .count = 0 };
}

/* ---- one of them ----------------------------------------------------------------------------- */

const struct cos_task *cos_task_by_pid(const struct cos_tasks *tasks, uint32_t pid)
{
    for (uint32_t i = 0; i < tasks->count; i++) {
        if (tasks->task[i].pid == pid)
            return &tasks->task[i];
    }
    return NULL;
}

const struct cos_task *cos_task_current(const struct cos_tasks *tasks)
{
    for (uint32_t i = 0; i < tasks->count; i++) {
        if (tasks->task[i].current)
            return &tasks->task[i];
    }
    return NULL;
}

const struct cos_task *cos_task_by_address(const struct cos_tasks *tasks, uint64_t address)
{
    for (uint32_t i = 0; i < tasks->count; i++) {
        if (tasks->task[i].address == address)
            return &tasks->task[i];
    }
    return NULL;
}

/* ---- in words -------------------------------------------------------------------------------- */

static const struct state_words {
    uint32_t state;
    char letter;
    const char *name;
} states[] = { { COS_RUNNING, 'R', "RU" },         { COS_INTERRUPTIBLE, 'S', "IN" },
               { COS_UNINTERRUPTIBLE, 'D', "UN" }, { COS_STOPPED, 'T', "ST" },
               { COS_ZOMBIE, 'Z', "ZO" },          { COS_DEAD, 'X', "DE" } };

static const struct state_words *words_of(uint32_t state)
{
    static const struct state_words unknown = { UINT32_MAX, '?', "??" };
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        if (states[i].state == state)
            return &states[i];
    }
    return &unknown;
}

char cos_state_letter(uint32_t state)
{
    return words_of(state)->letter;
}

const char *cos_state_name(uint32_t state)
{
    return words_of(state)->name;
}

const char *cos_policy_name(uint32_t policy)
{
    static const char *const names[] = { "normal", "fifo", "rr" };
    return policy < sizeof names / sizeof names[0] ? names[policy] : "?";
}
