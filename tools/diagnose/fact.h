/* fact.h - what is known about one failure, wherever it was read.
 *
 * The vocabulary between those who read artefacts (from_*.c) and those who reason (cause_*.c). A
 * fact is one number with a name, perhaps a process that it is about, and the place where it
 * stands, so that a verdict can be followed line by line. One list gives every fact its name, its
 * unit and the
 * artefact that tells it; what no artefact told is not known, and no rule fires on it.
 *
 * A fact is set once by the best source: of two that tell the same, the one that was asked first
 * wins; that they contradict each other is somebody else's job (check.c). */
#ifndef TOOLS_DIAGNOSE_FACT_H
#define TOOLS_DIAGNOSE_FACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FACT_WHO_MAX 64u
#define FACT_TEXT_MAX 256u
#define FACT_FILE_MAX 512u

enum artefact {
    ARTEFACT_SCREEN,
    ARTEFACT_VMKSUMMARY,
    ARTEFACT_VMKLOG,
    ARTEFACT_MESSAGES,
    ARTEFACT_MEMINFO,
    ARTEFACT_CORE,
    ARTEFACT_ZDUMP,
    ARTEFACT_TOP,
    ARTEFACTS,
};

/* id, name, unit, who tells it */
#define FACT_LIST(X)                                                         \
    /* the end */                                                            \
    X(FACT_LOST_HEARTBEAT, "lost-heartbeat", "", SCREEN)                     \
    X(FACT_OTHER_SCREEN, "other-screen", "", SCREEN)                         \
    X(FACT_ALERT_COMM, "alert-comm", "minutes", SCREEN)                      \
    /* the hourly lines */                                                   \
    X(FACT_SUMMARY_LINES, "summary-lines", "lines", VMKSUMMARY)              \
    X(FACT_SUMMARY_SILENT, "summary-silent", "minutes", VMKSUMMARY)          \
    X(FACT_SUMMARY_LATE, "summary-late", "s", VMKSUMMARY)                    \
    X(FACT_SWAP_LAST, "swap-last", "%", VMKSUMMARY)                          \
    X(FACT_SWAP_DAY_BEFORE, "swap-day-before", "%", VMKSUMMARY)              \
    X(FACT_BIGGEST_LAST, "biggest-last", "% of RAM", VMKSUMMARY)             \
    X(FACT_BIGGEST_STEADY, "biggest-steady", "% of RAM", VMKSUMMARY)         \
    X(FACT_CAME_WHOLE, "came-whole", "% of RAM", VMKSUMMARY)                 \
    X(FACT_GROWER_RATE, "grower-rate", "kB/h", VMKSUMMARY)                   \
    X(FACT_GROWER_HOURS, "grower-hours", "h", VMKSUMMARY)                    \
    X(FACT_GROWER_GAIN, "grower-gain", "% of RAM", VMKSUMMARY)               \
    X(FACT_BIG_AND_GROWING, "big-and-growing", "% of RAM a day", VMKSUMMARY) \
    X(FACT_NO_GROWER, "no-grower", "", VMKSUMMARY)                           \
    X(FACT_SWAP_RATE, "swap-rate", "kB/h", VMKSUMMARY)                       \
    X(FACT_SWAP_CLIMB, "swap-climb", "% of swap", VMKSUMMARY)                \
    /* memory at the stun */                                                 \
    X(FACT_FREE, "free", "% of RAM", CORE)                                   \
    X(FACT_SWAP_USED, "swap-used", "%", CORE)                                \
    X(FACT_NO_SWAP, "no-swap", "", CORE)                                     \
    X(FACT_STUCK_TASKS, "stuck-tasks", "tasks", CORE)                        \
    X(FACT_TOP_NOW, "top-now", "% of RAM", CORE)                             \
    X(FACT_TOP_NOW_RISE, "top-now-rise", "% of RAM", CORE)                   \
    X(FACT_TOP_NOW_YOUNG, "top-now-young", "minutes", CORE)                  \
    X(FACT_SAME_NAME, "same-name", "processes", CORE)                        \
    X(FACT_SAME_NAME_SHARE, "same-name-share", "% of RAM", CORE)             \
    X(FACT_TASKS, "tasks", "tasks", CORE)                                    \
    X(FACT_ZOMBIES, "zombies", "tasks", CORE)                                \
    X(FACT_SHARED_MEMORY, "shared-memory", "% of RAM", CORE)                 \
    X(FACT_NIGHT_JOB, "night-job", "% of RAM", CORE)                         \
    /* vmnixhbd */                                                           \
    X(FACT_HBD_GONE, "hbd-gone", "", CORE)                                   \
    X(FACT_HBD_STOPPED, "hbd-stopped", "", CORE)                             \
    X(FACT_HBD_IN_ALLOCATOR, "hbd-in-allocator", "", CORE)                   \
    X(FACT_HBD_RUNNABLE, "hbd-runnable", "", CORE)                           \
    X(FACT_HBD_IN_RPC, "hbd-in-rpc", "", CORE)                               \
    X(FACT_HBD_IN_IO, "hbd-in-io", "", CORE)                                 \
    X(FACT_HBD_ASLEEP, "hbd-asleep", "", CORE)                               \
    X(FACT_OOM_KILLED_HBD, "oom-killed-hbd", "", MESSAGES)                   \
    X(FACT_OOM_KILLED, "oom-killed", "", MESSAGES)                           \
    /* the CPU */                                                            \
    X(FACT_RT_SPINNER, "rt-spinner", "priority", CORE)                       \
    X(FACT_HOGS, "hogs", "tasks", CORE)                                      \
    X(FACT_RUNNABLE, "runnable", "tasks", CORE)                              \
    /* the VMkernel's side */                                                \
    X(FACT_NEVER_BEAT, "never-beat", "", ZDUMP)                              \
    X(FACT_BEAT_LATENCY, "beat-latency", "ms", ZDUMP)                        \
    X(FACT_RING_REFUSED, "ring-refused", "times", ZDUMP)                     \
    X(FACT_RING_STALE, "ring-stale", "times", ZDUMP)                         \
    X(FACT_RING_UNHEARD, "ring-unheard", "beats", CORE)                      \
    X(FACT_RPC_WAITS, "rpc-waits", "s", ZDUMP)                               \
    X(FACT_DISK_WAITS, "disk-waits", "s", ZDUMP)                             \
    X(FACT_DISK_RECOVERS, "disk-recovers", "", CORE)                         \
    X(FACT_SERIAL_LOST, "serial-lost", "lines", VMKLOG)                      \
    X(FACT_DISK_RETRIES, "disk-retries", "s", MESSAGES)                      \
    X(FACT_COS_LAG, "cos-lag", "s", ZDUMP)                                   \
    X(FACT_WORLD_KEEPS_PCPU0, "world-keeps-pcpu0", "", VMKLOG)               \
    /* other ends */                                                         \
    X(FACT_COS_OOPS, "cos-oops", "", MESSAGES)                               \
    X(FACT_MACHINE_CHECK, "machine-check", "lines", VMKLOG)

#define FACT_ENUM(id, name, unit, artefact) id,
enum fact_id { FACT_LIST(FACT_ENUM) FACTS };
#undef FACT_ENUM

struct fact {
    bool known;
    double value;
    char who[FACT_WHO_MAX];   /* process, world or headline that it is about; "" = none */
    uint32_t pid;             /* of that process; 0 = not known */
    char file[FACT_FILE_MAX]; /* where it stands, as given on the command line or found below it */
    uint32_t line;            /* from 1; 0 = the file has no lines (a core) */
    char text[FACT_TEXT_MAX]; /* what stands there, or how it was computed */
};

struct facts {
    struct fact fact[FACTS];
    bool seen[ARTEFACTS]; /* an artefact of that kind was read */
};

/** Set a fact that is not known yet. `who`, `file` and `text` may be NULL; they are copied and
 * cut. */
void fact_set(struct facts *f, enum fact_id id, double value, const char *who, const char *file,
              uint32_t line, const char *text);
/** No longer known: a better source told something else. */
void fact_forget(struct facts *f, enum fact_id id);
/** Forget all that stands in a file: it turned out to be of another failure. */
void facts_forget_file(struct facts *f, const char *file);
/** "swap-used" and so on; the unit, "" = a plain yes or a count of nothing; who tells it. */
const char *fact_name(enum fact_id id);
const char *fact_unit(enum fact_id id);
enum artefact fact_artefact(enum fact_id id);
/** "purple screen", "vmksummary" and so on. */
const char *artefact_name(enum artefact a);

#endif /* TOOLS_DIAGNOSE_FACT_H */
