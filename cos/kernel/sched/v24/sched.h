/* sched.h - the run queue, for those parts of the kernel that look inside: time.c, livelock.c,
 * /proc.
 *
 * The O(1) scheduler of 2.4.21-EL: two arrays of 140 queues, active and expired; a task whose slice
 * is used up goes to expired, unless it is interactive; when active is empty the arrays change
 * places. Non-preemptive kernel: a switch happens when a task sleeps, yields or returns to user
 * mode. Sources: docs/sources.md [RHEL3MM 4]. */
#ifndef COS_SCHED_H
#define COS_SCHED_H

#include "cos/kernel/sched/task.h"

#define MAX_PRIO 140u
#define MAX_RT_PRIO 100u
#define MAX_SLEEP_AVG (10u * HZ)
#define STARVATION_LIMIT (10u * HZ) /* ticks per runnable task */
#define INTERACTIVE_DELTA 2

struct prio_array {
    uint32_t nr_active;
    uint32_t bitmap[(MAX_PRIO + 31) / 32];
    struct list queue[MAX_PRIO];
};
struct run_queue {
    kptr active, expired;       /* struct prio_array */
    uint32_t expired_timestamp; /* jiffies of the first slice that ran out since the last change of
                                   arrays; 0 = none */
    uint64_t switches;
    uint64_t account_ns; /* up to here CPU time is booked */
    struct prio_array arrays[2];
};
extern struct run_queue run_queue;

/** Empty queues, pid 0 as the current task. Called once, first of all. */
void sched_init(void);
/** The timer tick finds `t` running: slice, interactivity, starvation. */
void sched_tick(struct task_struct *t);
/** The task that schedule() would run next; changes arrays if it has to. init_task when none is
 * runnable. */
struct task_struct *sched_pick(void);
/** Move the current task to the expired array (real-time ones: to the tail of their queue), as
 * sys_sched_yield does. */
void sched_requeue_yield(struct task_struct *t);
/** First half of a switch: book the time of `prev`, take it off the queues if it sleeps. */
void sched_leave_cpu(struct task_struct *prev);
/** Second half: `next` is current now. The stacks are the caller's business. */
void sched_take_cpu(struct task_struct *prev, struct task_struct *next);
/** Book the CPU time since the last call to `t`. */
void sched_account(struct task_struct *t);
/** ASSERT that queues, bitmaps and counters agree: whenever the VMkernel may look. */
void sched_check(void);
bool sched_is_idle(void);
uint32_t sched_active_count(void); /* running + uninterruptible tasks */
void cpu_idle(void) __attribute__((noreturn));

/* time.c */
void time_init(void);
void time_set_next(void);
void time_skip_idle(void); /* nothing is runnable: jump to the next event; the next cpu_charge()
                              handles it */
void time_load(void);      /* bring the load averages up to date */
void tick_start(void);
void tick_stop(void);
void tick_pass(uint32_t n);      /* the next n ticks were handled otherwise (alone.c) */
uint64_t tick_at(void);          /* instant of the next tick, UINT64_MAX while idle */
uint64_t time_first_timer(void); /* instant of the first timer, UINT64_MAX if none */
/** Called before a grant ends, on the interrupt stack: whatever is not in order must be, since the
 * VMkernel may look at all of the RAM. NULL = nothing to do. */
extern void (*time_before_hand_over)(void);
extern uint32_t avenrun[3];

#endif /* COS_SCHED_H */
