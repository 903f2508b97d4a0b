/* cos_harness.h - the whole COS kernel in a test program: scheduler, processes, memory, programs,
 * on their real stacks in their RAM. Only the VMkernel and the heartbeat daemon are missing: time
 * is granted without end.
 *
 * A run is a child process, so that each begins with untouched kernel data. Link with @cos. */
#ifndef TESTS_COS_HARNESS_H
#define TESTS_COS_HARNESS_H

#include "cos/kernel/faults/fault_note.h"
#include "cos/kernel/mm/mm_internal.h"
#include "cos/kernel/sched/process.h"
#include "cos/kernel/sched/sched.h"
#include "cos/programs/program.h"

/* How a run ended. */
enum cos_end {
    COS_END_DONE,    /* pid 1's function returned */
    COS_END_PANIC,   /* the COS panicked */
    COS_END_BUG,     /* an assertion of the model failed */
    COS_END_OOPS,    /* the COS oopsed */
    COS_END_STUCK,   /* nothing would ever happen again */
    COS_END_CRASHED, /* the child process was ended by a signal */
};

/* What a run leaves for the test; in memory that parent and child share. */
struct cos_result {
    char text[256];      /* why it panicked; the assertion that failed */
    uint64_t number[64]; /* for the test */
    char log[65536];     /* the kernel log at the end, without levels removed */
};

struct cos_machine {
    uint32_t ram_mb, swap_slots;
    const struct fault *faults; /* copied into the boot parameters */
    uint32_t fault_count;
    bool no_skip; /* execute all, compute nothing: MACHINE_FLAG_NO_SKIP */
};

/** Boot a COS and run fn as pid 1, a user process named init. *ret lies in shared memory and stays
 * valid until the next run. */
enum cos_end cos_run(const struct cos_machine *machine, void (*fn)(struct cos_result *),
                     struct cos_result **ret);
/** In a run: fork and exec a program that then runs fn. @return its pid or a negative error */
int cos_spawn(const struct boot_program *spec, int (*fn)(struct program *));
/** In a run: a program with a bit of everything; name and sizes may be changed. */
struct boot_program cos_program(const char *name);
/** In a run: wait until all children have ended. */
void cos_wait_all(void);

#endif /* TESTS_COS_HARNESS_H */
