/* fail_page_alloc.c - see fail_page_alloc.h. */
#include "cos/kernel/faults/fail_page_alloc.h"

#include "cos/kernel/mm/mm.h"

#define NO_LIMIT (-1)

static bool is_target(const struct fault *f)
{
    return f->target[0] == '\0' || strcmp(f->target, current->comm) == 0;
}

/* state->calls counts those that `interval` is about. */
static bool knobs_say_fail(const struct fault *f, struct fault_state *state, uint32_t index,
                           uint32_t gfp, uint32_t order)
{
    if (order < f->min_order || ((f->flags & FAULT_FLAG_IGNORE_GFP_WAIT) && (gfp & GFP_WAIT)))
        return false;
    if (f->fail_times != NO_LIMIT && state->done >= (uint64_t)f->fail_times)
        return false;
    if (f->space > state->passed + (1u << order)) {
        state->passed += 1u << order;
        return false;
    }
    if (f->interval > 1 && ++state->calls % f->interval != 0)
        return false;
    if (!state->drawn) {
        char name[32];
        (void)snprintf(name, sizeof name, "fail-page-alloc.%u", index);
        rng_init(&state->rng, cos_random("fault"), name);
        state->drawn = true;
    }
    return rng_below(&state->rng, 100) < f->probability;
}

static bool one_fault_says_fail(uint32_t index, uint32_t gfp, uint32_t order)
{
    const struct fault *f = fault_at(index);
    struct fault_state *state = fault_state(index);
    if (!is_target(f))
        return false;
    const bool nth = f->type == FAULT_FAIL_NTH;
    if (nth ? ++state->calls != (f->count != 0 ? f->count : 1)
            : !knobs_say_fail(f, state, index, gfp, order))
        return false;
    state->done++;
    if (nth || (f->flags & FAULT_FLAG_VERBOSE))
        fault_note(index, FAULT_NOTE_FAILED, order, gfp);
    return true;
}

bool fail_page_alloc(uint32_t gfp, uint32_t order)
{
    bool fail = false;
    for (uint64_t left = fault_memory()->failing; left != 0; left &= left - 1)
        fail |= one_fault_says_fail((uint32_t)__builtin_ctzll(left), gfp, order);
    return fail;
}
