/* outfile.c - see outfile.h. */
#include "tools/host/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int write_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        const ssize_t n = write(fd, bytes, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -1;
        bytes += n;
        size -= (size_t)n;
    }
    return 0;
}

int outfile_write(const char *path, const void *bytes, size_t size, char *err, size_t err_size)
{
    char temporary[4096];
    int fd = -1;

    errno = ENAMETOOLONG;
    if ((size_t)snprintf(temporary, sizeof temporary, "%s.new", path) < sizeof temporary)
        fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0) {
        (void)snprintf(err, err_size, "%s: %s", path, strerror(errno));
        return -1;
    }
    int status = write_all(fd, bytes, size);
    status = status == 0 ? fsync(fd) : status;
    const int why = errno;
    (void)close(fd);
    if (status != 0 || rename(temporary, path) != 0) {
        (void)snprintf(err, err_size, "%s: %s", path, strerror(status != 0 ? why : errno));
        (void)unlink(temporary);
        return -1;
    }
    return 0;
}
