/* crash.h - `lostbeat crash`: what its commands share.
 *
 * A command is a function that is given the core and an `out`; it neither exits nor prints
 * otherwise. Layouts are those that users of `crash` know [RHEL3MM 6]. */
#ifndef TOOLS_CRASH_CRASH_H
#define TOOLS_CRASH_CRASH_H

#include "tools/core/core_model.h"
#include "tools/core/core_source.h"
#include "tools/out/out.h"

#define CRASH_ARGS_MAX 16

struct crash {
    struct core *core;
    struct cos_tasks tasks;
    struct cosview_unwinder *unwinder;
    struct core_source *source; /* of -e; NULL without */
    struct out out;
};

enum crash_status {
    CRASH_OK = 0,
    CRASH_USAGE = 2, /* the command line was wrong; it was reported */
    CRASH_QUIT = 3,  /* the user wants to leave */
};

struct crash_command {
    const char *name;
    const char *usage;                                  /* "ps [-m] [PID|COMM]..." */
    const char *summary;                                /* one line */
    const char *help;                                   /* more lines, or "" */
    int (*run)(struct crash *s, int argc, char **argv); /* argv[0] is the name */
};

/** Run one line. @return CRASH_OK, CRASH_USAGE or CRASH_QUIT */
int crash_line(struct crash *s, const char *line);
/** Print "NAME: MESSAGE" and the usage to stderr. @return CRASH_USAGE */
int __attribute__((format(printf, 2, 3)))
crash_usage(const struct crash_command *c, const char *format, ...);
/** Read commands from a terminal, with history, or from a pipe. @return the worst status */
int crash_interact(struct crash *s);

/* ---- for commands ---- */
/** Begin the result of the command `name`: its schema, and which core. */
void crash_begin(struct crash *s, const char *name);
/** End it: add what is inconsistent in the core (JSON), and print it. */
void crash_finish(struct crash *s);
/** Task of "PID" or of a task_struct's address in hexadecimal.
 * @return NULL when there is none, which was reported */
const struct cos_task *crash_task_arg(struct crash *s, const struct crash_command *c,
                                      const char *arg);
/** Decimal number of at most `max`. @return false if it is none */
bool crash_number(const char *arg, uint64_t max, uint64_t *ret);
/** Address: hexadecimal with or without 0x, or SYMBOL, or SYMBOL+DECIMAL. */
bool crash_address(const struct crash *s, const char *arg, uint64_t *ret);
/** "779.9 MB" of a number of pages, as crash prints it. */
const char *crash_size(uint64_t pages, char to[32]);
/** "comm", or "[comm]" for a kernel thread. */
const char *crash_comm(const struct cos_task *t, char to[24]);
/** The line PID: ... TASK: ... CPU: ... COMMAND: ... of bt, vm and task. */
void crash_task_line(struct crash *s, const struct cos_task *t);
/** The text of "42 days, 13:39:28" of ns. */
const char *crash_uptime(uint64_t ns, char to[40]);

extern const struct crash_command crash_sys, crash_ps, crash_bt, crash_foreach, crash_kmem,
    crash_log, crash_swap, crash_vm, crash_task, crash_runq, crash_rd, crash_search, crash_leak,
    crash_why, crash_sym, crash_help, crash_exit;

#endif /* TOOLS_CRASH_CRASH_H */
