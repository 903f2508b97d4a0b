/* digest.h - one number for everything that a run left behind.
 *
 * The digest of a host is the SHA-256 of the text that `sha256sum` would print for its files:
 *
 *     (cd HOST && find * -path run -prune -o -type f -print | LC_ALL=C sort |
 *          xargs sha256sum | sha256sum)
 *
 * that is, one line "<64 hex digits>  <path>\n" per regular file except those in run/, in the order
 * of their paths' bytes. A file whose name ends in .gz counts with its uncompressed bytes, so that
 * another compressor's level does not matter. Directories, modes and times are no part of it;
 * anything else than files and directories is an error, since no artefact is one. Holes read as
 * zeros. */
#ifndef TOOLS_DIGEST_H
#define TOOLS_DIGEST_H

#include <stddef.h>

#include "shared/err.h"

#define DIGEST_HEX 65u /* 64 digits and a zero */

/** The digest of the host directory. @return 0, or a code of err.h with one line in err */
int digest_host(const char *host_dir, char ret[DIGEST_HEX], struct err *err);

#endif /* TOOLS_DIGEST_H */
