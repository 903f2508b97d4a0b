/* core_task.c - the tasks of a core; see core_model.h.
 *
 * The list of tasks leads to all of them; a list that is broken, or a core that was cut, loses the
 * rest. Then each thread of the notes still has a stack pointer, and the task_struct lies at the
 * bottom of the stack: one whose pid fits is taken as well. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/core/core_model.h"

struct loader {
    struct core *core;
    struct core_tasks *tasks;
    uint32_t room;
    uint32_t *thread_of; /* pid -> index in core->threads + 1 */
};

/* ---- one task -------------------------------------------------------------------------------- */

static void load_who(struct core *c, struct core_task *t)
{
    uint64_t at;
    const uint64_t a = t->address;
    t->ppid = core_field(c, a, "task_struct.ppid", 0);
    t->tgid = core_field(c, a, "task_struct.tgid", t->pid);
    t->state = core_field(c, a, "task_struct.state", UINT32_MAX);
    t->flags = core_field(c, a, "task_struct.flags", 0);
    t->uid = core_field(c, a, "task_struct.uid", 0);
    t->caps = core_field(c, a, "task_struct.caps", 0);
    if (!core_offset(c, "task_struct.comm", &at) ||
        !core_text(c, a + at, t->comm, sizeof t->comm - 1))
        memcpy(t->comm, "?", 2);
}

static void load_sched(struct core *c, struct core_task *t)
{
    const uint64_t a = t->address;
    t->policy = core_field(c, a, "task_struct.policy", 0);
    t->prio = (int32_t)core_field(c, a, "task_struct.prio", 0);
    t->static_prio = (int32_t)core_field(c, a, "task_struct.static_prio", 0);
    t->time_slice = core_field(c, a, "task_struct.time_slice", 0);
    t->sleep_avg = core_field(c, a, "task_struct.sleep_avg", 0);
    t->array = core_field(c, a, "task_struct.array", 0);
    t->stuck = core_field(c, a, "task_struct.stuck", 0);
    t->reclaim_passes = core_field(c, a, "task_struct.reclaim_passes", 0);
    t->sig_pending = core_field(c, a, "task_struct.sig_pending", 0);
    t->sig_caught = core_field(c, a, "task_struct.sig_caught", 0);
    t->wait_queue = core_field(c, a, "task_struct.wait_queue", 0);
    t->wait_page = core_field(c, a, "task_struct.wait_page", 0);
    t->min_flt = core_field(c, a, "task_struct.min_flt", 0);
    t->maj_flt = core_field(c, a, "task_struct.maj_flt", 0);
    (void)core_field_u64(c, a, "task_struct.utime_ns", &t->utime_ns);
    (void)core_field_u64(c, a, "task_struct.stime_ns", &t->stime_ns);
    (void)core_field_u64(c, a, "task_struct.start_ns", &t->start_ns);
}

static void load_mm(struct core *c, struct core_task *t)
{
    t->mm = core_field(c, t->address, "task_struct.mm", 0);
    if (t->mm == 0)
        return;
    if (!core_field_u32(c, t->mm, "mm_struct.total_vm", &t->vm) ||
        !core_field_u32(c, t->mm, "mm_struct.rss", &t->rss))
        core_note_problem(c, "task %u (%s): its mm_struct at %x is not in the core", t->pid,
                          t->comm, t->mm);
}

/* The registers from its NT_PRSTATUS; without one, those that lie in the memory. */
static void load_regs(struct loader *l, struct core_task *t)
{
    struct core *c = l->core;
    const uint32_t frame = core_field(c, t->address, "task_struct.frame", 0);
    struct cos_frame saved;
    const bool has_saved = frame != 0 && core_read(c, frame, &saved, sizeof saved);
    const uint32_t thread = t->pid < CORE_THREADS_MAX ? l->thread_of[t->pid] : 0;
    if (thread != 0) {
        t->regs = c->threads[thread - 1].regs;
        t->has_regs = c->threads[thread - 1].ran;
        if (has_saved && t->has_regs && (saved.rip != t->regs.rip || saved.rsp != t->regs.rsp))
            core_note_problem(c,
                              "task %u (%s): registers of its NT_PRSTATUS (ip %" PRIx64
                              ") are not those of its saved frame (ip %" PRIx64 ")",
                              t->pid, t->comm, t->regs.rip, saved.rip);
    } else if (has_saved) {
        t->regs = saved;
        t->has_regs = true;
    }
}

static struct core_task *new_task(struct loader *l)
{
    struct core_tasks *tasks = l->tasks;
    if (tasks->count == l->room) {
        const uint32_t room = l->room == 0 ? 256 : l->room * 2;
        struct core_task *more = realloc(tasks->task, room * sizeof *more);
        if (more == NULL)
            return NULL;
        tasks->task = more;
        l->room = room;
    }
    struct core_task *t = &tasks->task[tasks->count];
    memset(t, 0, sizeof *t);
    return t;
}

/* @return 0, also when there is no task to be read at the address; -1 out of memory */
static int load_task(struct loader *l, uint64_t address)
{
    struct core *c = l->core;
    struct core_task *t = new_task(l);
    if (t == NULL)
        return -1;
    t->address = address;
    if (!core_field_u32(c, address, "task_struct.pid", &t->pid)) {
        core_note_problem(c, "task list: the task at %" PRIx64 " is not in the core", address);
        return 0;
    }
    load_who(c, t);
    load_sched(c, t);
    load_mm(c, t);
    load_regs(l, t);
    t->current = c->current != 0 && c->current == address;
    l->tasks->count++;
    return 0;
}

/* ---- all of them ----------------------------------------------------------------------------- */

static void index_threads(struct loader *l)
{
    struct core *c = l->core;
    for (uint32_t i = c->thread_count; i-- > 0;) { /* the first of a pid wins */
        const uint32_t pid = c->threads[i].pid;
        if (pid >= CORE_THREADS_MAX) {
            core_note_problem(c, "an NT_PRSTATUS bears the impossible pid %u", pid);
            continue;
        }
        if (l->thread_of[pid] != 0)
            core_note_problem(c, "several NT_PRSTATUS bear the pid %u", pid);
        l->thread_of[pid] = i + 1;
    }
}

static int walk_list(struct loader *l)
{
    struct core *c = l->core;
    struct core_walk w;
    uint64_t head, offset, at;
    if (!core_symbol(c, "init_task_union", &head) ||
        !core_offset(c, "task_struct.next_task", &offset)) {
        core_note_problem(c, "the note does not say where the task list begins");
        return 0;
    }
    if (load_task(l, head) != 0)
        return -1;
    core_walk_begin(&w, c, "task list", head, offset, CORE_TASKS_MAX);
    while (core_walk_next(&w, &at)) {
        if (load_task(l, at) != 0)
            return -1;
    }
    l->tasks->whole = !w.broken;
    return 0;
}

static int rescue(struct loader *l)
{
    struct core *c = l->core;
    const uint64_t stack = core_number(c, "thread_size", 8192, 1u << 20);
    const uint32_t before = l->tasks->count;
    for (uint32_t i = 0; i < c->thread_count && stack > 0; i++) {
        const uint64_t address = c->threads[i].regs.rsp / stack * stack;
        if (!c->threads[i].ran || core_task_by_pid(l->tasks, c->threads[i].pid) != NULL ||
            core_field(c, address, "task_struct.pid", UINT32_MAX) != c->threads[i].pid)
            continue;
        if (load_task(l, address) != 0)
            return -1;
    }
    if (l->tasks->count > before)
        core_note_problem(c, "%u tasks were found by their stacks, not by the list",
                          l->tasks->count - before);
    return 0;
}

/* What the two ways of counting tasks say. */
static void compare_threads(struct loader *l)
{
    struct core *c = l->core;
    uint32_t without = 0, first = 0;
    for (uint32_t i = 0; i < l->tasks->count; i++) {
        const uint32_t pid = l->tasks->task[i].pid;
        if (pid < CORE_THREADS_MAX && l->thread_of[pid] != 0)
            continue;
        if (without++ == 0)
            first = pid;
    }
    if (without > 0)
        core_note_problem(c, "%u tasks have no NT_PRSTATUS, the first is pid %u", without, first);
    if (c->thread_count > l->tasks->count)
        core_note_problem(c, "there are %u NT_PRSTATUS, but %u tasks can be read", c->thread_count,
                          l->tasks->count);
    if (c->current != 0 && core_task_current(l->tasks) == NULL)
        core_note_problem(c, "the running task, %" PRIx64 ", is not on the task list", c->current);
}

int core_tasks_load(struct core *c, struct core_tasks *ret)
{
    struct core_tasks tasks = { .count = 0 };
    struct loader l = { .core = c, .tasks = &tasks };
    l.thread_of = calloc(CORE_THREADS_MAX, sizeof *l.thread_of);
    int status = -1;
    if (l.thread_of != NULL) {
        index_threads(&l);
        status = walk_list(&l);
        if (status == 0 && !tasks.whole)
            status = rescue(&l);
        if (status == 0)
            compare_threads(&l);
    }
    free(l.thread_of);
    if (status != 0)
        core_tasks_free(&tasks);
    else
        *ret = tasks;
    return status;
}

void core_tasks_free(struct core_tasks *tasks)
{
    free(tasks->task);
    *tasks = (struct core_tasks){ .count = 0 };
}

const struct core_task *core_task_by_pid(const struct core_tasks *tasks, uint32_t pid)
{
    for (uint32_t i = 0; i < tasks->count; i++) {
        if (tasks->task[i].pid == pid)
            return &tasks->task[i];
    }
    return NULL;
}

const struct core_task *core_task_current(const struct core_tasks *tasks)
{
    for (uint32_t i = 0; i < tasks->count; i++) {
        if (tasks->task[i].current)
            return &tasks->task[i];
    }
    return NULL;
}

const struct core_task *core_task_by_address(const struct core_tasks *tasks, uint64_t address)
{
    for (uint32_t i = 0; i < tasks->count; i++) {
        if (tasks->task[i].address == address)
            return &tasks->task[i];
    }
    return NULL;
}

const char *core_state_name(uint32_t state)
{
    switch (state) {
    case CORE_RUNNING:
        return "RU";
    case CORE_INTERRUPTIBLE:
        return "IN";
    case CORE_UNINTERRUPTIBLE:
        return "UN";
    case CORE_STOPPED:
        return "ST";
    case CORE_ZOMBIE:
        return "ZO";
    case CORE_DEAD:
        return "DE";
    default:
        return "??";
    }
}

const char *core_policy_name(uint32_t policy)
{
    static const char *const names[] = { "normal", "fifo", "rr" };
    return policy < sizeof names / sizeof names[0] ? names[policy] : "?";
}
