/* scratch.h - memory of the simulator that is not memory of the machine that is simulated.
 *
 * What is computed instead of executed (skip/) needs room for its working.
 * It must not show in a dump, so it lies in a private mapping outside of the COS RAM, made by
 * cos_early(). */
#ifndef COS_SCRATCH_H
#define COS_SCRATCH_H

#include "cos/kernel/kernel.h"

/* Registers that a jump into a handler of entry.S does not keep. */
#ifdef COS_HOSTED /* the handlers are hosted code, which uses vector registers */
#define HAND_OVER_LOSES                                                                    \
    "r11", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", \
        "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"
#else
#define HAND_OVER_LOSES "r11"
#endif

#ifdef COS_HOSTED
#define SCRATCH_VA 0x0D000000u
#else
#define SCRATCH_VA 0xFD000000u
#endif
#define SCRATCH_SIZE 0x1000000u /* bytes; the last 64 kB are a stack */
#define SCRATCH_STACK 0x10000u
#define SCRATCH_HINTS \
    0xc00000u /* offset of page_hints (lru.c); what is before it is inert_lists.c's */

#define SCRATCH_HEAT_SIZE 0x1000000u /* working sets (heat.c), in front of all that */
#define SCRATCH_HEAT_VA (SCRATCH_VA - SCRATCH_HEAT_SIZE)

/* The registers of whoever was interrupted, in full (entry.S), as a struct cos_frame. */
#define SCRATCH_REGISTERS (SCRATCH_VA + SCRATCH_SIZE - SCRATCH_STACK - 0x1000u)

#define SCRATCH_FAULTS 0xe00000u /* offset of what faults remember (fault_note.h) */

/* Runs the function at SCRATCH_CALL with the argument behind it on a stack in scratch memory, with
 * all registers kept. Not called: jumped to with the return address in r11 (entry.S), since whoever
 * does such work on the side must not show it on its own stack. */
void run_aside(void);
#define SCRATCH_CALL (SCRATCH_VA + SCRATCH_SIZE - 96)
#define SCRATCH_ALONE (SCRATCH_VA + SCRATCH_SIZE - 128) /* 16 bytes of alone.c */
static inline __attribute__((always_inline)) void do_aside(void (*fn)(kptr), kptr arg)
{
    volatile uint64_t *call = PTR(volatile uint64_t, SCRATCH_CALL);
    call[0] = (uint64_t)(uintptr_t)fn;
    call[1] = arg;
    __asm__ volatile("leaq 1f(%%rip), %%r11\n\tjmp run_aside\n1:" ::
                         : HAND_OVER_LOSES, "cc", "memory");
}
#endif /* COS_SCRATCH_H */
