/* forecast.h - when the memory of a service console will be gone, from its vmksummary.
 *
 * What is known at the last hourly line: who grows and how fast, how much swap is left. What is not
 * known is how much RAM can still be taken from the page cache before nothing is left. For that
 * there are two witnesses, and the interval is what they say together:
 *
 *   the sum    RAM + swap - what cannot be used - the three processes - the virtual machines'
 *              processes - everything else
 *   swap       what is left of it, plus the RAM that is usually still to be had when it is full
 *
 * and a third that replaces them: a /proc/meminfo of that hour. When an earlier boot in the file
 * failed by the same process, the size at which it did is taken. The purple screen follows 30
 * minutes after the memory is gone [KB308590/Resolution].
 *
 * The constants of the witnesses were fitted to simulated hosts (docs/fidelity.md); that 80 % of
 * the intervals hold is tested there (tests/tools/forecast.sh), and on a real console only as far
 * as it resembles them. */
#ifndef TOOLS_FORECAST_FORECAST_H
#define TOOLS_FORECAST_FORECAST_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/parse/meminfo.h"
#include "tools/parse/vmksummary.h"
#include "tools/trend/growth.h"

#define FORECAST_ASSUMED_MAX 6u

struct forecast_memory {
    int64_t ram_kb, swap_kb; /* totals; 0 = not known */
    const char *ram_from, *swap_from;
    const struct meminfo *meminfo; /* NULL = none */
};

enum forecast_outlook {
    FORECAST_NO_DATA, /* not even two hourly lines of one boot */
    FORECAST_STEADY,  /* nothing grows */
    FORECAST_GROWING, /* the memory will be gone */
};

struct forecast {
    enum forecast_outlook outlook;
    uint32_t last;         /* index of the record that is the present of this forecast */
    uint32_t hourly_count; /* lines of its boot */
    bool over;             /* the host went down after it */
    uint32_t end;          /* then the index of the first record of the next boot */

    struct forecast_memory memory;
    const char *assumed[FORECAST_ASSUMED_MAX];
    uint32_t assumed_count;
    int64_t swap_used_kb;
    struct trend swap;

    struct growth grower[VMKSUMMARY_TOP_MAX]; /* fastest first */
    uint32_t grower_count;
    double per_h, per_h_low, per_h_high; /* all growers together, kB */
    const char *pace_from;               /* "the growing processes", "swap" */

    double left_kb, left_low_kb, left_high_kb; /* growth that the console still bears */
    const char *left_from;
    double in_h, in_low_h, in_high_h; /* until the purple screen */
    double swap_full_h;               /* until swap is full; 0 = it is; negative = not foreseen */
};

/** Forecast from the last hourly line. Does not point into `v`. */
void forecast_make(const struct vmksummary *v, const struct forecast_memory *m,
                   struct forecast *ret);

#endif /* TOOLS_FORECAST_FORECAST_H */
