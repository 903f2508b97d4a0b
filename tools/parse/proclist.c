/* proclist.c - see proclist.h. */
#include "tools/parse/proclist.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "tools/parse/scan.h"

static enum proclist_column column_of(const char *name)
{
    static const struct {
        const char *name;
        enum proclist_column column;
    } names[] = {
        { "PID", PROCLIST_PID },     { "SIZE", PROCLIST_SIZE },       { "VIRT", PROCLIST_SIZE },
        { "VSZ", PROCLIST_SIZE },    { "STAT", PROCLIST_STAT },       { "S", PROCLIST_STAT },
        { "CMD", PROCLIST_COMMAND }, { "COMMAND", PROCLIST_COMMAND },
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i].name, name) == 0)
            return names[i].column;
    }
    return PROCLIST_SKIP;
}

bool proclist_read_head(const char *line, struct proclist_head *ret)
{
    struct proclist_head h = { 0 };
    bool pid = false;
    char name[32];

    while (scan_blanks(&line) && *line != '\0') {
        if (h.column_count == PROCLIST_COLUMNS_MAX || !scan_word(&line, name, sizeof name))
            return false;
        h.column[h.column_count] = column_of(name);
        pid = pid || h.column[h.column_count] == PROCLIST_PID;
        h.column_count++;
    }
    if (!pid || h.column[h.column_count - 1] != PROCLIST_COMMAND)
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

static bool read_cell(enum proclist_column column, const char *word, struct proclist_row *r)
{
    switch (column) {
    case PROCLIST_PID:
        return scan_i64(&word, &r->pid) && *word == '\0' && r->pid >= 0;
    case PROCLIST_SIZE:
        return read_size(word, &r->size_kb);
    case PROCLIST_STAT:
        (void)snprintf(r->stat, sizeof r->stat, "%.7s", word);
        return strchr("RSDTZXWtI", word[0]) != NULL;
    default:
        return true;
    }
}

/* "D N", "S <": a state's second part stands alone. */
static void read_stat_rest(const char **at, struct proclist_row *r)
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

const char *proclist_read_row(const struct proclist_head *h, const char *line,
                              struct proclist_row *ret)
{
    struct proclist_row r = { .pid = -1, .size_kb = -1 };
    char word[64];

    if (h->column_count == 0)
        return "a row without heads of columns above it";
    for (uint32_t i = 0; i < h->column_count; i++) {
        (void)scan_blanks(&line);
        if (h->column[i] == PROCLIST_COMMAND) {
            (void)snprintf(r.command, sizeof r.command, "%.79s", line);
            break;
        }
        if (!scan_word(&line, word, sizeof word))
            return "a row with too few columns";
        if (!read_cell(h->column[i], word, &r))
            return "a value that does not fit the head of its column";
        if (h->column[i] == PROCLIST_STAT)
            read_stat_rest(&line, &r);
    }
    for (size_t n = strlen(r.command); n > 0 && r.command[n - 1] == ' '; n--)
        r.command[n - 1] = '\0';
    if (r.command[0] == '\0')
        return "a row without a command";
    *ret = r;
    return NULL;
}
