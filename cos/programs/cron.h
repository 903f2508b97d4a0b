/* cron.h - the programs that cron starts: small shells and tools that come and go.
 *
 * Sizes are OUR CHOICE, in the manner of RHEL 3's bash, ps and textutils. Each stays well below
 * 5 MB of VSZ: they have almost no CPU and age, and the OOM killer divides by both, so that a
 * larger one would be taken for the culprit (RHEL3MM 1.8). */
#ifndef COS_CRON_H
#define COS_CRON_H

#include "cos/programs/program.h"

#define CRON_CHILD(comm, runs, text, libs, data)                                             \
    {                                                                                        \
        .name = comm, .behaviour = runs, .flags = BOOT_PROG_ROOT | BOOT_PROG_RAWIO,          \
        .text_kb = text, .lib_kb = libs, .data_kb = data, .stack_kb = 24, .touch_pages = 40, \
        .cpu_ns = 1000000                                                                    \
    }

/** Start a child and wait until it ended; touches the parent's pages first, as a shell does.
 * @return 0, or the error of fork_exec() */
int cron_run(struct program *p, const struct boot_program *spec, const char *text);

#endif /* COS_CRON_H */
