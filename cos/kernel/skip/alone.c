/* alone.c - the ticks of a task that nobody competes with, many at a time.
 *
 * A task that spins for days is interrupted a hundred times a second, and each tick only counts its
 * slice down. While no other task can get the CPU and no timer is due, ticks are counted here
 * without being taken; the one that ends a slice, and the schedule() after it, are carried out by
 * the functions of sched.c. So there is no second model of a slice, only of ticks within one:
 *
 *     tick         tick                       tick (ends the slice)
 *     |COST_TICK| user mode ... |COST_TICK| user mode ... |COST_TICK|COST_SWITCH| user mode ...
 *
 * The last two slices before an event, a grant's end or the end of the work are left to user_cpu(),
 * tick by tick, so that the stack and the saved registers at that point are those of a COS that
 * took every tick. MACHINE_FLAG_NO_SKIP turns all of it off (test_sched compares). */
#include "cos/kernel/arch/cost.h"
#include "cos/kernel/arch/hypervisor.h"
#include "cos/kernel/arch/syscall.h"
#include "cos/kernel/sched/v24/priority.h"
#include "cos/kernel/skip/turns.h"

#define TICKS_LEFT_MIN 44u /* two slices of 20 ticks and a little */
#define TICKS_MAX (1u << 30)

/* Can no other task run before something happens? A FIFO task gives way to better ones only, and
 * they would have asked for a switch; the others share in turns. */
static bool is_alone(const struct task_struct *t)
{
    if (need_resched || t->sig_pending != 0 || t->array != run_queue.active)
        return false;
    const struct list *queue = &PTR(struct prio_array, t->array)->queue[t->prio];
    if (t->policy == SCHED_RR)
        return queue->next == queue->prev;
    return t->policy == SCHED_FIFO || nr_running == 1;
}

/* How many ticks may be passed before `ns` of user mode are used and the next event is due. */
static uint32_t ticks_of(uint64_t ns)
{
    const uint64_t timer = time_first_timer(), now = cos_clock.now_ns;
    const uint64_t event = timer < grant_until_ns ? timer : grant_until_ns;
    const uint64_t room = event > now ? event - now : 0;
    const uint64_t ticks = (room < ns ? room : ns) / NS_PER_JIFFY;
    if (ticks <= TICKS_LEFT_MIN)
        return 0;
    return ticks - TICKS_LEFT_MIN < TICKS_MAX ? (uint32_t)ticks - TICKS_LEFT_MIN : TICKS_MAX;
}

static void book_user_time(struct task_struct *t)
{
    t->utime_ns += cos_clock.now_ns - run_queue.account_ns;
    run_queue.account_ns = cos_clock.now_ns;
}

/* The next n ticks, of which none ends the slice. @return ns of user mode between them */
static uint64_t pass_ticks(struct task_struct *t, uint32_t n)
{
    const uint64_t start = cos_clock.now_ns;
    cos_clock.now_ns = tick_at() + (n - 1) * (uint64_t)NS_PER_JIFFY + COST_TICK;
    tick_pass(n);
    time_load();
    book_user_time(t);
    if (t->policy != SCHED_FIFO)
        t->time_slice -= n;
    if (!is_rt(t))
        t->sleep_avg -= t->sleep_avg < n ? t->sleep_avg : n;
    return cos_clock.now_ns - start - n * (uint64_t)COST_TICK;
}

/* The tick that ends the slice, and the schedule() that comes back to the same task. */
static uint64_t end_slice(struct task_struct *t)
{
    const uint64_t used = tick_at() - cos_clock.now_ns;
    cos_clock.now_ns = tick_at() + COST_TICK;
    tick_pass(1);
    sched_tick(t);
    book_user_time(t);
    sched_leave_cpu(t);
    sched_take_cpu(t, sched_pick());
    ASSERT(current == t);
    cos_clock.now_ns += COST_SWITCH;
    sched_account(t);
    return used;
}

struct alone {
    uint64_t ns, used;
};

static void pass_slices(kptr k)
{
    struct alone *a = PTR(struct alone, k);
    struct task_struct *t = current;

    sched_account(t);
    for (uint32_t left = ticks_of(a->ns); left > 0; left = ticks_of(a->ns - a->used)) {
        const uint32_t in_slice = t->policy == SCHED_FIFO ? left + 1 : t->time_slice;
        ASSERT(tick_at() >= cos_clock.now_ns);
        if (in_slice > 1)
            a->used += pass_ticks(t, in_slice - 1 < left ? in_slice - 1 : left);
        else
            a->used += end_slice(t);
    }
}

USER_SIDE uint64_t run_alone(uint64_t ns)
{
    struct alone *a = PTR(struct alone, SCRATCH_ALONE);

    if (ns <= (uint64_t)TICKS_LEFT_MIN * NS_PER_JIFFY || !is_alone(current) || skip_is_off())
        return 0;
    *a = (struct alone){ .ns = ns };
    do_aside(pass_slices, kptr_of(a)); /* leaving nothing on the stack */
    return a->used;
}
