/* report.h - what `lostbeat run` says when the run is over: for people, or as JSON. */
#ifndef TOOLS_REPORT_H
#define TOOLS_REPORT_H

#include <stdbool.h>

#include "tools/digest.h"
#include "tools/hypervisor.h"
#include "tools/scenario.h"

#define REPORT_SCHEMA "lostbeat/run/1"

struct report {
    const struct scenario *scenario;
    const struct plan *plan;
    const char *host_dir;
    struct hypervisor_result result;
    double wall_s;
    char digest[DIGEST_HEX];
};

/** Did the run end as its scenario says: outcome, and uptime if it names one? */
bool report_as_expected(const struct report *r);

/** The screen (in colours on a terminal), the summary, what was left where and what to type next;
 * to stdout. @return 0 or -1 */
int report_text(const struct report *r, bool colours);

/** One JSON object by docs/scenarios.md; to stdout. @return 0 or -1 */
int report_json(const struct report *r);

#endif /* TOOLS_REPORT_H */
