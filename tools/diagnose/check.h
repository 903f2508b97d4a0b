/* check.h - what artefacts that should be of one failure say of the same thing, compared. */
#ifndef TOOLS_DIAGNOSE_CHECK_H
#define TOOLS_DIAGNOSE_CHECK_H

#include "tools/diagnose/facts/diagnosis.h"

/** Note in d->contradictions what does not fit. After the facts were extracted. */
void check_contradictions(struct diagnosis *d);

#endif /* TOOLS_DIAGNOSE_CHECK_H */
