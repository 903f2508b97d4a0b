/* livelock.c - let a livelock run without its tasks' stacks.
 *
 * When memory is gone, every task stands in the endless retry of __alloc_pages: yield, one pass of
 * reclaim that frees nothing, look again, yield. A turn takes a quarter of a millisecond, half an
 * hour has millions of them, and all are alike. Here they are taken one after another as schedule()
 * would order them, with the same functions for run queue, clock, pass and OOM window, but
 *   - the task's stack is not switched to: at both ends of a turn it stands in the same yield()
 * with the same bytes (entry.S sees to that),
 *   - pages are moved by counting (mm/inert_lists.h).
 * So there is no second model of a turn that could differ from the first; what differs is how it is
 * carried out.
 *
 * It stops where anything else is to happen: another task is next, the OOM killer would act, a turn
 * would not end in the retry, or the grant ends; the last turn before the VMkernel looks is always
 * carried out on the task's own stack, page by page. MACHINE_FLAG_NO_SKIP turns all of it off; the
 * digest of a run stays the same (tests/tools). */
#include "cos/kernel/arch/cost.h"
#include "cos/kernel/arch/hypervisor.h"
#include "cos/kernel/debug/sysrq.h"
#include "cos/kernel/mm/dcache.h"
#include "cos/kernel/mm/v24/lru.h"
#include "cos/kernel/mm/v24/oom_kill.h"
#include "cos/kernel/mm/slab.h"
#include "cos/kernel/sched/v24/sched.h"
#include "cos/kernel/skip/inert.h"
#include "cos/kernel/skip/inert_lists.h"

bool skip_is_off(void)
{
    const struct machine_hostinfo *info =
        PTR(const struct machine_hostinfo, MACHINE_WINDOW_VA + MACHINE_HOSTINFO_OFFSET);
    return (info->flags & MACHINE_FLAG_NO_SKIP) != 0;
}

/* The grant ends, or a key is pressed that shows the registers and stacks. */
bool grant_ends_within(uint64_t ns)
{
    const uint64_t look_ns = grant_until_ns < sysrq_next_ns ? grant_until_ns : sysrq_next_ns;
    return cos_clock.now_ns + ns >= look_ns;
}

/* Would reclaim find nothing at all outside the lists, and the OOM killer, if it is called, do
 * nothing but count? */
static bool pass_is_void(uint64_t bound_ns)
{
    if (nr_free_slabs != 0 || dcache_can_shrink())
        return false;
    struct oom_window window = oom_window;
    const uint64_t end = cos_clock.now_ns + bound_ns - cos_clock.boot_ns;
    return !oom_window_step(&window, (uint32_t)(end / NS_PER_JIFFY));
}

static bool can_step(const struct task_struct *t, uint64_t bound_ns)
{
    if (t->stuck == STUCK_RETRY)
        return alloc_retry_goes_on(t) && pass_is_void(bound_ns);
    if (t->stuck == STUCK_KSWAPD_SLEEP)
        return kswapd_sleep_goes_on() && pass_is_void(bound_ns);
    return t->stuck == STUCK_KSWAPD_NAP && kswapd_nap_goes_on() && pass_is_void(bound_ns);
}

static void step(struct task_struct *t)
{
    cpu_charge(COST_SWITCH);
    if (t->stuck == STUCK_RETRY)
        alloc_retry_step();
    else if (t->stuck == STUCK_KSWAPD_SLEEP)
        kswapd_sleep_step();
    else
        kswapd_nap_step();
}

/* Nobody is runnable: pass the time to the next timer, as cpu_idle() does. @return false when the
 * grant would end */
static bool step_idle(void)
{
    while (nr_running == 0) {
        kthread_rearm();
        if (time_first_timer() >= grant_until_ns)
            return false;
        time_idle();
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
        step(next);
    } else {
        goes_on = step_idle();
    }
    next->frame = frame;
    next->scrub = 0;
    next->saved = (struct cos_frame){ 0 };
    if (goes_on)
        sched_leave_cpu(next);
    return goes_on;
}

void livelock_skip(void)
{
    struct zone *zone = &zone_table[ZONE_NORMAL];

    if (skip_is_off())
        return;
    if (grant_ends_within(2 * reclaim_step_bound_ns())) {
        inert_settle();
        return;
    }
    if (!inert_active() && !inert_possible(zone))
        return;
    for (;;) {
        struct task_struct *next = sched_pick();
        if (next != init_task && !can_step(next, reclaim_step_bound_ns()))
            break;
        if (grant_ends_within(2 * reclaim_step_bound_ns()))
            break;
        if (!inert_active() && !inert_enter(zone))
            break;
        if (!run_without_stack(next))
            break;
    }
    if (grant_ends_within(2 * reclaim_step_bound_ns()))
        inert_settle();
}
