/* proc_misc.h - the figures of /proc: meminfo, loadavg, uptime, swaps, and the clocks behind
 * them.
 *
 * The host directory keeps a snapshot (HOST/proc) that is written at the end of the boot and
 * with each hourly job; between these nothing here costs anything. Layouts: docs/sources.md
 * [RHEL3MM 2]. */
#ifndef COS_PROC_MISC_H
#define COS_PROC_MISC_H

#include "cos/kernel/kernel.h"

/* The COS kernel starts, loads the VMkernel as a module, and the VMkernel's uptime counts from
 * then on: the COS's own uptime (/proc/uptime) is the VMkernel's plus this. In [KB308590] the
 * two differ by 12.28 s and 13.39 s; that 12.2 s is the true difference and the rest is the time
 * between the two reads of the script is INFERRED. */
#define COS_UPTIME_LEAD_NS 12200000000u

/** Uptime of the COS as its /proc/uptime says, ns. */
uint64_t cos_uptime_ns(void);
/** Seconds since the epoch by the COS's clock. */
int64_t cos_epoch_s(void);
/** Bytes of swap in use: the `used` of the table in /proc/meminfo. */
uint64_t proc_swap_used_bytes(void);
/** Write HOST/proc/{meminfo,loadavg,uptime,swaps}. @return 0 or the first negative errno */
int proc_write_snapshot(void);

#endif /* COS_PROC_MISC_H */
