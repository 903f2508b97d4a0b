/* task.h - tasks: a program or a kernel thread of the COS as the scheduler sees it.
 *
 * A task is a coroutine. Its kernel stack is two pages of COS RAM with the task_struct at their
 * bottom (THREAD_SIZE 8192, as on i386; 32 kB in sanitizer builds). A task that does not run has a
 * struct cos_frame on its stack, to which `frame` points; so has the one that runs whenever the
 * VMkernel looks, because every hand-over saves one first (entry.S). An unwinder starts there.
 *
 * Programs are C functions of the image that run on stacks of their own, outside of the RAM, and
 * enter the kernel by system calls and faults (arch/syscall.h). They reach "user memory" through
 * user_touch() and friends (mm.h): their pages are real pages of COS RAM behind real page
 * tables. */
#ifndef COS_TASK_H
#define COS_TASK_H

#include "cos/kernel/kernel.h"
#include "cos/kernel/arch/scratch.h"
#include "shared/boot.h"
#include "shared/cosinfo.h"
#include "shared/rng.h"
#include "shared/units.h"

#ifdef COS_HOSTED
#define THREAD_SIZE 32768u
#define THREAD_ORDER 3u
#else
#define THREAD_SIZE 8192u
#define THREAD_ORDER 1u
#endif

#define HZ 100u
#define NS_PER_JIFFY (10 * NS_PER_MS)

/* task_struct.state, values of 2.4 */
#define TASK_RUNNING 0u
#define TASK_INTERRUPTIBLE 1u
#define TASK_UNINTERRUPTIBLE 2u
#define TASK_STOPPED 4u
#define TASK_ZOMBIE 8u
#define TASK_DEAD 16u

#define KERNEL_CS 0x60u /* __KERNEL_CS */
#define KERNEL_DS 0x68u /* __KERNEL_DS of the 2.4 kernel: data segments in kernel mode */

#define EFLAGS_PLAIN 0x202u /* interrupts on, no condition */

/* task_struct.flags */
#define PF_MEMALLOC 0x800u
#define PF_MEMDIE 0x1000u
#define PF_NOIO 0x4000u
#define PF_EXITING 0x4u
#define PF_KTHREAD 0x10000000u /* no mm of its own (ours, for readers) */

#define SCHED_NORMAL 0u
#define SCHED_FIFO 1u
#define SCHED_RR 2u

#define SIGKILL 9u
#define SIGTERM 15u
#define SIGCONT 18u
#define SIGSTOP 19u
#define SIGCHLD 17u

/* Kernel timers: call `fn(arg)` in interrupt context at an instant. A handler may wake tasks and
 * start I/O; it must not sleep or allocate with WAIT. The caller owns the struct; equal instants
 * fire in order of ktimer_add. */
struct ktimer {
    uint64_t at_ns;
    uint64_t seq;
    kptr fn; /* void (*)(kptr arg) */
    kptr arg;
    uint32_t slot; /* place in the heap + 1; 0 = idle */
    uint32_t pad;
};

struct mm_struct;
struct task_struct {
    /* Registers of the running task at its last hand-over or interrupt (or when it was switched
     * to); zero while it does not run. It lies here and not on the stack, and interrupts have a
     * stack of their own, so that a hand-over leaves no trace in the stack: where grants end must
     * not change one byte of the RAM, or a paced run would differ from an unpaced one. Must stay
     * the first member (entry.S). */
    struct cos_frame saved;

    uint32_t state;
    uint32_t flags;            /* PF_* */
    kptr next_task, prev_task; /* circle of all tasks through init_task (pid 0) */
    uint32_t pid, ppid, tgid;
    char comm[16];
    kptr frame; /* struct cos_frame from which to unwind: on the stack, or `saved` above; 0 = never
                   ran */
    kptr mm;    /* struct mm_struct; 0 for kernel threads and zombies */
    uint32_t uid, caps; /* caps: BOOT_PROG_RAWIO */
    /* scheduler (sched.c) */
    struct list run_list;
    kptr array;                /* struct prio_array it is queued on; 0 = not queued */
    int32_t prio, static_prio; /* 0..139; nice 0 = 120 */
    uint32_t policy;
    uint32_t rt_priority; /* 1..99 of SCHED_FIFO and SCHED_RR, else 0 */
    uint32_t first_slice; /* 1 until its first slice, half of its parent's, is used up */
    uint32_t time_slice;  /* ticks left */
    uint32_t sleep_avg;   /* ticks, 0..10*HZ */
    uint32_t sleep_stamp; /* jiffies when it went to sleep or last ran */
    /* For those who pass time without its stack (skip/hooks.h) */
    uint32_t stuck;     /* STUCK_*: where it stands; 0 = nowhere of the kind */
    uint32_t stuck_gfp; /* what it asks for there */

    uint32_t reclaim_passes; /* direct reclaim passes done */
    uint32_t entries;        /* into the kernel by system calls and faults */
    /* signals */
    uint32_t sig_pending; /* bit n = signal n */
    uint32_t sig_caught;  /* bit n = has a handler and lives on */
    uint32_t sig_handled; /* bit n = its handler ran, and the program has not looked yet */
    /* account */
    uint64_t utime_ns, stime_ns, start_ns;
    uint64_t top_cpu_ns; /* CPU time as of the last run of top (cos/programs/top.c) */
    uint64_t nvcsw;
    uint32_t min_flt, maj_flt;
    uint32_t exit_code;
    struct ktimer timer; /* timeout of schedule_timeout() */
    kptr wait_queue;     /* struct wait_queue it sleeps on; 0 = none */
    struct list wait_list;
    kptr wait_page; /* struct page whose lock it waits for; for readers of the dump */
    struct rng rng;
    kptr program;           /* record of what a user task runs (process.h), 0 for kernel threads */
    kptr program_end;       /* void (*)(kptr program): frees it */
    uint32_t proc_mark;     /* what HOST/proc/PID/status was written for (proc_task.c); 0 = never */
    uint32_t wait_children; /* living children that it may wait for */
    uint32_t in_wait;       /* 1 while it waits for children */
    uint32_t stack_magic;   /* last field: overwritten = stack overflow */
};
#define STACK_MAGIC 0x57ac6e9du

union task_union {
    struct task_struct task;
    unsigned char stack[THREAD_SIZE];
};
_Static_assert(sizeof(struct task_struct) < 1024, "the rest of the two pages is stack");

extern union task_union init_task_union; /* pid 0, the idle task "swapper" */
extern kptr current_task;
extern kptr switch_from; /* sched.c: the task whose stack the CPU leaves */
static inline struct task_struct *get_current(void)
{
    return PTR(struct task_struct, current_task);
}
#define current get_current()
#define init_task (&init_task_union.task)

/* for_each_task(t): all but pid 0, oldest first. */
#define for_each_task(t)                                                                        \
    for (struct task_struct *t = PTR(struct task_struct, init_task->next_task); t != init_task; \
         t = PTR(struct task_struct, t->next_task))

/* ---- time (time.c) --------------------------------------------------------------------------- */
struct cos_clock {
    uint64_t now_ns;  /* virtual time: ns since VMkernel boot */
    uint64_t next_ns; /* next instant at which cpu_charge() must look: tick, timer, I/O completion,
                         end of the grant */
    uint64_t boot_ns; /* when this COS started; jiffies count from here */
};
extern struct cos_clock cos_clock;
/* void (*)(struct task_struct *): the next hand-over is a trap of the CPU (traps.h); 0 = none. */
extern kptr pending_trap;
void hand_over(void); /* entry.S: saves a full struct cos_frame in current->saved, then do_timers()
                         on the interrupt stack. Not called: jumped to. */

/** The current task (or interrupt) uses `ns` of CPU. The only way in which busy time passes. If an
 * event is due, it is handled here, on this task's stack, and the VMkernel may get the baton; the
 * saved rip then lies in the function that charged. */
static inline __attribute__((always_inline)) void cpu_charge(uint64_t ns)
{
    /* No call instruction: it would push a return address, a trace on the stack (see struct
     * task_struct). The clock goes through r11 alone, which no frame shows: it is no register of
     * the machine that is simulated. */
    __asm__ volatile("addq %[ns], %[now]\n\tmovq %[now], %%r11\n\tcmpq %[next], %%r11\n\tjb 1f\n\t"
                     "leaq 1f(%%rip), %%r11\n\tjmp hand_over\n1:"
                     : [now] "+m"(cos_clock.now_ns)
                     : [ns] "er"(ns), [next] "m"(cos_clock.next_ns)
                     : HAND_OVER_LOSES, "cc", "memory");
}
static inline uint32_t jiffies_now(void)
{
    return (uint32_t)((cos_clock.now_ns - cos_clock.boot_ns) / NS_PER_JIFFY);
}
/** Instant of a jiffy. */
static inline uint64_t jiffies_ns(uint64_t jiffies)
{
    return cos_clock.boot_ns + jiffies * NS_PER_JIFFY;
}

/* Kernel timers, struct above. */
void ktimer_add(struct ktimer *t, uint64_t at_ns, void (*fn)(kptr),
                kptr arg);         /* re-arms an armed one */
void ktimer_del(struct ktimer *t); /* harmless when idle */

/* ---- scheduler (sched.c) --------------------------------------------------------------------- */
struct wait_queue {
    struct list sleepers; /* task_struct.wait_list */
};
void wait_queue_init(struct wait_queue *q);
/** Give up the CPU in the state that the caller stored in current->state; returns when woken (or at
 * once if TASK_RUNNING and alone). */
void schedule(void);
/** sched_yield: current goes to the expired array (SCHED_NORMAL) and the next task runs. */
void yield(void);
/** Sleep at most `ticks` jiffies (expires at the start of jiffy now+ticks) in the state that the
 * caller stored; UINT32_MAX = for ever.
 *  @return ticks left, 0 = timed out */
uint32_t schedule_timeout(uint32_t ticks);
#define TIMEOUT_IS_SET (UINT32_MAX - 1) /* for schedule_timeout(): the timer of current is armed */
/** First half of schedule_timeout(): arm the timer of current. */
void start_timeout(uint32_t ticks);
/** Sleep once, interruptible: until an instant, a signal or any other wake-up. */
void sleep_once_until(uint64_t at_ns);
/** System call: sleep until an instant, interruptible. @return 0 at the instant, -EINTR when a
 * signal came. */
int sys_nanosleep(uint64_t at_ns);
/** The same for a daemon, which waits for requests, too: none comes from outside. */
int sys_select(uint64_t at_ns);
/** Sleep on q in `state` until wake_up(q) or the timeout. @return ticks left, 0 = timed out */
uint32_t sleep_on_timeout(struct wait_queue *q, uint32_t state, uint32_t ticks);
void sleep_on(struct wait_queue *q, uint32_t state);
/** Make every sleeper of q runnable, oldest first. Usable from interrupt context. */
void wake_up(struct wait_queue *q);
void wake_up_process(struct task_struct *t);
extern uint32_t nr_running;   /* runnable tasks, current included unless idle */
extern uint32_t need_resched; /* a better task is waiting; obeyed on return to user mode */

/** Build the first frame of a new task, so that its first switch enters fn(arg); when fn returns
 * the task exits with its value. */
void task_prepare(struct task_struct *t, int (*fn)(void *), void *arg);
/** Make a prepared task, a child of current, runnable for the first time: it gets its share of
 * current's slice and sleep_avg, and its priority. */
void task_first_wake(struct task_struct *t);
/** Nice value -20..19 of a task, queued or not. A real-time task keeps its priority. */
void set_user_nice(struct task_struct *t, int32_t nice);
/** Policy of a task, queued or not; rt_priority 1..99, or 0 with SCHED_NORMAL. */
void sched_setscheduler(struct task_struct *t, uint32_t policy, uint32_t rt_priority);
/** User mode of the current task uses `ns` of CPU, then return_to_user(). */
void user_cpu(uint64_t ns);

/* ---- processes (process.c) ------------------------------------------------------------------- */
/** Start a kernel thread with a fixed pid. */
struct task_struct *kernel_thread(uint32_t pid, const char *name, int (*fn)(void *), void *arg);
/** System call: wait until one child ended. @return its pid, -ECHILD without children, -EINTR when
 * a signal came */
int sys_wait4(void);
void __attribute__((noreturn)) do_exit(uint32_t code);
/** Send a signal. Wakes interruptible sleepers. */
void send_sig(uint32_t sig, struct task_struct *t);
/** Act on the pending signals of current: end it, stop it, or count a caught one as handled. Only
 * on the way back to user mode (entry.S). */
void do_signal(void);
struct task_struct *find_task_by_pid(uint32_t pid);
/** The oldest living task of that name; NULL when there is none. */
struct task_struct *find_task_by_name(const char *comm);
extern const struct boot_params *boot_params; /* in the window; read-only for the COS */
uint64_t cos_random(const char *name);        /* root of a named random stream */

#endif /* COS_TASK_H */
