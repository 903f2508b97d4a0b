/* cause_under_provisioned.c - under-provisioned.
 *
 * No culprit: the normal load of this host, at its nightly peak, does not fit its RAM and swap.
 * The same host with more memory lives on.
 */
#include "tools/diagnose/causes/hypothesis.h"

static const struct rule rules[] = {
    { FACT_OTHER_SCREEN, AT_LEAST, 1, -60, "the screen is another one: {who}" },
    { FACT_NIGHT_JOB, AT_LEAST, 5, 8, "jobs of the night hold {value} % of RAM at the stun" },
    { FACT_TOP_NOW, BELOW, 30, 8, "no program is large: {who} has {value} % of RAM" },
    { FACT_BIGGEST_STEADY, BELOW, 30, 5,
      "the largest program, {who}, has {value} % of RAM and does not grow" },
    { FACT_NO_GROWER, AT_LEAST, 1, 5, "no program grew in the hourly lines" },
    { FACT_SWAP_DAY_BEFORE, AT_LEAST, 30, 4,
      "{value} % of swap was in use a day before, too: this is the usual load" },
    { FACT_SWAP_LAST, BELOW, 40, -5,
      "only {value} % of swap was in use at the last hourly line: far from the limit" },
    { FACT_SWAP_CLIMB, AT_LEAST, 40, -14,
      "the least swap in use in a day went up by {value} % of swap: the load is not steady" },
    { FACT_GROWER_GAIN, AT_LEAST, 10, -14, "{who} grew by {value} % of RAM over hours" },
    { FACT_TOP_NOW, AT_LEAST, 40, -14, "{who} alone is {value} % of RAM" },
    { FACT_TOP_NOW_RISE, AT_LEAST, 25, -14,
      "{who} took {value} % of RAM since the last hourly line: a spike" },
    { FACT_BIGGEST_STEADY, AT_LEAST, 40, -12, "{who} alone is {value} % of RAM" },
    { FACT_SAME_NAME, AT_LEAST, 120, -10, "{value} processes are called {who}" },
    { FACT_SAME_NAME_SHARE, AT_LEAST, 40, -12,
      "many processes called {who} hold {value} % of RAM together" },
    { FACT_SHARED_MEMORY, AT_LEAST, 25, -16,
      "memory that no process maps any more is {value} % of RAM: somebody leaves it behind" },
    { .says = NULL },
};
static const char *const actions[] = {
    "Increase the RAM assigned to the service console (up to 800 MB) or its swap: the load is "
    "steady, so more memory is the cure.",
    "Move the nightly jobs apart, or reduce the agents that run in the console.",
    ACTION_TOP,
    ACTION_CORE_FILE,
    NULL,
};
const struct hypothesis cause_under_provisioned = {
    .cause = "under-provisioned",
    .prior = -9,
    .headline =
        "the normal load of this host does not fit its RAM and swap; no single program is to blame",
    .culprit = { FACTS },
    .rule = rules,
    .shared = exhaustion_rules,
    .action = actions,
    .not_because = "one program stands out, so the normal load is not the cause",
};
