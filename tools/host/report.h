/* report.h - what `lostbeat run` says when the run is over: for people, or as JSON. */
#ifndef TOOLS_REPORT_H
#define TOOLS_REPORT_H

#include <stdbool.h>

#include "tools/host/digest.h"
#include "tools/host/hypervisor.h"
#include "tools/scenario/scenario.h"

#define REPORT_SCHEMA "lostbeat/run/1"

struct report {
    const struct scenario *scenario;
    const struct plan *plan;
    const char *host_dir;
    struct hypervisor_result result;
    double wall_s;
    struct expect_verdict verdict; /* by report_judge() */
    char digest[DIGEST_HEX];
};

/** Compare how the run ended with what its scenario expects. @return true when nothing differs */
bool report_judge(struct report *r);

/** The screen (in colours on a terminal), the summary, what was left where and what to type next;
 * to stdout. @return 0 or -1 */
int report_text(const struct report *r, bool colours);

/** One JSON object by docs/scenarios.md; to stdout. @return 0 or -1 */
int report_json(const struct report *r);

#endif /* TOOLS_REPORT_H */
