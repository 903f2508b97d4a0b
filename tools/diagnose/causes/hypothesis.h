/* hypothesis.h - a cause as a table of weighted evidence.
 *
 * Each cause of a missing heartbeat is one file, cause_NAME.c: what speaks for it, what against it,
 * how strongly, in words that stand in the report. A weight is in decibans, tenths of a power of
 * ten of the odds: +10 makes the cause ten times as likely against all others, +3 twice as likely.
 * The sum of the weights of all rules that hold, and of the prior, is the cause's score; scores
 * become probabilities in verdict.c. A rule whose fact is not known does not hold, and does not
 * speak against.
 *
 * What a weight should be is no matter of taste: `make confusion` counts how often verdicts of each
 * confidence are right. A new cause is a new file and a line in shared/cause.h. */
#ifndef TOOLS_DIAGNOSE_HYPOTHESIS_H
#define TOOLS_DIAGNOSE_HYPOTHESIS_H

#include "shared/cause.h"
#include "tools/diagnose/facts/fact.h"

enum rule_test { AT_LEAST, BELOW };

struct rule {
    enum fact_id fact;
    enum rule_test test;
    double bound;
    int weight;       /* decibans */
    const char *says; /* a sentence; {who}, {pid}, {value} are replaced */
};

#define CULPRITS_MAX 6

struct hypothesis {
    const char *cause;    /* its name in CAUSE_LIST */
    int prior;            /* decibans against "unknown" */
    const char *headline; /* of the verdict; {who}, {pid}, {value} of the culprit's fact */
    /* The first of these facts that is known names the process to blame; ends with FACTS. None = no
     * process is to blame. */
    enum fact_id culprit[CULPRITS_MAX + 1];
    /* What the headline names when that is no process: the first of these that is known, ends with
     * FACTS; NULL = the culprit. */
    const enum fact_id *about;
    const struct rule *rule;   /* ends with says NULL */
    const struct rule *shared; /* rules that it has in common with its family, likewise; or NULL */
    const char *const *action; /* the plan, ends with NULL [KB308590/Resolution] */
    const char *not_because;   /* ruled_out's sentence when nothing spoke for it */
};

#define CAUSE_EXTERN(id, name) extern const struct hypothesis cause_##id;
CAUSE_LIST(CAUSE_EXTERN)
#undef CAUSE_EXTERN

/* What all causes that end with memory exhausted have in common (exhaustion.c). */
extern const struct rule exhaustion_rules[];

/* Steps of the article's plan that several causes share. */
#define ACTION_TOP                                                                                 \
    "Run top in batch mode from cron (`top -b -n1` every 5 minutes), so that the next occurrence " \
    "is on record."
#define ACTION_CORE_FILE                                                                     \
    "See that Misc.CosCoreFile names a valid file on a datastore, so that the next failure " \
    "leaves a cos-core."
#define ACTION_THIRD_PARTY                                                                    \
    "If {who} is third-party software, find out where it came from and consider removing it " \
    "(third-party policy); if VMware ships it, engage VMware Technical Support."

/** All causes, ended by NULL. The order is that of CAUSE_LIST and decides nothing. */
extern const struct hypothesis *const hypotheses[];

/** True when the rule's fact is known and passes its test. */
bool rule_holds(const struct rule *r, const struct facts *f);

/** Fill in {who}, {pid} and {value} of `fact`. @return `to` */
char *hypothesis_format(char *to, size_t size, const char *form, const struct fact *fact);

/** The fact that names the process to blame, NULL when there is none. */
const struct fact *hypothesis_culprit(const struct hypothesis *h, const struct facts *f);

#endif /* TOOLS_DIAGNOSE_HYPOTHESIS_H */
