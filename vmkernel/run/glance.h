/* glance.h - a glance at a running COS: its clock and how much memory it has left.
 *
 * A few words of its memory, by the symbols and offsets of its image, for supervision (does it
 * move?) and for the progress line. They are a running machine's and unchecked but for their place,
 * so nothing that reaches an artefact may depend on them. Two exceptions: glance_clock() names
 * one; the other is the `unless` of a fault, which is judged while the COS has handed the baton
 * over and its counters are settled. */
#ifndef VMK_GLANCE_H
#define VMK_GLANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "vmkernel/foreign/cosmem.h"

struct vmk;

struct glance {
    bool usable; /* the image could be read */
    struct cosmem mem;
};

struct glance_memory {                                 /* kB; 0 = not known */
    uint64_t free_kb, cache_kb, swap_kb, swap_free_kb; /* cache: of files */
};

/** Open the COS's image; *g must not be moved. A file that is no COS gives a glance that sees
 * nothing. */
void glance_init(struct glance *g, const struct vmk *vmk);
void glance_fini(struct glance *g);

/** How far the COS's clock has come, ns. The exception: when a COS died or ran away it is the time
 * of its end, bounded by its grant.
 *  @return false when it cannot be read; *ret_ns is then untouched */
bool glance_clock(const struct glance *g, uint64_t *ret_ns);

/** True when a program of that name is in the task list and no zombie. */
bool glance_runs(const struct glance *g, const char *comm);

/** How many tasks the OOM killer has killed since the COS's boot; 0 when that cannot be seen. */
uint32_t glance_oom_kills(const struct glance *g);

/** What the COS has left right now; zeros when nothing can be seen. */
struct glance_memory glance_memory(const struct glance *g);

#endif /* VMK_GLANCE_H */
