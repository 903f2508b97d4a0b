/* cause_vmkernel_scheduling.c - vmkernel-scheduling.
 *
 * The console world is runnable and the VMkernel does not run it: the console's clock stands still
 * while the VMkernel's goes on.
 */
#include "tools/diagnose/causes/hypothesis.h"

static const struct rule rules[] = {
    { FACT_OTHER_SCREEN, AT_LEAST, 1, -60, "the screen is another one: {who}" },
    { FACT_COS_LAG, AT_LEAST, 300, 26,
      "the console's clock stands {value} s behind the VMkernel's: it was not run" },
    { FACT_WORLD_KEEPS_PCPU0, AT_LEAST, 1, 14, "the VMkernel warns that {who} keeps pCPU 0" },
    { FACT_COS_LAG, BELOW, 120, -20, "the console ran until the stun" },
    { FACT_HBD_GONE, AT_LEAST, 1, -15, "vmnixhbd is not among the tasks" },
    { .says = NULL },
};
static const char *const actions[] = {
    "Engage VMware Technical Support with the vmkernel-zdump: a world of the VMkernel did not "
    "give pCPU 0 back.",
    "Note the driver or device that the named world belongs to, and its version.",
    NULL,
};
const struct hypothesis cause_vmkernel_scheduling = {
    .cause = "vmkernel-scheduling",
    .prior = -10,
    .headline = "the VMkernel did not run the console: {who} kept pCPU 0",
    .culprit = { FACT_WORLD_KEEPS_PCPU0, FACTS },
    .rule = rules,
    .action = actions,
    .not_because = "the console ran until the stun",
};
