/* dumpio.c - see dumpio.h. */
#include "vmkernel/io/dumpio.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/io.h"
#include "shared/path.h"

static int or_errno(int result)
{
    return result < 0 ? -errno : result;
}

static int real_open(const struct dumpio *io, const char *path, int flags, mode_t mode)
{
    (void)io;
    return or_errno(open(path, flags, mode));
}

static int64_t real_size(const struct dumpio *io, int fd)
{
    struct stat st;
    (void)io;
    return fstat(fd, &st) != 0 ? -errno : st.st_size;
}

static ssize_t real_pread(const struct dumpio *io, int fd, void *bytes, size_t len, off_t offset)
{
    (void)io;
    const ssize_t n = pread(fd, bytes, len, offset);
    return n < 0 ? -errno : n;
}

static ssize_t real_pwrite(const struct dumpio *io, int fd, const void *bytes, size_t len,
                           off_t offset)
{
    (void)io;
    const ssize_t n = pwrite(fd, bytes, len, offset);
    return n < 0 ? -errno : n;
}

static int real_truncate(const struct dumpio *io, int fd, off_t len)
{
    (void)io;
    return or_errno(ftruncate(fd, len));
}

static int real_writeback(const struct dumpio *io, int fd, off_t offset, off_t len)
{
    (void)io;
    return or_errno(sync_file_range(fd, offset, len, SYNC_FILE_RANGE_WRITE));
}

static int real_fsync(const struct dumpio *io, int fd)
{
    (void)io;
    return or_errno(fsync(fd));
}

static int real_close(const struct dumpio *io, int fd)
{
    (void)io;
    return or_errno(close(fd));
}

static int real_rename(const struct dumpio *io, const char *from, const char *to)
{
    (void)io;
    return or_errno(rename(from, to));
}

static int real_unlink(const struct dumpio *io, const char *path)
{
    (void)io;
    return or_errno(unlink(path));
}

static int real_sync_folder(const struct dumpio *io, const char *path)
{
    (void)io;
    return io_sync_folder(AT_FDCWD, path);
}

static int real_list(const struct dumpio *io, const char *folder, io_each *each, void *arg)
{
    (void)io;
    return io_list(folder, each, arg);
}

const struct dumpio dumpio_real = {
    .open = real_open,
    .size = real_size,
    .pread = real_pread,
    .pwrite = real_pwrite,
    .truncate = real_truncate,
    .writeback = real_writeback,
    .fsync = real_fsync,
    .close = real_close,
    .rename = real_rename,
    .unlink = real_unlink,
    .sync_folder = real_sync_folder,
    .list = real_list,
};

/* ---- with any table -------------------------------------------------------------------------- */
int dumpio_write_all(const struct dumpio *io, int fd, const void *bytes, size_t len, off_t offset)
{
    const unsigned char *at = bytes;
    while (len > 0) {
        const ssize_t n = io->pwrite(io, fd, at, len, offset);
        if (n == -EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? (int)n : -EIO;
        assert((size_t)n <= len);
        at += n;
        len -= (size_t)n;
        offset += n;
    }
    return 0;
}

ssize_t dumpio_read(const struct dumpio *io, int fd, void *to, size_t len, uint64_t offset)
{
    size_t got = 0;
    while (got < len) {
        const ssize_t n =
            io->pread(io, fd, (unsigned char *)to + got, len - got, (off_t)(offset + got));
        if (n == -EINTR)
            continue;
        if (n < 0)
            return n;
        if (n == 0)
            break;
        got += (size_t)n;
    }
    return (ssize_t)got;
}

int dumpio_begin(const struct dumpio *io, const char *path)
{
    char temporary[PATH_SIZE];
    const int bad = path_format(temporary, "%s" DUMPIO_TEMPORARY, path);
    return bad != 0 ? bad : io->open(io, temporary, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);
}

int dumpio_commit(const struct dumpio *io, const char *path, int fd, int result)
{
    char temporary[PATH_SIZE];
    assert(fd >= 0);
    const int named = path_format(temporary, "%s" DUMPIO_TEMPORARY, path);
    assert(named == 0); /* dumpio_begin() made the same one */
    if (result == 0)
        result = io->fsync(io, fd);
    const int closed = io->close(io, fd);
    if (result == 0)
        result = closed;
    if (result == 0)
        result = io->rename(io, temporary, path);
    if (result != 0) {
        (void)io->unlink(io, temporary);
        return result;
    }
    return io->sync_folder(io, path);
}

int dumpio_replace(const struct dumpio *io, const char *path, const void *bytes, size_t len)
{
    const int fd = dumpio_begin(io, path);
    if (fd < 0)
        return fd;
    return dumpio_commit(io, path, fd, dumpio_write_all(io, fd, bytes, len, 0));
}
