/* priority.c - see priority.h. */
#include "cos/kernel/sched/v24/priority.h"

#define SLICE_MIN 1u  /* ticks, nice 19 */
#define SLICE_MAX 20u /* ticks, nice -20 */

uint32_t full_slice(int32_t static_prio)
{
    ASSERT(static_prio >= (int32_t)MAX_RT_PRIO && static_prio < (int32_t)MAX_PRIO);
    return SLICE_MIN + (SLICE_MAX - SLICE_MIN) * (MAX_PRIO - 1 - (uint32_t)static_prio) / 39;
}

int32_t effective_prio(const struct task_struct *t)
{
    if (is_rt(t))
        return (int32_t)(MAX_RT_PRIO - 1 - t->rt_priority);
    const int32_t bonus = (int32_t)(10 * t->sleep_avg / MAX_SLEEP_AVG) - 5;
    const int32_t prio = t->static_prio - bonus;
    return prio < (int32_t)MAX_RT_PRIO ? (int32_t)MAX_RT_PRIO : prio > 139 ? 139 : prio;
}

bool is_interactive(const struct task_struct *t)
{
    return t->prio <= t->static_prio - (task_nice(t) * 10 / 40 + INTERACTIVE_DELTA);
}

void sleep_credit(struct task_struct *t, uint32_t slept)
{
    if (is_rt(t))
        return;
    t->sleep_avg = slept >= MAX_SLEEP_AVG - t->sleep_avg ? MAX_SLEEP_AVG : t->sleep_avg + slept;
    t->prio = effective_prio(t);
}

bool share_with_child(struct task_struct *parent, struct task_struct *child)
{
    child->first_slice = 1;
    child->time_slice = (parent->time_slice + 1) / 2;
    child->sleep_avg = parent->sleep_avg * CHILD_PENALTY / 100;
    parent->sleep_avg = parent->sleep_avg * PARENT_PENALTY / 100;
    parent->time_slice /= 2;
    if (parent->time_slice > 0)
        return false;
    parent->time_slice = 1;
    return true;
}

void give_back_to_parent(struct task_struct *parent, const struct task_struct *child)
{
    const uint32_t most = full_slice(parent->static_prio);
    if (child->first_slice) {
        parent->time_slice += child->time_slice;
        if (parent->time_slice > most)
            parent->time_slice = most;
    }
    if (child->sleep_avg < parent->sleep_avg)
        parent->sleep_avg =
            (parent->sleep_avg * EXIT_WEIGHT + child->sleep_avg) / (EXIT_WEIGHT + 1);
}
