/* cause_memory_spike.c - memory-spike.
 *
 * Memory goes from normal to gone within the hour: the hourly lines look healthy to the last, and
 * at the stun one young or suddenly grown program holds it.
 */
#include "tools/diagnose/causes/hypothesis.h"

static const struct rule rules[] = {
    { FACT_OTHER_SCREEN, AT_LEAST, 1, -60, "the screen is another one: {who}" },
    { FACT_TOP_NOW_RISE, AT_LEAST, 25, 18,
      "{who} holds {value} % of RAM more than the last hourly line knew" },
    { FACT_TOP_NOW_YOUNG, AT_LEAST, 0, 3, "{who} is {value} minutes old" },
    { FACT_TOP_NOW_YOUNG, BELOW, 90, 8, "{who} is only {value} minutes old" },
    { FACT_SWAP_LAST, BELOW, 40, 4, "only {value} % of swap was in use at the last hourly line" },
    { FACT_SWAP_LAST, AT_LEAST, 85, -8,
      "{value} % of swap was already in use at the last hourly line" },
    { FACT_GROWER_GAIN, AT_LEAST, 25, -12, "{who} grew by {value} % of RAM over hours: a leak" },
    { FACT_TOP_NOW_RISE, BELOW, 10, -12, "no program is much larger than at the last hourly line" },
    { FACT_SHARED_MEMORY, AT_LEAST, 25, -14,
      "swap holds memory that no process owns, as much as {value} % of RAM" },
    { FACT_SAME_NAME_SHARE, AT_LEAST, 40, -10,
      "many processes called {who} hold {value} % of RAM together" },
    { FACT_NO_GROWER, AT_LEAST, 1, 2, "no program grew in the hourly lines" },
    { .says = NULL },
};
static const char *const actions[] = {
    "Find out what {who} did in that hour (cron, backup, an administrator).",
    ACTION_TOP,
    ACTION_THIRD_PARTY,
    ACTION_CORE_FILE,
    NULL,
};
const struct hypothesis cause_memory_spike = {
    .cause = "memory-spike",
    .prior = -8,
    .headline = "{who} took the memory within the hour before the end",
    .culprit = { FACT_TOP_NOW_RISE, FACT_TOP_NOW_YOUNG, FACT_TOP_NOW, FACTS },
    .rule = rules,
    .shared = exhaustion_rules,
    .action = actions,
    .not_because = "nothing took much memory within the last hour",
};
