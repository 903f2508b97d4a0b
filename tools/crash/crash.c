/* crash.c - the list of commands, and what they share; see crash.h. */
#include "tools/crash/crash.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES 1024u
#define NS_PER_S 1000000000ull

const struct crash_command *const crash_commands[] = {
    &crash_sys,  &crash_ps,   &crash_bt,   &crash_foreach, &crash_kmem, &crash_log,
    &crash_swap, &crash_vm,   &crash_task, &crash_runq,    &crash_rd,   &crash_search,
    &crash_sym,  &crash_leak, &crash_why,  &crash_help,    &crash_exit, NULL
};

const struct crash_command *crash_command_find(const char *name)
{
    for (size_t i = 0; crash_commands[i] != NULL; i++) {
        if (strcmp(crash_commands[i]->name, name) == 0)
            return crash_commands[i];
    }
    return NULL;
}

int crash_usage(const struct crash_command *c, const char *format, ...)
{
    va_list args;
    (void)fprintf(stderr, "%s: ", c->name);
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    (void)fprintf(stderr, "; usage: %s\n", c->usage);
    return CRASH_USAGE;
}

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
    const struct crash_command *c = crash_command_find(argv[0]);
    if (c == NULL) {
        (void)fprintf(stderr, "crash: no command '%s'; `help` lists them\n", argv[0]);
        return CRASH_USAGE;
    }
    return c->run(s, argc, argv);
}

/* ---- arguments ------------------------------------------------------------------------------- */

bool crash_number(const char *arg, uint64_t max, uint64_t *ret)
{
    const size_t n = strspn(arg, "0123456789");
    if (n == 0 || n > 18 || arg[n] != '\0')
        return false;
    const uint64_t v = strtoull(arg, NULL, 10);
    if (v > max)
        return false;
    *ret = v;
    return true;
}

static bool parse_hex(const char *arg, uint64_t *ret)
{
    if (strncmp(arg, "0x", 2) == 0)
        arg += 2;
    const size_t n = strspn(arg, "0123456789abcdefABCDEF");
    if (n == 0 || n > 16 || arg[n] != '\0')
        return false;
    *ret = strtoull(arg, NULL, 16);
    return true;
}

bool crash_address(const struct crash *s, const char *arg, uint64_t *ret)
{
    char name[128];
    uint64_t base, plus = 0;
    const size_t n = strcspn(arg, "+");
    if (parse_hex(arg, ret))
        return true;
    (void)snprintf(name, sizeof name, "%.*s", n < sizeof name ? (int)n : 0, arg);
    if (!core_symbol(s->core, name, &base) ||
        (arg[n] == '+' && !crash_number(arg + n + 1, UINT32_MAX, &plus)))
        return false;
    *ret = base + plus;
    return true;
}

const struct core_task *crash_task_arg(struct crash *s, const struct crash_command *c,
                                       const char *arg)
{
    uint64_t v;
    const struct core_task *t = NULL;
    if (crash_number(arg, UINT32_MAX, &v))
        t = core_task_by_pid(&s->tasks, (uint32_t)v);
    if (t == NULL && parse_hex(arg, &v))
        t = core_task_by_address(&s->tasks, v);
    if (t == NULL)
        (void)crash_usage(c, "no task '%s' in this core", arg);
    return t;
}

/* ---- text ------------------------------------------------------------------------------------ */

const char *crash_size(uint64_t pages, char to[32])
{
    const uint64_t kb = pages * (CORE_PAGE / 1024);
    if (kb == 0)
        (void)snprintf(to, 32, "0");
    else if (kb < 1024)
        (void)snprintf(to, 32, "%" PRIu64 " KB", kb);
    else if (kb < 1024 * 1024)
        (void)snprintf(to, 32, "%" PRIu64 ".%" PRIu64 " MB", kb / 1024, kb % 1024 * 10 / 1024);
    else
        (void)snprintf(to, 32, "%" PRIu64 ".%" PRIu64 " GB", kb / 1048576,
                       kb % 1048576 * 10 / 1048576);
    return to;
}

const char *crash_comm(const struct core_task *t, char to[24])
{
    const bool kernel = t->mm == 0 && t->state != CORE_ZOMBIE && t->state != CORE_DEAD;
    (void)snprintf(to, 24, kernel ? "[%s]" : "%s", t->comm);
    return to;
}

void crash_task_line(struct crash *s, const struct core_task *t)
{
    struct out *o = &s->out;
    out_u64(o, "pid", "PID: %-6llu ", t->pid);
    out_hex(o, "task", "TASK: %08llx  ", t->address);
    out_u64(o, "cpu", "CPU: %llu   ", 0);
    out_str(o, "comm", "COMMAND: \"%s\"\n", t->comm);
}

const char *crash_uptime(uint64_t ns, char to[40])
{
    const uint64_t s = ns / NS_PER_S, days = s / 86400;
    int n = 0;
    if (days > 0)
        n = snprintf(to, 40, "%" PRIu64 " day%s, ", days, days == 1 ? "" : "s");
    (void)snprintf(to + n, 40 - (size_t)n, "%02u:%02u:%02u", (unsigned)(s / 3600 % 24),
                   (unsigned)(s / 60 % 60), (unsigned)(s % 60));
    return to;
}
