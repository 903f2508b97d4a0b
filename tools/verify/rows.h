/* rows.h - what must agree with what: the table of verify, and its judge.
 *
 * A row names two keys of claims.h. A '*' at the end of both stands for the items of a list: each
 * claim that fits the first pattern is held against its counterpart. Values agree when they are the
 * same text, or numbers that differ by no more than `apart`. A row whose keys nobody put is passed
 * over: another kind of failure, or an artefact that is not there. docs/verify.md is made of this
 * table (`lostbeat verify --rows`). */
#ifndef TOOLS_VERIFY_ROWS_H
#define TOOLS_VERIFY_ROWS_H

#include "tools/verify/claims.h"

struct row {
    const char *what; /* "register eax" */
    const char *a, *b;
    int64_t apart;   /* -1: compared as text */
    const char *why; /* where a reader may wonder; "" */
};

extern const struct row rows[];
extern const uint32_t rows_count;

enum row_verdict { ROW_AGREES, ROW_DIFFERS, ROW_ABSENT };

struct row_result {
    const struct row *row;
    enum row_verdict verdict;
    uint32_t compared; /* pairs */
    uint32_t differing;
    const struct claim *a, *b; /* the first pair that differs, else the first that was compared */
};

/** Judge one row. */
void row_judge(struct claims *c, const struct row *row, struct row_result *ret);

#endif /* TOOLS_VERIFY_ROWS_H */
