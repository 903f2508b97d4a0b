/* top.c - see top.h. Each line of the head is read by its words, so that both layouts, and SMP's
 * lines of each CPU, go one way. */
#include "tools/parse/top.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/parse/scan.h"

#define LOOK_LINES 200u
#define COLUMNS_MAX 24u

enum column {
    COLUMN_SKIP, /* a column of no interest here */
    COLUMN_PID,
    COLUMN_SIZE, /* virtual: SIZE, VIRT, VSZ */
    COLUMN_STAT, /* STAT, S */
    COLUMN_COMMAND,
};

struct columns {
    enum column column[COLUMNS_MAX];
    uint32_t count; /* 0 = no head was seen */
};

/* ---- rows ------------------------------------------------------------------------------------ */

static enum column column_of(const char *name)
{
    static const struct {
        const char *name;
        enum column column;
    } names[] = {
        { "PID", COLUMN_PID },     { "SIZE", COLUMN_SIZE },       { "VIRT", COLUMN_SIZE },
        { "VSZ", COLUMN_SIZE },    { "STAT", COLUMN_STAT },       { "S", COLUMN_STAT },
        { "CMD", COLUMN_COMMAND }, { "COMMAND", COLUMN_COMMAND },
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i].name, name) == 0)
            return names[i].column;
    }
    return COLUMN_SKIP;
}

/* Is it the line of column heads? Sets *ret then. */
static bool read_columns(const char *line, struct columns *ret)
{
    struct columns h = { 0 };
    bool pid = false;
    char name[32];

    while (scan_blanks(&line) && *line != '\0') {
        if (h.count == COLUMNS_MAX || !scan_word(&line, name, sizeof name))
            return false;
        h.column[h.count] = column_of(name);
        pid = pid || h.column[h.count] == COLUMN_PID;
        h.count++;
    }
    if (!pid || h.column[h.count - 1] != COLUMN_COMMAND)
        return false;
    *ret = h;
    return true;
}

/* "82812", "26M", "1.2g" -> kB; whole digits behind the point are kept to a tenth */
static bool read_size(const char *word, int64_t *ret)
{
    uint64_t tenths;
    if (!scan_fixed(&word, 1, &tenths) || tenths > INT64_MAX / (10 << 20))
        return false;
    const int unit = tolower((unsigned char)*word);
    const int64_t factor = unit == 'm' ? 1024 : unit == 'g' ? 1024 * 1024 : 1;
    word += unit == 'm' || unit == 'g' || unit == 'k';
    *ret = (int64_t)tenths * factor / 10;
    return *word == '\0';
}

static bool read_cell(enum column column, const char *word, struct top_row *r)
{
    switch (column) {
    case COLUMN_PID:
        return scan_i64(&word, &r->pid) && *word == '\0' && r->pid >= 0;
    case COLUMN_SIZE:
        return read_size(word, &r->size_kb);
    case COLUMN_STAT:
        (void)snprintf(r->stat, sizeof r->stat, "%.7s", word);
        return strchr("RSDTZXWtI", word[0]) != NULL;
    default:
        return true;
    }
}

/* "D N", "S <": a state's second part stands alone. */
static void read_stat_rest(const char **at, struct top_row *r)
{
    const char *p = *at;
    (void)scan_blanks(&p);
    if ((*p != '<' && *p != 'N' && *p != 'L') || (p[1] != ' ' && p[1] != '\0'))
        return;
    const size_t n = strlen(r->stat);
    if (n + 1 < sizeof r->stat) {
        r->stat[n] = *p;
        r->stat[n + 1] = '\0';
    }
    *at = p + 1;
}

/* @return why not, NULL = understood */
static const char *read_row(const struct columns *h, const char *line, struct top_row *ret)
{
    struct top_row r = { .pid = -1, .size_kb = -1 };
    char word[64];

    if (h->count == 0)
        return "a row without heads of columns above it";
    for (uint32_t i = 0; i < h->count; i++) {
        (void)scan_blanks(&line);
        if (h->column[i] == COLUMN_COMMAND) {
            (void)snprintf(r.command, sizeof r.command, "%.79s", line);
            break;
        }
        if (!scan_word(&line, word, sizeof word))
            return "a row with too few columns";
        if (!read_cell(h->column[i], word, &r))
            return "a value that does not fit the head of its column";
        if (h->column[i] == COLUMN_STAT)
            read_stat_rest(&line, &r);
    }
    for (size_t n = strlen(r.command); n > 0 && r.command[n - 1] == ' '; n--)
        r.command[n - 1] = '\0';
    if (r.command[0] == '\0')
        return "a row without a command";
    *ret = r;
    return NULL;
}

/* ---- heads ----------------------------------------------------------------------------------- */

/* " 12:34:56  up 2 days, 18:44,  4 users,  load average: 0.95, 0.44, 0.17" */
static bool begins(const char *at)
{
    if (strncmp(at, "top - ", 6) == 0)
        at += 6;
    return strstr(at, "load average:") != NULL && strstr(at, " up ") != NULL &&
           isdigit((unsigned char)at[strspn(at, " ")]);
}

/* "up 2 days, 18:44,  4 users,": all up to the comma before the users. */
static void read_up(const char *at, struct top_snapshot *s)
{
    const char *up = strstr(at, " up "), *end = strstr(at, " user");
    if (up == NULL || end == NULL || end < up + 4)
        return;
    up += 4;
    while (end > up && *end != ',')
        end--;
    const size_t n = (size_t)(end - up) < sizeof s->up ? (size_t)(end - up) : sizeof s->up - 1;
    memcpy(s->up, up, n);
}

/* The number in front of a word: "73 sleeping", "1026912k av". -1 = none */
static int64_t before(const char *line, const char *word)
{
    const char *at = strstr(line, word);
    int64_t value;
    if (at == NULL)
        return -1;
    while (at > line && strchr(" k%", at[-1]) != NULL)
        at--;
    const char *from = at;
    while (from > line && isdigit((unsigned char)from[-1]))
        from--;
    return scan_i64(&from, &value) ? value : -1;
}

/* The lines of the head by what they hold, and what is asked of them: the number in front of a
 * word, which procps 2 and 3 call by different names. */
#define OF_SNAPSHOT(member) offsetof(struct top_snapshot, member)
static const struct {
    const char *holds, *word; /* word: NULL = nothing is asked */
    size_t member;
} head_lines[] = {
    { "processes:", "processes:", OF_SNAPSHOT(processes) },
    { "Tasks:", "total", OF_SNAPSHOT(processes) },
    { "Mem:", " av", OF_SNAPSHOT(mem_kb) },
    { "Mem:", " total", OF_SNAPSHOT(mem_kb) },
    { "Swap:", " av", OF_SNAPSHOT(swap_kb) },
    { "Swap:", " total", OF_SNAPSHOT(swap_kb) },
    { "Swap:", " used", OF_SNAPSHOT(swap_used_kb) },
    { "CPU states:", NULL, 0 },
    { "Cpu", NULL, 0 },
    { "cpu", NULL, 0 },
    { "total ", NULL, 0 },
    { "actv", NULL, 0 },
};

static bool read_head_line(const char *at, struct top_snapshot *s)
{
    bool is_known = false, is_asked = false, is_there = false;
    for (size_t i = 0; i < sizeof head_lines / sizeof head_lines[0]; i++) {
        if (strstr(at, head_lines[i].holds) == NULL)
            continue;
        is_known = true;
        if (head_lines[i].word == NULL)
            continue;
        is_asked = true;
        const int64_t value = before(at, head_lines[i].word);
        if (value < 0)
            continue;
        memcpy((char *)s + head_lines[i].member, &value, sizeof value);
        is_there = true;
    }
    return is_known && (is_there || !is_asked);
}

static struct top_snapshot *open_snapshot(struct top *t, uint32_t line)
{
    struct top_snapshot *s = PARSE_ADD(t->snapshot, t->snapshot_count, t->snapshot_room);
    *s = (struct top_snapshot){ .line = line,
                                .processes = -1,
                                .mem_kb = -1,
                                .swap_kb = -1,
                                .swap_used_kb = -1,
                                .first_row = t->row_count };
    return s;
}

/* @return why not; NULL = understood */
static const char *read_line(struct top *t, struct columns *head, const char *at, uint32_t line)
{
    const bool has_columns = t->snapshot_count == 0 || head->count > 0;
    struct top_row row;
    if (begins(at)) {
        head->count = 0;
        read_up(at, open_snapshot(t, line));
        return NULL;
    }
    if (read_columns(at, head)) {
        if (has_columns) /* no output of top: a listing of ps begins */
            (void)open_snapshot(t, line);
        return NULL;
    }
    if (t->snapshot_count == 0)
        return "above the first heads of columns";
    struct top_snapshot *s = &t->snapshot[t->snapshot_count - 1];
    if (head->count == 0)
        return read_head_line(at, s) ? NULL : "not of top's head";
    const char *why = read_row(head, at, &row);
    if (why != NULL)
        return why;
    row.line = line;
    *PARSE_ADD(t->row, t->row_count, t->row_room) = row;
    s->row_count++;
    return NULL;
}

void top_parse(const struct text *t, struct top *ret)
{
    struct columns head = { 0 };
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
    struct columns head;
    for (uint32_t i = 0; i < t->count && i < LOOK_LINES; i++) {
        if (begins(t->lines[i].at) || read_columns(t->lines[i].at, &head))
            return true;
    }
    return false;
}
