/* fail_page_alloc.h - page allocations that are made to fail: FAULT_FAIL_PAGE_ALLOC and
 * FAULT_FAIL_NTH.
 *
 * The hook stands where the kernel's own fault injection has it, at the entry of __alloc_pages:
 * the attempt fails, and its caller gets NULL, as from an allocator that gave up. Which attempts,
 * the knobs say, in this order [FAULTINJ]:
 *
 *     task filter    only tasks named `target`; none = all
 *     min-order      smaller orders are let alone
 *     ignore-gfp-wait   requests that may wait are let alone
 *     times          so often at the most; -1 = no limit
 *     space          so many pages may be taken first
 *     interval       of the others only each interval-th
 *     probability    and of these only so many percent, by a random stream of the fault's own
 *
 * fail-nth: the count-th allocation of the target's tasks since the fault began, and no other.
 *
 * Nothing fails before pid 1 has started the heartbeat daemon, since no fault begins before that:
 * there is nobody yet to set the knobs (OUR CHOICE). */
#ifndef COS_MM_FAIL_PAGE_ALLOC_H
#define COS_MM_FAIL_PAGE_ALLOC_H

#include "cos/kernel/faults/fault_note.h"

/** The slow half of should_fail_alloc_page(). */
bool fail_page_alloc(uint32_t gfp, uint32_t order);
/** Is this attempt of current to fail? Counts it. */
static inline bool should_fail_alloc_page(uint32_t gfp, uint32_t order)
{
    return unlikely(fault_memory()->failing != 0) && fail_page_alloc(gfp, order);
}

#endif /* COS_MM_FAIL_PAGE_ALLOC_H */
