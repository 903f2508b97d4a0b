/* costrace.h - the stack trace of the COS's current task in the form in which its own kernel prints
 * an Oops.
 *
 * On a real host the COS prints it to its log before it stops; here the COS memory stays as it was,
 * and the text goes to the zdump behind the COS's log. It is made from the saved register frame and
 * the stack alone, by the kernel's own rule: the call trace names every word of the stack that lies
 * in kernel text, so stale ones appear too (the unwound backtrace stands among the tasks of the
 * zdump).
 *
 * Sources: [KB1006802] and [RHEL3MM] for the layout. Stack words are printed as 32-bit words as on
 * i386; ours are 64 bits wide, so every address is followed by a word of zeros (OUR CHOICE: it is
 * what lies there). */
#ifndef VMK_COSTRACE_H
#define VMK_COSTRACE_H

#include <stdio.h>

#include "shared/cosview/task.h"

#define COSTRACE_WORDS 24u /* 32-bit words of the Stack: lines, 8 a line */

/** Print the trace of a task to `to`. `release` is the kernel release. A task without registers
 * gives one line that says so. */
void costrace_print(FILE *to, const struct cosview *v, const struct cos_task *t,
                    const char *release);

#endif /* VMK_COSTRACE_H */
