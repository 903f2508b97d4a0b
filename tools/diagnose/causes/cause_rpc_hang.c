/* cause_rpc_hang.c - rpc-hang.
 *
 * vmnixhbd, or what holds its way, waits in a VMNIX call that the VMkernel never answers; often
 * storage that went away is behind it.
 */
#include "tools/diagnose/causes/hypothesis.h"

static const struct rule rules[] = {
    { FACT_OTHER_SCREEN, AT_LEAST, 1, -60, "the screen is another one: {who}" },
    { FACT_RPC_WAITS, AT_LEAST, 300, 16,
      "a VMNIX call of {who} has been outstanding for {value} s" },
    { FACT_HBD_IN_RPC, AT_LEAST, 1, 16, "vmnixhbd waits for the VMNIX channel" },
    { FACT_DISK_RECOVERS, AT_LEAST, 1, -20,
      "what holds the channel is the abort of a disk command: the disk is the cause" },
    { FACT_HBD_IN_ALLOCATOR, AT_LEAST, 1, -25, "vmnixhbd stands in the allocator" },
    { FACT_HBD_GONE, AT_LEAST, 1, -30, "vmnixhbd is not among the tasks" },
    { FACT_HBD_STOPPED, AT_LEAST, 1, -30, "vmnixhbd was stopped" },
    { FACT_HBD_RUNNABLE, AT_LEAST, 1, -15, "vmnixhbd is runnable: it waits for no call" },
    { FACT_HBD_ASLEEP, AT_LEAST, 1, -20,
      "vmnixhbd sleeps until its next beat: it waits for no call" },
    { FACT_COS_LAG, AT_LEAST, 300, -20,
      "the console's clock stands {value} s behind: it was not run" },
    { .says = NULL },
};
static const char *const actions[] = {
    "Look in the vmkernel log for the storage or device behind the call (paths that are gone, "
    "rescans).",
    "Restore the array or remove the dead paths before the host is started again.",
    "Engage VMware Technical Support with both dumps: the call should have ended with an error.",
    NULL,
};
const struct hypothesis cause_rpc_hang = {
    .cause = "rpc-hang",
    .prior = -10,
    .headline = "a VMNIX call of {who} was never answered, and vmnixhbd waits for it",
    .culprit = { FACT_RPC_WAITS, FACTS },
    .rule = rules,
    .action = actions,
    .not_because = "no VMNIX call was outstanding",
};
