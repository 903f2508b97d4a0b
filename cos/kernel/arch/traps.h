/* traps.h - a kernel that follows a bad pointer: the page fault, the Oops, the panic.
 *
 * This machine has no memory management unit that a kernel's own access could meet, so the places
 * in which one goes wrong ask before they look (kernel_pointer_ok) and say so. From there on it is
 * the kernel's own way: registers are those of the faulting function, the handler runs on the
 * interrupt stack, prints what 2.4.21-EL prints [RHEL3MM 3], and, since panic_on_oops is set,
 * panics [KB1006802]. */
#ifndef COS_TRAPS_H
#define COS_TRAPS_H

#include "cos/kernel/sched/task.h"

extern uint32_t trap_address;

/** Takes the trap of trap_address with the registers of `t`. Interrupt context; does not return. */
void do_bad_access(struct task_struct *t);

/** Does this address lie in the kernel's memory? */
bool kernel_pointer_ok(uint32_t address);

/** The current task follows a bad pointer, in kernel mode, in the function that this is written in.
 * Does not return. */
static inline __attribute__((always_inline)) void die_on_bad_pointer(uint32_t address)
{
    trap_address = address;
    pending_trap = kptr_of((const void *)(uintptr_t)do_bad_access);
    cos_clock.next_ns = 0;
    cpu_charge(0);
}

/** A system call of a management program that adds a SCSI device to the system
 * (write to /proc/scsi/scsi). @return 0, or it oopses: see sr_finish() in traps.c */
int sys_write_proc_scsi(void);

#endif /* COS_TRAPS_H */
