/* sched.c - see sched.h and the scheduler part of task.h. */
#include "cos/kernel/sched/v24/sched.h"

#include "cos/kernel/arch/cost.h"
#include "cos/kernel/arch/fiber.h"
#include "cos/kernel/arch/syscall.h"
#include "cos/kernel/errno.h"
#include "cos/kernel/sched/kstat.h"
#include "cos/kernel/mm/mm.h"
#include "cos/kernel/sched/v24/priority.h"
#include "cos/kernel/skip/hooks.h"

struct run_queue run_queue;
kptr current_task;
uint32_t nr_running, need_resched;
static uint32_t nr_uninterruptible;

/* For switch_stacks of entry.S. */
kptr switch_from;      /* the task whose stack the CPU is on */
uint32_t switch_scrub; /* clear the dead part of its stack */
const uint32_t task_frame_offset = offsetof(struct task_struct, frame);
const uint32_t task_sig_pending_offset = offsetof(struct task_struct, sig_pending);
const uint32_t task_struct_size = (sizeof(struct task_struct) + 7) & ~7u;
void task_start(void);
void ret_from_fork(void);

union task_union init_task_union __attribute__((
    section(".data.init_task"), aligned(THREAD_SIZE))) = { .task = { .comm = "swapper",
                                                                     .stack_magic = STACK_MAGIC,
                                                                     .prio = MAX_PRIO,
                                                                     .static_prio = MAX_PRIO } };

/* ---- arrays ---------------------------------------------------------------------------------- */
static struct prio_array *array_of(kptr k)
{
    return PTR(struct prio_array, k);
}

static void enqueue(struct task_struct *t, struct prio_array *a)
{
    ASSERT(t->array == 0 && t->prio >= 0 && t->prio < (int32_t)MAX_PRIO);
    list_add_tail(&t->run_list, &a->queue[t->prio]);
    a->bitmap[t->prio / 32] |= 1u << (t->prio % 32);
    a->nr_active++;
    t->array = kptr_of(a);
}

static void dequeue(struct task_struct *t)
{
    struct prio_array *a = array_of(t->array);
    ASSERT(t->array != 0 && a->nr_active > 0);
    a->nr_active--;
    list_del(&t->run_list);
    if (list_empty(&a->queue[t->prio]))
        a->bitmap[t->prio / 32] &= ~(1u << (t->prio % 32));
    t->array = 0;
}

static struct task_struct *first_of(const struct prio_array *a)
{
    uint32_t word = 0;
    while (a->bitmap[word] == 0)
        word++;
    const uint32_t prio = word * 32 + (uint32_t)__builtin_ctz(a->bitmap[word]);
    return list_entry(a->queue[prio].next, struct task_struct, run_list);
}

static bool expired_starve(void)
{
    return run_queue.expired_timestamp != 0 &&
           jiffies_now() - run_queue.expired_timestamp >= STARVATION_LIMIT * nr_running + 1;
}

void sched_check(void)
{
    uint32_t queued = 0;
    for (unsigned i = 0; i < 2; i++) {
        const struct prio_array *a = &run_queue.arrays[i];
        uint32_t bits = 0;
        for (unsigned word = 0; word < ARRAY_SIZE(a->bitmap); word++)
            bits |= a->bitmap[word];
        ASSERT((bits != 0) == (a->nr_active > 0));
        queued += a->nr_active;
    }
    ASSERT(queued == nr_running);
    ASSERT((current == init_task) == (current->array == 0));
}

/* ---- policy and nice value ------------------------------------------------------------------- */
/* Its priority has changed. A queued task moves to the queue of the new one. */
static void set_prio(struct task_struct *t, int32_t prio)
{
    const kptr array = t->array;
    if (array != 0)
        dequeue(t);
    t->prio = prio;
    if (array == 0)
        return;
    enqueue(t, array_of(array));
    need_resched |= t == current || prio < current->prio;
}

void set_user_nice(struct task_struct *t, int32_t nice)
{
    ASSERT(nice >= NICE_MIN && nice <= NICE_MAX);
    t->static_prio = 120 + nice;
    set_prio(t, effective_prio(t));
}

void sched_setscheduler(struct task_struct *t, uint32_t policy, uint32_t rt_priority)
{
    ASSERT(policy <= SCHED_RR && rt_priority <= RT_PRIORITY_MAX);
    ASSERT((policy == SCHED_NORMAL) == (rt_priority == 0));
    const kptr array = t->array;
    if (array != 0)
        dequeue(t);
    t->policy = policy;
    t->rt_priority = rt_priority;
    t->prio = effective_prio(t);
    if (array == 0)
        return;
    enqueue(t, array_of(run_queue.active)); /* a real-time task is never expired */
    need_resched |= t == current || t->prio < current->prio;
}

/* ---- wake and sleep -------------------------------------------------------------------------- */
static void activate(struct task_struct *t)
{
    if (t->state == TASK_UNINTERRUPTIBLE)
        nr_uninterruptible--;
    sleep_credit(t, jiffies_now() - t->sleep_stamp);
    t->state = TASK_RUNNING;
    enqueue(t, array_of(run_queue.active));
    nr_running++;
    if (t->prio < current->prio)
        need_resched = 1;
}

static void deactivate(struct task_struct *t)
{
    if (t->state == TASK_UNINTERRUPTIBLE)
        nr_uninterruptible++;
    dequeue(t);
    nr_running--;
}

void wake_up_process(struct task_struct *t)
{
    if (t->array == 0 && t->state != TASK_ZOMBIE && t->state != TASK_DEAD)
        activate(t);
    else if (t->array != 0)
        t->state = TASK_RUNNING; /* woken between setting its state and schedule() */
}

void task_prepare(struct task_struct *t, int (*fn)(void *), void *arg)
{
    const uintptr_t top = (uintptr_t)t + THREAD_SIZE -
                          24; /* aligned as the ABI wants it at the entry of a function */
    fiber_fresh(t, THREAD_SIZE);
    void (*first)(void) = (t->flags & PF_KTHREAD) != 0 ? task_start : ret_from_fork;
    memset((void *)top, 0, 24);
    *(uint64_t *)top = (uint64_t)(uintptr_t)first; /* what `ret` of switch_to takes */
    struct cos_frame *f = (struct cos_frame *)(top - sizeof *f);
    memset(f, 0, sizeof *f);
    f->r12 = (uint64_t)(uintptr_t)fn;
    f->rbx = (uint64_t)(uintptr_t)arg;
    f->rip = (uint64_t)(uintptr_t)first;
    f->rsp = top + 8;
    f->rflags = EFLAGS_PLAIN;
    f->ds = f->es = f->ss = KERNEL_DS;
    f->cs = KERNEL_CS;
    t->frame = kptr_of(f);
    t->stack_magic = STACK_MAGIC;
}

/* First C code of every task (entry.S): it arrives on its stack here. */
void task_arrive(void);
void task_arrive(void)
{
    fiber_arrive();
    cpu_charge(COST_SWITCH);
}

void task_first_wake(struct task_struct *t)
{
    if (current == init_task)
        t->time_slice = full_slice(t->static_prio); /* pid 0 has none to share */
    else if (share_with_child(current, t) && current->array == run_queue.active)
        sched_tick(current);
    t->prio = effective_prio(t);
    t->sleep_stamp = jiffies_now();
    t->state = TASK_INTERRUPTIBLE;
    activate(t);
}

/* ---- the switch ------------------------------------------------------------------------------ */
void sched_account(struct task_struct *t)
{
    t->stime_ns += cos_clock.now_ns - run_queue.account_ns;
    run_queue.account_ns = cos_clock.now_ns;
}

struct task_struct *sched_pick(void)
{
    if (nr_running == 0) {
        run_queue.expired_timestamp = 0;
        return init_task;
    }
    if (array_of(run_queue.active)->nr_active == 0) {
        const kptr was = run_queue.active;
        run_queue.active = run_queue.expired;
        run_queue.expired = was;
        run_queue.expired_timestamp = 0;
    }
    return first_of(array_of(run_queue.active));
}

void sched_leave_cpu(struct task_struct *prev)
{
    if (prev == init_task)
        return;
    sched_account(prev);
    prev->sleep_stamp = jiffies_now();
    if (prev->state == TASK_INTERRUPTIBLE && prev->sig_pending != 0)
        prev->state = TASK_RUNNING;
    if (prev->state != TASK_RUNNING)
        deactivate(prev);
}

void sched_take_cpu(struct task_struct *prev, struct task_struct *next)
{
    need_resched = 0;
    current_task = kptr_of(next);
    if (next == prev)
        return;
    run_queue.switches++;
    prev->nvcsw++;
    if (prev == init_task) {
        run_queue.account_ns = cos_clock.now_ns;
        kstat_idle_end();
        tick_start();
    } else if (next == init_task) {
        kstat_idle_start();
        tick_stop();
    }
}

/* All of schedule() up to the change of stacks. @return whether stacks change */
static __attribute__((noinline)) bool schedule_out(void)
{
    struct task_struct *prev = current;

    sched_leave_cpu(prev);
    pass_turns(prev);
    sched_take_cpu(current, sched_pick());
    ASSERT(prev->stack_magic == STACK_MAGIC && current->stack_magic == STACK_MAGIC);
    if (prev == current && !switches_to_itself(prev))
        return false;
    prev->saved = (struct cos_frame){ 0 };
    switch_from = kptr_of(prev);
    switch_scrub = prev->stuck;
    return true;
}

/* Runs again. Until its next hand-over these are its registers; the frame on the stack is about to
 * be overwritten. */
static __attribute__((noinline)) void schedule_in(void)
{
    if (current == init_task)
        return;
    current->saved = *PTR(struct cos_frame, current->frame);
    current->frame = kptr_of(&current->saved);
}

#define SWITCH_STACKS()                                                                        \
    __asm__ volatile("call switch_stacks" ::                                                   \
                         : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", \
                           "r12", "r13", "r14", "r15", "cc", "memory")

/* No local variable may live here: what a compiler keeps of it would stay on the stack of a task
 * that waits, though it says nothing about the task. */
__attribute__((noinline)) void schedule(void)
{
    /* The return address and six saved registers are an odd number of words, so the ABI's alignment
     * leaves a word below them that nobody writes. The last visitor of this place would show. */
    __asm__ volatile("movq $0, (%%rsp)" ::: "memory");
    if (schedule_out()) {
        fiber_leave(PTR(struct task_struct, switch_from)->state < TASK_ZOMBIE);
        SWITCH_STACKS();
        fiber_arrive();
        schedule_in();
    }
    if (current != init_task) {
        cpu_charge(COST_SWITCH / 3);
        cpu_charge(COST_SWITCH / 3);
        cpu_charge(COST_SWITCH / 3);
    }
}

/* Not inlined into yield(), which has no local variables either: schedule() saves the registers in
 * which a compiler keeps them. */
__attribute__((noinline)) void sched_requeue_yield(struct task_struct *t)
{
    struct prio_array *to = is_rt(t) ? array_of(t->array) : array_of(run_queue.expired);
    dequeue(t);
    enqueue(t, to);
}

__attribute__((noinline)) void yield(void)
{
    cpu_charge(COST_YIELD);
    sched_requeue_yield(current);
    schedule();
}

void sched_tick(struct task_struct *t)
{
    time_load();
    if (t == init_task)
        return;
    if (t->array !=
        run_queue
            .active) { /* it yielded or slept a moment ago: as 2.4, ask for a switch and no more */
        need_resched = 1;
        return;
    }
    if (t->policy == SCHED_FIFO)
        return;
    if (!is_rt(t) && t->sleep_avg > 0)
        t->sleep_avg--;
    if (t->time_slice > 1) {
        t->time_slice--;
        return;
    }
    dequeue(t);
    need_resched = 1;
    t->prio = effective_prio(t);
    t->time_slice = full_slice(t->static_prio);
    t->first_slice = 0;
    if (is_rt(t) || (is_interactive(t) && !expired_starve())) {
        enqueue(t, array_of(run_queue.active));
        return;
    }
    if (run_queue.expired_timestamp == 0)
        run_queue.expired_timestamp = jiffies_now();
    enqueue(t, array_of(run_queue.expired));
}

/* ---- sleeping -------------------------------------------------------------------------------- */
static void timer_wakes(kptr task)
{
    wake_up_process(PTR(struct task_struct, task));
}

static uint32_t ticks_left(void)
{
    const uint64_t at = current->timer.at_ns, now = cos_clock.now_ns;
    return at > now ? (uint32_t)((at - now + NS_PER_JIFFY - 1) / NS_PER_JIFFY) : 0;
}

__attribute__((noinline)) void start_timeout(uint32_t ticks)
{
    ktimer_add(&current->timer, jiffies_ns((uint64_t)jiffies_now() + ticks), timer_wakes,
               kptr_of(current));
}

/* The instant lives in current->timer and not in a local variable; see schedule(). */
__attribute__((noinline)) uint32_t schedule_timeout(uint32_t ticks)
{
    if (ticks == UINT32_MAX) {
        schedule();
        return UINT32_MAX;
    }
    if (ticks != TIMEOUT_IS_SET)
        start_timeout(ticks);
    schedule();
    ktimer_del(&current->timer);
    return ticks_left();
}

INLINE_FN void sleep_once(uint64_t at_ns)
{
    struct task_struct *t = current;
    if (cos_clock.now_ns >= at_ns || t->sig_pending != 0)
        return;
    t->state = TASK_INTERRUPTIBLE;
    ktimer_add(&t->timer, at_ns, timer_wakes, kptr_of(t));
    (void)schedule_timeout(TIMEOUT_IS_SET);
}

KERNEL_FN void sleep_once_until(uint64_t at_ns)
{
    sleep_once(at_ns);
}

INLINE_FN int sleep_until(uint64_t at_ns)
{
    while (cos_clock.now_ns < at_ns) {
        if (current->sig_pending != 0)
            return -EINTR;
        sleep_once(at_ns);
    }
    return 0;
}

KERNEL_FN int sys_nanosleep(uint64_t at_ns)
{
    return sleep_until(at_ns);
}

static KERNEL_FN int do_select(uint64_t at_ns)
{
    return sleep_until(at_ns);
}

KERNEL_FN int sys_select(uint64_t at_ns)
{
    return do_select(at_ns);
}

void wait_queue_init(struct wait_queue *q)
{
    list_init(&q->sleepers);
}

uint32_t sleep_on_timeout(struct wait_queue *q, uint32_t state, uint32_t ticks)
{
    struct task_struct *t = current;
    t->state = state;
    t->wait_queue = kptr_of(q);
    list_add_tail(&t->wait_list, &q->sleepers);
    const uint32_t left = schedule_timeout(ticks);
    if (t->wait_queue != 0) { /* nobody woke it: timeout or signal */
        list_del(&t->wait_list);
        t->wait_queue = 0;
    }
    return left;
}

void sleep_on(struct wait_queue *q, uint32_t state)
{
    (void)sleep_on_timeout(q, state, UINT32_MAX);
}

void wake_up(struct wait_queue *q)
{
    while (!list_empty(&q->sleepers)) {
        struct task_struct *t = list_entry(q->sleepers.next, struct task_struct, wait_list);
        list_del(&t->wait_list);
        t->wait_queue = 0;
        wake_up_process(t);
    }
}

/* ---- user mode ------------------------------------------------------------------------------- */
USER_SIDE void user_cpu(uint64_t ns)
{
    struct task_struct *t = current;
    sched_account(t);
    cpu_charge(ns);
    t->utime_ns += cos_clock.now_ns - run_queue.account_ns;
    run_queue.account_ns = cos_clock.now_ns;
    return_to_user();
}

/* ---- idle ------------------------------------------------------------------------------------ */
bool sched_is_idle(void)
{
    return current == init_task;
}

uint32_t sched_active_count(void)
{
    return nr_running + nr_uninterruptible;
}

/* Where the CPU stands when nobody wants it. */
static KERNEL_FN void default_idle(void)
{
    kthread_rearm();
    time_skip_idle();
    cpu_charge(0);
}

void cpu_idle(void)
{
    for (;;) {
        while (nr_running == 0)
            default_idle();
        schedule();
    }
}

void sched_init(void)
{
    for (unsigned a = 0; a < 2; a++)
        for (unsigned i = 0; i < MAX_PRIO; i++)
            list_init(&run_queue.arrays[a].queue[i]);
    run_queue.active = kptr_of(&run_queue.arrays[0]);
    run_queue.expired = kptr_of(&run_queue.arrays[1]);
    current_task = kptr_of(init_task);
    init_task->next_task = init_task->prev_task = kptr_of(init_task);
}
