/* rpc.h - the VMkernel's end of the VMNIX channel (shared/vmnix.h): takes requests of the COS,
 * decides what becomes of each, and answers.
 *
 *     hand-over --> copy the request once --> check it --> decide --> answer | leave it open
 *                                                            ^              |
 *                     a fault ends: decide anew -------------'--------------'
 *
 * What is plain goes by rule and never gets here; rpc_publish() says before each grant what is
 * plain. A call is served by a helper world; one that stays open occupies its helper, and the log
 * says so after a minute and then each ten (OUR CHOICE).
 *
 * Whether a SCSI command completes decides scsi.h. */
#ifndef VMK_RPC_H
#define VMK_RPC_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/units.h"

#define RPC_WARN_FIRST_NS NS_PER_MIN
#define RPC_WARN_AGAIN_NS (10 * NS_PER_MIN)

struct vmk;

/** Say what is plain; and while the COS cannot write its disk, keep the log's lines from its
 * files. Before each grant and after each change of a fault. */
void rpc_publish(struct vmk *vmk);

/** Take and answer what the COS has posted. After each hand-over. @return bits of the slots whose
 * request was left open just now */
uint32_t rpc_serve(struct vmk *vmk);

/** A fault has ended: decide anew about what is open. */
void rpc_reconsider(struct vmk *vmk);

/** Log that the call in `slot` is still open. @return false when call `seq` is over, or of a slot
 * that is none */
bool rpc_warn(struct vmk *vmk, uint32_t slot, uint32_t seq);

#endif /* VMK_RPC_H */
