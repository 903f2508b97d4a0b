/* cause_too_many_processes.c - too-many-processes.
 *
 * The number of processes, each of them small, exhausts the console: kernel stacks, page tables,
 * private pages. Typically a cron job that hangs and is started again.
 */
#include "tools/diagnose/causes/hypothesis.h"

static const struct rule rules[] = {
    { FACT_OTHER_SCREEN, AT_LEAST, 1, -60, "the screen is another one: {who}" },
    { FACT_SAME_NAME, AT_LEAST, 120, 14, "{value} processes are called {who}" },
    { FACT_SAME_NAME, AT_LEAST, 300, 6, "{value} processes are called {who}" },
    { FACT_SAME_NAME_SHARE, AT_LEAST, 25, 8,
      "together the processes called {who} hold {value} % of RAM" },
    { FACT_SAME_NAME_SHARE, AT_LEAST, 60, 6,
      "together the processes called {who} hold {value} % of RAM" },
    { FACT_TASKS, AT_LEAST, 400, 4, "the console has {value} tasks; a usual one has about 130" },
    { FACT_ZOMBIES, AT_LEAST, 50, 8, "{value} of them are zombies that nobody waits for" },
    { FACT_TASKS, BELOW, 180, -16, "the console has {value} tasks, a usual number" },
    { FACT_GROWER_GAIN, AT_LEAST, 25, -12, "{who} grew by {value} % of RAM over hours" },
    { FACT_TOP_NOW, AT_LEAST, 40, -8, "{who} alone is {value} % of RAM" },
    { .says = NULL },
};
static const char *const actions[] = {
    "Find out who starts {who} and why it does not end (cron: let the next one start only "
    "when the last one has ended).",
    "End the processes, and limit their number.",
    ACTION_THIRD_PARTY,
    ACTION_TOP,
    ACTION_CORE_FILE,
    NULL,
};
const struct hypothesis cause_too_many_processes = {
    .cause = "too-many-processes",
    .prior = -9,
    .headline = "{value} processes called {who} exhaust the console",
    .culprit = { FACT_SAME_NAME, FACTS },
    .rule = rules,
    .shared = exhaustion_rules,
    .action = actions,
    .not_because = "the number of processes is a usual one",
};
