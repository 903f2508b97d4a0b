/* core_unwind.h - the stack of a task of a core, by libunwind, from the core alone.
 *
 * The core holds every segment of the image: its program headers (NT_AUXV says where) lead to
 * .eh_frame_hdr and .eh_frame, and the LOSTBEAT note names the functions. So no executable is
 * needed; one that is given adds lines of source (core_source.h).
 *
 * The stack, the tables and the registers are data of a machine that may have gone mad, or of a
 * file that somebody made up. libunwind sees them through two accessors alone: registers of the
 * task, and words that lie in the core. Each trace has CORE_FRAMES_MAX frames and CORE_READS_MAX
 * words, so it ends, whatever is in the tables. */
#ifndef TOOLS_CORE_CORE_UNWIND_H
#define TOOLS_CORE_CORE_UNWIND_H

#include "tools/core/core_model.h"

#define CORE_FRAMES_MAX 64u    /* as the VMkernel's own trace in the zdump */
#define CORE_READS_MAX 200000u /* words a trace; a real one takes about 200 a frame */

enum core_trace_end {
    CORE_TRACE_WHOLE,  /* down to a function that says it has no caller */
    CORE_TRACE_CUT,    /* CORE_FRAMES_MAX reached */
    CORE_TRACE_BROKEN, /* no unwind information, or memory that is not in the core */
    CORE_TRACE_NONE,   /* the task has no registers: it never ran */
};

struct core_frame {
    uint64_t ip, sp;
    const char *function; /* NULL = lies in none */
    uint64_t offset;      /* of ip in it */
};

struct core_trace {
    enum core_trace_end end;
    uint32_t count;
    struct core_frame frame[CORE_FRAMES_MAX]; /* innermost first */
};

struct core_unwinder;
/** Prepare for unwinding; the core must outlive it. Missing tables are noted, and then traces have
 * one frame. @return NULL out of memory */
struct core_unwinder *core_unwinder_create(struct core *c);
void core_unwinder_destroy(struct core_unwinder *u);
/** The stack of a task. *ret is always set. */
void core_unwind(struct core_unwinder *u, const struct core_task *t, struct core_trace *ret);
/** How a trace ended, in words. */
const char *core_trace_end_name(enum core_trace_end end);
/** Is there a frame of that function? */
bool core_trace_has(const struct core_trace *t, const char *function);

#endif /* TOOLS_CORE_CORE_UNWIND_H */
