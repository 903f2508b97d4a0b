/* fault_note.h - what those who carry out faults in the COS need: which are on, what each
 * remembers, and how it reports what it did.
 *
 * A fault's record is read in place in the window, and what it remembers lies in scratch memory:
 * neither is a part of the machine, so no dump and no artefact shows a fault, only what it did. The
 * clocks are driven by cos/programs/faults.c. */
#ifndef COS_FAULT_NOTE_H
#define COS_FAULT_NOTE_H

#include "cos/kernel/sched/task.h"
#include "shared/fault_clock.h"

/* What one fault remembers. All zero at the boot. */
struct fault_state {
    uint32_t due;     /* programs that init has to start; bugs that its target has to meet */
    uint32_t started; /* jobs and children of the present time */
    /* Of allocations that fail (fail_page_alloc.c), since the present time began. */
    struct rng rng;
    uint64_t calls;  /* how often it was asked */
    uint64_t done;   /* how often it acted */
    uint64_t passed; /* pages that `space` let pass */
    bool drawn;      /* rng was started */
};
struct fault_memory {
    struct fault_queue queue;
    struct ktimer timer;
    uint64_t failing; /* bit n: fault[n] makes allocations fail now */
    struct fault_state state[FAULTS_MAX];
};

static inline struct fault_memory *fault_memory(void)
{
    return PTR(struct fault_memory, SCRATCH_VA + SCRATCH_FAULTS);
}
static inline const struct fault *fault_at(uint32_t index)
{
    return &boot_params->fault[index];
}
static inline struct fault_state *fault_state(uint32_t index)
{
    return &fault_memory()->state[index];
}
static inline const struct fault_clock *fault_clock(uint32_t index)
{
    return &fault_memory()->queue.clock[index];
}
#define for_each_fault(i) \
    for (uint32_t i = 0; i < boot_params->fault_count && i < BOOT_FAULTS_MAX; i++)

/** Report to the VMkernel (run/) what fault number `index` did; kind: FAULT_NOTE_*. */
void fault_note(uint32_t index, uint32_t kind, uint64_t v0, uint64_t v1);

#endif /* COS_FAULT_NOTE_H */
