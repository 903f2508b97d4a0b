/* evidence.h - the lines of evidence behind a verdict, strongest first, for all forms of report. */
#ifndef TOOLS_DIAGNOSE_EVIDENCE_H
#define TOOLS_DIAGNOSE_EVIDENCE_H

#include "tools/diagnose/diagnose.h"

#define EVIDENCE_MAX 48u

struct evidence {
    const struct fact *fact;
    int weight; /* decibans for the verdict's cause */
    char says[VERDICT_TEXT_MAX];
};

/** The rules of the verdict's cause that hold (of the most likely one when it is unknown),
 * strongest first. @return how many */
uint32_t evidence_list(const struct diagnosis *d, struct evidence ret[EVIDENCE_MAX]);

/** Why cause number i of the verdict is out: its strongest contrary rule, or that nothing speaks
 * for it. @return `to` */
char *evidence_against(const struct diagnosis *d, uint32_t i, char *to, size_t size);

/** Step number i of the plan for the verdict's cause, with the culprit's name in it. @return false
 * behind the last one */
bool evidence_action(const struct diagnosis *d, uint32_t i, char *to, size_t size);

#endif /* TOOLS_DIAGNOSE_EVIDENCE_H */
