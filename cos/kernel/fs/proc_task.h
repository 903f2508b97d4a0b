/* proc_task.h - what the kernel tells of a task: the letters and numbers of ps and top, and
 * /proc/PID/status.
 *
 * HOST/proc/PID/status is part of the hourly snapshot, but 130 files an hour for six weeks would
 * cost more than all else that a host writes. So with each snapshot
 *
 *   - a task that is new gets its file, if it has lived for a minute (so the processes of the
 *     hourly job itself, which are gone a second later, have none),
 *   - one whose VmSize changed, or that stopped or became a zombie, gets a new one,
 *   - the files of tasks that are gone go,
 *
 * and with every 24th all are written. So there is a file for each such task of the last snapshot
 * and for no other, its VmSize is true, and what moves by itself (VmRSS, S or D) may be a day old.
 * Layouts: docs/sources.md [RHEL3MM 2]. */
#ifndef COS_PROC_TASK_H
#define COS_PROC_TASK_H

#include "cos/kernel/fs/text.h"
#include "cos/kernel/sched/task.h"

/* Memory of a task as /proc/PID/statm has it in 2.4, in pages: what the page tables know of, so
 * pages that nobody touched yet count nowhere. */
struct task_memory {
    uint32_t size;     /* present or swapped */
    uint32_t resident; /* present */
    uint32_t share;    /* present, and somebody else's too */
};

/** Bring HOST/proc/PID up to date. @return 0 or the first negative errno */
int proc_write_tasks(void);
/** Remove all of HOST/proc/PID, of whatever boot; the next proc_write_tasks() writes all. @return
 * as above */
int proc_forget_tasks(void);
/** Append /proc/PID/status. */
void proc_put_status(struct text *t, const struct task_struct *task);

/** R S D T Z X */
char task_state_letter(const struct task_struct *t);
/** Three columns of ps and top: state; W = a living task without resident pages; N = nice, < = the
 * opposite. Each is a blank when it does not hold. */
void task_stat_letters(const struct task_struct *t, char ret[4]);
/** Resident pages, 0 without an mm. */
uint32_t task_rss(const struct task_struct *t);
/** Virtual pages, 0 without an mm. */
uint32_t task_size(const struct task_struct *t);
/** Walk the page tables as 2.4 does for statm. */
void task_memory(const struct task_struct *t, struct task_memory *ret);
/** "root" or "nobody": the COS has no other users. */
const char *task_user(const struct task_struct *t);

#endif /* COS_PROC_TASK_H */
