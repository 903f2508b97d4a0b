/* scratch.h - memory of the simulator that is not memory of the machine that is simulated.
 *
 * What is computed instead of executed (livelock.c, mm/inert_lists.c) needs room for its working. It must not show in a dump, so it lies in a
 * private mapping outside of the COS RAM, made by cos_early(). Its first word says whether page lists are being turned by counting. */
#ifndef COS_SCRATCH_H
#define COS_SCRATCH_H

#include "cos/kernel/kernel.h"

#ifdef COS_HOSTED
#define SCRATCH_VA 0x0D000000u
#else
#define SCRATCH_VA 0xFD000000u
#endif
#define SCRATCH_SIZE 0x800000u /* bytes */

/** True between inert_enter() and inert_leave() of mm/inert_lists.h. */
static inline bool inert_active(void)
{
    return *PTR(const volatile uint32_t, SCRATCH_VA) != 0;
}
void inert_leave(void);
/** Call before touching a page of the anonymous lists, or before the VMkernel looks: puts the lists in order if they are not. */
static inline void inert_settle(void)
{
    if (unlikely(inert_active()))
        inert_leave();
}

#endif /* COS_SCRATCH_H */
