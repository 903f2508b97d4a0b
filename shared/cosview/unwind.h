/* unwind.h - the stack of a console's task, by libunwind, from its memory alone.
 *
 * The memory holds every segment of the console's image: its program headers lead to .eh_frame_hdr
 * and .eh_frame, so no executable is needed, and nothing of a live process: a console that was
 * killed unwinds like one that was stopped.
 *
 * The stack, the tables and the registers are data of a machine that may have gone mad, or of a
 * file that somebody made up. libunwind sees them through two accessors alone: registers of the
 * task, and words that the source has. Each trace has COS_FRAMES_MAX frames and COS_READS_MAX
 * words, so it ends, whatever is in the tables. */
#ifndef SHARED_COSVIEW_UNWIND_H
#define SHARED_COSVIEW_UNWIND_H

#include "shared/cosview/task.h"

#define COS_FRAMES_MAX 64u
#define COS_READS_MAX 200000u /* words a trace; a real one takes about 200 a frame */

enum cos_trace_end {
    COS_TRACE_WHOLE,    /* down to a function that says it has no caller */
    COS_TRACE_CUT,      /* COS_FRAMES_MAX reached */
    COS_TRACE_BROKEN,   /* no unwind information, or memory out of reach; frames until there */
    COS_TRACE_NONE,     /* the task has no registers: it never ran */
    COS_TRACE_NO_HELPER /* whoever was to unwind it died or ran out of time before */
};

struct cos_trace {
    enum cos_trace_end end;
    uint32_t count;
    struct {
        uint64_t ip, sp;
    } frame[COS_FRAMES_MAX]; /* innermost first */
};

struct cosview_unwinder;
/** Prepare for unwinding; the view must outlive it. The image's `phdr_count` program headers lie at
 * `phdr_va`; 0 of them, or missing tables, are a problem, and then traces have one frame. @return
 * NULL out of memory */
struct cosview_unwinder *cosview_unwinder_create(const struct cosview *v, uint64_t phdr_va,
                                                 uint32_t phdr_count);
void cosview_unwinder_destroy(struct cosview_unwinder *u);
/** The stack of a task. *ret is always set. */
void cosview_unwind(struct cosview_unwinder *u, const struct cos_task *t, struct cos_trace *ret);
/** The function of frame i; `ret_offset` may be NULL. @return NULL if it lies in none */
const char *cos_trace_function(const struct cosview *v, const struct cos_trace *t, uint32_t i,
                               uint64_t *ret_offset);
/** Is there a frame of that function? */
bool cos_trace_has(const struct cosview *v, const struct cos_trace *t, const char *function);
/** How a trace ended, in words. */
const char *cos_trace_end_name(enum cos_trace_end end);

#endif /* SHARED_COSVIEW_UNWIND_H */
