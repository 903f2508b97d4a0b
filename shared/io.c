/* io.c - see io.h. */
#include "shared/io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/path.h"
#include "shared/units.h"

#define READ_STEP (64 * KB) /* the first guess of a file's length */

int io_open(const char *path)
{
    struct stat st;
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    const int error = fstat(fd, &st) != 0    ? -errno
                      : S_ISDIR(st.st_mode)  ? -EISDIR
                      : !S_ISREG(st.st_mode) ? -EINVAL
                                             : 0;
    if (error == 0)
        return fd;
    (void)close(fd);
    return error;
}

ssize_t io_read(int fd, void *ret, size_t len)
{
    size_t done = 0;
    while (done < len) {
        const ssize_t n = read(fd, (char *)ret + done, len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        done += (size_t)n;
    }
    return (ssize_t)done;
}

ssize_t io_peek(const char *path, void *ret, size_t len)
{
    const int fd = io_open(path);
    if (fd < 0)
        return fd;
    const ssize_t got = io_read(fd, ret, len);
    (void)close(fd);
    return got;
}

/* Files of /proc have no length before they are read, so the buffer grows until the end is seen. */
static int read_all(int fd, size_t most, char **ret, size_t *ret_len)
{
    char *text = NULL;
    size_t used = 0, room = 0;
    for (;;) {
        room = room == 0 ? READ_STEP : 2 * room;
        char *more = realloc(text, room + 1);
        if (more == NULL) {
            free(text);
            return -ENOMEM;
        }
        text = more;
        const ssize_t got = io_read(fd, text + used, room - used);
        used += got > 0 ? (size_t)got : 0;
        if (got < 0 || used > most) {
            free(text);
            return got < 0 ? (int)got : -EFBIG;
        }
        if (used < room)
            break;
    }
    text[used] = '\0';
    *ret = text;
    *ret_len = used;
    return 0;
}

int io_read_file(const char *path, size_t most, char **ret, size_t *ret_len)
{
    const int fd = io_open(path);
    if (fd < 0)
        return fd;
    const int error = read_all(fd, most, ret, ret_len);
    (void)close(fd);
    return error;
}

int io_map(const char *path, const unsigned char **ret, size_t *ret_len)
{
    struct stat st;
    const int fd = io_open(path);
    if (fd < 0)
        return fd;
    int error = fstat(fd, &st) != 0 ? -errno : st.st_size == 0 ? -ENODATA : 0;
    if (error == 0) {
        const unsigned char *bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (bytes == MAP_FAILED)
            error = -errno;
        else {
            *ret = bytes;
            *ret_len = (size_t)st.st_size;
        }
    }
    (void)close(fd);
    return error;
}

int io_write(int fd, const void *bytes, size_t len)
{
    for (const char *at = bytes; len > 0;) {
        const ssize_t n = write(fd, at, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : -EIO;
        at += n;
        len -= (size_t)n;
    }
    return 0;
}

int io_sync_folder(int dir_fd, const char *path)
{
    char folder[PATH_SIZE];
    int error = path_folder(folder, path);
    if (error != 0)
        return error;
    const int fd = openat(dir_fd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    error = fsync(fd) != 0 ? -errno : 0;
    (void)close(fd);
    return error;
}

int io_replace(int dir_fd, const char *path, const void *bytes, size_t len, bool lasting)
{
    char temporary[PATH_SIZE];
    int error = path_format(temporary, "%s.new", path);
    if (error != 0)
        return error;
    const int fd = openat(dir_fd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return -errno;
    error = io_write(fd, bytes, len);
    if (error == 0 && lasting && fsync(fd) != 0)
        error = -errno;
    if (close(fd) != 0 && error == 0)
        error = -errno;
    if (error == 0 && renameat(dir_fd, temporary, dir_fd, path) != 0)
        error = -errno;
    if (error != 0) {
        (void)unlinkat(dir_fd, temporary, 0);
        return error;
    }
    return lasting ? io_sync_folder(dir_fd, path) : 0;
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

int io_list(const char *folder, io_each *each, void *arg)
{
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
