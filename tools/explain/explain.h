/* explain.h - what the parts of a purple screen say, and what they do not say.
 *
 * From the facts of tools/parse/purple.h to notes: a place on the screen, a rating, a sentence. The
 * rating is the article's distinction: most of a screen is boilerplate, some is unique, and some
 * misleads those who take it for the cause.
 *
 * Nothing here finds a cause: that takes other files. Sources: [KB308590/Screen] for what is
 * boilerplate; [D] for decoded numbers (docs/sources.md). */
#ifndef TOOLS_EXPLAIN_H
#define TOOLS_EXPLAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/parse/purple.h"

#define EXPLAIN_NUMBER_MAX 48u
#define EXPLAIN_SAYS_MAX 512u

enum explain_rating {
    EXPLAIN_BOILERPLATE,
    EXPLAIN_UNIQUE,
    EXPLAIN_MISLEADING,
    EXPLAIN_CORRECTED, /* read in another way than it is written */
    EXPLAIN_NOT_UNDERSTOOD,
    EXPLAIN_RATINGS
};

struct explain_note {
    struct purple_place place;
    enum explain_rating rating;
    char says[EXPLAIN_SAYS_MAX]; /* cut when what it cites from the screen is too long */
};

/* A value that was computed from the screen. */
struct explain_number {
    const char *name; /* "cos_ram_mb" */
    double value;
    const char *from; /* how: "cr3 - 0x2401000" */
};

struct explain {
    struct explain_note *note; /* by line, then column */
    uint32_t note_count, room;
    struct explain_number number[EXPLAIN_NUMBER_MAX];
    uint32_t number_count;
    const char *release;     /* "ESX 3.5 Update 3"; NULL = the build is not listed or not legible */
    const char *ip_is_in;    /* "console kernel", "VMkernel", "console program", "unknown" */
    bool registers_are_cos;  /* the registers are the console's */
    const char *missing[12]; /* parts that a whole screen has */
    uint32_t missing_count;
};

/** Explain a screen; p->is_screen. The result does not point into `p`. Free with explain_free(). */
void explain_make(const struct purple *p, struct explain *ret);
void explain_free(struct explain *e);

/** "boilerplate", "unique", "misleading", "corrected", "not understood". */
const char *explain_rating_name(enum explain_rating r);

/** What a world of this name is: "the service console", "idle", "a vCPU of a virtual machine", ...
 */
const char *explain_world_kind(const char *name);

/** The number, or NULL. */
const struct explain_number *explain_find(const struct explain *e, const char *name);

#endif /* TOOLS_EXPLAIN_H */
