/* dumpio.c - see dumpio.h. */
#include "vmkernel/io/dumpio.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_BYTES 4096u

static int or_errno(int result)
{
    return result < 0 ? -errno : result;
}

static int real_open(void *ctx, const char *path, int flags, mode_t mode)
{
    (void)ctx;
    return or_errno(open(path, flags, mode));
}

static ssize_t real_pwrite(void *ctx, int fd, const void *bytes, size_t len, off_t offset)
{
    (void)ctx;
    const ssize_t n = pwrite(fd, bytes, len, offset);
    return n < 0 ? -errno : n;
}

static int real_truncate(void *ctx, int fd, off_t len)
{
    (void)ctx;
    return or_errno(ftruncate(fd, len));
}

static int real_writeback(void *ctx, int fd, off_t offset, off_t len)
{
    (void)ctx;
    return or_errno(sync_file_range(fd, offset, len, SYNC_FILE_RANGE_WRITE));
}

static int real_fsync(void *ctx, int fd)
{
    (void)ctx;
    return or_errno(fsync(fd));
}

static int real_close(void *ctx, int fd)
{
    (void)ctx;
    return or_errno(close(fd));
}

static int real_rename(void *ctx, const char *from, const char *to)
{
    (void)ctx;
    return or_errno(rename(from, to));
}

static int real_unlink(void *ctx, const char *path)
{
    (void)ctx;
    return or_errno(unlink(path));
}

static int real_sync_folder(void *ctx, const char *folder)
{
    (void)ctx;
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    const int result = or_errno(fsync(fd));
    (void)close(fd);
    return result;
}

static ssize_t real_pread(void *ctx, int fd, void *bytes, size_t len, off_t offset)
{
    (void)ctx;
    const ssize_t n = pread(fd, bytes, len, offset);
    return n < 0 ? -errno : n;
}

static int is_entry(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

/* Not alphasort: it follows the locale. */
static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int real_list(void *ctx, const char *folder, int (*each)(void *arg, const char *name),
                     void *arg)
{
    (void)ctx;
    struct dirent **entries = NULL;
    const int count = scandir(folder, &entries, is_entry, by_bytes);
    if (count < 0)
        return -errno;
    int result = 0;
    for (int i = 0; i < count; i++) {
        if (result == 0)
            result = each(arg, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    return result;
}

const struct dumpio dumpio_real = {
    .open = real_open,
    .pwrite = real_pwrite,
    .truncate = real_truncate,
    .writeback = real_writeback,
    .fsync = real_fsync,
    .close = real_close,
    .rename = real_rename,
    .unlink = real_unlink,
    .sync_folder = real_sync_folder,
    .pread = real_pread,
    .list = real_list,
};

/* ---- a table that kills ---------------------------------------------------------------------- */
static void count_down(void *ctx)
{
    struct dumpio_kill *k = ctx;
    if (++k->count == k->at)
        (void)kill(getpid(), SIGKILL);
}

static int killing_open(void *ctx, const char *path, int flags, mode_t mode)
{
    if ((flags & O_CREAT) != 0)
        count_down(ctx);
    return real_open(NULL, path, flags, mode);
}

static ssize_t killing_pwrite(void *ctx, int fd, const void *bytes, size_t len, off_t offset)
{
    count_down(ctx);
    return real_pwrite(NULL, fd, bytes, len, offset);
}

static int killing_truncate(void *ctx, int fd, off_t len)
{
    count_down(ctx);
    return real_truncate(NULL, fd, len);
}

static int killing_fsync(void *ctx, int fd)
{
    count_down(ctx);
    return real_fsync(NULL, fd);
}

static int killing_rename(void *ctx, const char *from, const char *to)
{
    count_down(ctx);
    return real_rename(NULL, from, to);
}

static int killing_unlink(void *ctx, const char *path)
{
    count_down(ctx);
    return real_unlink(NULL, path);
}

static int killing_sync_folder(void *ctx, const char *folder)
{
    count_down(ctx);
    return real_sync_folder(NULL, folder);
}

struct dumpio dumpio_killing(struct dumpio_kill *kill)
{
    struct dumpio io = dumpio_real;
    io.ctx = kill;
    io.open = killing_open;
    io.pwrite = killing_pwrite;
    io.truncate = killing_truncate;
    io.fsync = killing_fsync;
    io.rename = killing_rename;
    io.unlink = killing_unlink;
    io.sync_folder = killing_sync_folder;
    return io;
}

int dumpio_write_all(const struct dumpio *io, int fd, const void *bytes, size_t len, off_t offset)
{
    const unsigned char *at = bytes;
    while (len > 0) {
        const ssize_t n = io->pwrite(io->ctx, fd, at, len, offset);
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

int64_t dumpio_size(const struct dumpio *io, int fd)
{
    uint64_t low = 0, high = (uint64_t)1 << 40;
    unsigned char byte;
    while (low < high) { /* the first offset without a byte */
        const uint64_t middle = low + (high - low) / 2;
        const ssize_t got = io->pread(io->ctx, fd, &byte, 1, (off_t)middle);
        if (got < 0)
            return got;
        if (got == 1)
            low = middle + 1;
        else
            high = middle;
    }
    return (int64_t)low;
}

static int temporary_name(const char *path, char *ret)
{
    const int n = snprintf(ret, PATH_BYTES, "%s.tmp", path);
    return n > 0 && (unsigned)n < PATH_BYTES ? 0 : -ENAMETOOLONG;
}

int dumpio_begin(const struct dumpio *io, const char *path)
{
    char temporary[PATH_BYTES];
    const int bad = temporary_name(path, temporary);
    return bad != 0 ? bad
                    : io->open(io->ctx, temporary, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);
}

int dumpio_commit(const struct dumpio *io, const char *path, int fd, int result)
{
    char temporary[PATH_BYTES];
    assert(fd >= 0);
    const int named = temporary_name(path, temporary);
    assert(named == 0); /* dumpio_begin() made the same one */
    if (result == 0)
        result = io->fsync(io->ctx, fd);
    const int closed = io->close(io->ctx, fd);
    if (result == 0)
        result = closed;
    if (result == 0)
        result = io->rename(io->ctx, temporary, path);
    if (result != 0) {
        (void)io->unlink(io->ctx, temporary);
        return result;
    }
    return dumpio_sync_folder_of(io, path);
}

int dumpio_sync_folder_of(const struct dumpio *io, const char *path)
{
    char folder[PATH_BYTES];
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return io->sync_folder(io->ctx, ".");
    const size_t len = slash > path ? (size_t)(slash - path) : 1;
    if (len >= sizeof folder)
        return -ENAMETOOLONG;
    memcpy(folder, path, len);
    folder[len] = '\0';
    return io->sync_folder(io->ctx, folder);
}

int dumpio_replace(const struct dumpio *io, const char *path, const void *bytes, size_t len)
{
    const int fd = dumpio_begin(io, path);
    if (fd < 0)
        return fd;
    return dumpio_commit(io, path, fd, dumpio_write_all(io, fd, bytes, len, 0));
}
