/* job.c - processes that come in numbers: jobs that hang, children nobody waits for, tasks that
 * compute. */
#include "cos/kernel/sched/v24/sched.h"
#include "cos/programs/faults.h"
#include "shared/units.h"

#define FOREVER UINT64_MAX
#define COMPUTE_SHARE 5u /* of its period a polling task computes so much of it: one fifth */
#define COMPUTE_STEP_NS (50 * NS_PER_MS)

/* Ask a server that does not answer: a hard mount, where the wait is uninterruptible. With an end
 * to it, the answer comes then. */
static KERNEL_SIDE void rpc_call_sync(uint64_t until_ns)
{
    while (until_ns == FOREVER || cos_clock.now_ns < until_ns) {
        current->state = TASK_UNINTERRUPTIBLE;
        if (until_ns == FOREVER)
            schedule();
        else
            (void)schedule_timeout((uint32_t)((until_ns - cos_clock.now_ns) / NS_PER_JIFFY + 1));
    }
}

int prog_job(struct program *p)
{
    program_touch(p, p->spec.touch_pages);
    program_cpu(p->spec.cpu_ns);
    sys(rpc_call_sync, p->until_ns);
    return 0;
}

/* Looks at something and ends. */
int prog_probe(struct program *p)
{
    program_cpu(p->spec.cpu_ns);
    return 0;
}

/* Never sleeps; with a period it computes for a fifth of it and sleeps for the rest, as one that
 * polls does. */
static void compute_once(struct program *p, uint64_t period)
{
    if (period == 0) {
        program_cpu(COMPUTE_STEP_NS);
    } else {
        program_cpu(period / COMPUTE_SHARE);
        program_sleep_until(cos_clock.now_ns + period - period / COMPUTE_SHARE);
    }
    program_give_way(p);
}

int prog_compute(struct program *p)
{
    while (fault_goes_on(p->fault - 1) && cos_clock.now_ns < p->until_ns)
        compute_once(p, fault_of(p)->period_ns);
    return 0;
}

void program_compute(struct program *p)
{
    for (uint64_t left = p->hogs; left != 0; left &= left - 1) {
        const uint32_t i = (uint32_t)__builtin_ctzll(left);
        const struct fault *f = fault_at(i);
        if (!fault_goes_on(i))
            continue;
        sys(sched_setscheduler, current, f->policy, f->rt_prio);
        sys(set_user_nice, current, f->nice);
        while (fault_goes_on(i))
            compute_once(p, f->period_ns);
        sys(sched_setscheduler, current, p->spec.policy, p->spec.rt_prio);
        sys(set_user_nice, current, p->spec.nice);
    }
}
