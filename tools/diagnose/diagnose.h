/* diagnose.h - from the artefacts of one failure to its cause, in three phases:
 *
 *     1 read      paths -> collect.c -> parsed records            each file once
 *     2 decide    which dump, which boot, when it ended           failure.c
 *     3 extract   records of that failure -> facts -> verdict     extract.c, check.c, verdict.c
 *
 * Nothing that one phase has set is changed by a later one. */
#ifndef TOOLS_DIAGNOSE_DIAGNOSE_H
#define TOOLS_DIAGNOSE_DIAGNOSE_H

#include "tools/diagnose/facts/diagnosis.h"
#include "tools/diagnose/readers/collect.h"
#include "tools/diagnose/verdict.h"

/** After the last diagnosis_read(): decide, extract, compare, judge. Once. */
void diagnosis_conclude(struct diagnosis *d);

/** Give back a record and all that was read for it. NULL is allowed. */
void diagnosis_free(struct diagnosis *d);

#endif /* TOOLS_DIAGNOSE_DIAGNOSE_H */
