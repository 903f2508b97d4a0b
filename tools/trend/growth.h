/* growth.h - who grows, from the hourly lines of vmksummary: the one answer for all who ask.
 *
 * A line names the three largest programs only, so a program's history has holes. Looked at are the
 * hourly lines of one boot up to a line `last`, which is the present of the question: a program
 * that this line does not name is not known to grow. Time is the VMkernel's uptime, which no step
 * of a clock bends. */
#ifndef TOOLS_TREND_GROWTH_H
#define TOOLS_TREND_GROWTH_H

#include <stdint.h>

#include "tools/parse/vmksummary.h"
#include "tools/trend/trend.h"

struct growth {
    char name[VMKSUMMARY_NAME_MAX];
    int64_t kb;          /* in the last line */
    uint32_t hour_count; /* lines that name it; the trend rests on the recent ones of them */
    struct trend trend;
};

/** The programs of record `last` that grow (trend_grows()), the fastest first. @return how many */
uint32_t growth_find(const struct vmksummary *v, uint32_t last,
                     struct growth ret[VMKSUMMARY_TOP_MAX]);

/** A program's size in each line that names it; with `name` NULL the swap in use. ret has room for
 * last + 1 points. @return how many there are */
uint32_t growth_points(const struct vmksummary *v, uint32_t last, const char *name,
                       struct trend_point *ret);

/** The recent trend of the swap in use. */
void growth_of_swap(const struct vmksummary *v, uint32_t last, struct trend *ret);

#endif /* TOOLS_TREND_GROWTH_H */
