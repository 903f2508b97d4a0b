/* gzipfile.h - a file into one gzip member, and back again for comparing.
 *
 * ISA-L at level 1, whose bytes are the same on every processor, without name and time in the
 * header. Both ways go through the effects of dumpio.h, a megabyte at a time, and both give the
 * SHA-256 of the uncompressed bytes, so that a copy can be trusted before its original goes. */
#ifndef VMK_GZIPFILE_H
#define VMK_GZIPFILE_H

#include <stdint.h>

#include "shared/units.h"
#include "vmkernel/io/dumpio.h"

#define GZIPFILE_CHUNK MB
#define GZIPFILE_SHA256 32u

struct gzipfile_sum { /* of uncompressed bytes */
    uint64_t bytes;
    unsigned char sha256[GZIPFILE_SHA256];
};

/** Compress all of `from` into `to`, from offset 0 on. @return 0, or -errno with *ret untouched */
int gzipfile_write(const struct dumpio *io, int from, int to, struct gzipfile_sum *ret);
/** Sum what `fd`, one gzip member, holds. @return 0; -EBADMSG when it is no whole member; another
 * -errno */
int gzipfile_sum(const struct dumpio *io, int fd, struct gzipfile_sum *ret);
/** Sum a plain file. @return 0 or -errno */
int gzipfile_sum_plain(const struct dumpio *io, int fd, struct gzipfile_sum *ret);

#endif /* VMK_GZIPFILE_H */
