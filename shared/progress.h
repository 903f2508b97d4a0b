/* progress.h - the line by which a running VMkernel tells whoever started it how far it is.
 *
 * It goes to `vmkernel --progress-fd N` and to nothing else: no artefact holds it. One line per
 * update, numbers in decimal:
 *
 *     now_ns=3675808347000000 beats=61261 alarm_min=0 swap_kb=554168 swap_free_kb=1200 ...
 *
 * The reader takes keys in any order, ignores those that it does not know and leaves those that are
 * missing at 0, so that either side may grow. */
#ifndef SHARED_PROGRESS_H
#define SHARED_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

#define PROGRESS_LINE_MAX 256u

enum progress_phase {
    PROGRESS_BOOTING,
    PROGRESS_RUNNING,
    PROGRESS_DUMPING_COS,
    PROGRESS_DUMPING_VMKERNEL,
    PROGRESS_ENDED,
    PROGRESS_PHASES
};

struct progress {
    uint64_t now_ns;    /* virtual time since VMkernel boot */
    uint64_t beats;     /* valid beats taken so far */
    uint64_t alarm_min; /* whole minutes since the last beat */
    uint64_t swap_kb;   /* 0 = not known */
    uint64_t swap_free_kb;
    uint64_t free_kb; /* free RAM of the COS, 0 = not known */
    uint64_t phase;   /* enum progress_phase */
};

/** Write the line, '\n' included. @return its length; PROGRESS_LINE_MAX bytes always do */
size_t progress_format(const struct progress *p, char to[PROGRESS_LINE_MAX]);

/** Read a line (without or with its '\n'). @return 0, or -1 with *ret untouched when a known key
 * has a bad value */
int progress_parse(const char *line, struct progress *ret);

/** "running" and so on; "?" for no phase. */
const char *progress_phase_name(uint64_t phase);

#endif /* SHARED_PROGRESS_H */
