/* time.c - the clock of the COS: timers, the tick, and the end of a grant.
 *
 * Time passes in two ways only: a task uses CPU (cpu_charge), or nothing is runnable and the clock
 * jumps to the next event (time_skip_idle). Events are handled in order of their instants; at equal
 * ones kernel timers come first, in the order they were set, then the tick, then the end of the
 * grant. Ticks exist only while a task runs: an idle COS has no reason to count them
 * (jiffies_now() derives them).
 *
 * The timer heap holds pointers to timers ordered by (instant, sequence number). */
#include "cos/kernel/arch/cost.h"
#include "cos/kernel/arch/hypervisor.h"
#include "cos/kernel/arch/user_mode.h"
#include "cos/kernel/sched/v24/sched.h"
#include "cos/kernel/sched/task.h"
#include "shared/units.h"

#define TIMERS_MAX 16384u /* tasks (threads-max on 800 MB is 12,495) and a few devices */

struct cos_clock cos_clock;
bool vmkernel_wanted;                /* see hypervisor.h */
void (*time_before_hand_over)(void); /* see sched.h */
kptr pending_trap;
static kptr heap[TIMERS_MAX];
static uint32_t heap_count;
static uint64_t timer_seq;
static bool in_interrupt;
static uint64_t tick_ns = UINT64_MAX;

static unsigned char irq_stack[THREAD_SIZE] __attribute__((aligned(16)));
kptr irq_stack_top; /* entry.S */

/* ---- heap ------------------------------------------------------------------------------------ */
static struct ktimer *at(uint32_t i)
{
    return PTR(struct ktimer, heap[i]);
}

static bool before(const struct ktimer *a, const struct ktimer *b)
{
    return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->seq < b->seq;
}

static void place(uint32_t i, struct ktimer *t)
{
    heap[i] = kptr_of(t);
    t->slot = i + 1;
}

static void sift_up(uint32_t i, struct ktimer *t)
{
    while (i > 0 && before(t, at((i - 1) / 2))) {
        place(i, at((i - 1) / 2));
        i = (i - 1) / 2;
    }
    place(i, t);
}

static void sift_down(uint32_t i, struct ktimer *t)
{
    for (;;) {
        uint32_t child = 2 * i + 1;
        if (child >= heap_count)
            break;
        if (child + 1 < heap_count && before(at(child + 1), at(child)))
            child++;
        if (!before(at(child), t))
            break;
        place(i, at(child));
        i = child;
    }
    place(i, t);
}

void time_set_next(void)
{
    uint64_t next = grant_until_ns;
    if (heap_count > 0 && at(0)->at_ns < next)
        next = at(0)->at_ns;
    if (tick_ns < next)
        next = tick_ns;
    cos_clock.next_ns = in_interrupt ? UINT64_MAX : next;
}

void ktimer_add(struct ktimer *t, uint64_t at_ns, void (*fn)(kptr), kptr arg)
{
    ktimer_del(t);
    ASSERT(heap_count < TIMERS_MAX);
    t->at_ns = at_ns;
    t->seq = timer_seq++;
    t->fn = kptr_of((const void *)(uintptr_t)fn);
    t->arg = arg;
    heap_count++;
    sift_up(heap_count - 1, t);
    if (at_ns < cos_clock.next_ns)
        time_set_next();
}

void ktimer_del(struct ktimer *t)
{
    if (t->slot == 0)
        return;
    const uint32_t i = t->slot - 1;
    ASSERT(i < heap_count && at(i) == t);
    t->slot = 0;
    struct ktimer *last = at(--heap_count);
    if (last == t)
        return;
    sift_down(i, last);
    sift_up(last->slot - 1, last);
}

uint64_t time_first_timer(void)
{
    return heap_count > 0 ? at(0)->at_ns : UINT64_MAX;
}

static void run_first_timer(void)
{
    struct ktimer *t = at(0);
    void (*fn)(kptr) = (void (*)(kptr))(uintptr_t)t->fn;
    const kptr arg = t->arg;
    ktimer_del(t);
    ASSERT(heap_count == 0 || before(t, at(0)));
    fn(arg);
}

/* ---- tick and load --------------------------------------------------------------------------- */
uint64_t tick_at(void)
{
    return tick_ns;
}

void tick_start(void)
{
    tick_ns = jiffies_ns(jiffies_now() + (uint64_t)1);
    time_set_next();
}

void tick_stop(void)
{
    tick_ns = UINT64_MAX;
    time_set_next();
}

void tick_pass(uint32_t n)
{
    tick_ns += n * (uint64_t)NS_PER_JIFFY;
    time_set_next();
}

static void tick_advance(void)
{
    cpu_charge(COST_TICK);
    tick_ns += NS_PER_JIFFY;
    sched_tick(current);
}

/* Load averages: every 5 s the number of running and uninterruptible tasks is mixed in, fixed point
 * with 11 bits. [RHEL3MM 2] */
uint32_t avenrun[3];
static uint64_t load_due_ns;
#define LOAD_FREQ_NS (5 * NS_PER_S)
#define LOAD_FIXED_1 2048u

void time_load(void)
{
    static const uint32_t weight[3] = { 1884, 2014, 2037 };
    while (cos_clock.now_ns >= load_due_ns) {
        const uint32_t active = sched_active_count() * LOAD_FIXED_1;
        for (unsigned i = 0; i < 3; i++)
            avenrun[i] = (uint32_t)(((uint64_t)avenrun[i] * weight[i] +
                                     (uint64_t)active * (LOAD_FIXED_1 - weight[i])) >>
                                    11);
        load_due_ns += LOAD_FREQ_NS;
        if (active == 0 && avenrun[0] == 0 && avenrun[1] == 0 && avenrun[2] == 0 &&
            cos_clock.now_ns >= load_due_ns)
            load_due_ns += (cos_clock.now_ns - load_due_ns) / LOAD_FREQ_NS * LOAD_FREQ_NS;
    }
}

/* ---- events ---------------------------------------------------------------------------------- */
static void end_of_grant(void)
{
    const bool idle = sched_is_idle();
    sched_check();
    if (time_before_hand_over != NULL)
        time_before_hand_over();
    const enum gate_yield reason = vmkernel_wanted ? GATE_YIELD_CALL
                                   : idle          ? GATE_YIELD_IDLE
                                                   : GATE_YIELD_END;
    hypervisor_yield(reason, idle ? time_first_timer() : cos_clock.now_ns);
}

/* What an i386 cannot hold in a register it does not show: it has 64-bit values in two, if at all.
 * So no clock gets into a frame (negative numbers have ones in front). */
static uint64_t register_of_32_bits(uint64_t value)
{
    return value >> 31 == 0x1ffffffffu || value >> 32 == 0 ? value : 0;
}

/* The frame of current as readers see it. */
static void show_registers_of(struct task_struct *t)
{
    const struct cos_frame *real = PTR(const struct cos_frame, SCRATCH_REGISTERS);
    struct cos_frame *f = &t->saved;
    if (is_user_stack(real->rsp)) {
        show_user_mode(t);
        return;
    }
    *f = *real;
    for (uint64_t *r = &f->r15; r <= &f->rdi; r++)
        *r = register_of_32_bits(*r);
    f->r11 = 0; /* the way to here */
    f->rflags = EFLAGS_PLAIN;
    f->ds = f->es = f->ss = KERNEL_DS;
    f->cs = KERNEL_CS;
    t->frame = kptr_of(f);
}

/** Called by hand_over (entry.S) on the interrupt stack: handle all that is due. `t` is the current
 * task, its registers are in SCRATCH_REGISTERS. */
void do_timers(struct task_struct *t);
void do_timers(struct task_struct *t)
{
    ASSERT(!in_interrupt);
    in_interrupt = true;
    show_registers_of(t);
    cos_clock.next_ns = UINT64_MAX;
    if (unlikely(pending_trap != 0))
        ((void (*)(struct task_struct *))(uintptr_t)pending_trap)(t);
    for (;;) {
        const uint64_t now = cos_clock.now_ns;
        const uint64_t timer = time_first_timer();
        const uint64_t first = timer <= tick_ns ? timer : tick_ns;
        if (first <= now && first <= grant_until_ns) {
            /* An event happens at its own instant, however long the step of the task in which it
             * fell: so steps may be large or small (livelock.c). */
            cos_clock.now_ns = first;
            if (timer == first)
                run_first_timer();
            else
                tick_advance();
            cos_clock.now_ns += now - first;
        } else if (now >= grant_until_ns) {
            end_of_grant();
        } else {
            break;
        }
    }
    in_interrupt = false;
    time_set_next();
}

void time_skip_idle(void)
{
    ASSERT(current == init_task);
    const uint64_t timer = time_first_timer();
    const uint64_t next = timer < grant_until_ns ? timer : grant_until_ns;
    if (next > cos_clock.now_ns)
        cos_clock.now_ns = next;
    time_load(); /* with the count of before the event */
}

void time_init(void)
{
    irq_stack_top = kptr_of(irq_stack + sizeof irq_stack);
    load_due_ns = cos_clock.boot_ns + LOAD_FREQ_NS;
    time_set_next();
}
