/* process.h - what programs need of process.c beyond task.h: children with arguments, reaping
 * without waiting, counts for /proc. */
#ifndef COS_PROCESS_H
#define COS_PROCESS_H

#include "cos/kernel/sched/kstat.h"
#include "cos/kernel/sched/task.h"

struct program;

#define EAGAIN 11
#define ENOMEM 12
#define EFBIG 27
#define ECHILD 10
#define EINTR 4

/** Like spawn_program(), and hands the child its arguments: `text` (cut to PROGRAM_TEXT_MAX; NULL
 * = none) and an instant until which it has work, if its behaviour looks at it. @return the
 * child's pid, -EAGAIN (no pid, too many tasks), -ENOMEM (no stack) */
int spawn_child(const struct boot_program *spec, const char *text, uint64_t until_ns);
/** fork without exec: a child of current that runs fn(its program record), with the same name,
 * sizes and address space; pages are shared until one side writes them. What it returns is its exit
 * code. @return the child's pid, -EAGAIN (no pid, too many tasks), -ENOMEM */
int fork_program(int (*fn)(struct program *));
/** Release one child that ended, without waiting. @return its pid, 0 when none ended, -ECHILD
 * without children */
int reap_child(void);
/** As reap_child(), but sleeps at most `ticks` (UINT32_MAX = for ever) until a child ends. A
 * signal ends the sleep too. @return a pid, or 0 when nothing ended; never -ECHILD: init sleeps
 * without children as well */
int wait_child_timeout(uint32_t ticks);

extern uint32_t nr_threads; /* tasks but for pid 0 */
extern uint32_t last_pid;   /* the pid given last of those that were not fixed */
/** CPU time of all tasks since the boot, ended ones included. */
void process_cpu_times(struct cpu_times *ret);
/** threads-max: how many tasks there may be. */
uint32_t max_threads(void);

#endif /* COS_PROCESS_H */
