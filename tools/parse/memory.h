/* memory.h - memory for what the tools read: it is there, or the program ends.
 *
 * Everything that is read is bounded (TEXT_BYTES_MAX), so a machine that cannot hold it is no case
 * that a caller could mend. This is the one place where a library ends the program, with a line on
 * stderr and status 2, and the reason why no caller looks for NULL. */
#ifndef TOOLS_PARSE_MEMORY_H
#define TOOLS_PARSE_MEMORY_H

#include <stddef.h>

/** Zeroed bytes, to free. */
void *memory_get(size_t size);
/** realloc(): `size` bytes that begin with what `from` has (NULL = nothing). */
void *memory_more(void *from, size_t size);
/** A copy of a string, to free. */
char *memory_text(const char *text);

#endif /* TOOLS_PARSE_MEMORY_H */
