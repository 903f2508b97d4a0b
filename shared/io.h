/* io.h - files, read and written as wholes.
 *
 * What every program of ours does with files that are not part of the simulation: a signal or a
 * short transfer is no error, a name that is no regular file is (a FIFO or a device must not hang a
 * tool that walks a folder), descriptors are not inherited. The effects of a dump have a table of
 * their own, so that tests can fail them (vmkernel/io/dumpio.h).
 *
 * Errors are -errno, and results are written on success only. */
#ifndef SHARED_IO_H
#define SHARED_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/** Open a regular file for reading. @return a descriptor, -EISDIR, or -EINVAL for what is neither
 * a file nor a folder, or another -errno */
int io_open(const char *path);

/** Read up to `len` bytes. @return how many there were, fewer only at the end; or -errno */
ssize_t io_read(int fd, void *ret, size_t len);

/** Read the first bytes of a file, up to `len`. @return how many there are, or -errno */
ssize_t io_peek(const char *path, void *ret, size_t len);

/** Read a whole file into memory, a zero behind it that is not counted; the caller frees *ret.
 *  @return 0; -EFBIG when there are more than `most` bytes; -ENOMEM or another -errno */
int io_read_file(const char *path, size_t most, char **ret, size_t *ret_len);

/** Map a whole file for reading; munmap() gives it back. @return 0, -ENODATA for an empty file, or
 * another -errno */
int io_map(const char *path, const unsigned char **ret, size_t *ret_len);

/** Write all of it. @return 0 or -errno */
int io_write(int fd, const void *bytes, size_t len);

/** Make sure that the name `path` is on disk: sync the folder in which it lies. `dir_fd` is what
 * relative paths begin at, AT_FDCWD for the current folder. @return 0 or -errno */
int io_sync_folder(int dir_fd, const char *path);

/** Replace or make a file at once: a reader sees the old one or the new one, never a part. With
 * `lasting` that holds after a power cut, too. @return 0; or -errno with the old file in place, or,
 * when it is the folder that cannot be synced, the new one */
int io_replace(int dir_fd, const char *path, const void *bytes, size_t len, bool lasting);

/* Is given a name in a folder. @return 0 to go on */
typedef int io_each(void *arg, const char *name);
/** Name what is in a folder but "." and "..", in the order of their bytes, whatever the locale. All
 * names are read before the first is given. Stops when `each` returns other than 0. @return that, 0
 * or -errno */
int io_list(const char *folder, io_each *each, void *arg);

#endif /* SHARED_IO_H */
