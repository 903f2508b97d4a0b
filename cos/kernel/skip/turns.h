/* turns.h - turns of a task that stands in the allocator's endless retry, and rounds of kswapd,
 * carried out without the task's own stack: made of the same functions as __alloc_pages() and
 * kswapd(). */
#ifndef COS_TURNS_H
#define COS_TURNS_H

#include "cos/kernel/skip/hooks.h"

/** Would t, which is next and stands somewhere, come back to the same place after one more turn of
 * at most `bound_ns` of CPU, with nothing done that is not part of every turn? */
bool turn_goes_on(const struct task_struct *t, uint64_t bound_ns);
/** Carry that turn out for current: from the return of its wait to the next one, which is begun. */
void turn_step(struct task_struct *t);
/** No turn takes longer, in ns of CPU. */
uint64_t turn_bound_ns(void);
/** Will the VMkernel look, or a key be pressed, within so many ns of CPU? */
bool grant_ends_within(uint64_t ns);
/** MACHINE_FLAG_NO_SKIP: whatever is computed is to be executed. */
bool skip_is_off(void);

#endif /* COS_TURNS_H */
