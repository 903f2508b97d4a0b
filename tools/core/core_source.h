/* core_source.h - from an address to file and line, by the DWARF of the console's executable.
 *
 * Only with an executable that somebody gives; it must be the one that made the core, which its
 * build id tells. */
#ifndef TOOLS_CORE_CORE_SOURCE_H
#define TOOLS_CORE_CORE_SOURCE_H

#include "tools/core/core.h"

struct core_source;
/** Open the executable and hold its build id against the image in the core. @return 0, or a
 * negative code with one line in err */
int core_source_open(struct core *c, const char *path, struct core_source **ret, struct err *err);
void core_source_close(struct core_source *s);
/** File and line of an address. @return false if its DWARF has none */
bool core_source_line(struct core_source *s, uint64_t ip, const char **ret_file, int *ret_line);

#endif /* TOOLS_CORE_CORE_SOURCE_H */
