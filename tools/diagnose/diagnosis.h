/* diagnosis.h - one failure, from the artefacts to the verdict.
 *
 *     paths -> collect.c (what is it?) -> from_*.c (facts, series, host, memory)
 *           -> check.c (what contradicts what) -> verdict.c -> report_*.c
 *
 * Everything that a report shows is in the record below. It is filled from files alone, never from
 * a host's run/ folder, and trusts none of them.
 *
 * Unknown is -1 for a number, "" for a text, 0 for a pid. Times are ns of uptime or whole seconds
 * since 1970, sizes kB. */
#ifndef TOOLS_DIAGNOSE_DIAGNOSIS_H
#define TOOLS_DIAGNOSE_DIAGNOSIS_H

#include "tools/diagnose/fact.h"
#include "tools/diagnose/verdict.h"
#include "tools/parse/text.h"

#define DIAGNOSIS_TOP 8u
#define DIAGNOSIS_SOURCES_MAX 256u
#define DIAGNOSIS_REMARKS_MAX 64u
#define DIAGNOSIS_REMARK_MAX 320u
#define DIAGNOSIS_HOURS_MAX 20000u /* two years of hourly lines */
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
/* A log, kept until the end of the failure is known: only then can its boot be chosen. */
struct diagnosis_log {
    struct text text;
    enum artefact kind;
};
struct diagnosis_process {
    char name[FACT_WHO_MAX];
    uint32_t pid; /* 0 = not known */
    int64_t kb;
};
/* One hourly line, for the plots. */
struct diagnosis_hour {
    int64_t epoch_s;
    int64_t swap_kb;
    struct {
        char name[16];
        int64_t kb;
    } top[3];
};
struct diagnosis_beat {
    int64_t at_ns; /* uptime */
    int64_t latency_ns;
};

struct diagnosis_host {
    char name[64], build[32], profile[32];
    int64_t uptime_ns; /* at the end of the failure */
    int64_t end_s;     /* the same in seconds since 1970, UTC */
    int64_t zone_s;    /* local time minus UTC; 0 when nothing says so */
    int64_t vms;
};
struct diagnosis_memory {
    int64_t total_kb, swap_total_kb, swap_used_kb;
    uint32_t top_count;
    struct diagnosis_process top[DIAGNOSIS_TOP]; /* largest first */
};
/* Sentences, each of them once. What is too much is dropped. */
struct diagnosis_remarks {
    uint32_t count;
    char text[DIAGNOSIS_REMARKS_MAX][DIAGNOSIS_REMARK_MAX];
};

/* What single artefacts say of the same thing, for check.c. */
struct diagnosis_screen {
    char build[32], file[FACT_FILE_MAX];
    int64_t uptime_ns;
};
struct diagnosis_summary { /* at the last hourly line */
    char build[32], file[FACT_FILE_MAX];
    int64_t uptime_ns, swap_kb;
};
struct diagnosis_meminfo {
    char file[FACT_FILE_MAX];
    int64_t total_kb, swap_total_kb;
};
/* A dump, or a loss that a VMkernel log reports: of several failures of one host, the last one. */
struct diagnosis_end {
    char file[FACT_FILE_MAX];
    int64_t end_s; /* seconds since 1970, UTC */
    int64_t uptime_ns;
};

struct diagnosis {
    struct facts facts;
    struct verdict verdict;
    struct diagnosis_host host;
    struct diagnosis_memory memory;
    uint32_t source_count;
    struct diagnosis_source source[DIAGNOSIS_SOURCES_MAX];
    struct diagnosis_remarks contradictions; /* files that do not fit each other */
    struct diagnosis_remarks earlier;        /* failures before the one that is judged */
    struct diagnosis_screen screen;
    struct diagnosis_summary summary;
    struct diagnosis_meminfo meminfo;
    struct diagnosis_end zdump, core, loss;
    struct diagnosis_log *log; /* owned */
    uint32_t log_count;
    struct text *summary_text; /* all vmksummary files; owned */
    uint32_t summary_text_count;
    uint32_t hour_count;
    struct diagnosis_hour *hour; /* oldest first; owned */
    uint32_t beat_count;
    struct diagnosis_beat beat[DIAGNOSIS_BEATS_MAX];
};

/** An empty record, to be freed with diagnosis_free(). NULL = no memory. */
struct diagnosis *diagnosis_create(void);
void diagnosis_free(struct diagnosis *d);

/** Read everything at `path`: a host directory, an unpacked or packed vm-support bundle, or one
 * file. @return how many artefacts were recognised there; -1 with one line in err when the path
 * cannot be read */
int diagnosis_read(struct diagnosis *d, const char *path, char *err, size_t err_size);

/** After the last diagnosis_read(): derive what needs several files, compare, judge. */
void diagnosis_conclude(struct diagnosis *d);

/** A size in percent of the console's RAM, or of the most RAM that a console can have (800 MB) when
 * nothing says how much it has. */
double diagnosis_pct_of_ram(const struct diagnosis *d, int64_t kb);

/** Add a sentence, unless it is there already. */
void __attribute__((format(printf, 2, 3)))
diagnosis_remark(struct diagnosis_remarks *r, const char *format, ...);

/** Add to what is noted about a file; a semicolon parts the remarks. */
void __attribute__((format(printf, 2, 3)))
diagnosis_note(struct diagnosis_source *s, const char *format, ...);

/** Note how many lines of text number `file` a parser did not understand, and the first of them. */
void diagnosis_note_unparsed(struct diagnosis_source *s, const struct text *t,
                             const struct unparsed *unparsed, uint32_t file);

/** "17:15:58:08.885", an uptime. */
void diagnosis_uptime(int64_t ns, char ret[DIAGNOSIS_WHEN_ROOM]);
/** "2009-11-13 09:03:58", UTC. */
void diagnosis_when(int64_t epoch_s, char ret[DIAGNOSIS_WHEN_ROOM]);

/** The source that was read from `path`, NULL = none. */
struct diagnosis_source *diagnosis_find_source(struct diagnosis *d, const char *path);

#endif /* TOOLS_DIAGNOSE_DIAGNOSIS_H */
