/* cause_mechanism_broken.c - mechanism-broken.
 *
 * vmnixhbd gets its page and beats, but the VMkernel does not hear it: the ring is damaged, the
 * doorbell is dead, or the beats carry an old generation.
 */
#include "tools/diagnose/causes/hypothesis.h"

static const struct rule rules[] = {
    { FACT_OTHER_SCREEN, AT_LEAST, 1, -60, "the screen is another one: {who}" },
    { FACT_RING_UNHEARD, AT_LEAST, 2, 22,
      "the ring holds {value} beats that the VMkernel never took" },
    { FACT_RING_STALE, AT_LEAST, 1, 18,
      "{value} beats were refused, since they carry an old generation" },
    { FACT_RING_REFUSED, AT_LEAST, 1, 14, "the VMkernel refused the ring {value} times" },
    { FACT_HBD_ASLEEP, AT_LEAST, 1, 8,
      "vmnixhbd sleeps until its next beat, as it does when all is well" },
    { FACT_HBD_IN_ALLOCATOR, AT_LEAST, 1, -25, "vmnixhbd stands in the allocator and cannot beat" },
    { FACT_HBD_GONE, AT_LEAST, 1, -30, "vmnixhbd is not among the tasks: nothing beats" },
    { FACT_HBD_STOPPED, AT_LEAST, 1, -30, "vmnixhbd was stopped: nothing beats" },
    { FACT_HBD_RUNNABLE, AT_LEAST, 1, -15, "vmnixhbd waits for the CPU and cannot beat" },
    { FACT_HBD_IN_RPC, AT_LEAST, 1, -25, "vmnixhbd waits for a VMNIX call and cannot beat" },
    { FACT_HBD_IN_IO, AT_LEAST, 1, -20, "vmnixhbd waits for the disk and cannot beat" },
    { FACT_COS_LAG, AT_LEAST, 300, -20,
      "the console's clock stands {value} s behind: it was not run" },
    { .says = NULL },
};
static const char *const actions[] = {
    "Collect both dumps and engage VMware Technical Support: the path between console and "
    "VMkernel is at fault, not a program.",
    "Look in the vmkernel log for what happened at the instant of the last beat (a module "
    "that was reloaded, a driver).",
    NULL,
};
const struct hypothesis cause_mechanism_broken = {
    .cause = "mechanism-broken",
    .prior = -10,
    .headline = "vmnixhbd beats, and the VMkernel does not hear it",
    .culprit = { FACTS },
    .rule = rules,
    .action = actions,
    .not_because = "the VMkernel took every beat that was sent",
};
