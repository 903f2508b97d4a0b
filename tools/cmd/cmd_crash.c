/* cmd_crash.c - `lostbeat crash`: post-mortem on a core of the service console. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/cmd/cmd.h"
#include "tools/crash/crash.h"

#define ERROR_MAX 512
#define COMMANDS_MAX 64

struct options {
    const char *core, *executable;
    const char *commands[COMMANDS_MAX];
    unsigned command_count;
    bool json;
};

static int parse(int argc, char **argv, struct options *ret)
{
    static const struct option options[] = { { "command", required_argument, NULL, 'c' },
                                             { "executable", required_argument, NULL, 'e' },
                                             { "json", no_argument, NULL, 'j' },
                                             { "help", no_argument, NULL, 'h' },
                                             { 0 } };
    opterr = 0;
    for (int o; (o = getopt_long(argc, argv, "c:e:h", options, NULL)) != -1;) {
        if (o == 'h')
            return -1;
        if (o == 'c' && ret->command_count == COMMANDS_MAX)
            return cmd_usage(&cmd_crash, "more than %d times -c", COMMANDS_MAX);
        if (o == 'c')
            ret->commands[ret->command_count++] = optarg;
        else if (o == 'e')
            ret->executable = optarg;
        else if (o == 'j')
            ret->json = true;
        else
            return cmd_bad_option(&cmd_crash, argv);
    }
    if (optind + 1 != argc)
        return cmd_usage(&cmd_crash, optind == argc ? "which core?" : "one core is wanted");
    ret->core = argv[optind];
    return CMD_OK;
}

/* @return 0, or -1 with one line in err */
static int load(struct crash *s, const struct options *o, char *err)
{
    if (core_open(o->core, &s->core, err, ERROR_MAX) != 0)
        return -1;
    (void)snprintf(err, ERROR_MAX, "%s: out of memory", o->core);
    if (core_tasks_load(s->core, &s->tasks) != 0)
        return -1;
    s->unwinder = cosview_unwinder_create(&s->core->view, s->core->phdr_va, s->core->phdr_count);
    if (s->unwinder == NULL)
        return -1;
    if (o->executable != NULL &&
        core_source_open(s->core, o->executable, &s->source, err, ERROR_MAX) != 0)
        return -1;
    return 0;
}

static void unload(struct crash *s)
{
    core_source_close(s->source);
    cosview_unwinder_destroy(s->unwinder);
    cos_tasks_free(&s->tasks);
    core_close(s->core);
}

static int run_commands(struct crash *s, const struct options *o)
{
    int worst = CRASH_OK;
    if (o->command_count == 0) {
        if (isatty(STDIN_FILENO))
            (void)crash_line(s, "sys");
        return crash_interact(s);
    }
    for (unsigned i = 0; i < o->command_count; i++) {
        const int status = crash_line(s, o->commands[i]);
        if (status == CRASH_QUIT)
            break;
        worst = status > worst ? status : worst;
    }
    return worst;
}

/* What was inconsistent goes to stderr, unless the dialogue told it already. */
static void tell_problems(const struct core *c, uint32_t from)
{
    for (uint32_t i = from; i < c->problems.count; i++)
        (void)fprintf(stderr, "%s: inconsistent: %s\n", c->path, c->problems.line[i]);
    if (c->problems.dropped > 0)
        (void)fprintf(stderr, "%s: inconsistent: %u more\n", c->path, c->problems.dropped);
}

static int work(struct crash *s, const struct options *o)
{
    s->out = (struct out){ .to = stdout, .json = o->json, .colour = isatty(STDOUT_FILENO) != 0 };
    if (o->command_count == 0)
        tell_problems(s->core, 0);
    const int status = run_commands(s, o);
    if (fflush(stdout) != 0 || ferror(stdout) != 0)
        return cmd_fail(CMD_USAGE, "the output cannot be written");
    if (o->command_count > 0)
        tell_problems(s->core, 0);
    if (status != CRASH_OK)
        return CMD_USAGE;
    return s->core->problems.count > 0 ? CMD_BAD : CMD_OK;
}

static int run(int argc, char **argv)
{
    struct options o = { 0 };
    struct crash s = { 0 };
    char err[ERROR_MAX];
    int status = parse(argc, argv, &o);
    if (status == -1)
        return cmd_help(&cmd_crash);
    if (status != CMD_OK)
        return status;
    if (load(&s, &o, err) != 0)
        status = cmd_fail(CMD_USAGE, "%s", err);
    else
        status = work(&s, &o);
    unload(&s);
    return status;
}

const struct cmd cmd_crash = {
    .name = "crash",
    .summary = "post-mortem on a core of the service console",
    .help =
        "usage: lostbeat crash [-c COMMAND]... [-e COS] [--json] CORE\n"
        "\n"
        "Reads a cos-core, plain or .gz, whole or cut, by what it says of itself; neither headers "
        "nor\n"
        "the executable are needed. Without -c, commands are read from the terminal (with line "
        "editing\n"
        "and history) or from a pipe; `help` lists them.\n"
        "\n"
        "  -c COMMAND  run it and leave; several are run in order: -c 'kmem -i' -c 'bt 20'\n"
        "  -e COS      the executable that made the core: stacks get lines of source\n"
        "  --json      each command's result as one object, schema \"lostbeat/crash-COMMAND/1\"\n"
        "\n"
        "Commands: sys ps bt foreach kmem log swap vm task runq rd search sym leak why help exit\n"
        "\n"
        "Exit status: 0 all done, 1 done, but the core is cut or inconsistent (stderr says where), "
        "2 a\n"
        "command was wrong or the file cannot be read.\n",
    .run = run,
};
