/* scsi.h - the COS's disk as the VMkernel serves it: does a command complete, and when?
 *
 * Pure. A command that is well completes after the drive's service time, which the COS's driver
 * tells (cos/kernel/arch/cost.h has the drive's figures). It does not complete while io-hang hits
 * it, and never when its serial number is beyond what the table of completions holds. */
#ifndef VMK_SCSI_H
#define VMK_SCSI_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/fault_clock.h"
#include "vmkernel/model/calls.h"

enum scsi_fate {
    SCSI_COMPLETES, /* at *ret_at_ns */
    SCSI_HANGS,     /* for now */
    SCSI_LOST,      /* it was carried out, and its completion was not found */
};

/** What becomes of a command in `slot` at `now_ns`. @param root of the draws of a fault's
 * probability */
enum scsi_fate scsi_decide(const struct fault_queue *faults, uint64_t root, uint32_t slot,
                           const struct rpc_call *call, uint64_t now_ns, uint64_t *ret_at_ns);

/** True when no fault touches commands of `slot`. */
bool scsi_is_plain(const struct fault_queue *faults, uint32_t slot);
/** True when no command to `slot` will ever complete as things stand. */
bool scsi_is_dead(const struct fault_queue *faults, uint32_t slot, uint64_t next_serial);

#endif /* VMK_SCSI_H */
