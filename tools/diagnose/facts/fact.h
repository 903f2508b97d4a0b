/* fact.h - what is known about one failure, wherever it was read.
 *
 * The vocabulary between those who read artefacts (from_*.c) and those who reason (cause_*.c). A
 * fact is one number with a name, perhaps a process that it is about, and the place where it
 * stands, so that a verdict can be followed line by line. One list gives every fact its name, its
 * unit and the artefacts that can show it; what none of them showed is not known, and no rule fires
 * on it.
 *
 * Each artefact yields a set of facts of its own, in which nothing is written twice. The sets are
 * merged in the order of a table (readers/extract.c), and a merge only adds: no fact is ever taken
 * back. That artefacts contradict each other is another matter (check.c). */
#ifndef TOOLS_DIAGNOSE_FACTS_FACT_H
#define TOOLS_DIAGNOSE_FACTS_FACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FACT_WHO_MAX 64u
#define FACT_TEXT_MAX 256u
#define FACT_FILE_MAX 512u

/* id, name, what it would tell */
#define ARTEFACT_LIST(X)                                                                  \
    X(SCREEN, "purple screen", "whether it was a lost heartbeat at all, and when")        \
    X(VMKSUMMARY, "vmksummary",                                                           \
      "whether a program grew over hours or days, and how full swap was")                 \
    X(VMKLOG, "vmkernel log", "storage trouble, lost commands, a world that kept pCPU 0") \
    X(MESSAGES, "messages", "whom the OOM killer ended")                                  \
    X(MEMINFO, "/proc/meminfo", "how much RAM and swap the console has")                  \
    X(CORE, "cos-core", "who held the memory and the CPU, and for what vmnixhbd waited")  \
    X(ZDUMP, "vmkernel-zdump",                                                            \
      "whether beats arrived, and which calls and commands were outstanding")             \
    X(TOP, "top log", "how the sizes of all programs went")

#define ARTEFACT_ENUM(id, name, tells) ARTEFACT_##id,
enum artefact { ARTEFACT_LIST(ARTEFACT_ENUM) ARTEFACTS };
#undef ARTEFACT_ENUM

/* The artefacts that show a fact beside the one to ask for. */
#define ALSO(artefact) (1u << ARTEFACT_##artefact)
#define ALSO_NONE 0u
#define ALSO_LISTS (ALSO(ZDUMP) | ALSO(MESSAGES) | ALSO(TOP)) /* lists of tasks */

/* id, name, unit, the artefact to ask for when it is missing, the others that show it */
#define FACT_LIST(X)                                                                     \
    /* the end */                                                                        \
    X(FACT_LOST_HEARTBEAT, "lost-heartbeat", "", SCREEN, ALSO(VMKLOG))                   \
    X(FACT_OTHER_SCREEN, "other-screen", "", SCREEN, ALSO(VMKLOG))                       \
    /* the hourly lines */                                                               \
    X(FACT_SUMMARY_SILENT, "summary-silent", "minutes", VMKSUMMARY, ALSO_NONE)           \
    X(FACT_SWAP_LAST, "swap-last", "%", VMKSUMMARY, ALSO_NONE)                           \
    X(FACT_SWAP_DAY_BEFORE, "swap-day-before", "%", VMKSUMMARY, ALSO_NONE)               \
    X(FACT_BIGGEST_LAST, "biggest-last", "% of RAM", VMKSUMMARY, ALSO_NONE)              \
    X(FACT_BIGGEST_STEADY, "biggest-steady", "% of RAM", VMKSUMMARY, ALSO_NONE)          \
    X(FACT_CAME_WHOLE, "came-whole", "% of RAM", VMKSUMMARY, ALSO_NONE)                  \
    X(FACT_GROWER_RATE, "grower-rate", "kB/h", VMKSUMMARY, ALSO(TOP))                    \
    X(FACT_GROWER_HOURS, "grower-hours", "h", VMKSUMMARY, ALSO(TOP))                     \
    X(FACT_GROWER_GAIN, "grower-gain", "% of RAM", VMKSUMMARY, ALSO(TOP))                \
    X(FACT_BIG_AND_GROWING, "big-and-growing", "% of RAM a day", VMKSUMMARY, ALSO_NONE)  \
    X(FACT_NO_GROWER, "no-grower", "", VMKSUMMARY, ALSO_NONE)                            \
    X(FACT_SWAP_RATE, "swap-rate", "kB/h", VMKSUMMARY, ALSO_NONE)                        \
    X(FACT_SWAP_CLIMB, "swap-climb", "% of swap", VMKSUMMARY, ALSO_NONE)                 \
    /* memory at the stun */                                                             \
    X(FACT_FREE, "free", "% of RAM", CORE, ALSO(MESSAGES))                               \
    X(FACT_SWAP_USED, "swap-used", "%", CORE, ALSO(MESSAGES))                            \
    X(FACT_TOP_NOW, "top-now", "% of RAM", CORE, ALSO_NONE)                              \
    X(FACT_TOP_NOW_RISE, "top-now-rise", "% of RAM", CORE, ALSO(VMKSUMMARY) | ALSO(TOP)) \
    X(FACT_TOP_NOW_YOUNG, "top-now-young", "minutes", CORE, ALSO_NONE)                   \
    X(FACT_SAME_NAME, "same-name", "processes", CORE, ALSO_LISTS)                        \
    X(FACT_SAME_NAME_SHARE, "same-name-share", "% of RAM", CORE, ALSO_NONE)              \
    X(FACT_TASKS, "tasks", "tasks", CORE, ALSO_LISTS)                                    \
    X(FACT_ZOMBIES, "zombies", "tasks", CORE, ALSO_LISTS)                                \
    X(FACT_SHARED_MEMORY, "shared-memory", "% of RAM", CORE, ALSO_NONE)                  \
    X(FACT_NIGHT_JOB, "night-job", "% of RAM", CORE, ALSO_NONE)                          \
    /* vmnixhbd */                                                                       \
    X(FACT_HBD_GONE, "hbd-gone", "", CORE, ALSO_LISTS)                                   \
    X(FACT_HBD_STOPPED, "hbd-stopped", "", CORE, ALSO_LISTS)                             \
    X(FACT_HBD_IN_ALLOCATOR, "hbd-in-allocator", "", CORE, ALSO_LISTS)                   \
    X(FACT_HBD_RUNNABLE, "hbd-runnable", "", CORE, ALSO_LISTS)                           \
    X(FACT_HBD_IN_RPC, "hbd-in-rpc", "", CORE, ALSO_LISTS)                               \
    X(FACT_HBD_IN_IO, "hbd-in-io", "", CORE, ALSO_LISTS)                                 \
    X(FACT_HBD_ASLEEP, "hbd-asleep", "", CORE, ALSO_LISTS)                               \
    X(FACT_OOM_KILLED_HBD, "oom-killed-hbd", "", MESSAGES, ALSO_NONE)                    \
    /* the CPU */                                                                        \
    X(FACT_RT_SPINNER, "rt-spinner", "priority", CORE, ALSO_NONE)                        \
    X(FACT_HOGS, "hogs", "tasks", CORE, ALSO_NONE)                                       \
    X(FACT_RUNNABLE, "runnable", "tasks", CORE, ALSO_LISTS)                              \
    /* the VMkernel's side */                                                            \
    X(FACT_NEVER_BEAT, "never-beat", "", ZDUMP, ALSO_NONE)                               \
    X(FACT_RING_REFUSED, "ring-refused", "times", ZDUMP, ALSO_NONE)                      \
    X(FACT_RING_STALE, "ring-stale", "times", ZDUMP, ALSO_NONE)                          \
    X(FACT_RING_UNHEARD, "ring-unheard", "beats", ZDUMP, ALSO_NONE)                      \
    X(FACT_RPC_WAITS, "rpc-waits", "s", ZDUMP, ALSO_NONE)                                \
    X(FACT_DISK_WAITS, "disk-waits", "s", ZDUMP, ALSO_NONE)                              \
    X(FACT_DISK_RECOVERS, "disk-recovers", "", CORE, ALSO_LISTS)                         \
    X(FACT_SERIAL_LOST, "serial-lost", "lines", VMKLOG, ALSO(ZDUMP))                     \
    X(FACT_DISK_RETRIES, "disk-retries", "s", MESSAGES, ALSO_NONE)                       \
    X(FACT_COS_LAG, "cos-lag", "s", CORE, ALSO_NONE)                                     \
    X(FACT_WORLD_KEEPS_PCPU0, "world-keeps-pcpu0", "", VMKLOG, ALSO_NONE)                \
    /* other ends */                                                                     \
    X(FACT_COS_OOPS, "cos-oops", "", MESSAGES, ALSO_NONE)                                \
    X(FACT_MACHINE_CHECK, "machine-check", "lines", VMKLOG, ALSO_NONE)

#define FACT_ENUM(id, name, unit, artefact, also) id,
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

/** Set a fact that is not known yet: to set it again is a bug of ours. `who` may be NULL; texts are
 * copied and cut. @return the fact, for its pid */
struct fact *__attribute__((format(printf, 7, 8)))
fact_set(struct facts *f, enum fact_id id, double value, const char *who, const char *file,
         uint32_t line, const char *text, ...);
/** Add what an artefact of kind `by` shows and nobody has shown yet. For what vmnixhbd waits is one
 * question, which one artefact answers: two states would be weighed as two. That FACT_LIST does not
 * know `by` for a fact is a bug of ours. */
void facts_merge(struct facts *f, const struct facts *from, enum artefact by);

/** "swap-used" and so on; the unit, "" = a plain yes or a count of nothing. */
const char *fact_name(enum fact_id id);
const char *fact_unit(enum fact_id id);
/** The artefact to ask for when the fact is missing. */
enum artefact fact_artefact(enum fact_id id);
/** Can an artefact of this kind show the fact? */
bool fact_is_shown_by(enum fact_id id, enum artefact a);
/** "purple screen", "vmksummary" and so on; what would be known if it were there. */
const char *artefact_name(enum artefact a);
const char *artefact_would_tell(enum artefact a);

#endif /* TOOLS_DIAGNOSE_FACTS_FACT_H */
