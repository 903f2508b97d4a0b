/* helper.h - backtraces of all COS tasks, in a helper process.
 *
 * A stack is data from a machine that may have gone mad, and an unwinder is a program that
 * interprets it. So the stacks of a dump are unwound (shared/cosview/unwind.h) in a forked child
 * that has HELPER_SECONDS in all; what it found until then comes back through a pipe, and each
 * task's trace says how it ended. */
#ifndef VMK_HELPER_H
#define VMK_HELPER_H

#include <stdint.h>

#include "shared/cosview/unwind.h"
#include "vmkernel/foreign/cosmem.h"

#define HELPER_SECONDS 5u

/** Unwind every task. @return tasks->count traces in the same order (free with free()), or NULL
 * when memory is short. When the helper could not do its work a problem says so, and the traces it
 * did not deliver are COS_TRACE_NO_HELPER. */
struct cos_trace *helper_unwind(const struct cosmem *m, const struct cos_tasks *tasks);

/** Take the traces that a helper writes to `fd`, until all `count` are there or it closes its end.
 * It worked on hostile data, so what it says is checked like everything else: a trace that cannot
 * be, and those that did not come, are COS_TRACE_NO_HELPER. @return how many came */
uint32_t helper_collect(int fd, struct cos_trace *traces, uint32_t count);

#endif /* VMK_HELPER_H */
