/* host.c - see host.h. */
#include "tools/host/host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/esxconf.h"
#include "shared/path.h"

#define NUMBERS_MAX 9999u

bool host_has(const char *host_dir, const char *name)
{
    char path[HOST_PATH_MAX];
    return (size_t)snprintf(path, sizeof path, "%s/%s", host_dir, name) < sizeof path &&
           access(path, F_OK) == 0;
}

int host_find(const char *option, char ret[HOST_PATH_MAX], char *err, size_t err_size)
{
    const char *variable = getenv("LOSTBEAT_HOST");
    const char *dir = option;
    if (dir == NULL && host_has(".", PATH_ESXCONF))
        dir = ".";
    if (dir == NULL && variable != NULL && variable[0] != '\0')
        dir = variable;
    if (dir == NULL)
        (void)snprintf(err, err_size,
                       "which host? Name it with --host DIR, go into its directory, or set "
                       "LOSTBEAT_HOST");
    else if (!host_has(dir, PATH_ESXCONF))
        (void)snprintf(err, err_size, "%s: no host: there is no " PATH_ESXCONF, dir);
    else if ((size_t)snprintf(ret, HOST_PATH_MAX, "%s", dir) >= HOST_PATH_MAX - 512)
        (void)snprintf(err, err_size, "%s: the path is too long", dir);
    else
        return 0;
    return -1;
}

int host_path(const char *host_dir, const char *name, char ret[HOST_PATH_MAX], char *err,
              size_t err_size)
{
    if ((size_t)snprintf(ret, HOST_PATH_MAX, "%s/%s", host_dir, name) < HOST_PATH_MAX)
        return 0;
    (void)snprintf(err, err_size, "%s: the path is too long", host_dir);
    return -1;
}

int host_create_numbered(const char *prefix, const char *suffix, char ret[HOST_PATH_MAX], char *err,
                         size_t err_size)
{
    for (unsigned n = 1; n <= NUMBERS_MAX; n++) {
        if ((size_t)snprintf(ret, HOST_PATH_MAX, "%s%u%s", prefix, n, suffix) >= HOST_PATH_MAX)
            break;
        const int fd = open(ret, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
        if (fd >= 0)
            return fd;
        if (errno != EEXIST) {
            (void)snprintf(err, err_size, "%s: %s", ret, strerror(errno));
            return -1;
        }
    }
    (void)snprintf(err, err_size, "%s: no free number for another file of this name", prefix);
    return -1;
}
