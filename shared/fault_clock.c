/* fault_clock.c - see fault_clock.h. Freestanding: the COS links it. */
#include "shared/fault_clock.h"

#include <stddef.h>

static uint64_t add_ns(uint64_t a, uint64_t b)
{
    return a > FAULT_NEVER - b ? FAULT_NEVER : a + b;
}

/* ---- one clock ------------------------------------------------------------------------------- */
uint64_t fault_length_ns(const struct fault *f)
{
    if (fault_is(f->type, FAULT_STRIKES))
        return 0;
    const bool held = fault_is(f->type, FAULT_HOLDS) && f->hold_ns != 0;
    const uint64_t held_ns = held ? add_ns(f->within_ns, f->hold_ns) : FAULT_NEVER;
    return f->for_ns != 0 && f->for_ns < held_ns ? f->for_ns : held_ns;
}

uint64_t fault_begins_ns(const struct fault *f, uint32_t n)
{
    if (n == 0)
        return f->at_ns;
    if (f->every_ns == 0 || (f->times != 0 && n >= f->times) ||
        n > (FAULT_NEVER - f->at_ns) / f->every_ns)
        return FAULT_NEVER;
    return f->at_ns + n * f->every_ns;
}

uint32_t fault_times_before(const struct fault *f, uint64_t ns)
{
    if (f->at_ns >= ns)
        return 0;
    if (f->every_ns == 0)
        return 1;
    const uint64_t most = f->times != 0 ? f->times : UINT32_MAX;
    const uint64_t begun = (ns - f->at_ns - 1) / f->every_ns + 1;
    return (uint32_t)(begun < most ? begun : most);
}

uint64_t fault_over_ns(const struct fault *f)
{
    if (f->every_ns != 0 && f->times == 0)
        return FAULT_NEVER;
    struct fault_clock last = { .times = f->every_ns == 0 ? 0 : (uint32_t)f->times - 1 };
    bool begins;
    const uint64_t begins_ns = fault_clock_next_ns(&last, f, &begins);
    (void)fault_clock_step(&last, f, false);
    return last.on != 0 ? last.ends_ns : begins_ns;
}

uint64_t fault_clock_next_ns(const struct fault_clock *c, const struct fault *f, bool *ret_begins)
{
    const uint64_t begins_ns = fault_begins_ns(f, c->times);
    *ret_begins = c->on == 0 || begins_ns < c->ends_ns;
    return *ret_begins ? begins_ns : c->ends_ns;
}

enum fault_note_kind fault_clock_step(struct fault_clock *c, const struct fault *f, bool prevented)
{
    bool begins;
    const uint64_t at_ns = fault_clock_next_ns(c, f, &begins);
    if (begins)
        c->times++;
    if (begins && prevented)
        return FAULT_NOTE_SKIPPED;
    c->before_ns += fault_clock_lasts_ns(c, at_ns);
    c->began_ns = at_ns;
    c->ends_ns = add_ns(at_ns, fault_length_ns(f));
    c->on = begins && c->ends_ns != at_ns;
    return begins ? FAULT_NOTE_BEGINS : FAULT_NOTE_ENDS;
}

uint64_t fault_clock_lasts_ns(const struct fault_clock *c, uint64_t now_ns)
{
    return c->on != 0 ? now_ns - c->began_ns : 0;
}

/* ---- the clocks of one side ------------------------------------------------------------------ */
void fault_queue_init(struct fault_queue *q, const struct fault *fault, uint32_t count,
                      enum fault_side side)
{
    *q = (struct fault_queue){ .fault = fault };
    for (uint32_t i = 0; i < count && i < FAULTS_MAX; i++) {
        if (fault[i].type != FAULT_NONE && fault_side(&fault[i]) == side)
            q->ours |= UINT64_C(1) << i;
    }
}

/* @return FAULT_NEVER when nothing ever comes (*ret_index and *ret_begins untouched) */
static uint64_t next(const struct fault_queue *q, uint32_t *ret_index, bool *ret_begins)
{
    uint64_t least = FAULT_NEVER;
    for (uint64_t left = q->ours; left != 0; left &= left - 1) {
        const uint32_t i = (uint32_t)__builtin_ctzll(left);
        bool begins;
        const uint64_t at_ns = fault_clock_next_ns(&q->clock[i], &q->fault[i], &begins);
        if (at_ns == FAULT_NEVER || at_ns > least || (at_ns == least && (begins || !*ret_begins)))
            continue;
        least = at_ns;
        *ret_index = i;
        *ret_begins = begins;
    }
    return least;
}

uint64_t fault_queue_next_ns(const struct fault_queue *q)
{
    uint32_t index;
    bool begins;
    return next(q, &index, &begins);
}

bool fault_queue_take(struct fault_queue *q, uint64_t now_ns, fault_look *look, void *context,
                      struct fault_event *ret)
{
    struct fault_world world = { 0 };
    uint32_t index;
    bool begins;
    const uint64_t at_ns = next(q, &index, &begins);
    if (at_ns == FAULT_NEVER || at_ns > now_ns)
        return false;
    const struct fault *f = &q->fault[index];
    const bool conditional = begins && f->unless != FAULT_ALWAYS;
    if (conditional)
        look(f, context, &world);
    const bool prevented = conditional && fault_is_prevented(f, &world);
    *ret = (struct fault_event){ at_ns, index, fault_clock_step(&q->clock[index], f, prevented) };
    return true;
}

static bool hits(const struct fault *f, const char *target)
{
    if (target == NULL || f->target[0] == '\0')
        return true;
    for (uint32_t i = 0; i < FAULT_NAME_MAX; i++) {
        if (f->target[i] != target[i] || target[i] == '\0')
            return f->target[i] == target[i];
    }
    return true;
}

const struct fault *fault_queue_on(const struct fault_queue *q, uint32_t type, const char *target)
{
    for (uint64_t left = q->ours; left != 0; left &= left - 1) {
        const uint32_t i = (uint32_t)__builtin_ctzll(left);
        if (q->clock[i].on != 0 && q->fault[i].type == type && hits(&q->fault[i], target))
            return &q->fault[i];
    }
    return NULL;
}
