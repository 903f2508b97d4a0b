/* path.c - see path.h. */
#include "shared/path.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int path_format(char ret[PATH_SIZE], const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int needed = vsnprintf(ret, PATH_SIZE, format, args);
    va_end(args);
    return needed >= 0 && (size_t)needed < PATH_SIZE ? 0 : -ENAMETOOLONG;
}

int path_join(char ret[PATH_SIZE], const char *folder, const char *name)
{
    return path_format(ret, "%s/%s", folder, name);
}

int path_folder(char ret[PATH_SIZE], const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return path_format(ret, ".");
    return path_format(ret, "%.*s", slash > path ? (int)(slash - path) : 1, path);
}

int path_beside(char ret[PATH_SIZE], const char *name)
{
    char self[PATH_SIZE], folder[PATH_SIZE];
    const ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    if (len < 0)
        return -errno;
    self[len] = '\0';
    const int error = path_folder(folder, self);
    return error != 0 ? error : path_join(ret, folder, name);
}

bool path_has_suffix(const char *name, const char *suffix)
{
    const size_t n = strlen(name), m = strlen(suffix);
    return n > m && strcmp(name + n - m, suffix) == 0;
}

bool path_is_plain(const char *name, size_t len)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    return len > 0 && name[0] != '.' && strspn(name, allowed) >= len;
}
