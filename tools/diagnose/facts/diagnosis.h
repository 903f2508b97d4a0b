/* diagnosis.h - the record of one failure: what was read, what it says, and the verdict.
 *
 * Everything that a report shows is in it. It is filled in three phases (diagnose.h) from files
 * alone, never from a host's run/ folder, and trusts none of them.
 *
 * Unknown is -1 for a number, "" for a text, 0 for a pid. Times are ns of uptime or whole seconds
 * since 1970, sizes kB. */
#ifndef TOOLS_DIAGNOSE_FACTS_DIAGNOSIS_H
#define TOOLS_DIAGNOSE_FACTS_DIAGNOSIS_H

#include "tools/diagnose/facts/fact.h"
#include "tools/parse/vmksummary.h"

#define DIAGNOSIS_TOP 8u
#define DIAGNOSIS_SOURCES_MAX 256u
#define DIAGNOSIS_REMARKS_MAX 64u
#define DIAGNOSIS_REMARK_MAX 320u
#define DIAGNOSIS_BEATS_MAX 64u
#define DIAGNOSIS_UNPARSED_SHOWN 5u
#define DIAGNOSIS_WHEN_ROOM 24u

struct diagnosis_source {
    char path[FACT_FILE_MAX];
    enum artefact kind;
    char note[128];          /* "cut", "3 of 120 lines not understood"; "" = all well */
    uint32_t line_count;     /* of a text; 0 = it has none */
    uint32_t unparsed_count; /* of these, not understood */
    struct {
        uint32_t line;
        const char *why;
    } unparsed[DIAGNOSIS_UNPARSED_SHOWN]; /* the first of them */
};
struct diagnosis_host {
    char name[64], build[32], profile[32];
    int64_t uptime_ns; /* at the end of the failure */
    int64_t end_s;     /* the same in seconds since 1970, UTC */
    int64_t zone_s;    /* local time minus UTC; 0 when nothing says so */
    int64_t vms;
};
struct diagnosis_process {
    char name[FACT_WHO_MAX];
    uint32_t pid;
    int64_t kb;
};
struct diagnosis_memory {
    int64_t total_kb, swap_total_kb, swap_used_kb;
    uint32_t top_count;
    struct diagnosis_process top[DIAGNOSIS_TOP]; /* largest first */
};
struct diagnosis_beat {
    int64_t at_ns; /* uptime */
    int64_t latency_ns;
};
/* Sentences, each of them once. What is too much is dropped. */
struct diagnosis_remarks {
    uint32_t count;
    char text[DIAGNOSIS_REMARKS_MAX][DIAGNOSIS_REMARK_MAX];
};

#define VERDICT_CAUSES_MAX 16u
#define VERDICT_TEXT_MAX 320u
#define VERDICT_MISSING_MAX 8u

struct hypothesis; /* causes/hypothesis.h */
struct rule;
struct verdict_cause {
    const struct hypothesis *hypothesis;
    int score; /* decibans */
    double probability;
    const struct rule *against; /* the strongest rule against it that holds; NULL = none */
};
struct verdict_missing {
    enum artefact artefact;
    const char *would_tell;
};
struct verdict {
    const struct hypothesis *best; /* NULL = unknown */
    double confidence;             /* of the verdict, "unknown" included */
    const struct fact *culprit;    /* NULL = no process is to blame */
    char headline[VERDICT_TEXT_MAX];
    uint32_t count;
    struct verdict_cause cause[VERDICT_CAUSES_MAX]; /* most probable first */
    uint32_t missing_count;
    struct verdict_missing missing[VERDICT_MISSING_MAX];
};

struct diagnosis {
    uint32_t source_count;
    struct diagnosis_source source[DIAGNOSIS_SOURCES_MAX]; /* in the order of reading */
    struct diagnosis_host host;
    struct diagnosis_memory memory;
    const struct vmksummary_record **hour; /* of the boot that failed, oldest first; owned */
    uint32_t hour_count;
    uint32_t beat_count;
    struct diagnosis_beat beat[DIAGNOSIS_BEATS_MAX];
    struct facts facts;
    struct diagnosis_remarks contradictions; /* files that do not fit each other */
    struct diagnosis_remarks earlier;        /* failures before the one that is judged */
    struct verdict verdict;
    struct reading *reading; /* what was parsed (readers/reading.h); facts point into it */
};

/** An empty record. NULL = no memory. diagnose.h gives it back. */
struct diagnosis *diagnosis_create(void);

/** A size in percent of the console's RAM, or of the most RAM that a console can have (800 MB) when
 * nothing says how much it has. */
double diagnosis_pct_of_ram(const struct diagnosis *d, double kb);

/** Add a process to the largest ones of a list. */
void diagnosis_add_process(struct diagnosis_memory *m, const char *name, uint32_t pid, int64_t kb);

/** Add a sentence, unless it is there already. */
void __attribute__((format(printf, 2, 3)))
diagnosis_remark(struct diagnosis_remarks *r, const char *format, ...);

/** Add to what is noted about a file; a semicolon parts the remarks. NULL = a section of a zdump,
 * about which nothing is noted. */
void __attribute__((format(printf, 2, 3)))
diagnosis_note(struct diagnosis_source *s, const char *format, ...);

/** Note how many lines of text number `file` a parser did not understand, and the first of them. */
void diagnosis_note_unparsed(struct diagnosis_source *s, const struct text *t,
                             const struct unparsed *unparsed, uint32_t file);

/** "17:15:58:08.885", an uptime. */
void diagnosis_uptime(int64_t ns, char ret[DIAGNOSIS_WHEN_ROOM]);
/** "2009-11-13 09:03:58", UTC. */
void diagnosis_when(int64_t epoch_s, char ret[DIAGNOSIS_WHEN_ROOM]);

#endif /* TOOLS_DIAGNOSE_FACTS_DIAGNOSIS_H */
