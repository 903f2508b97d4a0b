/* priority.h - who goes before whom, and for how long: priorities, time slices, interactivity, and
 * what a fork and an exit do to them.
 *
 *     0 .. 98 real-time (99 - rt_priority) | 100 .. 139 normal: static_prio = 120 + nice,
 *     prio = static_prio - bonus, bonus -5..+5 by sleep_avg (how much it slept of late)
 *
 * It changes numbers of tasks that are not queued; the run queue is sched.c's. Sources:
 * docs/sources.md [RHEL3MM 4]; what is not there and follows the published design of the O(1)
 * scheduler is marked INFERRED. */
#ifndef COS_PRIORITY_H
#define COS_PRIORITY_H

#include "cos/kernel/sched/v24/sched.h"

#define NICE_MIN (-20)
#define NICE_MAX 19
#define RT_PRIORITY_MAX 99u

#define CHILD_PENALTY 50u   /* percent of its parent's sleep_avg that a child starts with */
#define PARENT_PENALTY 100u /* percent of it that the parent keeps */
#define EXIT_WEIGHT 3u      /* of a parent's sleep_avg against that of a lazier child. INFERRED */

static inline bool is_rt(const struct task_struct *t)
{
    return t->policy != SCHED_NORMAL;
}
static inline int32_t task_nice(const struct task_struct *t)
{
    return t->static_prio - 120;
}

/** Time slice in ticks of a static priority 100..139: 20 at nice -20, 10 at 0, 1 at 19. */
uint32_t full_slice(int32_t static_prio);
/** The priority that t has by its policy, nice value and sleep_avg. */
int32_t effective_prio(const struct task_struct *t);
/** Is t, by its present priority, one that goes back to the active array after its slice? */
bool is_interactive(const struct task_struct *t);
/** t wakes after `slept` ticks: credit them. */
void sleep_credit(struct task_struct *t, uint32_t slept);
/** `child` is a copy of `parent`: half of the parent's slice (INFERRED) and of its sleep_avg are
 * the child's. @return true when the parent's slice is used up by that: it keeps one tick, which
 * the caller takes */
bool share_with_child(struct task_struct *parent, struct task_struct *child);
/** `child` ends: a first slice that it did not use goes back, and one that slept little makes its
 * parent less interactive. INFERRED */
void give_back_to_parent(struct task_struct *parent, const struct task_struct *child);

#endif /* COS_PRIORITY_H */
