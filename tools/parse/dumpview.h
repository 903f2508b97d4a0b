/* dumpview.h - what a vmkernel-zdump holds, and what of it is missing, as text.
 *
 * The dump is one that shared/zdump.h has read. One that was cut lacks its end; which sections that
 * costs is known, because every dump has all of them (docs/FORMATS.md). */
#ifndef TOOLS_DUMPVIEW_H
#define TOOLS_DUMPVIEW_H

#include <stdio.h>

#include "shared/zdump.h"

/** The slot of a partition that was written last, from 0; 0 when no header can be read, since its
 * sections may still be there. */
uint32_t dumpview_newest_slot(const char *path);

/** "empty", "interrupted", "complete", "collected". */
const char *dumpview_state(const struct zdump *z);

/** One line for each section that is not there, or not whole, and one for a missing end; nothing
 * for a whole dump. @return how many sections are not there or not whole */
unsigned dumpview_missing(FILE *to, const struct zdump *z);

/** The section with this name; "log" stands for vmkernel-log. NULL = none. */
const struct zdump_section *dumpview_find(const struct zdump *z, const char *name);

#endif /* TOOLS_DUMPVIEW_H */
