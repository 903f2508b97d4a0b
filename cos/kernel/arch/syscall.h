/* syscall.h - the border between programs and the kernel.
 *
 * Programs are C functions of the image, but they do not run as a part of the kernel: each has a
 * stack of its own outside of the machine's RAM, and its code lies outside of the kernel's text
 * (cos.lds). What a program computes is therefore in no dump; what a reader sees of it are the
 * registers that such a program could hold (user_mode.h). It enters the kernel in three ways
 * (entry.S), each of which continues at the top of its kernel stack, below the user registers:
 *
 *     system_call    sys(fn, args): fn is the kernel's function for the call
 *     error_code     a page fault: user_touch() and user_account() in memory.c
 *     ret_from_intr  return_to_user(): an interrupt has left something to do
 *
 * All of them end as 2.4's do: signals, then other tasks if one is to run, then the program. In
 * hosted builds there is one stack for both, and the same functions are called on it. */
#ifndef COS_SYSCALL_H
#define COS_SYSCALL_H

#include "cos/kernel/sched/task.h"

/* Code of the kernel among that of programs: what a system call does that only programs know, and
 * what interrupts and the end of a task call. */
#define KERNEL_SIDE __attribute__((noinline, used, section(".text.kernel")))
/* Code of user mode among that of the kernel: what the CPU does there. */
#define USER_SIDE __attribute__((section(".text.user")))

/* Call `fn` through one of the entries, with its own arguments (in registers: at most six) and its
 * own type: the compiler sees a function of that type, which is two instructions. */
#define ENTER_BY(entry, fn, ...)                                                       \
    ({                                                                                 \
        extern __typeof__(fn) enter_##fn##_ __asm__(".Lenter_" #fn);                   \
        __asm__ volatile(".ifndef .Lenter_" #fn "\n\t"                                 \
                         ".pushsection .text.user.enter,\"ax\",@progbits\n"            \
                         ".Lenter_" #fn ":\n\tleaq " #fn "(%rip), %rax\n\tjmp " #entry \
                         "\n\t.popsection\n\t.endif");                                 \
        enter_##fn##_(__VA_ARGS__);                                                    \
    })
/** Enter the kernel and call fn(args) there. @return its result, when the program goes on */
#define sys(fn, ...) ENTER_BY(system_call, fn, __VA_ARGS__)

void ret_from_intr(void); /* entry.S */
/** User mode, between two steps of a program: whoever is wanted more runs first, signals act. */
static inline void return_to_user(void)
{
    if (need_resched || current->sig_pending != 0)
        ret_from_intr();
}

#endif /* COS_SYSCALL_H */
