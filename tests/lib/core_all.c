/* core_all.c - see core_all.h. */
#include "tests/lib/core_all.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "tools/crash/crash.h"

#define TASKS_TRIED 8u

static void line(struct crash *s, const char *command)
{
    assert(crash_line(s, command) == CRASH_OK);
    assert(s->out.depth == 0);
}

static void line_of(struct crash *s, const char *command, const struct cos_task *t)
{
    char text[64];
    (void)snprintf(text, sizeof text, "%s 0x%llx", command, (unsigned long long)t->address);
    line(s, text);
}

static void every_command(struct crash *s)
{
    static const char *const plain[] = { "sys",           "ps",      "ps -m",   "foreach bt",
                                         "kmem -i",       "kmem -f", "kmem -s", "kmem -z",
                                         "log",           "log -m",  "swap",    "runq",
                                         "rd c0002000 64" };
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
        line(s, plain[i]);
    for (uint32_t i = 0; i < s->tasks.count && i < TASKS_TRIED; i++) {
        const struct cos_task *t = &s->tasks.task[i];
        if (cos_task_by_address(&s->tasks, t->address) != t)
            continue; /* a list that holds a task twice */
        line_of(s, "task", t);
        line_of(s, "why", t);
        if (t->mm == 0)
            continue;
        line_of(s, "vm", t);
        line_of(s, "leak", t);
    }
}

int core_all(const void *bytes, size_t size, struct err *err)
{
    struct crash s = { 0 };
    static FILE *nowhere;
    if (nowhere == NULL)
        nowhere = fopen("/dev/null", "we");
    assert(nowhere != NULL);
    if (core_from_bytes("core", bytes, size, &s.core, err) != 0)
        return -1;
    assert(core_tasks_load(s.core, &s.tasks) == 0);
    s.unwinder = cosview_unwinder_create(&s.core->view, s.core->phdr_va, s.core->phdr_count);
    assert(s.unwinder != NULL);
    s.out.to = nowhere;
    for (int json = 0; json < 2; json++) {
        s.out.json = json != 0;
        every_command(&s);
    }
    cosview_unwinder_destroy(s.unwinder);
    cos_tasks_free(&s.tasks);
    core_close(s.core);
    return 0;
}
