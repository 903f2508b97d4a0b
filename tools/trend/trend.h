/* trend.h - how fast something grows: a robust slope with an interval.
 *
 * The slope is Theil and Sen's, the median of the slopes between all pairs of points, so that a
 * nightly peak or a spliced line does not bend it; its interval is Sen's, from the variance of
 * Kendall's statistic. Of a long series only the recent part counts in which the slope is one and
 * the same: a leak is often younger than the host. */
#ifndef TOOLS_TREND_TREND_H
#define TOOLS_TREND_TREND_H

#include <stdbool.h>
#include <stdint.h>

#define TREND_POINTS_MAX 500u /* the last ones are used: three weeks of hours */

struct trend_point {
    double h, kb; /* hours, any origin, rising; kB */
};
struct trend {
    uint32_t point_count;    /* that the slope rests on; 0 = no slope */
    double per_h, low, high; /* kB per hour, with the interval of 80 % */
    double from_h, to_h;
    double at_kb; /* the fitted line's end */
    double noise; /* median distance from the line, kB */
};

/** The slope through all points. Needs 2; with fewer than 6 the interval is +-30 % (OUR CHOICE). */
void trend_fit(const struct trend_point *p, uint32_t n, struct trend *ret);

/** The slope of the recent part: what lies behind the last great fall (a restart of the process),
 * and then the longest end of it whose two halves agree. */
void trend_recent(const struct trend_point *p, uint32_t n, struct trend *ret);

/** What it gained in the time of the slope, kB. */
double trend_gain_kb(const struct trend *t);

/** Does it grow: is the interval above 0 and the gain more than noise and than 1 MB? */
bool trend_grows(const struct trend *t);

#endif /* TOOLS_TREND_TREND_H */
