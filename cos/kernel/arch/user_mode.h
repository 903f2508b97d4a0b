/* user_mode.h - user mode as a reader of registers sees it.
 *
 * What programs of the image compute is the simulator's business and lies on stacks in scratch
 * memory. To the machine a program in user mode is an instruction of its text and the registers
 * that such code holds: addresses of its heap, its stack and its libraries, small numbers. They are
 * drawn, a pure function of the task, of how often it has entered the kernel, and of the time that
 * it has spent in user mode. Segment registers are those of 2.4 for i386 [RHEL3MM 3]. */
#ifndef COS_USER_MODE_H
#define COS_USER_MODE_H

#include "cos/kernel/sched/task.h"

#define TEXT_START 0x08048000u /* where the linker puts programs on i386 */
#define LIBS_START 0x40000000u /* TASK_UNMAPPED_BASE of 2.4 */
#define STACK_TOP 0xC0000000u
#define USER_CS 0x73u
#define USER_DS 0x7bu

/* The stack on which a program really runs: as big as the kernel stack of its task, and so far
 * below it. Its first words are entry.S's. */
#define USER_STACK_BELOW 0x80000000u

/** Does the stack pointer lie on a program's own stack? Never in hosted builds. */
static inline bool is_user_stack(uint64_t rsp)
{
    return rsp < MACHINE_PAGE_OFFSET && rsp >= MACHINE_PAGE_OFFSET - USER_STACK_BELOW;
}
/** The registers of t, which is in user mode and has been there since its time was last booked. */
void user_registers(const struct task_struct *t, struct cos_frame *ret);
/** t, which is current and in user mode, waits there for something outside of the console: show its
 * user registers, as an interrupt would. */
void show_user_mode(struct task_struct *t);
/** Memory for the stacks of programs. Called once, before there is one. @return false: none */
bool user_stacks_map(uint64_t ram_bytes);
/** The program of current is over: its stack is memory again that nobody has touched. */
void user_stack_release(void);
/** Leave the kernel for good: current becomes a program that runs main(arg) and then exits with its
 * value. */
void __attribute__((noreturn)) enter_user_mode(int (*main)(void *), void *arg);

#endif /* COS_USER_MODE_H */
