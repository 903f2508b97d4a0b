/* cause_memory_leak.c - memory-leak.
 *
 * A program takes memory over hours, days or months and never gives it back. The hourly lines show
 * a slope, and swap fills with it; at the end one program holds most of RAM and swap. More memory
 * only delays it.
 */
#include "tools/diagnose/causes/hypothesis.h"

static const struct rule rules[] = {
    { FACT_OTHER_SCREEN, AT_LEAST, 1, -60, "the screen is another one: {who}" },
    { FACT_GROWER_GAIN, AT_LEAST, 25, 16,
      "{who} grew by {value} % of RAM while the hourly lines watched it" },
    { FACT_GROWER_GAIN, AT_LEAST, 10, 6,
      "{who} grew by {value} % of RAM while the hourly lines watched it" },
    { FACT_BIG_AND_GROWING, AT_LEAST, 1, 10, "{who} is large and grows by {value} % of RAM a day" },
    { FACT_GROWER_HOURS, AT_LEAST, 6, 4, "it had been growing for {value} hours" },
    { FACT_SWAP_LAST, AT_LEAST, 90, 4, "{value} % of swap was in use at the last hourly line" },
    { FACT_SWAP_RATE, AT_LEAST, 50, 2, "swap in use went up by {value} kB an hour" },
    { FACT_BIGGEST_LAST, AT_LEAST, 35, 3, "{who} was {value} % of RAM at the last hourly line" },
    { FACT_TOP_NOW, AT_LEAST, 40, 4, "{who} is {value} % of RAM at the stun" },
    { FACT_SHARED_MEMORY, AT_LEAST, 25, 34,
      "memory that no process maps any more is {value} % of RAM; its contents name {who}" },
    { FACT_SWAP_CLIMB, AT_LEAST, 40, 8,
      "the least swap in use in a day went up by {value} % of swap: something grows" },
    { FACT_CAME_WHOLE, AT_LEAST, 40, -8,
      "{who} came with its full size, {value} % of RAM, from one hourly line to the next" },
    { FACT_NO_GROWER, AT_LEAST, 1, -12, "no program grew in the hourly lines" },
    { FACT_TOP_NOW_RISE, AT_LEAST, 25, -10,
      "{who} took {value} % of RAM since the last hourly line: a spike" },
    { FACT_SAME_NAME_SHARE, AT_LEAST, 40, -12,
      "many processes called {who} hold {value} % of RAM together" },
    { .says = NULL },
};
static const char *const actions[] = {
    "Restart {who} before it is large again (nightly, from root's crontab), or disable the "
    "component that leaks.",
    "More memory for the console only delays the failure; it does not cure a leak.",
    ACTION_THIRD_PARTY,
    ACTION_TOP,
    ACTION_CORE_FILE,
    NULL,
};
const struct hypothesis cause_memory_leak = {
    .cause = "memory-leak",
    .prior = -6,
    .headline = "{who} grew until RAM and swap were gone",
    .culprit = { FACT_SHARED_MEMORY, FACT_GROWER_RATE, FACT_TOP_NOW, FACT_BIGGEST_LAST, FACTS },
    .rule = rules,
    .shared = exhaustion_rules,
    .action = actions,
    .not_because = "no program was seen to grow over hours",
};
