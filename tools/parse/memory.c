/* memory.c - see memory.h. */
#include "tools/parse/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/err.h"

static void *checked(void *memory)
{
    if (memory != NULL)
        return memory;
    (void)fputs("no memory left for what is to be read\n", stderr);
    exit(ERR_EXIT_INPUT);
}

void *memory_get(size_t size)
{
    return checked(calloc(1, size > 0 ? size : 1));
}

void *memory_more(void *from, size_t size)
{
    return checked(realloc(from, size > 0 ? size : 1));
}

char *memory_text(const char *text)
{
    return checked(strdup(text));
}
