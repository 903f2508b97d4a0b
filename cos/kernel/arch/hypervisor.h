/* hypervisor.h - the COS's end of the gate: how its kernel reaches the VMkernel and vmnixhbd.
 *
 * It hands the baton over and takes grants. It decides nothing about time (time.c) or tasks
 * (sched.c). */
#ifndef COS_HYPERVISOR_H
#define COS_HYPERVISOR_H

#include "cos/kernel/kernel.h"
#include "cos/kernel/arch/scratch.h"
#include "shared/gate.h"
#include "shared/machine.h"

extern uint64_t grant_until_ns; /* end of the present grant */
extern bool vmkernel_wanted;    /* this grant ends early, for GATE_YIELD_CALL */

/** Let the VMkernel look before anything else happens. In a task the baton has come back when this
 * returns; in an interrupt it goes at the interrupt's end. */
void hypervisor_call(void);

/** The window, valid from cos_early() on. */
static inline struct gate *the_gate(void)
{
    return PTR(struct gate, MACHINE_WINDOW_VA + MACHINE_GATE_OFFSET);
}

/** Wait for the very first grant; called once before anything else. */
void hypervisor_first_grant(void);
/** The grant is used up: report, hand the baton over, sleep until the next grant, deliver its
 * interrupts. `next_ns` is the COS's own next event when it is idle. Moves cos_clock forward, never
 * back. */
void hypervisor_yield(enum gate_yield reason, uint64_t next_ns);
/** Pass the baton and sleep until it comes back; comes back at once when the taker is dead or
 * stopped. */
void hypervisor_exchange(enum gate_party to);
/** Have fn(irqs) called, in interrupt context, whenever the VMkernel gives the baton back and one
 * of the GATE_IRQ_* bits in `irqs` is set; irqs 0: each time. Handlers are called in the order in
 * which they came. */
void hypervisor_on_irq(uint32_t irqs, void (*fn)(uint32_t irqs));
/** Report a PANIC, OOPS or BUG and never run again. */
void __attribute__((noreturn)) hypervisor_end(enum gate_yield reason, const char *why);

#endif /* COS_HYPERVISOR_H */
