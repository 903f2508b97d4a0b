/* report.h - what `lostbeat run` says when the run is over. */
#ifndef TOOLS_REPORT_H
#define TOOLS_REPORT_H

#include <stdbool.h>

#include "tools/host/digest.h"
#include "tools/host/hypervisor.h"
#include "tools/out/out.h"
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

/** As text: the screen (in colours on a terminal), the summary, what was left where and what to
 * type next. As JSON: one object by docs/scenarios.md. The caller ends the result. */
void report_print(const struct report *r, struct out *o);

#endif /* TOOLS_REPORT_H */
