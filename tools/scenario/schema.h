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
 * key at the previous key's line. Numbers are integers of 4 or 8 bytes in base units, signed where
 * their bounds are; texts are char arrays.
 *
 * The same tables read single values from other texts (schema_value) and become the JSON Schema for
 * editors (schema_json.h). */
#ifndef TOOLS_SCHEMA_H
#define TOOLS_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/scenario/quantity.h"

#define SCHEMA_WHY_MAX 384u /* what is wrong with a value, without its place */

enum schema_kind {
    SCHEMA_TEXT,     /* char[size] */
    SCHEMA_CHOICE,   /* char[size], one of `choices` */
    SCHEMA_NAMED,    /* number: the value of one of `names` */
    SCHEMA_INTEGER,  /* number */
    SCHEMA_FLAG,     /* `bit` of a uint32_t is set, or is not: "true" or "false" */
    SCHEMA_QUANTITY, /* number in the base of `units` */
    SCHEMA_DURATION, /* number, ns */
    SCHEMA_DATE,     /* number, s of local time */
    SCHEMA_INSTANT,  /* struct schema_instant: a duration since boot or a local date */
    SCHEMA_OFFSET,   /* number, s */
    SCHEMA_PARSED,   /* what `parse` makes of the text */
    SCHEMA_MAP,      /* a struct, by `table` */
    SCHEMA_LIST,     /* structs, by `list` */
};

/* How many values a key has. With two, the second lies `second` bytes behind the first. */
enum schema_spread {
    SCHEMA_ONE,
    SCHEMA_ONE_OR_TWO, /* one value, or [from, to]; one value fills both */
    SCHEMA_TWO,        /* [from, to] */
};

struct schema_instant {
    int64_t value; /* ns since boot, or s of local time */
    int64_t local; /* 1: local time */
};

/* A name and what it stands for. A list ends with name NULL. */
struct schema_name {
    const char *name;
    int64_t value;
};

/* Reads `text` into the member at `at`. @return 0, or -1 with what is wrong in `why` */
typedef int schema_parse(const char *text, void *at, char *why, size_t why_size);

struct schema_key {
    const char *name;
    enum schema_kind kind;
    enum schema_spread spread;
    bool identity;       /* of a list's items */
    size_t offset, size; /* of one value */
    size_t second;
    int64_t least, most; /* of numbers, in base units; both 0 = unbounded */
    uint32_t bit;        /* FLAG */
    uint64_t said;       /* bits that are set in the list's `said` once the key was read */
    const char *help;    /* for editors; may be NULL */
    union {
        const char *const *choices; /* ends with NULL */
        const struct schema_name *names;
        const struct quantity_unit *units;
        schema_parse *parse;
        const struct schema_key *table; /* ends with name NULL */
        const struct schema_list *list;
    };
};

/* The items of a list, mappings by a table. Where there is one, a single value is read by
 * `read_text`, and a list by `inner`. */
struct schema_list {
    const struct schema_key *table;
    const void *fresh; /* what an item is before its keys are read */
    size_t item_size, item_max;
    size_t count_offset; /* of the int64_t that counts the items, from the first of them */
    size_t said_offset;  /* of the uint64_t of an item that collects what was said */
    /* Items of several sorts: the key that names the sort, and the table of each; NULL for none */
    const char *sort_key;
    const struct schema_key *(*table_of)(const char *sort);
    const char *const *sorts;                   /* ends with NULL */
    const char *(*sort_help)(const char *sort); /* for editors; may be NULL */
    bool words; /* a line of words is read as the items that it names (schema_read_words) */
    /* Is the item whole and consistent? @return 0, or -1 with "KEY: what" in `why` */
    int (*check)(const void *item, char *why, size_t why_size);
    /* Reads a text into a new item behind *count. @return 0, or -1 with what is wrong in `why` */
    int (*read_text)(const char *text, void *items, int64_t *count, char *why, size_t why_size);
    const struct schema_key *inner; /* of kind LIST: an item that is itself a list */
};

/** Read FILE over *record (which must hold defaults or the result of another file). @return 0, or
 * -1 with one line in err; *record may then be changed in part. */
int schema_read(const char *path, const struct schema_key *table, void *record, char *err,
                size_t err_size);
/** The same from `length` bytes at `text`; `path` is for messages. */
int schema_read_text(const char *path, const char *text, size_t length,
                     const struct schema_key *table, void *record, char *err, size_t err_size);

/** Read the items that a line of words names, into the list `k` of `record`:
 *
 *     SORT KEY=VALUE KEY=[from,to] FLAG and SORT ... then SORT ...
 *
 * Places are "PATH:1:COLUMN". @return 0, or -1 with one line in err; the list may then be longer */
int schema_read_words(const char *path, const char *text, const struct schema_key *k, void *record,
                      char *err, size_t err_size);

/** Read one value as it would stand in a file, not MAP or LIST, into `at` (one value, also where
 * the key allows two). @return 0, or -1 with what is wrong in `why` and *at untouched */
int schema_value(const struct schema_key *k, const char *text, void *at, char *why,
                 size_t why_size);
/** The number of INTEGER, NAMED and the like that lies at `at`, and the way back. */
int64_t schema_number(const struct schema_key *k, const void *at);
void schema_put_number(const struct schema_key *k, int64_t value, void *at);
/** ns since a boot at that local time; negative before it, and never more than ten years away. */
int64_t schema_instant_ns(const struct schema_instant *i, int64_t boot_local_s);
/** Is the number at `from` greater than that at `to`? A date and a time since boot are not
 * compared; who knows the boot can. Not for texts. */
bool schema_falls(const struct schema_key *k, const void *from, const void *to);

/** The entry of `names` (ended by NULL) that looks most like `name`, or NULL if none looks like it.
 */
const char *schema_nearest(const char *name, const char *const *names);
/** Is `name` one of `names` (ended by NULL)? */
bool schema_listed(const char *name, const char *const *names);
/** "WHAT; did you mean 'NEAREST'?", or "WHAT; allowed: ..." when nothing looks like `name`. */
void schema_suggest(const char *what, const char *name, const char *const *names, char *why,
                    size_t why_size);
/** The same, of the keys in `table`. */
void schema_suggest_key(const char *what, const char *name, const struct schema_key *table,
                        char *why, size_t why_size);

#endif /* TOOLS_SCHEMA_H */
