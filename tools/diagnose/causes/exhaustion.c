/* exhaustion.c - what leak, spike, footprint, too small a console and too many processes have in
 * common: memory is gone, and vmnixhbd waits for a page. And what speaks against all of them: that
 * vmnixhbd waits for something else, or for nothing. */
#include "tools/diagnose/causes/hypothesis.h"

const struct rule exhaustion_rules[] = {
    { FACT_HBD_IN_ALLOCATOR, AT_LEAST, 1, 8, "vmnixhbd stands in the allocator and gets no page" },
    { FACT_SWAP_USED, AT_LEAST, 97, 4, "{value} % of swap is in use at the stun" },
    { FACT_HBD_GONE, AT_LEAST, 1, -30,
      "vmnixhbd is not among the tasks: nothing was left that could beat" },
    { FACT_HBD_STOPPED, AT_LEAST, 1, -30, "vmnixhbd was stopped, whatever memory there was" },
    { FACT_HBD_IN_RPC, AT_LEAST, 1, -25, "vmnixhbd waits for a VMNIX call, not for memory" },
    { FACT_HBD_ASLEEP, AT_LEAST, 1, -25,
      "vmnixhbd sleeps until its next beat: it wants no memory" },
    { FACT_HBD_RUNNABLE, AT_LEAST, 1, -20,
      "vmnixhbd is runnable and not in the allocator: it waits for the CPU" },
    { FACT_COS_LAG, AT_LEAST, 300, -30,
      "the console's clock stands {value} s behind: it was not run" },
    { FACT_DISK_RECOVERS, AT_LEAST, 1, -20,
      "the console tries to abort a command of its disk: the disk does not answer" },
    { FACT_DISK_WAITS, AT_LEAST, 600, -20,
      "a disk command has been outstanding for {value} s: the disk, not the memory, does not "
      "answer" },
    { .says = NULL },
};
