/* text.h - a text file as numbered lines, for parsers that trust nothing.
 *
 * The whole file is read (gzip files are unpacked) and cut into lines. Each line is a C string: a
 * carriage return at its end is dropped, bytes that a line must not have (NUL, which power losses
 * leave in logs) are replaced by '?'. Lines are numbered from 1, as editors do. A parser says of
 * every line either what it is or, through struct unparsed, that it did not understand it: no line
 * is skipped in silence. */
#ifndef TOOLS_PARSE_TEXT_H
#define TOOLS_PARSE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/err.h"
#include "shared/units.h"

#define TEXT_BYTES_MAX (256 * MB) /* of a file, unpacked: OUR CHOICE, 50 times the logs on record */
#define TEXT_LINE_MAX 65535u      /* bytes of a line; what is longer is cut and marked */

struct text_line {
    const char *at;  /* zero-terminated, without the newline */
    uint32_t length; /* bytes */
    bool damaged;    /* NUL bytes were replaced, or the line was cut */
};

struct text {
    char *name; /* for messages */
    char *bytes;
    struct text_line *lines;
    uint32_t count;
};

/** Read a plain or gzip file. @return 0, or -1 with one line in err (*ret untouched): not to be
 * read, a folder, too large, a damaged gzip file */
int text_load(const char *path, struct text *ret, struct err *err);

/** The same from memory; the bytes are copied. Free with text_free(). */
void text_from(const char *name, const void *bytes, size_t size, struct text *ret);
void text_free(struct text *t);

/* A line that a parser did not understand, or understood only in part. */
struct unparsed_line {
    uint32_t file; /* index of the text, for parsers that read several */
    uint32_t line; /* from 1 */
    const char *why;
};
struct unparsed {
    struct unparsed_line *line;
    uint32_t count, room;
};

/** Note that line `line` of text `file` was not understood. `why` must live on. */
void unparsed_add(struct unparsed *u, uint32_t file, uint32_t line, const char *why);

/** Make room for one more item behind `count` and zero it; the array may move. Ends the program
 * when there is no memory: everything that is read is bounded by TEXT_BYTES_MAX. */
void *parse_room(void *items, uint32_t count, uint32_t *room, size_t item_size);

/* Append a zeroed item to `items` (with `count` and `room` beside it); yields its address. */
#define PARSE_ADD(items, count, room) \
    ((items) = parse_room((items), (count), &(room), sizeof *(items)), &(items)[(count)++])

#endif /* TOOLS_PARSE_TEXT_H */
