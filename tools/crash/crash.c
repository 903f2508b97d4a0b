/* crash.c - what the commands share; see crash.h. */
#include "tools/crash/crash.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "shared/units.h"

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
    if (!cosview_symbol(&s->core->view, name, &base) ||
        (arg[n] == '+' && !crash_number(arg + n + 1, UINT32_MAX, &plus)))
        return false;
    *ret = base + plus;
    return true;
}

const struct cos_task *crash_task_arg(struct crash *s, const struct crash_command *c,
                                      const char *arg)
{
    uint64_t v;
    const struct cos_task *t = NULL;
    if (crash_number(arg, UINT32_MAX, &v))
        t = cos_task_by_pid(&s->tasks, (uint32_t)v);
    if (t == NULL && parse_hex(arg, &v))
        t = cos_task_by_address(&s->tasks, v);
    if (t == NULL)
        (void)crash_usage(c, "no task '%s' in this core", arg);
    return t;
}

/* ---- results --------------------------------------------------------------------------------- */

void crash_begin(struct crash *s, const char *name)
{
    char schema[64];
    (void)snprintf(schema, sizeof schema, "lostbeat/crash-%s/1", name);
    out_begin(&s->out, schema);
    out_str(&s->out, "core", NULL, s->core->path);
}

void crash_finish(struct crash *s)
{
    out_array(&s->out, "problems");
    for (uint32_t i = 0; i < s->core->problems.count; i++)
        out_str(&s->out, NULL, NULL, s->core->problems.line[i]);
    out_end(&s->out);
    (void)out_finish(&s->out); /* the caller asks the stream whether all could be written */
}

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

const char *crash_comm(const struct cos_task *t, char to[24])
{
    const bool kernel = t->mm == 0 && t->state != COS_ZOMBIE && t->state != COS_DEAD;
    (void)snprintf(to, 24, kernel ? "[%s]" : "%s", t->comm);
    return to;
}

void crash_task_line(struct crash *s, const struct cos_task *t)
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
