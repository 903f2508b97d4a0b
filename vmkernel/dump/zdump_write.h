/* zdump_write.h - puts a VMkernel dump into a slot of the dump partition (format: shared/zdump.h).
 *
 * The partition is a file of fixed size. The slot header goes first, marked WRITING, then section
 * after section, then the end, then the header again, marked COMPLETE: whatever interrupts that
 * leaves a dump that can be read up to there. A dump that is larger than its slot is cut at the
 * slot's end and stays WRITING, as one whose host lost power. */
#ifndef VMK_ZDUMP_WRITE_H
#define VMK_ZDUMP_WRITE_H

#include <stddef.h>
#include <stdint.h>

#include "shared/zdump.h"
#include "vmkernel/io/dumpio.h"

struct zdump_part { /* one section to be written */
    enum zdump_type type;
    const char *data; /* text; NULL = leave the section out */
    size_t len;
};

/** Create an empty dump partition: `slots` slots in a sparse file of `bytes` bytes (both > 0). An
 * existing file is replaced. @return 0 or -errno */
int zdump_partition_create(const struct dumpio *io, const char *path, uint32_t slots,
                           uint64_t bytes);

/** The slot that the next dump should use: the first empty one, else the one with the oldest dump
 * that a start has copied already, else the oldest of all. `state` then says what will be lost. A
 * partition whose headers cannot be read is used from slot 0 on.
 *  @return 0 with slot, slot_count and slot_bytes set in *ret; -errno when there is no partition */
int zdump_partition_choose(const struct dumpio *io, const char *path, struct zdump_slot *ret);

/** Write a dump: header (its slot, slot_count and slot_bytes from zdump_partition_choose(), the
 * rest from the caller; state and used_bytes are set here) and sections. @return 0; -ENOSPC when it
 * was cut at the slot's end; another -errno when writing failed */
int zdump_write(const struct dumpio *io, const char *path, const struct zdump_slot *slot,
                const struct zdump_part *parts, uint32_t count);

#endif /* VMK_ZDUMP_WRITE_H */
