/* process.h - what programs need of process.c beyond task.h: children with arguments, reaping
 * without waiting, counts for /proc. */
#ifndef COS_PROCESS_H
#define COS_PROCESS_H

#include "cos/kernel/errno.h"
#include "cos/kernel/sched/kstat.h"
#include "cos/kernel/sched/task.h"

/* What a process runs, to the kernel: a function and its record. */
struct process_body {
    void *program;             /* becomes task_struct.program */
    int (*main)(void *);       /* gets `program`; its result is the exit code */
    void (*end)(kptr program); /* called by do_exit() on the task's stack: free the record */
};

/** Make a child of current with pid `pid` (0: the next free one), linked, in state D; who calls
 * gives it an identity and then process_start(). Allocates with GFP_KERNEL, so it can wait as long
 * as the machine has no memory. @return NULL with *ret_error set to -EAGAIN (no pid, too many
 * tasks) or -ENOMEM (no stack) */
struct task_struct *new_task(uint32_t pid, const char *name, int *ret_error);
/** Give a new task its program and let it run. */
void process_start(struct task_struct *t, const struct process_body *body);
/** fork: a child of current with its name, identity and address space, whose pages are shared
 * until one side writes them. @return the child's pid, -EAGAIN (no pid, too many tasks), -ENOMEM;
 * body->program is the caller's then */
int do_fork(const struct process_body *body);
/** exec: current has the name and identity of `spec` from now on. */
void process_exec(const struct boot_program *spec);
/** Nice value, policy, uid, capabilities and handlers that `spec` names. */
void process_set_identity(struct task_struct *t, const struct boot_program *spec);
/** Release one child that ended, without waiting. @return its pid, 0 when none ended, -ECHILD
 * without children */
int reap_child(void);
/** System call of init, whose signal is SIGCHLD: as reap_child(), but sleeps at most `ticks`
 * (UINT32_MAX = for ever) until a child ends. Another signal ends the sleep too. @return a pid, or
 * 0 when nothing ended; never -ECHILD: init sleeps without children as well */
int sys_rt_sigtimedwait(uint32_t ticks);

extern uint32_t nr_threads; /* tasks but for pid 0 */
extern uint32_t last_pid;   /* the pid given last of those that were not fixed */
/** CPU time of all tasks since the boot, ended ones included. */
void process_cpu_times(struct cpu_times *ret);
/** threads-max: how many tasks there may be. */
uint32_t max_threads(void);

#endif /* COS_PROCESS_H */
