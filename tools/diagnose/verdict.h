/* verdict.h - from facts to a verdict: scores, probabilities, evidence, what is ruled out, what is
 * missing.
 *
 * Pure: no file is read here. Scores are decibans; a probability is the share of 10^(score/10)
 * among all causes and "unknown", whose score is 0. The cause with the largest probability is the
 * verdict and its probability the confidence; below VERDICT_UNKNOWN it is "unknown". */
#ifndef TOOLS_DIAGNOSE_VERDICT_H
#define TOOLS_DIAGNOSE_VERDICT_H

#include "tools/diagnose/causes/hypothesis.h"
#include "tools/diagnose/facts/diagnosis.h"

#define VERDICT_UNKNOWN 0.5 /* less than that is no verdict. OUR CHOICE */
#define VERDICT_SURE 0.8    /* exit status 0 [CONTRACT] */
#define VERDICT_MOST 0.99   /* nobody is surer than the artefacts of one failure allow */

/** Judge. `facts` must outlive *ret. */
void verdict_reach(const struct facts *facts, struct verdict *ret);

/** "memory-leak", ..., "unknown". */
const char *verdict_cause_name(const struct verdict *v);

#endif /* TOOLS_DIAGNOSE_VERDICT_H */
