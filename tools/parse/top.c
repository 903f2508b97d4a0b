/* top.c - see top.h. Each line of the head is read by its words, so that both layouts, and SMP's
 * lines of each CPU, go one way. */
#include "tools/parse/top.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "tools/parse/scan.h"

#define LOOK_LINES 200u

/* " 12:34:56  up 2 days, 18:44,  4 users,  load average: 0.95, 0.44, 0.17" */
static bool begins(const char *at)
{
    if (strncmp(at, "top - ", 6) == 0)
        at += 6;
    return strstr(at, "load average:") != NULL && strstr(at, " up ") != NULL &&
           isdigit((unsigned char)at[strspn(at, " ")]);
}

static void read_first(const char *at, struct top_snapshot *s)
{
    uint64_t h, m, sec, load;
    if (strncmp(at, "top - ", 6) == 0)
        at += 6;
    (void)scan_blanks(&at);
    const char *p = at;
    if (scan_u64(&p, &h) && scan_text(&p, ":") && scan_u64(&p, &m) && scan_text(&p, ":") &&
        scan_u64(&p, &sec) && h < 24 && m < 60 && sec < 61)
        s->time_s = (int64_t)(h * 3600 + m * 60 + sec);
    const char *up = strstr(at, " up "), *user = strstr(at, " user");
    if (up != NULL && user != NULL && user > up) {
        up += 4;
        const char *end = user;
        while (end > up && *end != ',')
            end--;
        const size_t n = (size_t)(end - up) < sizeof s->up ? (size_t)(end - up) : sizeof s->up - 1;
        memcpy(s->up, up, n);
    }
    p = strstr(at, "load average:") + strlen("load average:");
    for (unsigned i = 0; i < 3 && scan_blanks(&p) && scan_fixed(&p, 2, &load) && load < INT32_MAX;
         i++) {
        s->load_cent[i] = (int64_t)load;
        (void)scan_text(&p, ",");
    }
}

/* The number in front of a word: "4.6k sys"? no: "73 sleeping", "0.3%us", "1026912k av". */
static int64_t before(const char *line, const char *word, unsigned digits)
{
    const char *at = strstr(line, word);
    uint64_t value;
    if (at == NULL)
        return -1;
    while (at > line && strchr(" k%", at[-1]) != NULL)
        at--;
    const char *from = at;
    while (from > line && (isdigit((unsigned char)from[-1]) || from[-1] == '.'))
        from--;
    return from < at && scan_fixed(&from, digits, &value) && value <= INT64_MAX ? (int64_t)value
                                                                                : -1;
}

static bool read_processes(const char *at, struct top_snapshot *s)
{
    const bool old = strstr(at, "processes:") != NULL;
    if (!old && strncmp(at, "Tasks:", 6) != 0)
        return false;
    s->processes = before(at, old ? "processes:" : "total", 0);
    s->sleeping = before(at, "sleeping", 0);
    s->running = before(at, "running", 0);
    s->zombie = before(at, "zombie", 0);
    s->stopped = before(at, "stopped", 0);
    return s->processes >= 0 && s->running >= 0;
}

/* "           total   51.5%    0.0%    3.9%   0.0%     0.0%    0.0%   44.6%" in the order of the
 * head "cpu    user    nice  system    irq  softirq  iowait    idle" */
static bool read_old_cpu(const char *at, struct top_snapshot *s)
{
    int64_t *const to[] = { &s->user,    &s->nice,   &s->system, &s->irq,
                            &s->softirq, &s->iowait, &s->idle };
    uint64_t value;
    (void)scan_blanks(&at);
    if (scan_text(&at, "CPU states:"))
        return strstr(at, "user") != NULL;
    if (strncmp(at, "cpu", 3) == 0 && isdigit((unsigned char)at[3]))
        return true; /* of one CPU: the total says enough */
    if (!scan_text(&at, "total"))
        return false;
    for (size_t i = 0; i < sizeof to / sizeof to[0]; i++) {
        if (!scan_blanks(&at) || !scan_fixed(&at, 1, &value) || value > INT32_MAX ||
            !scan_text(&at, "%"))
            return false;
        *to[i] = (int64_t)value;
    }
    return true;
}

static bool read_new_cpu(const char *at, struct top_snapshot *s)
{
    if (strncmp(at, "Cpu", 3) != 0 && strncmp(at, "%Cpu", 4) != 0)
        return false;
    s->user = before(at, "us", 1);
    s->system = before(at, "sy", 1);
    s->nice = before(at, "ni", 1);
    s->idle = before(at, "id", 1);
    s->iowait = before(at, "wa", 1);
    s->irq = before(at, "hi", 1);
    s->softirq = before(at, "si", 1);
    return s->user >= 0 && s->idle >= 0;
}

static bool read_memory(const char *at, struct top_snapshot *s)
{
    const char *p = at + strspn(at, " ");
    if (strncmp(p, "Mem:", 4) == 0) {
        s->mem_kb = strstr(p, " av") != NULL ? before(p, " av", 0) : before(p, " total", 0);
        s->mem_used_kb = before(p, " used", 0);
        s->mem_free_kb = before(p, " free", 0);
        s->buffers_kb = before(p, " buff", 0);
        return s->mem_kb >= 0;
    }
    if (strncmp(p, "Swap:", 5) == 0) {
        s->swap_kb = strstr(p, " av") != NULL ? before(p, " av", 0) : before(p, " total", 0);
        s->swap_used_kb = before(p, " used", 0);
        s->swap_free_kb = before(p, " free", 0);
        s->cached_kb = before(p, " cached", 0);
        return s->swap_kb >= 0;
    }
    if (strstr(p, "actv") == NULL)
        return false;
    s->active_kb = before(p, " actv", 0);
    s->inactive_dirty_kb = before(p, " in_d", 0);
    s->inactive_clean_kb = before(p, " in_c", 0);
    return s->active_kb >= 0;
}

static void open_snapshot(struct top *t, const char *at, uint32_t line)
{
    struct top_snapshot *s = PARSE_ADD(t->snapshot, t->snapshot_count, t->snapshot_room);
    memset(s, 0xff, sizeof *s); /* -1: not told */
    memset(s->up, 0, sizeof s->up);
    s->line = line;
    s->first_row = t->row_count;
    s->row_count = 0;
    read_first(at, s);
}

/* @return why not; NULL = understood */
static const char *read_line(struct top *t, struct proclist_head *head, const char *at,
                             uint32_t line)
{
    struct proclist_row row;
    if (begins(at)) {
        head->column_count = 0;
        open_snapshot(t, at, line);
        return NULL;
    }
    if (proclist_read_head(at, head))
        return NULL;
    if (t->snapshot_count == 0)
        return "above the first line of top";
    struct top_snapshot *s = &t->snapshot[t->snapshot_count - 1];
    if (head->column_count == 0)
        return read_processes(at, s) || read_old_cpu(at, s) || read_new_cpu(at, s) ||
                       read_memory(at, s)
                   ? NULL
                   : "not of top's head";
    const char *why = proclist_read_row(head, at, &row);
    if (why != NULL)
        return why;
    row.line = line;
    *PARSE_ADD(t->row, t->row_count, t->row_room) = row;
    s->row_count++;
    return NULL;
}

void top_parse(const struct text *t, struct top *ret)
{
    struct proclist_head head = { 0 };
    *ret = (struct top){ 0 };
    for (uint32_t i = 0; i < t->count; i++) {
        const char *at = t->lines[i].at;
        if (at[strspn(at, " \t")] == '\0')
            continue;
        const char *why = read_line(ret, &head, at, i + 1);
        if (why != NULL)
            unparsed_add(&ret->unparsed, 0, i + 1, why);
    }
}

void top_free(struct top *t)
{
    free(t->snapshot);
    free(t->row);
    free(t->unparsed.line);
    *t = (struct top){ 0 };
}

bool top_is(const struct text *t)
{
    for (uint32_t i = 0; i < t->count && i < LOOK_LINES; i++) {
        if (begins(t->lines[i].at))
            return true;
    }
    return false;
}
