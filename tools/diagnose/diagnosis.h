/* diagnosis.h - one failure, from the artefacts to the verdict.
 *
 *     paths -> collect.c (what is it?) -> from_*.c (facts, series, host, memory)
 *           -> check.c (what contradicts what) -> verdict.c -> report_*.c
 *
 * Everything that a report shows is in the record below. It is filled from files alone, never from
 * a host's run/ folder, and trusts none of them. */
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
#define DIAGNOSIS_ODDS_SHOWN 5u
#define DIAGNOSIS_EARLIER_MAX 16u
#define DIAGNOSIS_WHEN_ROOM 24u

struct diagnosis_source {
    char path[FACT_FILE_MAX];
    enum artefact kind;
    char note[128]; /* "cut", "3 of 120 lines not understood"; "" = all well */
    uint32_t lines; /* of a text; 0 = it has none */
    uint32_t odds;  /* of these, not understood */
    struct {
        uint32_t line;
        const char *why;
    } odd[DIAGNOSIS_ODDS_SHOWN]; /* the first of them */
};
/* A log, kept until the end of the failure is known: only then can its boot be chosen. */
struct diagnosis_log {
    struct text text;
    enum artefact kind;
};
struct diagnosis_process {
    char name[FACT_WHO_MAX];
    uint32_t pid; /* 0 = not known */
    double kb, pct_of_ram;
};
/* One hourly line, for the plots. */
struct diagnosis_hour {
    int64_t epoch_s;
    double swap_kb;
    struct {
        char name[16];
        double kb;
    } top[3];
};
struct diagnosis_beat {
    double at_s; /* uptime */
    double latency_ms;
};

struct diagnosis {
    struct facts facts;
    struct verdict verdict;
    struct {
        char name[64], build[32], profile[32];
        double uptime_s;     /* 0 = not known */
        int64_t vms;         /* -1 = not known */
        int64_t end_epoch_s; /* 0 = not known */
        int64_t zone_s;      /* local minus UTC; 0 when nobody says */
    } host;
    struct {
        double total_kb, swap_total_kb, swap_used_kb; /* 0, 0, -1 = not known */
        uint32_t top_count;
        struct diagnosis_process top[DIAGNOSIS_TOP];
    } memory;
    uint32_t source_count;
    struct diagnosis_source source[DIAGNOSIS_SOURCES_MAX];
    uint32_t inconsistency_count;
    char inconsistency[DIAGNOSIS_REMARKS_MAX][DIAGNOSIS_REMARK_MAX];
    /* What single artefacts say of the same thing, for check.c; 0 and "" = nothing. */
    struct {
        char build[32], file[FACT_FILE_MAX];
        double uptime_s;
        int64_t alert_pid;
    } screen;
    struct {
        char build[32], file[FACT_FILE_MAX], host[64];
        double uptime_s; /* at the last hourly line */
        double swap_kb;  /* then */
        int64_t epoch_s;
    } summary;
    struct {
        char file[FACT_FILE_MAX];
        double total_kb, swap_total_kb;
    } meminfo;
    /* The dumps that the facts are taken from, and the loss that a VMkernel log tells of: of
     * several failures of one host, the last one. "" and 0 = none. */
    struct {
        char file[FACT_FILE_MAX];
        int64_t end_epoch_s; /* 0 = not told */
        double stun_s;       /* uptime */
    } zdump;
    struct {
        char file[FACT_FILE_MAX];
        double stun_s;
    } core;
    struct {
        char file[FACT_FILE_MAX];
        double at_s; /* uptime */
    } loss;
    uint32_t earlier_count;
    char earlier[DIAGNOSIS_EARLIER_MAX][DIAGNOSIS_REMARK_MAX]; /* failures before this one */
    struct diagnosis_log *log;                                 /* owned */
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

/** What of the memory is known: RAM in kB, or the most that a console can have (800 MB) when nobody
 * says. */
double diagnosis_ram_kb(const struct diagnosis *d);

/** Note that two files contradict each other. Too many are dropped. */
void __attribute__((format(printf, 2, 3)))
diagnosis_contradicts(struct diagnosis *d, const char *format, ...);

/** Name a failure that is older than the one that is judged. The same sentence is kept once. */
void __attribute__((format(printf, 2, 3)))
diagnosis_earlier(struct diagnosis *d, const char *format, ...);

/** Add to what is noted about a file; a semicolon parts the remarks. */
void __attribute__((format(printf, 2, 3)))
diagnosis_note(struct diagnosis_source *s, const char *format, ...);

/** Note how many lines of text number `file` a parser did not understand, and the first of them. */
void diagnosis_note_odds(struct diagnosis_source *s, const struct text *t,
                         const struct parse_odds *odds, uint32_t file);

/** "17:15:58:08.885", an uptime. */
void diagnosis_uptime(double s, char ret[DIAGNOSIS_WHEN_ROOM]);
/** "2009-11-13 09:03:58", UTC. */
void diagnosis_when(int64_t epoch_s, char ret[DIAGNOSIS_WHEN_ROOM]);

/** The source that was read from `path`, NULL = none. */
struct diagnosis_source *diagnosis_find_source(struct diagnosis *d, const char *path);

/* The reports; `why` adds how the figures come about. @return 0 or -1 (writing failed) */
int report_diagnosis_text(const struct diagnosis *d, bool why, bool colours);
int report_diagnosis_json(const struct diagnosis *d);
/** A page of its own with the plots as inline SVG. */
int report_diagnosis_html(const struct diagnosis *d, const char *path, char *err, size_t err_size);

#endif /* TOOLS_DIAGNOSE_DIAGNOSIS_H */
