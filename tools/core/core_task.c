/* core_task.c - the tasks of a core, with the registers that its notes have; see core_model.h.
 *
 * The list of tasks leads to all of them; a list that is broken, or a core that was cut, loses the
 * rest. Then each thread of the notes still has a stack pointer, and the task_struct lies at the
 * bottom of the stack: one whose pid fits is taken as well. */
#include <inttypes.h>
#include <stdlib.h>

#include "tools/core/core_model.h"

struct loader {
    struct core *core;
    struct cos_tasks *tasks;
    uint32_t *thread_of; /* pid -> index in core->threads + 1 */
};

/* The registers from its NT_PRSTATUS; without one, those that lie in the memory. */
static void take_registers(const struct loader *l, struct cos_task *t)
{
    struct core *c = l->core;
    const struct cos_frame saved = t->regs;
    const bool has_saved = t->has_regs;
    const uint32_t thread = t->pid < CORE_THREADS_MAX ? l->thread_of[t->pid] : 0;
    if (thread == 0)
        return;
    t->regs = c->threads[thread - 1].regs;
    t->has_regs = c->threads[thread - 1].ran;
    if (has_saved && t->has_regs && (saved.rip != t->regs.rip || saved.rsp != t->regs.rsp))
        problems_add(&c->problems,
                     "task %u (%s): registers of its NT_PRSTATUS (ip %" PRIx64
                     ") are not those of its saved frame (ip %" PRIx64 ")",
                     t->pid, t->comm, t->regs.rip, saved.rip);
}

static void index_threads(struct loader *l)
{
    struct core *c = l->core;
    for (uint32_t i = c->thread_count; i-- > 0;) { /* the first of a pid wins */
        const uint32_t pid = c->threads[i].pid;
        if (pid >= CORE_THREADS_MAX) {
            problems_add(&c->problems, "an NT_PRSTATUS bears the impossible pid %u", pid);
            continue;
        }
        if (l->thread_of[pid] != 0)
            problems_add(&c->problems, "several NT_PRSTATUS bear the pid %u", pid);
        l->thread_of[pid] = i + 1;
    }
}

static void rescue(struct loader *l)
{
    struct core *c = l->core;
    const uint64_t stack = cosview_number(&c->view, "thread_size", 8192, 1u << 20);
    const uint32_t before = l->tasks->count;
    for (uint32_t i = 0; i < c->thread_count && stack > 0; i++) {
        const uint64_t address = c->threads[i].regs.rsp / stack * stack;
        if (!c->threads[i].ran || cos_task_by_pid(l->tasks, c->threads[i].pid) != NULL ||
            cosview_field(&c->view, address, "task_struct.pid", UINT32_MAX) != c->threads[i].pid)
            continue;
        struct cos_task *t = cos_tasks_append(&c->view, address, l->tasks);
        if (t != NULL)
            t->current = address == c->current;
    }
    if (l->tasks->count > before)
        problems_add(&c->problems, "%u tasks were found by their stacks, not by the list",
                     l->tasks->count - before);
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
        problems_add(&c->problems, "%u tasks have no NT_PRSTATUS, the first is pid %u", without,
                     first);
    if (c->thread_count > l->tasks->count)
        problems_add(&c->problems, "there are %u NT_PRSTATUS, but %u tasks can be read",
                     c->thread_count, l->tasks->count);
    if (c->current != 0 && cos_task_current(l->tasks) == NULL)
        problems_add(&c->problems, "the running task, %" PRIx64 ", is not on the task list",
                     c->current);
}

int core_tasks_load(struct core *c, struct cos_tasks *ret)
{
    struct cos_tasks tasks;
    struct loader l = { .core = c, .tasks = &tasks };
    l.thread_of = calloc(CORE_THREADS_MAX, sizeof *l.thread_of);
    if (l.thread_of == NULL || cos_tasks_read(&c->view, c->current, &tasks) != 0) {
        free(l.thread_of);
        return -1;
    }
    index_threads(&l);
    if (!tasks.whole)
        rescue(&l);
    for (uint32_t i = 0; i < tasks.count; i++)
        take_registers(&l, &tasks.task[i]);
    compare_threads(&l);
    free(l.thread_of);
    *ret = tasks;
    return 0;
}
