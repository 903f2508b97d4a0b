/* top.h - reads what `top -b` wrote, once or each minute for weeks: procps 2 (ESX 3.x) and 3 (4.x);
 * and listings of any `ps` that prints heads of columns.
 *
 * Each output is a snapshot: its totals, of which ps has none, and a run of rows. Rows are read by
 * the heads of their columns, so every layout goes one way. Sizes are in kB, or "26M", "1.2g" when
 * a column was too narrow; STAT may hold a blank in top ("D N", "S <"). Layouts: [RHEL3MM 2]. */
#ifndef TOOLS_PARSE_TOP_H
#define TOOLS_PARSE_TOP_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/parse/text.h"

struct top_row {
    uint32_t line;
    int64_t pid, size_kb; /* -1 = no such column */
    char stat[8], command[80];
};

struct top_snapshot {
    uint32_t line;                                    /* of its first line */
    char up[40];                                      /* "2 days, 18:44"; of ps "" */
    int64_t processes, mem_kb, swap_kb, swap_used_kb; /* -1 = unknown */
    uint32_t first_row, row_count;                    /* in top.row */
};

struct top {
    struct top_snapshot *snapshot;
    uint32_t snapshot_count, snapshot_room;
    struct top_row *row;
    uint32_t row_count, row_room;
    struct unparsed unparsed;
};

/** Read it. Always succeeds; what is something else yields unparsed lines alone. Free with
 * top_free(). */
void top_parse(const struct text *t, struct top *ret);
void top_free(struct top *t);

/** Is it one: has it a line of top's load averages, or heads of columns? */
bool top_is(const struct text *t);

#endif /* TOOLS_PARSE_TOP_H */
