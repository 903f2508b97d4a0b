/* fiber.h - tell AddressSanitizer about the stacks of tasks, in sanitizer builds; nothing in all others.
 *
 * Sanitizer builds are hosted programs (COS_HOSTED; clang ones say COS_FIBERS too). Tasks change stacks by themselves there too, and the sanitizer must know on which stack
 * the program is, and that the stack of a new task carries no marks of an old one. */
#ifndef COS_FIBER_H
#define COS_FIBER_H

#include "cos/kernel/task.h"

#if defined(__SANITIZE_ADDRESS__) || defined(COS_FIBERS)
/** About to leave for the stack of `next`; `keep` is the place for what the sanitizer saves, NULL if this stack is never used again. */
void fiber_leave(const struct task_struct *next, void **keep);
/** Arrived on a stack; `kept` is what fiber_leave() saved when this stack was left, NULL at the first time. */
void fiber_arrive(void *kept);
/** [at, at + bytes) is fresh memory: forget all marks on it. */
void fiber_fresh(void *at, size_t bytes);
#else
static inline void fiber_leave(const struct task_struct *next, void **keep)
{
    (void)next;
    (void)keep;
}
static inline void fiber_arrive(void *kept)
{
    (void)kept;
}
static inline void fiber_fresh(void *at, size_t bytes)
{
    (void)at;
    (void)bytes;
}
#endif

#endif /* COS_FIBER_H */
