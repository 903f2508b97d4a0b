/* proc_misc.h - the figures of /proc: meminfo, loadavg, uptime, swaps, stat, slabinfo, and the
 * clocks behind them.
 *
 * The host directory keeps a snapshot (HOST/proc) that is written at the end of the boot and
 * with each hourly job; between these nothing here costs anything. What stands in HOST/proc/PID
 * and how old it may be: proc_task.h. Layouts: docs/sources.md [RHEL3MM 2], of page, swap, intr and
 * disk_io [PROC5]. */
#ifndef COS_PROC_MISC_H
#define COS_PROC_MISC_H

#include "cos/kernel/fs/text.h"
#include "cos/kernel/sched/task.h"
#include "shared/units.h"

/* The COS kernel starts, loads the VMkernel as a module, and the VMkernel's uptime counts from
 * then on: the COS's own uptime (/proc/uptime) is the VMkernel's plus this. In [KB308590] the
 * two differ by 12.28 s and 13.39 s; that 12.2 s is the true difference and the rest is the time
 * between the two reads of the script is INFERRED. */
#define COS_UPTIME_LEAD_NS (12200 * NS_PER_MS)

/** Uptime of the COS as its /proc/uptime says, ns. */
static inline uint64_t cos_uptime_ns(void)
{
    return cos_clock.now_ns + COS_UPTIME_LEAD_NS;
}
/** Seconds since the epoch by the COS's clock. */
static inline int64_t cos_epoch_s(void)
{
    return boot_params->epoch_boot_s + (int64_t)(cos_clock.now_ns / NS_PER_S);
}
/** Bytes of swap in use: the `used` of the table in /proc/meminfo. */
uint64_t proc_swap_used_bytes(void);
/** Write HOST/proc/{meminfo,loadavg,uptime,swaps,stat,slabinfo} and what has changed of the
 * tasks. @return 0 or the first negative errno */
int proc_write_snapshot(void);
/** The first snapshot of a boot: also HOST/proc/sys, and nothing remains of an earlier boot's
 * tasks. @return as above */
int proc_write_boot(void);
/** Write one file of HOST/proc. Nobody sleeps meanwhile. @return 0 or a negative errno */
int proc_replace(const char *path, void (*put)(struct text *t));

#endif /* COS_PROC_MISC_H */
