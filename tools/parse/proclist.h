/* proclist.h - rows of `ps` and `top`: read by the heads of their columns.
 *
 * The heads say what stands where, so every layout of procps 2 and 3 is read by one reader. Sizes
 * are in kB, or "26M", "1.2g" when a column was too narrow; STAT may hold a blank in top ("D N",
 * "S <"). */
#ifndef TOOLS_PARSE_PROCLIST_H
#define TOOLS_PARSE_PROCLIST_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/parse/text.h"

#define PROCLIST_COLUMNS_MAX 24u

enum proclist_column {
    PROCLIST_SKIP, /* a column of no interest here */
    PROCLIST_PID,
    PROCLIST_SIZE, /* virtual: SIZE, VIRT, VSZ */
    PROCLIST_STAT, /* STAT, S */
    PROCLIST_COMMAND,
};

struct proclist_head {
    enum proclist_column column[PROCLIST_COLUMNS_MAX];
    uint32_t column_count; /* 0 = no head was seen */
};

struct proclist_row {
    uint32_t line;
    int64_t pid, size_kb; /* -1 = no such column */
    char stat[8], command[80];
};

/** Is it the line of column heads? Sets *ret then. */
bool proclist_read_head(const char *line, struct proclist_head *ret);

/** Read a row. @return why not, NULL = understood */
const char *proclist_read_row(const struct proclist_head *h, const char *line,
                              struct proclist_row *ret);

#endif /* TOOLS_PARSE_PROCLIST_H */
