/* swapoff.c - what an administrator types to take the swap partition away, and to give it back:
 * FAULT_SWAP_OFF. The command runs as long as it takes to bring everything in that is in swap. */
#include "cos/kernel/mm/mm.h"
#include "cos/programs/program.h"

int prog_swapoff(struct program *p)
{
    program_touch(p, p->spec.touch_pages);
    return sys(sys_swapoff) != 0;
}

int prog_swapon(struct program *p)
{
    program_touch(p, p->spec.touch_pages);
    return sys(sys_swapon) != 0;
}
