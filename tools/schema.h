/* schema.h - YAML files read against tables.
 *
 * A table says for each key what may stand there and where it goes: the reader turns a mapping into
 * a struct and refuses everything that the table does not name, with one line that leads there:
 *
 *     FILE:LINE:COLUMN: KEY: what is wrong; did you mean 'NEAREST'?
 *
 * Values are overlaid: what a file does not mention stays as it was, so a file that inherits is
 * read over the result of the one that it names. An item of a list that equals an inherited item in
 * all its identity keys changes that item; any other is appended. libyaml's documents are used
 * because each node carries its position; libcyaml loads "mb: 800kB" as 800 and reports an unknown
 * key at the previous key's line. All numbers are int64_t in base units; texts are char arrays. */
#ifndef TOOLS_SCHEMA_H
#define TOOLS_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/quantity.h"

enum schema_kind {
    SCHEMA_TEXT,     /* char[size] */
    SCHEMA_CHOICE,   /* char[size], one of `choices` */
    SCHEMA_INTEGER,  /* int64_t */
    SCHEMA_FLAG,     /* int64_t 0 or 1, "true" or "false" */
    SCHEMA_QUANTITY, /* int64_t in the base of `units` */
    SCHEMA_SPREAD,   /* int64_t[2]: one quantity, or [from, to] */
    SCHEMA_DURATION, /* int64_t ns */
    SCHEMA_PERIOD,   /* int64_t[2] ns: [from, to] */
    SCHEMA_DATE,     /* int64_t s of local time */
    SCHEMA_INSTANT,  /* struct schema_instant: a duration since boot or a local date */
    SCHEMA_OFFSET,   /* int64_t s */
    SCHEMA_MAP,      /* a struct, by `table` */
    SCHEMA_LIST,     /* structs, by `list` */
};

struct schema_instant {
    int64_t value; /* ns since boot, or s of local time */
    int64_t local; /* 1: local time */
};

struct schema_key {
    const char *name;
    enum schema_kind kind;
    bool identity; /* of a list's items */
    size_t offset, size;
    int64_t least, most; /* of numbers, in base units; both 0 = unbounded */
    union {
        const char *const *choices; /* ends with NULL */
        const struct quantity_unit *units;
        const struct schema_key *table; /* ends with name NULL */
        const struct schema_list *list;
    };
};

struct schema_list {
    const struct schema_key *table;
    const void *fresh; /* what an item is before its keys are read */
    size_t item_size, item_max;
    size_t
        count_offset; /* of the int64_t that counts the items, in the struct that holds the list */
};

/** Read FILE over *record (which must hold defaults or the result of another file). @return 0, or
 * -1 with one line in err; *record may then be changed in part. */
int schema_read(const char *path, const struct schema_key *table, void *record, char *err,
                size_t err_size);

/** The entry of `names` (ended by NULL) that looks most like `name`, or NULL if none looks like it.
 */
const char *schema_nearest(const char *name, const char *const *names);

#endif /* TOOLS_SCHEMA_H */
