/* cmd.h - the subcommands of `lostbeat`: one file each, named cmd_NAME.c.
 *
 * A subcommand is a function with a main's arguments (argv[0] is its name) and an exit status.
 * Results go to stdout, everything else to stderr. Exit status by docs/scenarios.md: as expected,
 * bad, or not understood. */
#ifndef TOOLS_CMD_H
#define TOOLS_CMD_H

#include <stdbool.h>
#include <stddef.h>

enum cmd_exit {
    CMD_OK = 0,    /* as expected */
    CMD_BAD = 1,   /* the thing looked at is bad */
    CMD_USAGE = 2, /* the command line or an input is wrong; nothing was done */
};

struct cmd {
    const char *name;
    const char *summary; /* one line for `lostbeat --help` */
    const char *help;    /* what --help prints */
    int (*run)(int argc, char **argv);
};
extern const struct cmd cmd_run, cmd_list, cmd_psod, cmd_boot, cmd_reset;
extern const struct cmd cmd_crash;
extern const struct cmd cmd_explain, cmd_forecast;
extern const struct cmd cmd_diagnose, cmd_verify;
/* Programs with names of their own, by links to `lostbeat`. */
extern const struct cmd cmd_vmkdump, cmd_vm_support, cmd_esxcfg_advcfg, cmd_esxcfg_dumppart;

/** Messages begin with this name instead of "lostbeat": the process was called so. `name` must live
 * on. */
void cmd_called(const char *name);

/** Print the help of a command to stdout. @return CMD_OK */
int cmd_help(const struct cmd *c);

/** Print "lostbeat NAME: MESSAGE" and where the help is to stderr. @return CMD_USAGE */
int __attribute__((format(printf, 2, 3))) cmd_usage(const struct cmd *c, const char *format, ...);

/** Print "lostbeat: MESSAGE" to stderr. @return `status` */
int __attribute__((format(printf, 2, 3))) cmd_fail(enum cmd_exit status, const char *format, ...);

/** True when `text` is an option of getopt that ended in an error; it was already told by cmd_usage
 * through opterr = 0. */
int cmd_bad_option(const struct cmd *c, char **argv);

#endif /* TOOLS_CMD_H */
