/* purple_units.h - the first half of purple.c: from physical lines to units that belong together.
 *
 * A unit's text is what stands in one or several lines, joined; each of its bytes knows its origin.
 */
#ifndef TOOLS_PARSE_PURPLE_UNITS_H
#define TOOLS_PARSE_PURPLE_UNITS_H

#include "tools/parse/purple.h"

struct purple_origin {
    uint32_t line;
    uint16_t column;
};
struct purple_unit {
    enum purple_kind kind;
    char *text; /* zero-terminated */
    struct purple_origin *origin;
    uint32_t length, room;
};
struct purple_units {
    struct purple_unit *unit;
    uint32_t count, room;
};

/** Cut the text into units; the kind of every line goes to p->kind, what is not understood
 * to p->unparsed. Free with purple_units_free(). */
void purple_units_make(const struct text *t, struct purple *p, struct purple_units *ret);
void purple_units_free(struct purple_units *u);

/** Where the bytes [from, to) of a unit stand; what lies on further lines is left out. */
struct purple_place purple_units_place(const struct purple_unit *u, size_t from, size_t to);

/** The register name that stands at *at, followed by '='; steps behind the '='. @return NULL when
 * there is none */
const char *purple_units_key(const char **at);

/** "*0:1024/" at *at: steps over it. */
bool purple_units_item(const char **at, struct purple_pcpu *ret, unsigned *repairs);
/** The same in the layout of ESX 3.0: "CPU 2 1038 ". */
bool purple_units_old_item(const char **at, struct purple_pcpu *ret, unsigned *repairs);

#endif /* TOOLS_PARSE_PURPLE_UNITS_H */
