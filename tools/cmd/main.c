/* main.c - `lostbeat`: finds the command, or the program that ESX people type under a name of its
 * own. */
#include <stdio.h>
#include <string.h>

#include "tools/cmd/cmd.h"
#include "tools/scenario/schema.h"

static const struct cmd *const commands[] = { &cmd_list,    &cmd_run,      &cmd_psod,
                                              &cmd_boot,    &cmd_reset,    &cmd_crash,
                                              &cmd_explain, &cmd_forecast, &cmd_diagnose,
                                              &cmd_verify };
#define COMMANDS (sizeof commands / sizeof commands[0])

/* Those that ESX people type under names of their own: links to this program. */
static const struct cmd *const programs[] = { &cmd_vmkdump, &cmd_vm_support, &cmd_esxcfg_advcfg,
                                              &cmd_esxcfg_dumppart };
#define PROGRAMS (sizeof programs / sizeof programs[0])

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
        cmd_called(own->name);
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
