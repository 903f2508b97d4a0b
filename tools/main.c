/* main.c - `lostbeat`: finds the subcommand and hands over. */
#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "tools/cmd.h"
#include "tools/schema.h"

static const struct cmd *const commands[] = { &cmd_list,    &cmd_run,      &cmd_psod,
                                              &cmd_boot,    &cmd_reset,    &cmd_crash,
                                              &cmd_explain, &cmd_forecast, &cmd_diagnose,
                                              &cmd_verify };
#define COMMANDS (sizeof commands / sizeof commands[0])

/* Those that ESX people type under names of their own: links to this program. */
static const struct cmd *const programs[] = { &cmd_vmkdump, &cmd_vm_support, &cmd_esxcfg_advcfg,
                                              &cmd_esxcfg_dumppart };
#define PROGRAMS (sizeof programs / sizeof programs[0])
static bool by_own_name; /* this process was called so */

int cmd_help(const struct cmd *c)
{
    (void)fputs(c->help, stdout);
    return CMD_OK;
}

static const char *own_name = "";

static void complain(const char *who, const char *format, va_list args)
{
    if (by_own_name)
        (void)fprintf(stderr, "%s: ", own_name);
    else
        (void)fprintf(stderr, "lostbeat%s%s: ", *who != '\0' ? " " : "", who);
    (void)vfprintf(stderr, format, args);
    (void)fputc('\n', stderr);
}

int cmd_usage(const struct cmd *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    complain(c->name, format, args);
    va_end(args);
    (void)fprintf(stderr, "`%s%s --help` tells more.\n", by_own_name ? "" : "lostbeat ", c->name);
    return CMD_USAGE;
}

int cmd_fail(enum cmd_exit status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    complain("", format, args);
    va_end(args);
    return (int)status;
}

int cmd_bad_option(const struct cmd *c, char **argv)
{
    return cmd_usage(c, "unknown option, or one without its value: %s", argv[optind - 1]);
}

static void print_help(FILE *to)
{
    (void)fputs("usage: lostbeat COMMAND [ARGUMENTS]\n\nSimulates an ESX host whose service "
                "console stops beating.\n\n",
                to);
    for (size_t i = 0; i < COMMANDS; i++)
        (void)fprintf(to, "  %-8s %s\n", commands[i]->name, commands[i]->summary);
    (void)fputs("\nPrograms beside this one:\n\n", to);
    for (size_t i = 0; i < PROGRAMS; i++)
        (void)fprintf(to, "  %-15s %s\n", programs[i]->name, programs[i]->summary);
    (void)fputs(
        "\n`lostbeat COMMAND --help` tells more.\n"
        "Exit status: 0 as expected, 1 the thing looked at is bad, 2 wrong usage or input.\n",
        to);
}

static int unknown_command(const char *name)
{
    const char *names[COMMANDS + 1] = { NULL };
    for (size_t i = 0; i < COMMANDS; i++)
        names[i] = commands[i]->name;
    const char *nearest = schema_nearest(name, names);
    if (nearest != NULL)
        return cmd_fail(CMD_USAGE, "no command '%s'; did you mean '%s'?", name, nearest);
    return cmd_fail(CMD_USAGE, "no command '%s'; `lostbeat --help` lists them", name);
}

/* The program that argv[0] names; NULL = `lostbeat` itself. */
static const struct cmd *own_program(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    for (size_t i = 0; i < PROGRAMS; i++)
        if (strcmp(programs[i]->name, name) == 0)
            return programs[i];
    return NULL;
}

int main(int argc, char **argv)
{
    const struct cmd *own = argc > 0 ? own_program(argv[0]) : NULL;
    if (own != NULL) {
        by_own_name = true;
        own_name = own->name;
        return own->run(argc, argv);
    }
    if (argc < 2) {
        print_help(stderr);
        return CMD_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return CMD_OK;
    }
    for (size_t i = 0; i < COMMANDS; i++) {
        if (strcmp(argv[1], commands[i]->name) == 0)
            return commands[i]->run(argc - 1, argv + 1);
    }
    return unknown_command(argv[1]);
}
