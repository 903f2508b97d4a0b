/* fault_note.c - see fault_note.h. */
#include "cos/kernel/faults/fault_note.h"

_Static_assert(SCRATCH_FAULTS + sizeof(struct fault_memory) <= SCRATCH_SIZE - SCRATCH_STACK,
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
