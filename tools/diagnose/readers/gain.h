/* gain.h - how much one program gained, and since when: from where it was last near its low.
 *
 * Whether a program grows at all is answered by tools/trend; this measures what a reader of the
 * same lines would read off them, for the evidence. */
#ifndef TOOLS_DIAGNOSE_READERS_GAIN_H
#define TOOLS_DIAGNOSE_READERS_GAIN_H

#include "tools/diagnose/facts/diagnosis.h"
#include "tools/trend/trend.h"

#define GAIN_SEEN_LEAST 4u /* points below which nothing is said of growth. OUR CHOICE */
#define GAIN_LEAST_PCT 4   /* of RAM: less is breathing. OUR CHOICE */

struct gain {
    char name[FACT_WHO_MAX];
    uint32_t pid;
    char file[FACT_FILE_MAX]; /* where its last size stands */
    uint32_t line;
    uint32_t seen; /* points; 0 = there is no such program */
    double low_kb, high_kb, last_kb;
    double kb, hours; /* since it was last near its low */
    double last_step_kb, last_step_s;
    double rise_kb; /* within the last hour, and that hour seen */
};

/** Measure `count` points; sets the numbers of *ret from `seen` on. */
void gain_measure(const struct trend_point *point, uint32_t count, struct gain *ret);

/** Is it seen often enough, and more than breathing? */
bool gain_counts(const struct diagnosis *d, const struct gain *g);

/** kB per hour, 0 when it took no time. */
double gain_kb_per_hour(const struct gain *g);

/** Set the facts of the program that grew most; `text` says how it was seen. */
void gain_extract(const struct diagnosis *d, const struct gain *g, const char *text,
                  struct facts *ret);

#endif /* TOOLS_DIAGNOSE_READERS_GAIN_H */
