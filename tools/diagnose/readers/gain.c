/* gain.c - see gain.h. */
#include "tools/diagnose/readers/gain.h"

#include <assert.h>

#include "shared/units.h"

#define NEAR_LOW_PART 20 /* a twentieth of the gain above the low is near it */

void gain_measure(const struct gain_point *point, uint32_t count, struct gain *ret)
{
    assert(count > 0);
    const struct gain_point *start = point, *last = &point[count - 1];
    ret->seen = count;
    ret->low_kb = ret->high_kb = point[0].kb;
    ret->last_kb = last->kb;
    for (uint32_t i = 1; i < count; i++) {
        ret->low_kb = point[i].kb < ret->low_kb ? point[i].kb : ret->low_kb;
        ret->high_kb = point[i].kb > ret->high_kb ? point[i].kb : ret->high_kb;
        ret->last_step_kb = point[i].kb - point[i - 1].kb;
        ret->last_step_s = point[i].at_s - point[i - 1].at_s;
    }
    for (uint32_t i = 1; i < count; i++)
        if (NEAR_LOW_PART * (point[i].kb - ret->low_kb) <= last->kb - ret->low_kb)
            start = &point[i];
    ret->kb = last->kb - start->kb;
    ret->s = last->at_s - start->at_s;
}

bool gain_counts(const struct diagnosis *d, const struct gain *g)
{
    return g->seen >= GAIN_SEEN_LEAST && diagnosis_pct_of_ram(d, g->kb) >= GAIN_LEAST_PCT;
}

double gain_kb_per_hour(const struct gain *g)
{
    return g->s > 0 ? (double)g->kb * S_PER_HOUR / (double)g->s : 0;
}

void gain_extract(const struct diagnosis *d, const struct gain *g, const char *text,
                  struct facts *ret)
{
    const struct {
        enum fact_id id;
        double value;
    } shown[] = {
        { FACT_GROWER_GAIN, diagnosis_pct_of_ram(d, g->kb) },
        { FACT_GROWER_HOURS, (double)g->s / S_PER_HOUR },
        { FACT_GROWER_RATE, gain_kb_per_hour(g) },
    };
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++)
        fact_set(ret, shown[i].id, shown[i].value, g->name, g->file, g->line, "%s", text)->pid =
            g->pid;
}
