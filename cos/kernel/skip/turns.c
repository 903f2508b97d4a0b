/* turns.c - see turns.h. */
#include "cos/kernel/skip/turns.h"

#include "cos/kernel/arch/cost.h"
#include "cos/kernel/arch/hypervisor.h"
#include "cos/kernel/debug/sysrq.h"
#include "cos/kernel/mm/dcache.h"
#include "cos/kernel/mm/slab.h"
#include "cos/kernel/mm/v24/oom_kill.h"
#include "cos/kernel/mm/v24/vmscan.h"
#include "cos/kernel/sched/v24/sched.h"

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

uint64_t turn_bound_ns(void)
{
    const struct zone *zone = &zone_table[ZONE_NORMAL];
    const uint64_t pages = zone->inactive_dirty + 2u * zone->pages_high + 8 * BATCH_WORK_AMOUNT;
    return 2 * pages * (COST_PAGE_SCAN + COST_PAGE_LAUNDER) + 2000000;
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

/* ---- a turn of __alloc_pages() that passes by everything but the yield() --------------------- */
static bool retry_goes_on(const struct task_struct *t)
{
    const uint32_t gfp = t->stuck_gfp;
    const struct zone *zone = &zone_table[ZONE_NORMAL];
    const uint32_t limit = (gfp & GFP_HIGH) ? zone->pages_min / 2 : zone->pages_min;

    if (t->flags & (PF_MEMALLOC | PF_MEMDIE | PF_NOIO))
        return false;
    if (may_wait_for_kswapd(t, gfp) ? kswapd_is_waited_for() : !(gfp & GFP_REPEAT))
        return false;
    return !(gfp & GFP_DMA) && (uint32_t)free_and_clean(zone) < limit;
}

static void retry_step(struct task_struct *t)
{
    t->stuck = 0;
    (void)try_to_free_pages(t->stuck_gfp);
    wakeup_kswapd(t->stuck_gfp);
    t->stuck = STUCK_RETRY;
    cpu_charge(COST_YIELD);
    sched_requeue_yield(t);
}

/* ---- a round of kswapd() --------------------------------------------------------------------- */
static void nap_step(struct task_struct *t)
{
    ktimer_del(&t->timer);
    t->stuck = 0;
    kswapd_nap_end();
    kswapd_round();
    ASSERT(free_low_all() > 0);
    kswapd_nap_begin();
    t->stuck = STUCK_KSWAPD_NAP;
    start_timeout(KSWAPD_NAP_TICKS);
}

static void sleep_step(struct task_struct *t)
{
    t->stuck = 0;
    kswapd_sleep_end();
    kswapd_round();
    ASSERT(free_low_all() <= 0);
    kswapd_sleep_begin();
    t->stuck = STUCK_KSWAPD_SLEEP;
    t->state = TASK_INTERRUPTIBLE;
    t->wait_queue = kptr_of(&kswapd_wait);
    list_add_tail(&t->wait_list, &kswapd_wait.sleepers);
}

bool turn_goes_on(const struct task_struct *t, uint64_t bound_ns)
{
    if (t->stuck == STUCK_RETRY)
        return retry_goes_on(t) && pass_is_void(bound_ns);
    if (t->stuck == STUCK_KSWAPD_SLEEP)
        return free_low_all() <= 0 && pass_is_void(bound_ns);
    return t->stuck == STUCK_KSWAPD_NAP && free_low_all() > 0 && pass_is_void(bound_ns);
}

void turn_step(struct task_struct *t)
{
    cpu_charge(COST_SWITCH);
    if (t->stuck == STUCK_RETRY)
        retry_step(t);
    else if (t->stuck == STUCK_KSWAPD_SLEEP)
        sleep_step(t);
    else
        nap_step(t);
}
