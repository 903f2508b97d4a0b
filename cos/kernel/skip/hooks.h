/* hooks.h - where the rest of the kernel meets what is computed instead of executed: all of it.
 *
 * Who reads the scheduler or reclaim may think each hook away. It does what the code around it
 * would have done, byte for byte and at the same instants, or declines
 * (docs/adr/0002-livelock-without-stacks.md). MACHINE_FLAG_NO_SKIP makes every one of them decline.
 *
 *     in                        hook                       instead of
 *     ------------------------  -------------------------  ----------------------------------------
 *     __alloc_pages, kswapd     STANDS_IN                  (marks where a task waits that may come
 *                                                          back to the same place)
 *     schedule_out              pass_turns                 switching to tasks that do no more than
 *                                                          come back to that place
 *                               switches_to_itself         (its stack holds the same bytes however
 *                                                          often it came back)
 *     refill_inactive_zone      refill_by_counting         moving pages one by one
 *     rebalance_dirty_zone      launder_by_counting        the same
 *     whoever called those      FORGET_STACK_BELOW         (the stack does not show which way they
 *                                                          were done)
 *     scan_active_zone          lists_in_order_for_scan    (page lists are links again)
 *     lru.c, heat.c             inert_settle (settle.h)    (the same)
 *     program_cpu               run_alone                  ticks of a task that is alone
 */
#ifndef COS_HOOKS_H
#define COS_HOOKS_H

#include "cos/kernel/sched/task.h"
#include "cos/kernel/skip/settle.h"

struct zone;

/* Values of task_struct.stuck. */
#define STUCK_RETRY 1u        /* in the yield() of __alloc_pages's endless retry */
#define STUCK_KSWAPD_NAP 2u   /* kswapd in its two ticks */
#define STUCK_KSWAPD_SLEEP 3u /* kswapd asleep until its next second or a wake-up */

/* Zero in every register that a called function has to keep, but the frame pointer: it would push
 * them, and what they hold may be left over from a path that is not always taken. */
#define FORGET_REGISTERS()                                                                 \
    __asm__ volatile("xorl %%ebx, %%ebx\n\txorl %%r12d, %%r12d\n\txorl %%r13d, %%r13d\n\t" \
                     "xorl %%r14d, %%r14d\n\txorl %%r15d, %%r15d" ::                       \
                         : "rbx", "r12", "r13", "r14", "r15", "cc")

/* Zero below the stack pointer. What is called next may leave a place of its frame unwritten, and
 * would show what was there before. */
#define FORGET_STACK_BELOW()                                                                      \
    do {                                                                                          \
        uintptr_t from_ = (uintptr_t)(current + 1), words_;                                       \
        __asm__ volatile("movq %%rsp, %%rcx\n\tsubq %%rdi, %%rcx\n\tcmpq %2, %%rcx\n\tjae 1f\n\t" \
                         "shrq $3, %%rcx\n\txorl %%eax, %%eax\n\trep stosq\n1:"                   \
                         : "+D"(from_), "=&c"(words_)                                             \
                         : "r"((uintptr_t)THREAD_SIZE)                                            \
                         : "rax", "cc", "memory");                                                \
    } while (0)

/* current stands in `where` (STUCK_*), asking for memory with gfp, while it does `wait`, a call
 * that switches to others. */
#define STANDS_IN(where, gfp, wait) \
    do {                            \
        current->stuck = (where);   \
        current->stuck_gfp = (gfp); \
        FORGET_REGISTERS();         \
        (void)(wait);               \
        current->stuck = 0;         \
    } while (0)

/** Let tasks go round without their stacks as long as they do no more than that. Called when `prev`
 * has left the CPU and before the next task is picked; nothing happens unless prev stands
 * somewhere. */
void pass_turns(const struct task_struct *prev);
/** Does t change stacks even to itself, so that its registers do not depend on who else runs? */
static inline bool switches_to_itself(const struct task_struct *t)
{
    return t->stuck != 0;
}
/** At boot: from now on page lists are in order whenever the VMkernel looks. */
void skip_init(void);
/** refill_inactive_zone() of `target` pages, `from_cache` of them of files, by counting. @return
 * pages deactivated, -1 when it has to be done page by page */
int32_t refill_by_counting(struct zone *zone, uint32_t target, uint32_t from_cache);
/** rebalance_dirty_zone() by counting: every page of the dirty list goes back to active, none is
 * washed. @return false when it has to be done page by page */
bool launder_by_counting(struct zone *zone);
/** kscand is about to go by the place of each young page. */
void lists_in_order_for_scan(void);

/** The user mode of current is to use `ns` of CPU. Pass as much of it as can be passed in whole
 * time slices while nobody else can run and no event is due, as user_cpu() would tick by tick.
 * @return ns of user mode that were used, 0 when it has to be done tick by tick */
uint64_t run_alone(uint64_t ns);

#endif /* COS_HOOKS_H */
