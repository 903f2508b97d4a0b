/* host.c - see host.h. */
#include "tools/host/host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/esxconf.h"
#include "shared/path.h"

#define NUMBERS_MAX 9999u

bool host_has(const char *host_dir, const char *name)
{
    char path[PATH_SIZE];
    return path_join(path, host_dir, name) == 0 && access(path, F_OK) == 0;
}

int host_find(const char *option, char ret[PATH_SIZE], struct err *err)
{
    const char *variable = getenv("LOSTBEAT_HOST");
    const char *dir = option;
    if (dir == NULL && host_has(".", PATH_ESXCONF))
        dir = ".";
    if (dir == NULL && variable != NULL && variable[0] != '\0')
        dir = variable;
    if (dir == NULL)
        return err_set(err, ERR_SYNTAX,
                       "which host? Name it with --host DIR, go into its directory, or set "
                       "LOSTBEAT_HOST");
    if (strlen(dir) + PATH_BELOW_HOST >= PATH_SIZE)
        return err_file(err, -ENAMETOOLONG, dir);
    if (!host_has(dir, PATH_ESXCONF))
        return err_set(err, -ENOENT, "%s: no host: there is no " PATH_ESXCONF, dir);
    return path_format(ret, "%s", dir);
}

int host_path(const char *host_dir, const char *name, char ret[PATH_SIZE], struct err *err)
{
    const int error = path_join(ret, host_dir, name);
    return error == 0 ? 0 : err_file(err, error, host_dir);
}

int host_create_numbered(const char *prefix, const char *suffix, char ret[PATH_SIZE],
                         struct err *err)
{
    for (unsigned n = 1; n <= NUMBERS_MAX; n++) {
        if (path_format(ret, "%s%u%s", prefix, n, suffix) != 0)
            break;
        const int fd = open(ret, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
        if (fd >= 0)
            return fd;
        if (errno != EEXIST)
            return err_file(err, -errno, ret);
    }
    return err_set(err, -EEXIST, "%s: no free number for another file of this name", prefix);
}
