/* notes.c - see notes.h. */
#include "vmkernel/foreign/notes.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

void notes_add(struct notes *n, const char *format, ...)
{
    assert(n != NULL);
    if (n->count == NOTES_MAX) {
        n->dropped++;
        return;
    }
    char *line = n->line[n->count++];
    va_list ap;
    va_start(ap, format);
    (void)vsnprintf(line, NOTES_LINE_MAX, format, ap);
    va_end(ap);
    for (char *c = line; *c != '\0'; c++) {
        if (*c < ' ' || *c > '~')
            *c = '?';
    }
}
