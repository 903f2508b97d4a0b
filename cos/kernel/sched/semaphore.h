/* semaphore.h - a semaphore of the kernel: who finds it taken waits in state D.
 *
 * [RHEL3MM] names the state; names of functions are the kernel's, since they stand on the stacks of
 * those who wait. */
#ifndef COS_SEMAPHORE_H
#define COS_SEMAPHORE_H

#include "cos/kernel/sched/task.h"

struct semaphore {
    int32_t count;
    struct wait_queue wait;
};

/** `count` may be inside at once. */
void sema_init(struct semaphore *sem, int32_t count);
/** Wait, uninterruptibly, until there is a place inside, and take it. */
void down(struct semaphore *sem);
/** Give it back. Usable from interrupt context. */
void up(struct semaphore *sem);

#endif /* COS_SEMAPHORE_H */
