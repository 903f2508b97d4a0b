/* tasks.h - the console's tasks at the stun, from a cos-core or a zdump, and the facts that they
 * show: for what vmnixhbd waits, who holds the memory, who keeps the CPU, how many there are.
 *
 * A cos-core tells everything; a zdump has no sizes and no priorities; SysRq-T lists have stacks,
 * those of ps and top have not. */
#ifndef TOOLS_DIAGNOSE_READERS_TASKS_H
#define TOOLS_DIAGNOSE_READERS_TASKS_H

#include "tools/diagnose/facts/diagnosis.h"

#define TASK_FRAMES_MAX 24u
#define TASK_FUNCTION_MAX 40u

struct seen_task {
    uint32_t pid, ppid;
    char comm[17];
    char state; /* R S D T Z X ? */
    bool stuck; /* stands in the allocator's endless retry */
    uint32_t frames;
    char function[TASK_FRAMES_MAX][TASK_FUNCTION_MAX]; /* newest first */
    /* of a core only */
    bool real_time;
    int32_t priority; /* of a real-time task 1..99; else the nice value */
    int64_t kb;       /* private pages, in RAM or swap, kernel stack and page tables included */
    int64_t age_ns;   /* since its start */
};

struct seen_tasks {
    struct seen_task *task;
    uint32_t count, room;
    bool whole; /* the list was read to its end */
    /* Of some moment before the stun (SysRq, top, ps): trouble that it shows counts, that all looks
     * well does not. */
    bool is_glimpse;
    bool has_priorities;
    bool has_sizes; /* of all: a part of the page tables would make the large ones small */
};

/** Set all facts that tasks show. `file` is where they stand. */
void tasks_extract(const struct diagnosis *d, const struct seen_tasks *tasks, const char *file,
                   struct facts *ret);

/** Add a function to the outer end of the task's stack; NULL = its name is not known. */
void task_add_frame(struct seen_task *t, const char *function);

#endif /* TOOLS_DIAGNOSE_READERS_TASKS_H */
