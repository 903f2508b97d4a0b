/* dumpio.h - the effects of a dump on files, as a table of functions, and the two ways in which a
 * dump makes a file.
 *
 * Everything that a dump writes goes through this table: the real one in production, one that fails
 * the Nth call in tests/fault. Results are those of the system calls, but errors come as -errno.
 *
 * A function gets the table that it was called by. So a table that behaves differently in one
 * respect is a copy of another with one member replaced; where that needs a state of its own, the
 * copy is the first member of a record (storeio.h). */
#ifndef VMK_DUMPIO_H
#define VMK_DUMPIO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "shared/io.h"

/* What a file is called while it is made. */
#define DUMPIO_TEMPORARY ".tmp"

struct dumpio {
    void *ctx; /* of whoever made the table */
    int (*open)(const struct dumpio *io, const char *path, int flags, mode_t mode);
    int64_t (*size)(const struct dumpio *io, int fd); /* bytes */
    ssize_t (*pread)(const struct dumpio *io, int fd, void *bytes, size_t len, off_t offset);
    ssize_t (*pwrite)(const struct dumpio *io, int fd, const void *bytes, size_t len, off_t offset);
    int (*truncate)(const struct dumpio *io, int fd, off_t len);
    /* A hint: start, do not wait. */
    int (*writeback)(const struct dumpio *io, int fd, off_t offset, off_t len);
    int (*fsync)(const struct dumpio *io, int fd);
    int (*close)(const struct dumpio *io, int fd);
    int (*rename)(const struct dumpio *io, const char *from, const char *to);
    int (*unlink)(const struct dumpio *io, const char *path);
    /* A name given or taken is on disk once the folder in which `path` lies is synced. */
    int (*sync_folder)(const struct dumpio *io, const char *path);
    /* As io_list(). */
    int (*list)(const struct dumpio *io, const char *folder, io_each *each, void *arg);
};

/** The operating system's own. */
extern const struct dumpio dumpio_real;

/** Write all of it, whatever pieces the system takes. @return 0 or -errno */
int dumpio_write_all(const struct dumpio *io, int fd, const void *bytes, size_t len, off_t offset);

/** Read as many of `len` bytes as there are. @return how many, or -errno */
ssize_t dumpio_read(const struct dumpio *io, int fd, void *to, size_t len, uint64_t offset);

/** Open PATH.tmp for a file that dumpio_commit() later gives its name. @return descriptor or -errno
 */
int dumpio_begin(const struct dumpio *io, const char *path);
/** fsync, close and rename PATH.tmp to PATH, and sync the folder; when `result` (of the writing) is
 * not 0, or a step before the rename fails, remove PATH.tmp instead.
 *  @return 0 or the first -errno; PATH is then what it was before, or, when the folder could not be
 * synced, whole but perhaps not on disk */
int dumpio_commit(const struct dumpio *io, const char *path, int fd, int result);

/** Replace PATH by these bytes at once: a reader sees the old file or the new one. @return 0 or
 * -errno */
int dumpio_replace(const struct dumpio *io, const char *path, const void *bytes, size_t len);

#endif /* VMK_DUMPIO_H */
