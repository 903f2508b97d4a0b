/* filecopy.h - a file, or a part of one, copied as it is or into one gzip member, and summed for
 * comparing.
 *
 * gzip by ISA-L at level 1, whose bytes are the same on every processor, without name and time in
 * the header. All goes through the effects of dumpio.h, a megabyte at a time, and all gives the
 * SHA-256 of the uncompressed bytes, so that a copy can be trusted before its original goes. */
#ifndef VMK_FILECOPY_H
#define VMK_FILECOPY_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/units.h"
#include "vmkernel/io/dumpio.h"

#define FILECOPY_CHUNK MB
#define FILECOPY_SHA256 32u
#define FILECOPY_TO_THE_END UINT64_MAX

struct filecopy_part { /* of an open file */
    int fd;
    uint64_t offset, bytes;
};
struct filecopy_sum { /* of uncompressed bytes */
    uint64_t bytes;
    unsigned char sha256[FILECOPY_SHA256];
};

/** Write the part into `to`, from offset 0 on, `packed` into a gzip member. @return 0 with the sum
 * of what was read, or -errno with *ret untouched */
int filecopy_write(const struct dumpio *io, const struct filecopy_part *from, int to, bool packed,
                   struct filecopy_sum *ret);

/** Sum the part, or, when it is `packed`, what it unpacks to. @return 0; -EBADMSG when it is no
 * whole gzip member; another -errno */
int filecopy_sum(const struct dumpio *io, const struct filecopy_part *from, bool packed,
                 struct filecopy_sum *ret);

/** Are these the same bytes? */
bool filecopy_same(const struct filecopy_sum *a, const struct filecopy_sum *b);

#endif /* VMK_FILECOPY_H */
