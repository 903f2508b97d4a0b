/* dump_text.h - the contents of the zdump's sections, as text.
 *
 * Lines are "key=value" or one record per line of "key=value"
 * pairs, so that a person can read them and a script can cut them; a value with blanks stands last
 * on its line. Only what a real VMkernel could know is printed: no cause, no seed, no path of this
 * machine. docs/FORMATS.md lists the keys. */
#ifndef VMK_DUMP_TEXT_H
#define VMK_DUMP_TEXT_H

#include <stdio.h>

#include "shared/cosview/unwind.h"
#include "shared/zdump.h"

struct vmk;

struct dump_text { /* what the sections are made of */
    const struct vmk *vmk;
    const char *headline;
    uint64_t stun_ns; /* when the COS was stunned: whatever is printed is as it was then */
    const char *screen;
    const struct problems *notes;
    const struct cosview *view; /* NULL = the COS could not be read, and these are unused: */
    const struct cos_tasks *tasks;
    const struct cos_trace *traces; /* in the order of the tasks, or NULL */
};

/** Print a section of zdump_order[]. */
void dump_text_print(FILE *to, enum zdump_type type, const struct dump_text *d);

#endif /* VMK_DUMP_TEXT_H */
