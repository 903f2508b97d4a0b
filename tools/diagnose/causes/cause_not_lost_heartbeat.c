/* cause_not_lost_heartbeat.c - not-lost-heartbeat.
 *
 * Another purple screen: a COS Oops, an exception of the VMkernel, a machine check, or something
 * else. None of the causes of a lost heartbeat applies.
 */
#include "tools/diagnose/causes/hypothesis.h"

static const struct rule rules[] = {
    { FACT_OTHER_SCREEN, AT_LEAST, 1, 60, "the screen says: {who}" },
    { FACT_COS_OOPS, AT_LEAST, 1, 26, "messages have {who}" },
    { FACT_MACHINE_CHECK, AT_LEAST, 1, 24,
      "the VMkernel's log has a machine check ({value} lines)" },
    { FACT_LOST_HEARTBEAT, AT_LEAST, 1, -60, "the screen says that the heartbeat was lost" },
    { .says = NULL },
};
static const char *const actions[] = {
    "Read the screen by the article on interpreting purple screens (1004250) or, for a COS "
    "Oops, by 1006802.",
    "Collect both dumps and engage VMware Technical Support.",
    NULL,
};
static const enum fact_id about[] = { FACT_OTHER_SCREEN, FACT_COS_OOPS, FACT_MACHINE_CHECK, FACTS };
const struct hypothesis cause_not_lost_heartbeat = {
    .cause = "not-lost-heartbeat",
    .prior = -20,
    .headline = "this is no lost heartbeat: {who}",
    .culprit = { FACTS },
    .about = about,
    .rule = rules,
    .action = actions,
    .not_because = "the screen says Lost heartbeat",
};
