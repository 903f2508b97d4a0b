/* cause_large_footprint.c - large-footprint.
 *
 * One program, often not VMware's, is simply too big for this console. It does not grow; what is
 * left beside it does not carry the load of some hour.
 */
#include "tools/diagnose/causes/hypothesis.h"

static const struct rule rules[] = {
    { FACT_OTHER_SCREEN, AT_LEAST, 1, -60, "the screen is another one: {who}" },
    { FACT_BIGGEST_STEADY, AT_LEAST, 40, 16,
      "{who} is {value} % of RAM in all hourly lines and does not grow" },
    { FACT_BIGGEST_STEADY, AT_LEAST, 30, 6,
      "{who} is {value} % of RAM in all hourly lines and does not grow" },
    { FACT_CAME_WHOLE, AT_LEAST, 40, 8,
      "{who} came with its full size, {value} % of RAM, from one hourly line to the next" },
    { FACT_TOP_NOW, AT_LEAST, 40, 6, "{who} is {value} % of RAM at the stun" },
    { FACT_TOP_NOW, BELOW, 30, -14, "no program is large: {who} has {value} % of RAM" },
    { FACT_BIGGEST_STEADY, BELOW, 25, -8,
      "the largest steady program, {who}, has only {value} % of RAM" },
    { FACT_GROWER_GAIN, AT_LEAST, 10, -14, "{who} grew by {value} % of RAM over hours" },
    { FACT_TOP_NOW_RISE, AT_LEAST, 25, -14,
      "{who} took {value} % of RAM since the last hourly line: a spike" },
    { FACT_SHARED_MEMORY, AT_LEAST, 25, -14,
      "swap holds memory that no process owns, as much as {value} % of RAM" },
    { FACT_SAME_NAME_SHARE, AT_LEAST, 40, -8,
      "many processes called {who} hold {value} % of RAM together" },
    { FACT_SWAP_DAY_BEFORE, AT_LEAST, 30, 3, "{value} % of swap was in use a day before, too" },
    { .says = NULL },
};
static const char *const actions[] = {
    "Give the console more RAM or swap, or move {who} elsewhere; its size is steady, so more "
    "memory helps.",
    ACTION_THIRD_PARTY,
    ACTION_TOP,
    ACTION_CORE_FILE,
    NULL,
};
const struct hypothesis cause_large_footprint = {
    .cause = "large-footprint",
    .prior = -9,
    .headline = "{who} is too big for this console; it does not grow",
    .culprit = { FACT_BIGGEST_STEADY, FACT_TOP_NOW, FACTS },
    .rule = rules,
    .shared = exhaustion_rules,
    .action = actions,
    .not_because = "no single program is large",
};
