/* dumpio.h - the effects of a dump on files, as a table of functions, and the two ways in which a
 * dump makes a file.
 *
 * Everything that a dump writes goes through this table: the real one in production, one that fails
 * the Nth call in tests/fault. Results are those of the system calls, but errors come as -errno. */
#ifndef VMK_DUMPIO_H
#define VMK_DUMPIO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct dumpio {
    void *ctx;
    int (*open)(void *ctx, const char *path, int flags, mode_t mode);
    ssize_t (*pwrite)(void *ctx, int fd, const void *bytes, size_t len, off_t offset);
    int (*truncate)(void *ctx, int fd, off_t len);
    int (*writeback)(void *ctx, int fd, off_t offset, off_t len); /* a hint: start, do not wait */
    int (*fsync)(void *ctx, int fd);
    int (*close)(void *ctx, int fd);
    int (*rename)(void *ctx, const char *from, const char *to);
    int (*unlink)(void *ctx, const char *path);
    /* A name given or taken is on disk once its folder is synced. */
    int (*sync_folder)(void *ctx, const char *folder);
    ssize_t (*pread)(void *ctx, int fd, void *bytes, size_t len, off_t offset);
    /* Names in a folder but "." and "..", in the order of their bytes. Stops when `each` returns
     * other than 0, and returns that. */
    int (*list)(void *ctx, const char *folder, int (*each)(void *arg, const char *name), void *arg);
};

/** The operating system's own. */
extern const struct dumpio dumpio_real;

/** Write all of it, whatever pieces the system takes. @return 0 or -errno */
int dumpio_write_all(const struct dumpio *io, int fd, const void *bytes, size_t len, off_t offset);

/** Open PATH.tmp for a file that dumpio_commit() later gives its name. @return descriptor or -errno
 */
int dumpio_begin(const struct dumpio *io, const char *path);
/** fsync, close and rename PATH.tmp to PATH, and sync the folder; when `result` (of the writing) is
 * not 0, or a step before the rename fails, remove PATH.tmp instead.
 *  @return 0 or the first -errno; PATH is then what it was before, or, when the folder could not be
 * synced, whole but perhaps not on disk */
int dumpio_commit(const struct dumpio *io, const char *path, int fd, int result);

/** Length of a file, found by reading: the table has no other way. @return bytes or -errno */
int64_t dumpio_size(const struct dumpio *io, int fd);

/** Sync the folder in which PATH lies. @return 0 or -errno */
int dumpio_sync_folder_of(const struct dumpio *io, const char *path);

/* A table that ends this process at the Nth effect that changes something on disk, before it is
 * carried out, as a power cut or a kill -9 would: for tests of what the next start makes of it. */
struct dumpio_kill {
    uint64_t at; /* 0 = never */
    uint64_t count;
};
/** Fill the table; `kill` must outlive it. */
struct dumpio dumpio_killing(struct dumpio_kill *kill);

/** Replace PATH by these bytes at once: a reader sees the old file or the new one. @return 0 or
 * -errno */
int dumpio_replace(const struct dumpio *io, const char *path, const void *bytes, size_t len);

#endif /* VMK_DUMPIO_H */
