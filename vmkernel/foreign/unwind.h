/* unwind.h - backtraces of all COS tasks, by libunwind, in a helper process.
 *
 * Each task is unwound from its saved register frame: libunwind asks our accessors, which answer
 * registers from the frame and memory through cosmem, and finds unwind tables by the image's
 * .eh_frame_hdr. Nothing of the live process is touched, so a killed COS unwinds like a stunned
 * one.
 *
 * A stack is data from a machine that may have gone mad, and an unwinder is a program that
 * interprets it. So it runs in a forked child with UNWIND_FRAMES_MAX frames a task and
 * UNWIND_SECONDS in all; what it found until then comes back through a pipe, and each task's result
 * says how it ended. */
#ifndef VMK_UNWIND_H
#define VMK_UNWIND_H

#include <stdint.h>

#include "vmkernel/foreign/cosmem.h"

#define UNWIND_FRAMES_MAX 64u
#define UNWIND_SECONDS 5u

enum unwind_end {
    UNWIND_WHOLE,    /* down to a function that says it has no caller */
    UNWIND_CUT,      /* UNWIND_FRAMES_MAX reached */
    UNWIND_BROKEN,   /* no unwind information, or memory out of reach; frames until there */
    UNWIND_NONE,     /* the task has no register frame */
    UNWIND_NO_HELPER /* the helper died or ran out of time before it came to this task */
};

struct unwind_frame {
    uint64_t ip, sp;
};

struct unwind_trace {
    enum unwind_end end;
    uint32_t count;
    struct unwind_frame frame[UNWIND_FRAMES_MAX]; /* innermost first */
};

/** Unwind every task. @return tasks->count traces in the same order (free with free()), or NULL
 * when memory is short. When the helper could not do its work a note says so, and the traces it did
 * not deliver are UNWIND_NO_HELPER. */
struct unwind_trace *unwind_tasks(const struct cosmem *m, const struct cos_tasks *tasks,
                                  struct notes *notes);

/** How a trace ended, in words. */
const char *unwind_end_name(enum unwind_end end);

#endif /* VMK_UNWIND_H */
