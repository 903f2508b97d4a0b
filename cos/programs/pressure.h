/* pressure.h - the controller of a closed loop that keeps a share of RAM or swap in use.
 *
 * Pure: what is ordered by now, and how many pages must be taken or given back to be there. The
 * loop around it (store.c) measures with fault_resource_ppm() and acts.
 *
 *     ordered                 ,------------ level, for `hold`
 *        ^                 ,-'
 *        |              ,-'    linear: from what was in use at the beginning
 *        |   step: ,---'-----
 *        '---------+-------+----------------> time
 *                  0     within
 *
 * Levels are ppm of the resource. RAM: all but zone DMA; in use is what is neither free nor the
 * cache of a file, so clean pages of files do not count (fault_note.h). */
#ifndef COS_PRESSURE_H
#define COS_PRESSURE_H

#include <stdbool.h>
#include <stdint.h>

#define PRESSURE_PPM 1000000u
/* Errors below this are left alone: they would be gone before the page is there. OUR CHOICE */
#define PRESSURE_DEAD_PPM 500u
/* At most this much of the resource in one step, so that the machine can follow. OUR CHOICE */
#define PRESSURE_STEP_PPM 50000u

struct pressure {
    uint32_t from_ppm;  /* in use when it began */
    uint32_t level_ppm; /* to be in use from within_ns on */
    bool step;          /* at once, not along a line */
    uint64_t within_ns;
    uint32_t total; /* pages or slots of the resource */
};

/** What is ordered `lasts_ns` after the beginning. */
uint32_t pressure_ordered_ppm(const struct pressure *p, uint64_t lasts_ns);
/** Pages to take (positive) or to give back (negative, never more than `held`). */
int32_t pressure_step(const struct pressure *p, uint32_t ordered_ppm, uint32_t reached_ppm,
                      uint32_t held);
/** How long until the controller looks again: so often that a ramp moves by less than a tenth of a
 * percent, between 50 ms and 1 s. */
uint64_t pressure_period_ns(const struct pressure *p, uint64_t lasts_ns);

/** Pages (of 4 kB) that a spike of `size_kb` has after `lasts_ns`: along a line, all of them from
 * `within_ns` on. No loop: what others use does not matter. */
uint32_t spike_pages(uint64_t size_kb, uint64_t within_ns, uint64_t lasts_ns);

#endif /* COS_PRESSURE_H */
