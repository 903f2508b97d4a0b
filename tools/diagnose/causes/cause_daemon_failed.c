/* cause_daemon_failed.c - daemon-failed.
 *
 * vmnixhbd died, was stopped, or never started; the console is well.
 */
#include "tools/diagnose/causes/hypothesis.h"

static const struct rule rules[] = {
    { FACT_OTHER_SCREEN, AT_LEAST, 1, -60, "the screen is another one: {who}" },
    { FACT_HBD_GONE, AT_LEAST, 1, 24, "vmnixhbd is not among the tasks of the console" },
    { FACT_HBD_STOPPED, AT_LEAST, 1, 26, "vmnixhbd is stopped (state T)" },
    { FACT_NEVER_BEAT, AT_LEAST, 1, 10, "not one beat has come since the console started" },
    { FACT_OOM_KILLED_HBD, AT_LEAST, 1, 16, "the OOM killer ended {who}" },
    { FACT_HBD_IN_ALLOCATOR, AT_LEAST, 1, -25, "vmnixhbd lives, and stands in the allocator" },
    { FACT_HBD_RUNNABLE, AT_LEAST, 1, -20, "vmnixhbd lives and is runnable" },
    { FACT_HBD_IN_RPC, AT_LEAST, 1, -25, "vmnixhbd lives, and waits for a VMNIX call" },
    { FACT_HBD_IN_IO, AT_LEAST, 1, -25, "vmnixhbd lives, and waits for the disk" },
    { FACT_HBD_ASLEEP, AT_LEAST, 1, -25, "vmnixhbd lives, and sleeps until its next beat" },
    { FACT_COS_LAG, AT_LEAST, 300, -20,
      "the console's clock stands {value} s behind: the console itself did not run" },
    { .says = NULL },
};
static const char *const actions[] = {
    "Find out who ended or stopped vmnixhbd (messages, the shell histories, monitoring "
    "scripts), or why it was not started.",
    "If the OOM killer did it, treat the memory: see who was large at that time.",
    ACTION_CORE_FILE,
    NULL,
};
const struct hypothesis cause_daemon_failed = {
    .cause = "daemon-failed",
    .prior = -9,
    .headline = "vmnixhbd itself failed; the console was well",
    .culprit = { FACT_HBD_STOPPED, FACT_HBD_GONE, FACT_OOM_KILLED_HBD, FACTS },
    .rule = rules,
    .action = actions,
    .not_because = "vmnixhbd lives",
};
