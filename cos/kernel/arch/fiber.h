/* fiber.h - tell AddressSanitizer about the stacks of tasks, in sanitizer builds; nothing in all
 * others.
 *
 * Sanitizer builds are hosted programs (COS_HOSTED; clang ones say COS_FIBERS too). Tasks change
 * stacks by themselves there too, and the sanitizer must know on which stack the program is, and
 * that the stack of a new task carries no marks of an old one. */
#ifndef COS_FIBER_H
#define COS_FIBER_H

#include "cos/kernel/sched/task.h"

#if defined(__SANITIZE_ADDRESS__) || defined(COS_FIBERS)
/** About to leave for the stack of current. `keeps` = 0: this stack is never used again. */
void fiber_leave(int keeps);
/** Arrived on the stack of current. */
void fiber_arrive(void);
/** [at, at + bytes) is fresh memory: forget all marks on it. */
void fiber_fresh(void *at, size_t bytes);
#else
static inline void fiber_leave(int keeps)
{
    (void)keeps;
}
static inline void fiber_arrive(void)
{
}
static inline void fiber_fresh(void *at, size_t bytes)
{
    (void)at;
    (void)bytes;
}
#endif

#endif /* COS_FIBER_H */
