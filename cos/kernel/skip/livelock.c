/* livelock.c - let a livelock run without its tasks' stacks.
 *
 * When memory is gone, every task stands in the endless retry of __alloc_pages: yield, one pass of
 * reclaim that frees nothing, look again, yield. A turn takes a quarter of a millisecond, half an
 * hour has millions of them, and all are alike. Here they are taken one after another as schedule()
 * would order them, with the same functions for run queue, clock, pass and OOM window, but
 *   - the task's stack is not switched to: at both ends of a turn it stands in the same yield()
 * with the same bytes (entry.S and STANDS_IN see to that),
 *   - pages are moved by counting (inert_lists.h).
 * So there is no second model of a turn that could differ from the first; what differs is how it is
 * carried out.
 *
 * It stops where anything else is to happen: another task is next, the OOM killer would act, a turn
 * would not end in the retry, or the grant ends; the last turn before the VMkernel looks is always
 * carried out on the task's own stack, page by page. MACHINE_FLAG_NO_SKIP turns all of it off; the
 * digest of a run stays the same (tests/repro.sh). */
#include "cos/kernel/arch/hypervisor.h"
#include "cos/kernel/mm/mm.h"
#include "cos/kernel/sched/v24/sched.h"
#include "cos/kernel/skip/inert_lists.h"
#include "cos/kernel/skip/turns.h"

/* Nobody is runnable: pass the time to the next timer, as cpu_idle() does. @return false when the
 * grant would end */
static bool step_idle(void)
{
    while (nr_running == 0) {
        kthread_rearm();
        if (time_first_timer() >= grant_until_ns)
            return false;
        time_skip_idle();
        cpu_charge(0);
    }
    return true;
}

/* Let `next` run once. Interrupts save registers in the current task; these are not its own. */
static bool run_without_stack(struct task_struct *next)
{
    const kptr frame = next->frame;
    bool goes_on = true;

    sched_take_cpu(current, next);
    if (next != init_task) {
        turn_step(next);
    } else {
        goes_on = step_idle();
    }
    next->frame = frame;
    next->saved = (struct cos_frame){ 0 };
    if (goes_on)
        sched_leave_cpu(next);
    return goes_on;
}

void pass_turns(const struct task_struct *prev)
{
    struct zone *zone = &zone_table[ZONE_NORMAL];

    if (prev->stuck == 0 || skip_is_off())
        return;
    if (grant_ends_within(2 * turn_bound_ns())) {
        inert_settle();
        return;
    }
    if (!inert_active() && !inert_possible(zone))
        return;
    for (;;) {
        struct task_struct *next = sched_pick();
        if (next != init_task && !turn_goes_on(next, turn_bound_ns()))
            break;
        if (grant_ends_within(2 * turn_bound_ns()))
            break;
        if (!inert_active() && !inert_enter(zone))
            break;
        if (!run_without_stack(next))
            break;
    }
    if (grant_ends_within(2 * turn_bound_ns()))
        inert_settle();
}
