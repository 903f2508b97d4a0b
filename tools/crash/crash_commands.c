/* crash_commands.c - the list of commands, `help` and `exit`, and how a line becomes one. */
#include <string.h>

#include "tools/crash/crash.h"

#define LINE_MAX_BYTES 1024u

static const struct crash_command *const commands[] = {
    &crash_sys,  &crash_ps,   &crash_bt,   &crash_foreach, &crash_kmem, &crash_log,
    &crash_swap, &crash_vm,   &crash_task, &crash_runq,    &crash_rd,   &crash_search,
    &crash_sym,  &crash_leak, &crash_why,  &crash_help,    &crash_exit, NULL
};

static const struct crash_command *find(const char *name)
{
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    }
    return NULL;
}

/* ---- a line ---------------------------------------------------------------------------------- */

/* Words are separated by blanks; "..." keeps blanks. @return the count, -1 too many, -2 a quote
 * that does not end */
static int split(char *line, char *argv[CRASH_ARGS_MAX + 1])
{
    int argc = 0;
    for (char *p = line;;) {
        p += strspn(p, " \t\r\n");
        if (*p == '\0' || *p == '#')
            break;
        if (argc == CRASH_ARGS_MAX)
            return -1;
        const bool quoted = *p == '"';
        argv[argc++] = p += quoted;
        p += strcspn(p, quoted ? "\"" : " \t\r\n");
        if (*p == '\0' && quoted)
            return -2;
        if (*p == '\0')
            break;
        *p++ = '\0';
    }
    argv[argc] = NULL;
    return argc;
}

int crash_line(struct crash *s, const char *line)
{
    char copy[LINE_MAX_BYTES];
    char *argv[CRASH_ARGS_MAX + 1];
    if ((size_t)snprintf(copy, sizeof copy, "%s", line) >= sizeof copy) {
        (void)fprintf(stderr, "crash: a command is longer than %u bytes\n", LINE_MAX_BYTES - 1);
        return CRASH_USAGE;
    }
    const int argc = split(copy, argv);
    if (argc < 0) {
        (void)fprintf(stderr, "crash: %s: %.40s\n",
                      argc == -2 ? "a quotation mark is not closed" : "too many words", line);
        return CRASH_USAGE;
    }
    if (argc == 0)
        return CRASH_OK;
    const struct crash_command *c = find(argv[0]);
    if (c == NULL) {
        (void)fprintf(stderr, "crash: no command '%s'; `help` lists them\n", argv[0]);
        return CRASH_USAGE;
    }
    return c->run(s, argc, argv);
}

/* ---- help ------------------------------------------------------------------------------------ */

static int run_help(struct crash *s, int argc, char **argv)
{
    struct out *o = &s->out;
    const struct crash_command *one = argc == 2 ? find(argv[1]) : NULL;
    if (argc > 2 || (argc == 2 && one == NULL))
        return crash_usage(&crash_help, "there is no such command");
    crash_begin(s, "help");
    out_array(o, "commands");
    for (size_t i = 0; commands[i] != NULL; i++) {
        const struct crash_command *c = commands[i];
        if (one != NULL && c != one)
            continue;
        out_object(o, NULL);
        out_str(o, "usage", one != NULL ? "usage: %s\n" : "  %-28s", c->usage);
        out_str(o, "summary", one != NULL ? "\n%s\n" : " %s\n", c->summary);
        out_str(o, "help", one != NULL ? "%s" : NULL, c->help);
        out_end(o);
    }
    out_end(o);
    crash_finish(s);
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
