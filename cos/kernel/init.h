/* init.h - the start of user land: pid 1 and the kernel threads (process.c, programs/). */
#ifndef COS_INIT_H
#define COS_INIT_H

#include <stdint.h>

/** Create pid 1, which starts the kernel threads and then every program of the boot parameters.
 * Called by start_kernel() on pid 0. */
void start_init(void);

/** The VMkernel has pressed the power button (GATE_IRQ_POWER, GATE_IRQ_REBOOT): pid 1 will run the
 * shutdown script once the start scripts have ended. Called at a hand-over. */
void init_power(uint32_t irqs);

#endif /* COS_INIT_H */
