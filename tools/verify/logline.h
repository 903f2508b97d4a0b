/* logline.h - one line of the VMkernel's log as claims, wherever it stands: in the zdump's ring, in
 * var/log/vmkernel, in vmkwarning.
 *
 *     42:14:03:29.341 cpu0:1024)VMNIX: ALERT: HB: 365: Lost heartbeat (comm=VMap pid=9173 t=30 ...
 *
 * Lines are told apart by their uptime and, within one instant, by their order. */
#ifndef TOOLS_VERIFY_LOGLINE_H
#define TOOLS_VERIFY_LOGLINE_H

#include "tools/verify/verify.h"

#define LOGLINE_RING_BYTES (256u * 1024) /* what the VMkernel's ring holds (docs/FORMATS.md) */

struct logline_set {
    uint64_t last_ms; /* of the line before */
    uint32_t same;    /* lines with this instant so far */
    uint64_t last_warning_ms;
    uint32_t same_warning; /* the same of warnings and alerts alone: vmkwarning has no others */
    int64_t alerts;
};

/** "42:14:03:29.341" at the start of `text`. @return false when there is none */
bool logline_uptime(const char *text, uint64_t *ret_ms);

/** Put a line under "PREFIX.line.KEY" with what else it says: alerts, COS Error, the core's name.
 * `text` begins with the uptime. @return false when it is no line of the log */
bool logline_put(struct verify *v, struct logline_set *set, const struct claim_place *at,
                 const char *text, const char *prefix);

#endif /* TOOLS_VERIFY_LOGLINE_H */
