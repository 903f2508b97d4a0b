/* calls.h - the VMNIX channel (shared/vmnix.h) as the VMkernel sees it: what the COS asked for and
 * has no answer yet. What becomes of a call decides vmkernel/calls/rpc.h. */
#ifndef VMK_CALLS_H
#define VMK_CALLS_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/vmnix.h"

struct rpc_call { /* a copy, checked */
    bool open;    /* it has no answer */
    bool lost;    /* SCSI: its completion was not found */
    uint32_t seq, op, pid;
    uint32_t block, pages;
    uint32_t world; /* index of the helper that serves it */
    char comm[VMNIX_COMM];
    uint64_t posted_ns, arg, service_ns;
};

struct rpc {
    uint32_t seen[VMNIX_SLOTS]; /* seq that was looked at last */
    uint64_t answered[VMNIX_SLOTS];
    uint64_t refused;
    uint64_t lost; /* completions */
    struct rpc_call call[VMNIX_SLOTS];
};

/** "info" and so on; "?" for no op. */
const char *rpc_op_name(uint32_t op);
/** "rpc", "swap", "root" or "storage". */
const char *rpc_slot_name(uint32_t slot);

#endif /* VMK_CALLS_H */
