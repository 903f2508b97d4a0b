/* kallsyms.h - names for addresses of kernel text, and what 2.4.21-EL prints with them: call
 * traces, registers, stacks.
 *
 * The table of functions is part of the image: the Makefile links the kernel once without it,
 * makes it of that file's symbols (kallsyms.awk), and links again. It lies behind the text, so no
 * function moves by it. A kernel without the table (unit tests) knows no names and no text.
 *
 * Layouts: docs/sources.md [RHEL3MM 2] (SysRq-T, SysRq-P) and [RHEL3MM 3] (Oops). */
#ifndef COS_KALLSYMS_H
#define COS_KALLSYMS_H

#include "cos/kernel/sched/task.h"

/* What a 2.4 kernel says of itself with a proprietary module in it, as vmnixmod is: on every ESX
 * host [RHEL3MM 3]. */
#define KERNEL_TAINTED "Tainted: P "

/** Is this an address of kernel text? */
bool kernel_text_address(uint64_t address);
/** The function that contains `address`; *ret_offset: bytes from its start, *ret_size: bytes to the
 * next function (each may be NULL). @return its name, NULL = no kernel text (both unchanged) */
const char *lookup_symbol(uint64_t address, uint32_t *ret_offset, uint32_t *ret_size);
/** Print "EIP is at NAME [kernel] 0xOFF (RELEASE)\n", nothing for what is no kernel text. */
void print_eip(uint64_t address);
/** Print "Call Trace:   [<c0136a11>] NAME [kernel] 0x11 (0xcb00de68)\n" and so on, a line for every
 * word from `sp` to the end of the stack that lies in kernel text, stale ones included. */
void show_trace_at(kptr sp);
/** The same for a task, from where it was switched out, or stood at the last hand-over. */
void show_trace(const struct task_struct *t);
/** Print "Stack: " and up to 24 words of the stack from `sp` on, 8 on a line, low 32 bits each (an
 * i386 kernel's words), and the trace behind them. */
void show_stack_at(kptr sp);
/** SysRq-P: pid, registers of the last hand-over of the current task, and its trace. */
void show_regs(void);

#endif /* COS_KALLSYMS_H */
