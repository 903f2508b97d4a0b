/* settle.h - what those who touch page lists need of inert_lists.h: whether the lists are turned by
 * counting at present, and how to have them put in order first. */
#ifndef COS_SETTLE_H
#define COS_SETTLE_H

#include "cos/kernel/arch/scratch.h"

struct page;

/** True between inert_enter() and inert_leave() of inert_lists.h. */
static inline bool inert_active(void)
{
    return *PTR(const volatile uint32_t, SCRATCH_VA) != 0;
}
/** Put the lists in order; for do_aside(). */
void inert_leave(kptr unused);
/** Call before touching a page of the anonymous lists, or before the VMkernel looks: puts the lists
 * in order if they are not. */
static inline void inert_settle(void)
{
    if (unlikely(inert_active()))
        do_aside(inert_leave, 0);
}

/** Change PG_young of a page of the anonymous lists while they are turned by counting. */
void inert_toggle_young(struct page *page);

#endif /* COS_SETTLE_H */
