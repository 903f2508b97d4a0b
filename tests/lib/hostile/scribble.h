/* scribble.h - writes of somebody who means harm into the shared machine memory: where, and what.
 *
 * Used by the hostile COS (freestanding) and the hostile vmnixhbd (hosted). Half of the writes
 * hit places that the VMkernel reads (ring, gate, host-info page, VMNIX calls, notes of faults,
 * the image's data with the task list and the log), half of the values are such that code which
 * trusts them goes wrong: ends of ranges, lengths just too large, pointers to themselves. The
 * word that says whose turn it is is left alone: who scribbles on that only stops himself, and
 * after 10 s of wall time he is a runaway. */
#ifndef TESTS_HOSTILE_SCRIBBLE_H
#define TESTS_HOSTILE_SCRIBBLE_H

#include <stdint.h>

#include "shared/gate.h"
#include "shared/machine.h"
#include "shared/rng.h"

#define SCRIBBLE_IMAGE 0x104000u /* physical: the COS's image begins here */
#define SCRIBBLE_IMAGE_BYTES 0x40000u
#define SCRIBBLE_TASKS 0x800000u /* minicos: task structs with their stacks */
#define SCRIBBLE_TASKS_BYTES 0x10000u

static inline uint64_t scribble_value(struct rng *rng, uint64_t ram_bytes)
{
    const uint64_t page_offset = MACHINE_PAGE_OFFSET;
    switch (rng_below(rng, 12)) {
    case 0:
        return 0;
    case 1:
        return UINT64_MAX;
    case 2:
        return page_offset + ram_bytes - rng_below(rng, 64);
    case 3:
        return page_offset + ram_bytes + rng_below(rng, 64);
    case 4:
        return page_offset + rng_below(rng, ram_bytes);
    case 5:
        return page_offset + SCRIBBLE_TASKS + rng_below(rng, 8) * 8192;
    case 6:
        return rng_below(rng, 300);
    case 7:
        return 1ull << rng_below(rng, 64);
    case 8:
        return UINT32_MAX - rng_below(rng, 16);
    case 9:
        return 0x2525252525252525ull; /* "%%%%%%%%" */
    case 10:
        return 0x0a0a0a0a1b5b324aull; /* newlines and an escape sequence */
    default:
        return rng_next(rng);
    }
}

/* An offset into the machine memory, 8 bytes from its end at least. */
static inline uint64_t scribble_place(struct rng *rng, uint64_t ram_bytes)
{
    static const struct {
        uint32_t offset, bytes;
    } place[] = {
        { MACHINE_HOSTINFO_OFFSET, 64 },
        { MACHINE_RING_OFFSET, 8192 },
        { MACHINE_RING_OFFSET, 64 },
        { MACHINE_GATE_OFFSET + 64, sizeof(struct gate) - 64 },
        { MACHINE_VMNIX_OFFSET, MACHINE_VMNIX_SIZE },
        { MACHINE_VMNIX_OFFSET, 256 },
        { MACHINE_NOTES_OFFSET, 256 },
        { MACHINE_RAM_OFFSET + SCRIBBLE_IMAGE, SCRIBBLE_IMAGE_BYTES },
        { MACHINE_RAM_OFFSET + SCRIBBLE_TASKS, SCRIBBLE_TASKS_BYTES },
        { MACHINE_RAM_OFFSET + SCRIBBLE_TASKS, 64 },
    };
    const uint32_t i = (uint32_t)rng_below(rng, 12);
    if (i >= sizeof place / sizeof place[0])
        return MACHINE_RAM_OFFSET + rng_below(rng, ram_bytes - 8);
    return place[i].offset + rng_below(rng, place[i].bytes - 7) / 4 * 4;
}

static inline void scribble(unsigned char *base, struct rng *rng, uint64_t ram_bytes, uint32_t n)
{
    for (; n > 0; n--) {
        const uint64_t at = scribble_place(rng, ram_bytes);
        const uint64_t value = scribble_value(rng, ram_bytes);
        if (rng_below(rng, 3) == 0)
            __builtin_memcpy(base + at, &value, 8);
        else
            __builtin_memcpy(base + at, &value, 4);
    }
}

#endif /* TESTS_HOSTILE_SCRIBBLE_H */
