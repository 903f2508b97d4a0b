/* notes.h - oddities met while a dump is taken.
 *
 * A dump of a sick machine meets things that should not be. Each becomes one line here, and the
 * lines a section of the zdump; nothing that is read from the COS stops a dump. The number of lines
 * is bounded, since a mad COS could make them without end. */
#ifndef VMK_NOTES_H
#define VMK_NOTES_H

#include <stdint.h>

#define NOTES_MAX 256u      /* lines kept; more are counted */
#define NOTES_LINE_MAX 200u /* bytes of a line with its zero */

struct notes {
    char line[NOTES_MAX][NOTES_LINE_MAX];
    uint32_t count;   /* lines in use */
    uint32_t dropped; /* lines that did not fit */
};

/** Add one line (without '\n'; bytes that are not printable ASCII become '?'). */
void __attribute__((format(printf, 2, 3))) notes_add(struct notes *n, const char *format, ...);

#endif /* VMK_NOTES_H */
