/* cause_cpu_contention.c - cpu-contention.
 *
 * Memory is fine; something keeps the console's one CPU from vmnixhbd: a real-time task that does
 * not sleep, or dozens of tasks of high priority.
 */
#include "tools/diagnose/causes/hypothesis.h"

static const struct rule rules[] = {
    { FACT_OTHER_SCREEN, AT_LEAST, 1, -60, "the screen is another one: {who}" },
    { FACT_RT_SPINNER, AT_LEAST, 1, 20,
      "{who} runs with real-time priority {value} and does not sleep" },
    { FACT_HOGS, AT_LEAST, 12, 14, "{value} tasks called {who} of raised priority are runnable" },
    { FACT_RUNNABLE, AT_LEAST, 30, 3, "{value} tasks are runnable" },
    { FACT_HBD_RUNNABLE, AT_LEAST, 1, 12, "vmnixhbd is runnable and waits for the CPU" },
    { FACT_FREE, AT_LEAST, 6, 3, "{value} % of RAM is free" },
    { FACT_HBD_IN_ALLOCATOR, AT_LEAST, 1, -18, "vmnixhbd stands in the allocator" },
    { FACT_HBD_ASLEEP, AT_LEAST, 1, -20,
      "vmnixhbd sleeps until its next beat: it does not want the CPU" },
    { FACT_HBD_IN_RPC, AT_LEAST, 1, -20, "vmnixhbd waits for a VMNIX call" },
    { FACT_HBD_GONE, AT_LEAST, 1, -30, "vmnixhbd is not among the tasks" },
    { FACT_HBD_STOPPED, AT_LEAST, 1, -30, "vmnixhbd was stopped" },
    { FACT_COS_LAG, AT_LEAST, 300, -20,
      "the console's clock stands {value} s behind: the console itself got no CPU" },
    { FACT_HBD_IN_IO, AT_LEAST, 1, -15, "vmnixhbd waits for the disk" },
    { FACT_SUMMARY_SILENT, AT_LEAST, 70, 1, "the last hourly line is {value} minutes old" },
    { .says = NULL },
};
static const char *const actions[] = {
    "Find out why {who} does not sleep; take its real-time priority or negative nice value away.",
    ACTION_THIRD_PARTY,
    ACTION_TOP,
    ACTION_CORE_FILE,
    NULL,
};
const struct hypothesis cause_cpu_contention = {
    .cause = "cpu-contention",
    .prior = -9,
    .headline = "{who} keeps the CPU from vmnixhbd; memory is fine",
    .culprit = { FACT_RT_SPINNER, FACT_HOGS, FACTS },
    .rule = rules,
    .action = actions,
    .not_because = "no task kept the CPU",
};
