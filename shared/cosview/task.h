/* task.h - the console's tasks, copied out of its memory.
 *
 * The meaning of state, flags and policy is that of Linux 2.4 [RHEL3MM]. What could not be read is
 * 0 (or said so by a flag); sizes are pages of 4 kB. */
#ifndef SHARED_COSVIEW_TASK_H
#define SHARED_COSVIEW_TASK_H

#include "shared/cosview/cosview.h"

#define COS_COMM 16u         /* with its zero */
#define COS_TASKS_MAX 65536u /* above threads-max of 800 MB (12,800) and any pid */

enum cos_state { /* task_struct.state of 2.4 */
                 COS_RUNNING = 0,
                 COS_INTERRUPTIBLE = 1,
                 COS_UNINTERRUPTIBLE = 2,
                 COS_STOPPED = 4,
                 COS_ZOMBIE = 8,
                 COS_DEAD = 16,
};
#define COS_PF_MEMALLOC 0x800u
#define COS_PF_MEMDIE 0x1000u
enum cos_policy { COS_SCHED_NORMAL, COS_SCHED_FIFO, COS_SCHED_RR };

struct cos_task {
    uint64_t address; /* of the task_struct */
    uint32_t pid, ppid, tgid;
    char comm[COS_COMM]; /* terminated, printable */
    uint32_t state, flags, uid, caps;
    uint32_t policy;
    int32_t prio, static_prio;      /* 0..139; nice = static_prio - 120 */
    uint32_t time_slice, sleep_avg; /* ticks */
    uint32_t array;                 /* prio_array it is queued on; 0 = not queued */
    uint32_t stuck, reclaim_passes; /* see "NUMBER(STUCK_...)"; direct reclaim passes done */
    uint32_t sig_pending, sig_caught;
    uint64_t utime_ns, stime_ns, start_ns;
    uint32_t min_flt, maj_flt;
    uint32_t wait_queue, wait_page; /* what it sleeps on; 0 = nothing known */
    uint32_t mm;                    /* 0 = a kernel thread or a zombie */
    uint32_t vm, rss;               /* of the mm */
    uint32_t frame;                 /* address of its register frame, 0 = it has never run */
    bool current;                   /* it had the CPU */
    bool has_regs;                  /* `regs` were read; all zero otherwise */
    struct cos_frame regs;
};

struct cos_tasks {
    struct cos_task *task; /* pid 0 first, then oldest first */
    uint32_t count;
    bool whole; /* the list was walked to its end */
};

/** Copy one task. @return false, with *ret untouched, when there is none at that address */
bool cos_task_read(const struct cosview *v, uint64_t address, struct cos_task *ret);
/** Walk the circle of tasks, each of them once. `current` is the address of the running one, 0 =
 * not known. *ret holds what could be walked, perhaps nothing; problems say the rest.
 * @return 0 with something for cos_tasks_free(), -1 out of memory */
int cos_tasks_read(const struct cosview *v, uint64_t current, struct cos_tasks *ret);
/** Append the task at an address that the walk did not meet. @return it; NULL if there is none, or
 * no room */
struct cos_task *cos_tasks_append(const struct cosview *v, uint64_t address,
                                  struct cos_tasks *tasks);
void cos_tasks_free(struct cos_tasks *tasks);
/** By pid, by the running one, by address; NULL if there is none. */
const struct cos_task *cos_task_by_pid(const struct cos_tasks *tasks, uint32_t pid);
const struct cos_task *cos_task_current(const struct cos_tasks *tasks);
const struct cos_task *cos_task_by_address(const struct cos_tasks *tasks, uint64_t address);

/** Letter of a task state as SysRq-T prints it: R S D T Z X; '?' for another value. */
char cos_state_letter(uint32_t state);
/** "RU", "IN", "UN", "ST", "ZO", "DE", "??" as crash has them [RHEL3MM 6]. */
const char *cos_state_name(uint32_t state);
/** "normal", "fifo", "rr", "?". */
const char *cos_policy_name(uint32_t policy);

#endif /* SHARED_COSVIEW_TASK_H */
