/* main.c - `lostbeat`: finds the command, or the program that ESX people type under a name of its
 * own. */
#include <stdio.h>
#include <string.h>

#include "tools/cmd/cmd.h"
#include "tools/scenario/schema.h"

static const struct cmd *const commands[] = { &cmd_list,    &cmd_run,      &cmd_psod,
                                              &cmd_boot,    &cmd_reset,    &cmd_crash,
                                              &cmd_explain, &cmd_forecast, &cmd_diagnose,
                                              &cmd_verify,  NULL };
/* Those that ESX people type under names of their own: links to this program. */
static const struct cmd *const programs[] = { &cmd_vmkdump, &cmd_vm_support, &cmd_esxcfg_advcfg,
                                              &cmd_esxcfg_dumppart, NULL };
#define COMMANDS (sizeof commands / sizeof commands[0])

static void print_summaries(FILE *to, const struct cmd *const *list, int width)
{
    for (; *list != NULL; list++)
        (void)fprintf(to, "  %-*s %s\n", width, (*list)->name, (*list)->summary);
}

static void print_help(FILE *to)
{
    (void)fputs("usage: lostbeat COMMAND [ARGUMENTS]\n\nSimulates an ESX host whose service "
                "console stops beating.\n\n",
                to);
    print_summaries(to, commands, 8);
    (void)fputs("\nPrograms beside this one:\n\n", to);
    print_summaries(to, programs, 15);
    (void)fputs(
        "\n`lostbeat COMMAND --help` says more.\n"
        "Exit status: 0 as expected, 1 the thing looked at is bad, 2 wrong usage or input.\n",
        to);
}

static const struct cmd *find(const struct cmd *const *list, const char *name)
{
    while (*list != NULL && strcmp((*list)->name, name) != 0)
        list++;
    return *list;
}

static int unknown_command(const char *name)
{
    const char *names[COMMANDS] = { NULL };
    for (size_t i = 0; commands[i] != NULL; i++)
        names[i] = commands[i]->name;
    const char *nearest = schema_nearest(name, names);
    if (nearest != NULL)
        return cmd_fail(CMD_USAGE, "no command '%s'; did you mean '%s'?", name, nearest);
    return cmd_fail(CMD_USAGE, "no command '%s'; `lostbeat --help` lists them", name);
}

int main(int argc, char **argv)
{
    const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
    const struct cmd *c = argc > 0 ? find(programs, slash != NULL ? slash + 1 : argv[0]) : NULL;
    if (c != NULL) {
        cmd_called(c->name);
        return c->run(argc, argv);
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
    c = find(commands, argv[1]);
    return c != NULL ? c->run(argc - 1, argv + 1) : unknown_command(argv[1]);
}
