/* core_internal.h - what core_open.c and the parts that it calls share. */
#ifndef TOOLS_CORE_CORE_INTERNAL_H
#define TOOLS_CORE_CORE_INTERNAL_H

#include "tools/core/core.h"

/** Read the notes of [offset, offset + len) of the file, which lie in it. @return 0, -1 out of
 * memory */
int core_notes_parse(struct core *c, uint64_t offset, uint64_t len);
/** Inflate a gzip file into a new mapping of the core. Damage is noted; what came before it is
 * kept. @return 0, or a negative code with one line in err */
int core_inflate(struct core *c, const unsigned char *from, uint64_t size, struct err *err);

/** The bytes of the file as a source for the view. */
struct cosview_source core_view_source(const struct core *c);

#endif /* TOOLS_CORE_CORE_INTERNAL_H */
