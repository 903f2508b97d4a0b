/* report.h - the reports of a diagnosis. */
#ifndef TOOLS_DIAGNOSE_REPORT_H
#define TOOLS_DIAGNOSE_REPORT_H

#include "shared/err.h"
#include "tools/diagnose/diagnose.h"
#include "tools/out/out.h"

/** As text or JSON; the caller ends the result. `why` adds how the figures come about, which JSON
 * always has. @return is the cause found, with a confidence of VERDICT_SURE at least? */
bool report_diagnosis(const struct diagnosis *d, bool why, struct out *o);

/** As an HTML page with the plots, which replaces `path`. @return 0, or -1 with one line in err */
int report_diagnosis_html(const struct diagnosis *d, const char *path, struct err *err);

#endif /* TOOLS_DIAGNOSE_REPORT_H */
