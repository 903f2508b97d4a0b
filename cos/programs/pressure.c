/* pressure.c - see pressure.h. */
#include "cos/programs/pressure.h"

#include "shared/units.h"

#define PERIOD_MAX_NS NS_PER_S
#define PERIOD_MIN_NS (50 * NS_PER_MS)
#define STEPS_PER_RAMP 1000u

uint32_t pressure_ordered_ppm(const struct pressure *p, uint64_t lasts_ns)
{
    if (p->step || lasts_ns >= p->within_ns)
        return p->level_ppm;
    /* In ms: 2^32 ppm * 2^31 ms fits, and a ramp may take 24 days. */
    const int64_t way = (int64_t)p->level_ppm - (int64_t)p->from_ppm;
    const int64_t done_ms = (int64_t)(lasts_ns / NS_PER_MS);
    const int64_t whole_ms = (int64_t)(p->within_ns / NS_PER_MS) + 1;
    return (uint32_t)((int64_t)p->from_ppm + way * done_ms / whole_ms);
}

int32_t pressure_step(const struct pressure *p, uint32_t ordered_ppm, uint32_t reached_ppm,
                      uint32_t held)
{
    int64_t error = (int64_t)ordered_ppm - (int64_t)reached_ppm;
    if (error < (int64_t)PRESSURE_DEAD_PPM && error > -(int64_t)PRESSURE_DEAD_PPM)
        return 0;
    if (error > (int64_t)PRESSURE_STEP_PPM)
        error = PRESSURE_STEP_PPM;
    const int64_t pages = error * (int64_t)p->total / (int64_t)PRESSURE_PPM;
    return pages < -(int64_t)held ? -(int32_t)held : (int32_t)pages;
}

uint64_t pressure_period_ns(const struct pressure *p, uint64_t lasts_ns)
{
    if (lasts_ns >= p->within_ns)
        return PERIOD_MAX_NS;
    const uint64_t period = p->within_ns / STEPS_PER_RAMP;
    if (period < PERIOD_MIN_NS)
        return PERIOD_MIN_NS;
    return period < PERIOD_MAX_NS ? period : PERIOD_MAX_NS;
}

uint32_t spike_pages(uint64_t size_kb, uint64_t within_ns, uint64_t lasts_ns)
{
    const uint64_t pages = size_kb / 4;
    if (lasts_ns >= within_ns)
        return (uint32_t)pages;
    return (uint32_t)(pages * (lasts_ns / NS_PER_MS) / (within_ns / NS_PER_MS + 1));
}
