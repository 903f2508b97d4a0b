/* settle.h - what a scenario leaves open is drawn: a seed is a host, not a timing.
 *
 * Where a number may be a range, the seed draws one value of it. Every key of every program has a
 * stream of its own, named after both, so a further program or key changes no other's draw. */
#ifndef TOOLS_SETTLE_H
#define TOOLS_SETTLE_H

#include "tools/scenario/scenario.h"

/** The largest of `steps`, which fall and end with 1, that both ends are multiples of: what is
 * drawn between them can then be read as easily as they can. */
int64_t settle_step(const int64_t *steps, int64_t from, int64_t to);
/** One of from, from + step, ... up to `to`, each as likely, by the stream of that name under
 * `root`; `from` where there is nothing to draw. */
int64_t settle_between(uint64_t root, const char *stream, int64_t step, int64_t from, int64_t to);

/** Draw what `seed` decides of host and programs: afterwards no range is left there but that which
 * `data` is spread over, and `count` follows `per-vm`. Faults are faultspec_resolve()'s. */
void scenario_settle(struct scenario *s, uint64_t seed);

#endif /* TOOLS_SETTLE_H */
