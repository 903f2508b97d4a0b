/* scsi.c - see scsi.h. */
#include "vmkernel/calls/scsi.h"

#include <stddef.h>
#include <string.h>

#include "shared/rng.h"

/* io-hang with `resource: swap` or target "swap" is of the swap partition alone, with target "root"
 * of the other one alone. */
static bool hits(const struct fault *f, uint32_t slot)
{
    if (f->resource == FAULT_RESOURCE_SWAP || strcmp(f->target, "swap") == 0)
        return slot == VMNIX_SWAP;
    return strcmp(f->target, "root") != 0 || slot == VMNIX_ROOT;
}

static const struct fault *hang_of(const struct fault_queue *faults, uint32_t slot)
{
    for (uint32_t i = 0; i < FAULTS_MAX; i++) {
        const struct fault *f = &faults->fault[i];
        if (faults->clock[i].on != 0 && f->type == FAULT_IO_HANG && hits(f, slot))
            return f;
    }
    return NULL;
}

static uint64_t add_ns(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

enum scsi_fate scsi_decide(const struct fault_queue *faults, uint64_t root, uint32_t slot,
                           const struct rpc_call *call, uint64_t now_ns, uint64_t *ret_at_ns)
{
    uint64_t at_ns = add_ns(call->posted_ns, call->service_ns);
    if (call->arg > VMNIX_SERIAL_MAX)
        return SCSI_LOST;
    const struct fault *f = hang_of(faults, slot);
    if (f != NULL && rng_hash(root, call->arg) % 100 < f->probability) {
        if (f->delay_ns == 0)
            return SCSI_HANGS;
        at_ns = add_ns(at_ns, f->delay_ns);
    }
    *ret_at_ns = at_ns > now_ns ? at_ns : now_ns;
    return SCSI_COMPLETES;
}

bool scsi_is_plain(const struct fault_queue *faults, uint32_t slot)
{
    return hang_of(faults, slot) == NULL;
}

bool scsi_is_dead(const struct fault_queue *faults, uint32_t slot, uint64_t next_serial)
{
    const struct fault *f = hang_of(faults, slot);
    return next_serial > VMNIX_SERIAL_MAX ||
           (f != NULL && f->probability == 100 && f->delay_ns == 0);
}
