/* hbd.h - pid 20: the kernel's side of vmnixhbd.
 *
 * vmnixhbd is a process of the host machine; to the COS it is an ordinary user process. Its task
 * here has a kernel stack and an mm like any other; its user mode is the real process: when pid 20
 * returns to user mode, the baton goes to it, and each of its gate calls is a system call that runs
 * on pid 20's stack. */
#ifndef COS_HBD_H
#define COS_HBD_H

#include "cos/kernel/sched/task.h"

#define HBD_PAGE_VA 0x50000000u /* user address of its one page; mapped when pid 20 starts */

/** The body of pid 20. Returns when vmnixhbd died or asked to exit.
 * @param use_pages called with arg when a wait has ended, in user mode: the program uses the pages
 * of its own that a beat needs, and so may have to wait for them */
int vmnixhbd_task(void (*use_pages)(void *arg), void *arg);
/** At boot: from now on the COS hears when vmnixhbd dies, stops or goes on while it waits. */
void hbd_init(void);

#endif /* COS_HBD_H */
