/* vmnix.h - the COS's end of the VMNIX channel (shared/vmnix.h): calls of programs, and the SCSI
 * commands of the disk driver.
 *
 * A call waits in two places, both in state D: for the channel, which carries one at a time
 * (vmnix_rpc <- __down), and for its answer (vmnix_rpc <- vmnix_wait). A call that is never
 * answered holds the channel for ever, and all others wait behind it. */
#ifndef COS_VMNIX_H
#define COS_VMNIX_H

#include "cos/kernel/sched/task.h"
#include "shared/vmnix.h"

static inline struct vmnix *the_vmnix(void)
{
    return PTR(struct vmnix, MACHINE_WINDOW_VA + MACHINE_VMNIX_OFFSET);
}

/** Before the first call. */
void vmnix_init(void);
/** Call the VMkernel on behalf of current; waits until it is answered. @return 0, or -ENOSYS
 * when it is refused */
int vmnix_rpc(enum vmnix_op op, uint64_t arg);

/* ---- SCSI commands (scsi.c) ------------------------------------------------------------------ */
/** Before the first command. `done` is called in interrupt context, with the slot, when a command
 * completed. */
void scsi_init(void (*done)(uint32_t slot));
/** Give a command to the disk; one per slot at a time (VMNIX_SWAP, VMNIX_ROOT). `service_ns`: what
 * the drive takes for it. Usable from interrupt context. */
void scsi_do_cmd(uint32_t slot, bool write, uint32_t block, uint32_t pages, uint64_t service_ns);
/** True when the command of this slot has been handed over and has no answer. */
bool scsi_is_stuck(uint32_t slot);
/** True when the next command to this partition will complete as usual. */
bool scsi_goes_by_rule(uint32_t slot);
/** An answer for this slot may be there (vmnix.c). */
void scsi_answered(uint32_t slot);
/** Body of the error handler's thread: tells the VMkernel to abort what does not complete. */
int scsi_error_handler(void *unused);

#endif /* COS_VMNIX_H */
