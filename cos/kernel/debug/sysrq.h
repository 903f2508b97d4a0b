/* sysrq.h - the magic SysRq keys of the console's keyboard: M memory, T tasks, P registers.
 *
 * A key press is an interrupt: it needs no memory and no scheduler, so it works when nothing else
 * does. What it prints goes to the kernel log (a dump shows it) and, when klogd gets to run, to
 * /var/log/messages. When which key is pressed stands in the boot parameters, as somebody at the
 * keyboard would do. Layouts: docs/sources.md [RHEL3MM 2]. */
#ifndef COS_SYSRQ_H
#define COS_SYSRQ_H

#include "cos/kernel/sched/task.h"

/** Set the timers for the key presses of the boot parameters. */
void sysrq_init(void);
/** Act on a key (BOOT_SYSRQ_*), in interrupt context. */
void sysrq_handle(uint32_t key);
/** The next key press, UINT64_MAX = none. Registers are looked at then, so a livelock is carried
 * out as it is and not skipped when it comes (livelock.c). */
extern uint64_t sysrq_next_ns;
/** SysRq-T: every task but pid 0, with its trace. */
void show_state(void);

#endif /* COS_SYSRQ_H */
