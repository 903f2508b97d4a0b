/* skeleton.h - a new host directory with nothing in it but the plan of its run.
 *
 * run/ holds the truth about a run and is closed to others (0700). Everything else in a host is
 * made by the VMkernel and the COS. */
#ifndef TOOLS_SKELETON_H
#define TOOLS_SKELETON_H

#include <stddef.h>

#include "shared/err.h"
#include "shared/plan.h"
#include "tools/scenario/scenario.h"

/** Make the host directory `dir`, parents included. A directory that is there must be empty.
 *  @return 0, or a code of err.h with one line in err */
int skeleton_create(const char *dir, const struct plan *plan, struct err *err);

/** Write run/drawn: the files that the seed drew, a line each; nothing when it drew none. @return
 * 0, or a code of err.h with one line in err */
int skeleton_note_drawn(const char *dir, const struct scenario *s, struct err *err);

#endif /* TOOLS_SKELETON_H */
