/* reading.h - what the first phase of a diagnosis yields: each artefact, parsed once.
 *
 * A file becomes one record, a zdump four: itself, and the screen and the two logs in it. All
 * vmksummary files together are one, since their hours are one story. A record also holds what the
 * second phase decides of it: is it of the failure, and which of its lines are. */
#ifndef TOOLS_DIAGNOSE_READERS_READING_H
#define TOOLS_DIAGNOSE_READERS_READING_H

#include "shared/err.h"
#include "shared/zdump.h"
#include "tools/diagnose/facts/diagnosis.h"
#include "tools/diagnose/readers/gain.h"
#include "tools/diagnose/readers/tasks.h"
#include "tools/parse/meminfo.h"
#include "tools/parse/messages.h"
#include "tools/parse/purple.h"
#include "tools/parse/top.h"
#include "tools/parse/vmklog.h"
#include "tools/parse/vmksummary.h"

#define OWNER_MAX 17u

/* A zdump, and when it was taken. */
struct parsed_zdump {
    struct zdump z;
    int64_t stun_ns; /* uptime; 0 = not known */
    int64_t end_s;   /* seconds since 1970, UTC; 0 = not known */
};
/* A cos-core: its figures, as they were at the stun. Sizes are pages. */
struct parsed_core {
    int64_t stun_ns;  /* VMkernel's uptime; 0 = not known */
    int64_t clock_ns; /* the console's own clock; 0 = not known */
    uint32_t total, free, clean, swap_total, swap_free;
    struct seen_tasks tasks;
    /* Anonymous pages and swap slots that no process maps, and whom most of them name. */
    uint32_t orphans, orphan_slots;
    char orphan_owner[OWNER_MAX];
};
struct parsed_summary {
    struct text *text;
    uint32_t text_count, text_room;
    struct diagnosis_source *source[DIAGNOSIS_SOURCES_MAX]; /* of each text */
    struct vmksummary v;
};

struct parsed {
    enum artefact kind;
    const struct parsed *within;     /* the zdump that it is a section of; NULL = a file */
    struct diagnosis_source *source; /* NULL = a section, or too many sources */
    char path[FACT_FILE_MAX];        /* where its facts stand, for people */
    struct text text;
    union {
        struct purple screen;
        struct parsed_summary summary;
        struct vmklog vmklog;
        struct messages messages;
        struct meminfo meminfo;
        struct parsed_core core;
        struct parsed_zdump zdump;
        struct top top;
    };
    /* decided by failure.c */
    bool is_of_failure;
    uint32_t from, to; /* of a log: its lines from..to-1 are of the boot that failed */
};

struct reading {
    struct parsed **parsed; /* owned; in the order of reading, then of rank (reading_sort) */
    uint32_t count, room;
    struct gain grower; /* the program that grew most; see failure.c */
    const struct parsed *grower_of;
};

/** A new record for a file. */
struct parsed *reading_add(struct diagnosis *d, enum artefact kind, const char *path);
/** A vmksummary file, a log, a screen or another text: found out from what it holds. *text is taken
 * over. @return true when it is an artefact; false when it is none, and freed */
bool reading_add_text(struct diagnosis *d, const char *path, struct text *text);
/** A zdump or dump partition with its sections. @return 1; 0 when it holds nothing; -1 with one
 * line in err */
int reading_add_zdump(struct diagnosis *d, const char *path, const char *shown, struct err *err);
/** A cos-core, plain or .gz. @return 1, or -1 with one line in err */
int reading_add_core(struct diagnosis *d, const char *path, const char *shown, struct err *err);
/** After the last file: parse the vmksummary files together, bring logs into the order of their age
 * (the living one, then .1, .2), and note what was not understood. */
void reading_end(struct diagnosis *d);
/** Give back all records. */
void reading_free(struct reading *r);

/** The first record of a kind, or the next after `last`; NULL = no more. */
struct parsed *reading_next(const struct reading *r, enum artefact kind, const struct parsed *last);

/** Line number `line` of a text, from 1; "" when it has none. */
const char *reading_line(const struct text *t, uint32_t line);

#endif /* TOOLS_DIAGNOSE_READERS_READING_H */
