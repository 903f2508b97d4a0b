/* restart.h - the next start of a host: what its last run says, and the plan that follows from it.
 *
 * A host lives over several starts. Each has a plan of its own in run/plan.json; those before stay
 * beside it as run/plan-0.json, run/plan-1.json and so on, with their results. The new plan is the
 * old one with another boot time, another seed (derived from the first one and the number of the
 * start, so that no stream of random numbers repeats) and without the faults that lie before it;
 * later ones happen at their instants. */
#ifndef TOOLS_RESTART_H
#define TOOLS_RESTART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/err.h"
#include "shared/plan.h"
#include "shared/units.h"
#include "tools/host/hypervisor.h"

#define RESTART_LOADED_NS (56 * NS_PER_S) /* by then the start scripts are done: 55 s, and 1 */
/* A console that has not shut down so long after the power button was pressed is cut off. */
#define RESTART_HALT_MAX_NS (30 * NS_PER_MIN)

struct restart {
    struct plan *plan;               /* of the last start, then of the next one; owned */
    bool ended;                      /* its run came to an end by itself: `result` is set */
    struct hypervisor_result result; /* else zero */
    int64_t clock_s; /* where the host's clock stood at the end, seconds UTC; of a run that was cut
                        off, as far as its logs say */
};

/** Read a host's run/. @return 0, or a code of err.h with one line in err: no host, a VMkernel runs
 * it */
int restart_load(const char *host_dir, struct restart *ret, struct err *err);
void restart_free(struct restart *r);

/** When the host starts again if nobody says: some minutes after a purple screen, as long after a
 * halt or reboot as the article's hosts took. Seconds UTC. */
int64_t restart_default_s(const struct restart *r);

/** Turn r->plan into that of the next start. @param epoch_s when; later than r->clock_s */
void restart_advance(struct restart *r, int64_t epoch_s);

enum restart_end { RESTART_RUNS_ON, RESTART_HALTS, RESTART_REBOOTS };

/** The host is to run `for_ns` more once it has started; what happens then. */
void restart_set_end(struct plan *plan, uint64_t for_ns, enum restart_end end);

/** Keep the last run's records, and write the new plan. A host is never without a plan. @return 0
 * or a code of err.h with one line in err */
int restart_save(const char *host_dir, const struct restart *r, struct err *err);

#endif /* TOOLS_RESTART_H */
