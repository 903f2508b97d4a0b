/* fault_note.c - see fault_note.h. */
#include "cos/kernel/faults/fault_note.h"

#include "cos/kernel/mm/mm.h"

#define PPM 1000000u
#define PPM_PER_PERCENT 10000u

_Static_assert(SCRATCH_FAULTS + FAULTS_MAX * sizeof(struct fault_state) <=
                   SCRATCH_SIZE - SCRATCH_STACK,
               "scratch memory");

void fault_note(uint32_t index, uint32_t kind, uint64_t v0, uint64_t v1)
{
    struct fault_notes *notes = PTR(struct fault_notes, MACHINE_WINDOW_VA + MACHINE_NOTES_OFFSET);
    const uint64_t head = notes->head;
    notes->note[head % FAULT_NOTES_MAX] = (struct fault_note){
        .at_ns = cos_clock.now_ns, .kind = kind, .fault = index, .value = { v0, v1 }
    };
    notes->head = head + 1;
}

uint32_t fault_rounds(const struct fault *f, uint64_t now)
{
    if (f->type == FAULT_NONE || now < f->at_ns)
        return 0;
    if (f->every_ns == 0)
        return 1;
    const uint64_t rounds = (now - f->at_ns) / f->every_ns + 1;
    if (f->times != 0 && rounds > f->times)
        return f->times;
    return rounds < UINT32_MAX ? (uint32_t)rounds : UINT32_MAX;
}

bool fault_is_on(const struct fault *f, uint64_t now)
{
    const uint32_t rounds = fault_rounds(f, now);
    if (rounds == 0)
        return false;
    return f->for_ns == 0 || now - fault_begins_ns(f, rounds - 1) < f->for_ns;
}

uint32_t fault_resource_ppm(uint32_t resource)
{
    struct mem_info info;
    mem_info(&info);
    const bool swap = resource == FAULT_RESOURCE_SWAP;
    const uint64_t total = swap ? info.swap_total : info.total - info.out_of_reach;
    const uint64_t spare = (uint64_t)info.free + info.buffers + info.cached - info.out_of_reach;
    const uint64_t rest = swap ? info.swap_free : spare;
    return total == 0 ? 0 : (uint32_t)((total - rest) * PPM / total);
}

bool fault_unless_holds(const struct fault *f)
{
    switch (f->unless) {
    case FAULT_UNLESS_RAM_USED:
        return fault_resource_ppm(FAULT_RESOURCE_RAM) >= f->unless_pct * PPM_PER_PERCENT;
    case FAULT_UNLESS_SWAP_USED:
        return fault_resource_ppm(FAULT_RESOURCE_SWAP) >= f->unless_pct * PPM_PER_PERCENT;
    case FAULT_UNLESS_RUNNING:
        return find_task_by_name(f->unless_name) != NULL;
    case FAULT_UNLESS_OOM:
        return oom_kill_count > 0;
    default:
        return false;
    }
}

/* Round number `round` (from 1) is here. */
static void begin(uint32_t index, uint32_t round)
{
    const struct fault *f = fault_at(index);
    struct fault_state *state = fault_state(index);
    state->round = round;
    state->calls = state->done = 0;
    memset(state->own, 0, sizeof state->own);
    state->skipped = fault_unless_holds(f);
    fault_note(index, state->skipped ? FAULT_NOTE_SKIPPED : FAULT_NOTE_BEGINS, 0, 0);
}

bool fault_acts(uint32_t index)
{
    const struct fault *f = fault_at(index);
    struct fault_state *state = fault_state(index);
    const uint32_t round = fault_rounds(f, cos_clock.now_ns);

    if (!fault_is_on(f, cos_clock.now_ns)) {
        if (state->round != 0 && !state->skipped)
            fault_note(index, FAULT_NOTE_ENDS, 0, 0);
        state->round = 0;
        return false;
    }
    if (state->round != round)
        begin(index, round);
    return !state->skipped;
}
