/* walk.c - linked lists in a memory that nobody vouches for; see cosview.h.
 *
 * A list may end in a cycle that does not lead through its head. Brent's way of finding it keeps
 * one address (the trap) and moves it at steps 1, 2, 4, 8, ...: whoever walks in a cycle meets the
 * trap once it lies in it, after at most three times the way. No memory, no table of visits. */
#include <assert.h>
#include <inttypes.h>

#include "shared/cosview/cosview.h"

void cos_walk_begin(struct cos_walk *w, const struct cosview *v, const char *what, uint64_t head,
                    uint64_t offset, uint32_t limit)
{
    assert(v != NULL && limit > 0);
    *w = (struct cos_walk){ .view = v,
                            .what = what,
                            .offset = offset,
                            .limit = limit,
                            .head = head,
                            .at = head,
                            .trap_at = 1 };
}

void cos_walk_chain(struct cos_walk *w, const struct cosview *v, const char *what, uint64_t first,
                    uint64_t offset, uint32_t limit)
{
    cos_walk_begin(w, v, what, 0, offset, limit);
    w->trap = first; /* handed out before any link is followed */
}

static bool stop(struct cos_walk *w)
{
    w->broken = true;
    return false;
}

/* Where the link of the last one leads. */
static bool follow(struct cos_walk *w, uint64_t *ret)
{
    uint32_t next;
    if (w->steps == 0 && w->head == 0) {
        *ret = w->trap;
        return true;
    }
    if (cosview_u32(w->view, w->at + w->offset, &next)) {
        *ret = next;
        return true;
    }
    problems_add(w->view->problems,
                 "%s: link at %" PRIx64 ", after %" PRIu32 " entries, is out of reach", w->what,
                 w->at + w->offset, w->steps);
    return stop(w);
}

bool cos_walk_next(struct cos_walk *w, uint64_t *ret)
{
    uint64_t next;
    struct problems *p = w->view->problems;
    if (w->broken || !follow(w, &next) || (next == w->head && (w->steps > 0 || w->head != 0)))
        return false;
    if (next == 0) {
        if (w->head == 0)
            return false;
        problems_add(p, "%s: link at %" PRIx64 ", after %" PRIu32 " entries, is 0", w->what,
                     w->at + w->offset, w->steps);
        return stop(w);
    }
    if (w->steps > 0 && next == w->trap) {
        problems_add(p, "%s: runs in a circle through %" PRIx64 " without its head", w->what, next);
        w->cycle = w->steps + 1 - w->trap_at / 2;
        return stop(w);
    }
    if (w->steps >= w->limit) {
        problems_add(p, "%s: more than %" PRIu32 " entries; the rest is not read", w->what,
                     w->limit);
        return stop(w);
    }
    if (++w->steps == w->trap_at) {
        w->trap = next;
        w->trap_at *= 2;
    }
    w->at = next;
    *ret = next;
    return true;
}
