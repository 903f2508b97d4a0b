/* core_list.c - linked lists in a memory that nobody vouches for; see core.h.
 *
 * A list may end in a cycle that does not lead through its head. Brent's way of finding it keeps
 * one address (the trap) and moves it at steps 1, 2, 4, 8, ...: whoever walks in a cycle meets the
 * trap once it lies in it, after at most three times the way. No memory, no table of visits. */
#include <assert.h>

#include "tools/core/core.h"

static void begin(struct core_walk *w, struct core *c, const char *what, uint64_t offset,
                  uint32_t limit)
{
    assert(limit > 0);
    *w = (struct core_walk){
        .core = c, .what = what, .offset = offset, .limit = limit, .trap_at = 1
    };
}

void core_walk_begin(struct core_walk *w, struct core *c, const char *what, uint64_t head,
                     uint64_t offset, uint32_t limit)
{
    begin(w, c, what, offset, limit);
    w->head = head;
    w->at = head;
}

void core_walk_chain(struct core_walk *w, struct core *c, const char *what, uint64_t first,
                     uint64_t offset, uint32_t limit)
{
    begin(w, c, what, offset, limit);
    w->trap = first; /* handed out before any link is followed */
}

static bool stop(struct core_walk *w)
{
    w->broken = true;
    return false;
}

/* Where the link of the last one leads. */
static bool follow(struct core_walk *w, uint64_t *ret)
{
    uint32_t next;
    if (w->steps == 0 && w->head == 0) {
        *ret = w->trap;
        return true;
    }
    if (core_u32(w->core, w->at + w->offset, &next)) {
        *ret = next;
        return true;
    }
    core_note_problem(w->core, "%s: link at %llx, after %u entries, is not in the core", w->what,
                      (unsigned long long)(w->at + w->offset), w->steps);
    return stop(w);
}

bool core_walk_next(struct core_walk *w, uint64_t *ret)
{
    uint64_t next;
    if (w->broken || !follow(w, &next) || (next == w->head && (w->steps > 0 || w->head != 0)))
        return false;
    if (next == 0) {
        if (w->head == 0)
            return false;
        core_note_problem(w->core, "%s: link at %llx, after %u entries, is 0", w->what,
                          (unsigned long long)(w->at + w->offset), w->steps);
        return stop(w);
    }
    if (w->steps > 0 && next == w->trap) {
        core_note_problem(w->core, "%s: runs in a circle through %llx without its head", w->what,
                          (unsigned long long)next);
        return stop(w);
    }
    if (w->steps >= w->limit) {
        core_note_problem(w->core, "%s: more than %u entries; the rest is not read", w->what,
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
