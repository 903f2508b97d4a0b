/* oom_kill.c - when there is nothing left to free. Sources: docs/sources.md [RHEL3MM 0.5-0.8, 1.8].
 *
 * Slow to act: it wants ten calls, each within 5 s of the one before, over at least a second, and 5
 * s since the last kill. And it may do nothing: a victim with CAP_SYS_RAWIO gets SIGTERM, and while
 * it lives no other is chosen. */
#include "cos/kernel/mm/v24/oom_kill.h"

#include "cos/kernel/mm/mm.h"
#include "cos/kernel/mm/v24/vmscan.h"
#include "shared/units.h"

#define OOM_GAP (5u * HZ)  /* a longer pause between calls starts anew */
#define OOM_SPAN (1u * HZ) /* the window is at least that old */
#define OOM_CALLS 10u
#define OOM_KILL_MAX 1u        /* sysctl oom-kill */
#define RUN_TIME_UNIT_BITS 17u /* jiffies: 1310.72 s */

struct oom_window oom_window;
uint32_t oom_kill_count;

/* Half the bits, and a quarter less where their number is odd: off by less than a third, at
 * least 1. */
static uint32_t rough_root(uint64_t x)
{
    if (x < 2)
        return 1;
    const uint32_t bits = 64u - (uint32_t)__builtin_clzll(x);
    uint64_t root = x >> (bits / 2);
    if (bits % 2 == 1)
        root -= root / 4;
    return root > 0 ? (uint32_t)root : 1;
}

uint32_t oom_badness(uint32_t total_vm, uint64_t cpu_s, uint64_t run_jiffies, int32_t nice,
                     bool root, bool rawio)
{
    uint32_t points = total_vm;
    points /= rough_root(cpu_s);
    points /= rough_root(rough_root(run_jiffies >> RUN_TIME_UNIT_BITS));
    if (nice > 0)
        points *= 2;
    if (root)
        points /= 4;
    if (rawio)
        points /= 4;
    return points;
}

static uint32_t badness(const struct task_struct *t)
{
    if (t->mm == 0)
        return 0;
    return oom_badness(PTR(const struct mm_struct, t->mm)->total_vm,
                       (t->utime_ns + t->stime_ns) / NS_PER_S,
                       (cos_clock.now_ns - t->start_ns) / NS_PER_JIFFY, t->static_prio - 120,
                       t->uid == 0, (t->caps & BOOT_PROG_RAWIO) != 0);
}

static uint32_t count_pending(void)
{
    uint32_t pending = 0;
    for_each_task (t)
        pending += (t->flags & PF_MEMDIE) && t->tgid == t->pid && t->state < TASK_ZOMBIE;
    return pending;
}

static struct task_struct *select_bad_process(void)
{
    struct task_struct *chosen = NULL;
    uint32_t max_points = 0;
    for_each_task (t) {
        if (t->pid == 0 || (t->flags & PF_MEMDIE))
            continue;
        const uint32_t points = badness(t);
        if (points > max_points) {
            max_points = points;
            chosen = t;
        }
    }
    return chosen;
}

static void __oom_kill_task(struct task_struct *t)
{
    printk("<3>Out of Memory: Killed process %u (%s).\n", t->tgid, t->comm);
    oom_kill_count++;
    t->time_slice = HZ;
    t->flags |= PF_MEMALLOC | PF_MEMDIE;
    send_sig((t->caps & BOOT_PROG_RAWIO) ? SIGTERM : SIGKILL, t);
}

static KERNEL_FN void oom_kill(void)
{
    show_mem();
    struct task_struct *victim = select_bad_process();
    const uint32_t pending = count_pending();
    if (pending >= OOM_KILL_MAX) {
        printk("Avoiding OOM kill due to %u pending\n", pending);
    } else if (victim == NULL) {
        panic("Out of memory and no killable processes...\n");
    } else {
        const kptr mm = victim->mm;
        for_each_task (t)
            if (mm != 0 && t->mm == mm)
                __oom_kill_task(t);
        if (mm == 0)
            printk("Fixed up OOM kill of mm-less task\n");
    }
    kswapd_done_wake();
    yield();
}

bool oom_window_step(struct oom_window *w, uint32_t now)
{
    const uint32_t gap = now - w->last_call;
    w->last_call = now;
    if (gap > OOM_GAP) {
        w->first_call = now;
        w->calls = 0;
        return false;
    }
    if (now - w->first_call < OOM_SPAN)
        return false;
    if (++w->calls < OOM_CALLS || now - w->last_kill < OOM_GAP)
        return false;
    w->last_kill = w->first_call = now;
    w->calls = 0;
    return true;
}

KERNEL_FN void out_of_memory(void)
{
    if (oom_window_step(&oom_window, jiffies_now()))
        oom_kill();
}
