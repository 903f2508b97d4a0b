/* storeio.h - the datastore of the COS core as effects of dumpio.h: one that is gone or nearly full
 * when a fault of the plan says so, else the disk itself.
 *
 * datastore-loss: every open is refused with EIO. datastore-full: `size` of the fault is all the
 * room that is left; a write beyond it is cut and then refused with ENOSPC. What the array was
 * before, the virtual machines' files and their locks, is not touched: a dump is what is tried
 * here. */
#ifndef VMK_STOREIO_H
#define VMK_STOREIO_H

#include <stdbool.h>
#include <stdint.h>

#include "vmkernel/io/dumpio.h"

struct vmk;

struct storeio {
    struct dumpio table; /* hand this out; first, so that the record is found from it */
    const struct dumpio *disk;
    bool lost;
    uint64_t left; /* bytes */
};

/** Fill the record for the datastore as it is now. It must not move afterwards. */
void storeio_init(struct storeio *s, const struct vmk *vmk, const struct dumpio *disk);

/** Does a fault of the plan break what a dump writes to: then a dump without all of its artefacts
 * is the simulated outcome, and no error of ours. */
bool storeio_may_fail(const struct vmk *vmk);

#endif /* VMK_STOREIO_H */
