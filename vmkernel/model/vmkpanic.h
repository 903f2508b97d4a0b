/* vmkpanic.h - the VMkernel's own end: a page fault in its code, or a machine check.
 *
 * The service console has no part in it: it is simply gone. There is a purple screen with the
 * VMkernel's registers and a backtrace of several lines, and a zdump, and no cos-core.
 *
 * The VMkernel of this simulator has no 32-bit code in which a fault could happen. So which world
 * runs where, the instant and the log are the simulation's own; the function that fails, registers,
 * stack words and the bank's status are drawn from the seed (OUR CHOICE; docs/fidelity.md). Pure.
 *
 * Sources: layout and headline `#PF Exception type 14 in world 1024:console @ 0x67f0ae`, that ip is
 * 0x6xxxxx, by facts on purple screens of 3.5; MCE lines [KB1005184]. Names of functions are OUR
 * CHOICE: no list is public. */
#ifndef VMK_VMKPANIC_H
#define VMK_VMKPANIC_H

#include "shared/fault.h"
#include "shared/screen.h"
#include "vmkernel/model/worlds.h"

#define VMKPANIC_LINES_MAX 2u

struct vmkpanic {
    char headline[96];
    uint32_t pcpu;             /* on which it happens */
    const struct world *world; /* that runs there */
    struct screen_regs regs;
    struct screen_frame frame[SCREEN_FRAMES_MAX];
    uint32_t frame_count;
    char line[VMKPANIC_LINES_MAX][128]; /* log lines, alerts, that come before it */
    uint32_t line_count;
};

/** What happens at `now_ns` by fault `type` (FAULT_VMKERNEL_PF or FAULT_MACHINE_CHECK). */
void vmkpanic_make(uint32_t type, const struct worlds *worlds, uint64_t seed, uint64_t now_ns,
                   struct vmkpanic *ret);

#endif /* VMK_VMKPANIC_H */
