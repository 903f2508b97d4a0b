/* gain.c - see gain.h. */
#include "tools/diagnose/readers/gain.h"

#include <math.h>

#include "shared/units.h"

#define NEAR_LOW 0.05 /* part of the gain above the low that is near it */

void gain_measure(const struct trend_point *point, uint32_t count, struct gain *ret)
{
    ret->seen = count;
    if (count == 0)
        return;
    const struct trend_point *start = point, *last = &point[count - 1];
    ret->low_kb = ret->high_kb = point[0].kb;
    ret->last_kb = last->kb;
    ret->rise_kb = 0;
    for (uint32_t i = 0; i < count; i++) {
        ret->low_kb = fmin(ret->low_kb, point[i].kb);
        ret->high_kb = fmax(ret->high_kb, point[i].kb);
        if (last->h - point[i].h <= 1)
            ret->rise_kb = fmax(ret->rise_kb, last->kb - point[i].kb);
    }
    for (uint32_t i = 0; i < count; i++)
        if (point[i].kb <= ret->low_kb + NEAR_LOW * (last->kb - ret->low_kb))
            start = &point[i];
    ret->kb = last->kb - start->kb;
    ret->hours = last->h - start->h;
    ret->last_step_kb = count > 1 ? last->kb - last[-1].kb : 0;
    ret->last_step_s = count > 1 ? (last->h - last[-1].h) * S_PER_HOUR : 0;
}

bool gain_counts(const struct diagnosis *d, const struct gain *g)
{
    return g->seen >= GAIN_SEEN_LEAST && diagnosis_pct_of_ram(d, g->kb) >= GAIN_LEAST_PCT;
}

double gain_kb_per_hour(const struct gain *g)
{
    return g->hours > 0 ? g->kb / g->hours : 0;
}

void gain_extract(const struct diagnosis *d, const struct gain *g, const char *text,
                  struct facts *ret)
{
    const struct {
        enum fact_id id;
        double value;
    } shown[] = {
        { FACT_GROWER_GAIN, diagnosis_pct_of_ram(d, g->kb) },
        { FACT_GROWER_HOURS, g->hours },
        { FACT_GROWER_RATE, gain_kb_per_hour(g) },
    };
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++)
        fact_set(ret, shown[i].id, shown[i].value, g->name, g->file, g->line, "%s", text)->pid =
            g->pid;
}
