/* problems.c - see problems.h. */
#include "shared/cosview/problems.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void problems_add(struct problems *p, const char *format, ...)
{
    char line[PROBLEMS_LINE_MAX];
    va_list args;
    if (p == NULL)
        return;
    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    for (char *c = line; *c != '\0'; c++) {
        if (*c < ' ' || *c > '~')
            *c = '?';
    }
    for (uint32_t i = 0; i < p->count && !p->repeats; i++) {
        if (strcmp(p->line[i], line) == 0)
            return;
    }
    if (p->count == PROBLEMS_MAX)
        p->dropped++;
    else
        memcpy(p->line[p->count++], line, sizeof line);
}
