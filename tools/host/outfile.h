/* outfile.h - files that are whole or not there: a temporary name, fsync, rename. */
#ifndef TOOLS_OUTFILE_H
#define TOOLS_OUTFILE_H

#include <stddef.h>

/** Replace or make the file `path`. @return 0, or -1 with one line in err; `path` is then as it was
 */
int outfile_write(const char *path, const void *bytes, size_t size, char *err, size_t err_size);

#endif /* TOOLS_OUTFILE_H */
