/* dump.h - the end of a host: what the VMkernel does when its service console is lost.
 *
 *     stun both processes            nothing of the COS changes from here on
 *     "Host: ...: COS Error: ..."    into the log ring
 *     read the COS                   image, task list, a backtrace of each task (helper process)
 *     interim screen                 "Dumping console os core. This may take up to an hour."
 *     "Dump: ...: Dumping core ..."  then the cos-core to the datastore, which takes virtual time
 *     purple screen                  console/psod.txt, psod.ans, psod.png
 *     zdump                          a slot of dev/vmkcore
 *
 * A step that fails is noted and the next one is done: a full datastore must not cost the screen.
 * A core that cannot be written has its line in the log, on the screen and in the zdump, a zdump
 * that cannot has one on the screen. Without a valid Misc.CosCoreFile there is no core, with
 * Misc.PsodOnCosPanic 0 no screen and no zdump [KB1032962] (options.h).
 * Order and wording by [KB308590] and [KB1006802]. */
#ifndef VMK_DUMP_H
#define VMK_DUMP_H

#include <stdint.h>

#include "shared/units.h"
#include "vmkernel/io/dumpio.h"
#include "vmkernel/model/vmkpanic.h"

struct vmk;

/* From the stun (the t=30 line) to the "COS Error" line [KB308590/Screen: .341 to .508], and from
 * there to the "Dumping core" line [KB308590/Screen: .508 to .517]. */
#define DUMP_ERROR_DELAY_NS (167 * NS_PER_MS)
#define DUMP_CORE_DELAY_NS (9 * NS_PER_MS)
#define DUMP_PARTITION_MIN 4096u /* bytes: a slot header, and a little */

/** comm and pid of the COS's current task, read from its memory, which may hold anything. comm is
 * terminated and printable.
 *  @return 0, or -1 when the memory makes no sense (then nothing is written) */
int dump_current_task(const struct vmk *vmk, char comm[16], uint32_t *ret_pid);

/**
 * The COS is lost, now, at vmk->now_ns. Does all of the above; sets vmk->cos, vmk->headline, and
 * advances vmk->now_ns to the end of it. The children are ended by the caller afterwards; a pid
 * that was found dead and reaped here becomes 0.
 *
 * The caller holds the baton, has blocked SIGCHLD, waits for no child any more and has called
 * log_files_stop(). vmk->cos NOT_STUNNED means that the COS has died: its registers are those of
 * its last hand-over, and the zdump says "not stunned".
 *
 *  @return 0, or -1 with vmk->note set when an artefact could not be written (the others are)
 */
int dump_cos_error(struct vmk *vmk, const char *headline);

/** The VMkernel itself ends, now: screen and zdump, and nothing of the COS. Otherwise as
 * dump_cos_error(). */
int dump_vmkernel_error(struct vmk *vmk, const struct vmkpanic *panic);

/** Create the host's empty dump partition, one slot of ZDUMP_PARTITION_BYTES, or of what the fault
 * dump-slot-small says. One that is there stays. @return 0 or -errno */
int dump_partition_create(const struct vmk *vmk);

#endif /* VMK_DUMP_H */
