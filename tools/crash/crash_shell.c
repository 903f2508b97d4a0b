/* crash_shell.c - `help` and `exit`, and reading commands from a terminal or a pipe. */
#include <editline/readline.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/crash/crash.h"

#define LINE_ROOM 4096u
#define HISTORY_MAX 500

/* ---- help ------------------------------------------------------------------------------------ */

static int run_help(struct crash *s, int argc, char **argv)
{
    struct out *o = &s->out;
    const struct crash_command *one = argc == 2 ? crash_command_find(argv[1]) : NULL;
    if (argc > 2 || (argc == 2 && one == NULL))
        return crash_usage(&crash_help, "there is no such command");
    out_begin(o, "help", s->core->path);
    out_array(o, "commands");
    for (size_t i = 0; crash_commands[i] != NULL; i++) {
        const struct crash_command *c = crash_commands[i];
        if (one != NULL && c != one)
            continue;
        out_object(o, NULL);
        out_str(o, "usage", one != NULL ? "usage: %s\n" : "  %-28s", c->usage);
        out_str(o, "summary", one != NULL ? "\n%s\n" : " %s\n", c->summary);
        out_str(o, "help", one != NULL ? "%s" : NULL, c->help);
        out_end(o);
    }
    out_end(o);
    out_finish(o, s->core);
    return CRASH_OK;
}

const struct crash_command crash_help = {
    .name = "help",
    .usage = "help [COMMAND]",
    .summary = "this list, or more of one command",
    .help = "",
    .run = run_help,
};

static int run_exit(struct crash *s, int argc, char **argv)
{
    (void)s;
    (void)argc;
    (void)argv;
    return CRASH_QUIT;
}

const struct crash_command crash_exit = {
    .name = "exit",
    .usage = "exit",
    .summary = "leave (also: end of input)",
    .help = "",
    .run = run_exit,
};

/* ---- reading --------------------------------------------------------------------------------- */

static void tell_problems(const struct core *c, uint32_t from)
{
    for (uint32_t i = from; i < c->problem_count; i++)
        (void)fprintf(stderr, "inconsistent: %s\n", c->problems[i]);
}

/* One line; what turned out to be inconsistent on the way is told behind it. */
static int do_line(struct crash *s, const char *line, int worst)
{
    const uint32_t before = s->core->problem_count;
    const int status = crash_line(s, line);
    (void)fflush(stdout);
    tell_problems(s->core, before);
    return status == CRASH_QUIT || status > worst ? status : worst;
}

static int from_terminal(struct crash *s)
{
    int worst = CRASH_OK;
    char *line;
    using_history();
    stifle_history(HISTORY_MAX);
    while ((line = readline("crash> ")) != NULL) {
        if (line[strspn(line, " \t")] != '\0')
            (void)add_history(line);
        const int status = do_line(s, line, worst);
        free(line);
        if (status == CRASH_QUIT)
            return worst;
        worst = status;
    }
    (void)fputc('\n', stdout);
    return worst;
}

static int from_pipe(struct crash *s)
{
    char line[LINE_ROOM];
    int worst = CRASH_OK;
    while (fgets(line, sizeof line, stdin) != NULL) {
        const int status = do_line(s, line, worst);
        if (status == CRASH_QUIT)
            return worst;
        worst = status;
    }
    return worst;
}

int crash_interact(struct crash *s)
{
    return isatty(STDIN_FILENO) ? from_terminal(s) : from_pipe(s);
}
