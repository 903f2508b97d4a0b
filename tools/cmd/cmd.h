/* cmd.h - the subcommands of `lostbeat`: one file each, named cmd_NAME.c.
 *
 * A subcommand describes itself, with its options in a table from which cmd_options() reads the
 * command line and writes the help; its `run` has a main's arguments (argv[0] is its name) and
 * returns an exit status. Results go to stdout, through tools/out, everything else to stderr. */
#ifndef TOOLS_CMD_H
#define TOOLS_CMD_H

#include <stdbool.h>
#include <stddef.h>

#include "tools/out/out.h"

enum cmd_exit {
    CMD_GO = -1,   /* no exit status: go on */
    CMD_OK = 0,    /* as expected */
    CMD_BAD = 1,   /* the thing looked at is bad */
    CMD_USAGE = 2, /* the command line or an input is wrong; nothing was done */
};

/* An option. It sets a bool of the command's arguments or, when it has a value, a const char *. */
struct cmd_option {
    const char *name;  /* "seed" of --seed */
    char letter;       /* 'n' of -n; 0 = none */
    const char *value; /* "N", as the help calls its value; NULL = it has none */
    size_t member;     /* where in the arguments */
    /* Takes the value into a member of another type. @return NULL, or what is wanted: "a number" */
    const char *(*take)(void *member, const char *text);
    const char *help;
};

/* What an option says that may be given several times, in its order. */
struct cmd_texts {
    const char *text[64];
    size_t count;
};

/* Rows of a table of options; each command calls its arguments `struct arguments`. */
#define CMD_FLAG(name, letter, member, help)                               \
    {                                                                      \
        name, letter, NULL, offsetof(struct arguments, member), NULL, help \
    }
#define CMD_TEXT(name, letter, value, member, help)                         \
    {                                                                       \
        name, letter, value, offsetof(struct arguments, member), NULL, help \
    }
#define CMD_TAKE(name, letter, value, member, take, help)                   \
    {                                                                       \
        name, letter, value, offsetof(struct arguments, member), take, help \
    }
#define CMD_TEXTS(name, letter, value, member, help) \
    CMD_TAKE(name, letter, value, member, cmd_take_text, help)
#define CMD_JSON(help) CMD_FLAG("json", 0, json, help)
#define CMD_HOST                     \
    CMD_TEXT("host", 0, "DIR", host, \
             "the host; default: the current directory, else $LOSTBEAT_HOST")
#define CMD_OPTIONS_END \
    {                   \
        .name = NULL    \
    }

struct cmd {
    const char *name;
    const char *summary;              /* one line for `lostbeat --help` */
    const char *usage;                /* what is typed behind the name, a line for each form */
    const char *about;                /* sentences */
    const struct cmd_option *options; /* up to CMD_OPTIONS_END */
    const char *more;                 /* examples, exit status */
    const char *operand;              /* what stands behind the options: "scenario" */
    int least, most;                  /* how many of these */
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

/** Read the options into `arguments`, which has their defaults; argv[optind] is then the first
 * operand. @return CMD_GO, or the exit status: the help was wanted, or the command line is wrong,
 * which was reported */
int cmd_options(const struct cmd *c, int argc, char **argv, void *arguments);

/** For CMD_TEXTS: one more text into a struct cmd_texts. */
const char *cmd_take_text(void *member, const char *text);
/** For CMD_TAKE: a seed into a uint64_t, 0 to 2^63 - 1, since it goes into JSON. */
const char *cmd_take_seed(void *member, const char *text);
/** For CMD_TAKE: the clock that a host runs by, into a const char *. */
const char *cmd_take_clock(void *member, const char *text);

/** Print "lostbeat NAME: MESSAGE" and where the help is to stderr. @return CMD_USAGE */
int __attribute__((format(printf, 2, 3))) cmd_usage(const struct cmd *c, const char *format, ...);

/** Print "lostbeat: MESSAGE" to stderr. @return `status` */
int __attribute__((format(printf, 2, 3))) cmd_fail(enum cmd_exit status, const char *format, ...);

/** What became of a run of the VMkernel: `status` and `err` are those of hypervisor_run(). @return
 * CMD_OK, or the exit status; it was reported */
int cmd_vmkernel_ended(int status, const char *host_dir, const char *err);

/** Where a result goes: stdout, in colours when that is a terminal. */
struct out cmd_out(bool json);

/** End a result. @return `status`, or CMD_USAGE when it could not be written, which was reported */
int cmd_finish(struct out *o, int status);

#endif /* TOOLS_CMD_H */
