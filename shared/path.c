/* path.c - see path.h. */
#include "shared/path.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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
