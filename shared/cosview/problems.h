/* problems.h - what was found wrong, in sentences.
 *
 * Whoever reads the memory of a console that may have gone mad, or a file that somebody made up,
 * meets things that should not be. Each becomes one line here while reading goes on. The number of
 * lines is bounded, since such memory could make them without end. */
#ifndef SHARED_COSVIEW_PROBLEMS_H
#define SHARED_COSVIEW_PROBLEMS_H

#include <stdbool.h>
#include <stdint.h>

#define PROBLEMS_MAX 256u      /* lines kept; more are counted. OUR CHOICE */
#define PROBLEMS_LINE_MAX 256u /* bytes of a line with its zero; longer ones are cut */

struct problems {
    char line[PROBLEMS_MAX][PROBLEMS_LINE_MAX];
    uint32_t count;   /* lines in use */
    uint32_t dropped; /* lines that did not fit */
    bool repeats;     /* a line that is there already is added again: it is a journal */
};

/** Add one line (without '\n'; bytes that are not printable ASCII become '?'). The same line again
 * is left out, but where `repeats` is set. `p` NULL: nobody wants to know. */
void __attribute__((format(printf, 2, 3)))
problems_add(struct problems *p, const char *format, ...);

#endif /* SHARED_COSVIEW_PROBLEMS_H */
