/* ps.c - see ps.h. */
#include "tools/parse/ps.h"

#include <stdlib.h>
#include <string.h>

#include "tools/parse/top.h"

#define LOOK_LINES 200u

/* @return why not; NULL = understood */
static const char *read_line(struct ps *p, struct proclist_head *head, const char *at,
                             uint32_t line)
{
    struct proclist_row row;
    if (proclist_read_head(at, head)) {
        struct ps_listing *l = PARSE_ADD(p->listing, p->listing_count, p->listing_room);
        *l = (struct ps_listing){ .line = line, .first_row = p->row_count };
        return NULL;
    }
    const char *why = proclist_read_row(head, at, &row);
    if (why != NULL)
        return why;
    row.line = line;
    *PARSE_ADD(p->row, p->row_count, p->row_room) = row;
    p->listing[p->listing_count - 1].row_count++;
    return NULL;
}

void ps_parse(const struct text *t, struct ps *ret)
{
    struct proclist_head head = { 0 };
    *ret = (struct ps){ 0 };
    for (uint32_t i = 0; i < t->count; i++) {
        const char *at = t->lines[i].at;
        if (at[strspn(at, " \t")] == '\0')
            continue;
        const char *why = read_line(ret, &head, at, i + 1);
        if (why != NULL)
            unparsed_add(&ret->unparsed, 0, i + 1, why);
    }
}

void ps_free(struct ps *p)
{
    free(p->listing);
    free(p->row);
    free(p->unparsed.line);
    *p = (struct ps){ 0 };
}

bool ps_is(const struct text *t)
{
    struct proclist_head head;
    if (top_is(t))
        return false;
    for (uint32_t i = 0; i < t->count && i < LOOK_LINES; i++) {
        if (proclist_read_head(t->lines[i].at, &head))
            return true;
    }
    return false;
}
