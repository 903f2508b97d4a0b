/* ps.h - reads what `ps` wrote, with any columns that have heads and end in COMMAND or CMD; once,
 * or again and again into one file. */
#ifndef TOOLS_PARSE_PS_H
#define TOOLS_PARSE_PS_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/parse/proclist.h"
#include "tools/parse/text.h"

struct ps_listing {
    uint32_t line;                 /* of its heads */
    uint32_t first_row, row_count; /* in ps.row */
};

struct ps {
    struct ps_listing *listing;
    uint32_t listing_count, listing_room;
    struct proclist_row *row;
    uint32_t row_count, row_room;
    struct unparsed unparsed;
};

/** Read it. Always succeeds; what is something else yields unparsed lines alone. Free with
 * ps_free(). */
void ps_parse(const struct text *t, struct ps *ret);
void ps_free(struct ps *p);

/** Is it one: does the text have a line of heads, and none of top's? */
bool ps_is(const struct text *t);

#endif /* TOOLS_PARSE_PS_H */
