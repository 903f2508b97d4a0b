/* core_internal.h - what core_open.c and core_note.c share. */
#ifndef TOOLS_CORE_CORE_INTERNAL_H
#define TOOLS_CORE_CORE_INTERNAL_H

#include "tools/core/core.h"

/** Read the notes of [offset, offset + len) of the file, which lie in it. @return 0, or -1 with one
 * line in err */
int core_notes_parse(struct core *c, uint64_t offset, uint64_t len, char *err, size_t err_size);
/** Take the lines of a LOSTBEAT note. What stands behind the last '\n' was cut and is left
 * out. @return 0, or -1 with one line in err */
int core_cosinfo_parse(struct core *c, const char *text, size_t len, char *err, size_t err_size);
/** Inflate a gzip file into a new mapping of the core. Damage is noted; what came before it is
 * kept. @return 0, or -1 with one line in err */
int core_inflate(struct core *c, const unsigned char *from, uint64_t size, char *err,
                 size_t err_size);

#endif /* TOOLS_CORE_CORE_INTERNAL_H */
