/* from_core.c - facts that a cos-core shows: memory and swap at the stun, sizes of all processes,
 * for what they wait, and how far the console's own clock had come. */
#include "shared/units.h"
#include "tools/diagnose/readers/extract.h"

#define ORPHANS_PCT 10.0 /* of RAM: less may be pages on their way. OUR CHOICE */

static void extract_memory(const struct parsed_core *c, const char *file, struct facts *ret)
{
    const uint32_t swap_used = c->swap_total - c->swap_free;
    const double orphans_pct = 100.0 * (c->orphans + c->orphan_slots) / c->total;
    fact_set(ret, FACT_FREE, 100.0 * (c->free + c->clean) / c->total, NULL, file, 0,
             "%u of %u pages are free, %u more are clean", c->free, c->total, c->clean);
    if (c->swap_total > 0)
        fact_set(ret, FACT_SWAP_USED, 100.0 * swap_used / c->swap_total, NULL, file, 0,
                 "%u of %u swap slots are in use", swap_used, c->swap_total);
    if (orphans_pct >= ORPHANS_PCT)
        fact_set(ret, FACT_SHARED_MEMORY, orphans_pct, c->orphan_owner, file, 0,
                 "%u anonymous pages and %u swap slots belong to no process; most that can be read "
                 "name %s",
                 c->orphans, c->orphan_slots,
                 c->orphan_owner[0] != '\0' ? c->orphan_owner : "nobody");
}

void from_core(const struct diagnosis *d, const struct parsed *p, struct facts *ret)
{
    const struct parsed_core *c = &p->core;
    if (c->total > 0)
        extract_memory(c, p->path, ret);
    if (c->clock_ns > 0 && c->stun_ns > 0) {
        const double lag_s =
            c->stun_ns > c->clock_ns ? (double)(c->stun_ns - c->clock_ns) / NS_PER_S : 0;
        fact_set(ret, FACT_COS_LAG, lag_s, NULL, p->path, 0,
                 "the console's clock stood %.3f s before the stun", lag_s);
    }
    if (c->tasks.count > 0)
        tasks_extract(d, &c->tasks, p->path, ret);
}
