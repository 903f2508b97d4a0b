/* semaphore.c - see semaphore.h. */
#include "cos/kernel/sched/semaphore.h"

void sema_init(struct semaphore *sem, int32_t count)
{
    sem->count = count;
    wait_queue_init(&sem->wait);
}

void __down(struct semaphore *sem);
__attribute__((noinline)) void __down(struct semaphore *sem)
{
    struct task_struct *t = current;
    while (sem->count <= 0) {
        t->state = TASK_UNINTERRUPTIBLE;
        t->wait_queue = kptr_of(&sem->wait);
        list_add_tail(&t->wait_list, &sem->wait.sleepers);
        schedule();
        ASSERT(t->wait_queue == 0); /* only up() wakes it */
    }
    sem->count--;
}

void down(struct semaphore *sem)
{
    if (likely(sem->count > 0))
        sem->count--;
    else
        __down(sem);
}

void up(struct semaphore *sem)
{
    sem->count++;
    wake_up(&sem->wait);
}
