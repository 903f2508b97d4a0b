/* crash_shell.c - reading commands from a terminal or a pipe. */
#include <editline/readline.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/crash/crash.h"

#define LINE_ROOM 4096u
#define HISTORY_MAX 500

/* One line; what turned out to be inconsistent on the way is reported behind it. */
static int do_line(struct crash *s, const char *line, int worst)
{
    const uint32_t before = s->core->problems.count;
    const int status = crash_line(s, line);
    (void)fflush(stdout);
    for (uint32_t i = before; i < s->core->problems.count; i++)
        (void)fprintf(stderr, "inconsistent: %s\n", s->core->problems.line[i]);
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
