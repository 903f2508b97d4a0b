/* cmd_crash.c - `lostbeat crash`: post-mortem on a core of the service console. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/cmd/cmd.h"
#include "tools/crash/crash.h"

struct arguments {
    const char *core, *executable;
    struct cmd_texts commands;
    bool json;
};

/* @return 0, or a negative code with one line in err */
static int load(struct crash *s, const struct arguments *o, struct err *err)
{
    const int status = core_open(o->core, &s->core, err);
    if (status != 0)
        return status;
    if (core_tasks_load(s->core, &s->tasks) == 0)
        s->unwinder =
            cosview_unwinder_create(&s->core->view, s->core->phdr_va, s->core->phdr_count);
    if (s->unwinder == NULL)
        return err_set(err, -ENOMEM, "%s: out of memory", o->core);
    return o->executable == NULL ? 0 : core_source_open(s->core, o->executable, &s->source, err);
}

static void unload(struct crash *s)
{
    core_source_close(s->source);
    cosview_unwinder_destroy(s->unwinder);
    cos_tasks_free(&s->tasks);
    core_close(s->core);
}

static int run_commands(struct crash *s, const struct arguments *o)
{
    int worst = CRASH_OK;
    if (o->commands.count == 0) {
        if (isatty(STDIN_FILENO))
            (void)crash_line(s, "sys");
        return crash_interact(s);
    }
    for (size_t i = 0; i < o->commands.count; i++) {
        const int status = crash_line(s, o->commands.text[i]);
        if (status == CRASH_QUIT)
            break;
        worst = status > worst ? status : worst;
    }
    return worst;
}

/* What was inconsistent goes to stderr, unless the dialogue reported it already. */
static void report_problems(const struct core *c)
{
    for (uint32_t i = 0; i < c->problems.count; i++)
        (void)fprintf(stderr, "%s: inconsistent: %s\n", c->path, c->problems.line[i]);
    if (c->problems.dropped > 0)
        (void)fprintf(stderr, "%s: inconsistent: %u more\n", c->path, c->problems.dropped);
}

static int work(struct crash *s, const struct arguments *o)
{
    s->out = cmd_out(o->json);
    if (o->commands.count == 0)
        report_problems(s->core);
    const int status = run_commands(s, o);
    if (fflush(stdout) != 0 || ferror(stdout) != 0)
        return cmd_fail(CMD_USAGE, "the output cannot be written");
    if (o->commands.count > 0)
        report_problems(s->core);
    if (status != CRASH_OK)
        return CMD_USAGE;
    return s->core->problems.count > 0 ? CMD_BAD : CMD_OK;
}

static int run(int argc, char **argv)
{
    struct arguments a = { .json = false };
    struct crash s = { 0 };
    struct err err;
    int status = cmd_options(&cmd_crash, argc, argv, &a);
    if (status != CMD_GO)
        return status;
    a.core = argv[optind];
    if (load(&s, &a, &err) != 0)
        status = cmd_fail(CMD_USAGE, "%s", err.text);
    else
        status = work(&s, &a);
    unload(&s);
    return status;
}

static const struct cmd_option options[] = {
    CMD_TEXTS("command", 'c', "COMMAND", commands,
              "run it and leave; several are run in order: -c 'kmem -i' -c 'bt 20'"),
    CMD_TEXT("executable", 'e', "COS", executable,
             "the executable that made the core: stacks get lines of source"),
    CMD_JSON("each command's result as one object, schema \"lostbeat/crash-COMMAND/1\""),
    CMD_OPTIONS_END,
};

const struct cmd cmd_crash = {
    .name = "crash",
    .summary = "post-mortem on a core of the service console",
    .usage = "[-c COMMAND]... [-e COS] [--json] CORE",
    .about =
        "Reads a cos-core, plain or .gz, whole or cut, by what it says of itself; neither headers "
        "nor the executable are needed. Without -c, commands are read from the terminal (with "
        "line editing and history) or from a pipe; `help` lists them.",
    .options = options,
    .more =
        "Exit status: 0 all done, 1 done, but the core is cut or inconsistent (stderr says where), "
        "2 a command was wrong or the file cannot be read.",
    .operand = "core",
    .least = 1,
    .most = 1,
    .run = run,
};
