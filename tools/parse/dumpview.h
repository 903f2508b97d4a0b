/* dumpview.h - what a vmkernel-zdump holds, and what of it is missing, as text.
 *
 * Pure: it looks at a dump that shared/zdump.h has read. A dump that was cut lacks its end; which
 * sections that costs is known, because every dump has all of them (docs/FORMATS.md). */
#ifndef TOOLS_DUMPVIEW_H
#define TOOLS_DUMPVIEW_H

#include <stdio.h>

#include "shared/zdump.h"

/** "empty", "interrupted", "complete", "collected". */
const char *dumpview_state(const struct zdump *z);

/** One line for each section that is not there, or not whole, and one for a missing end; nothing
 * for a whole dump. @return how many sections are not there or not whole */
unsigned dumpview_missing(FILE *to, const struct zdump *z);

/** The section with this name; "log" stands for vmkernel-log. NULL = none. */
const struct zdump_section *dumpview_find(const struct zdump *z, const char *name);

#endif /* TOOLS_DUMPVIEW_H */
