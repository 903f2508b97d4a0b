/* verify.c - see verify.h. */
#include "tools/verify/verify.h"

#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static char *new_path(struct verify *v)
{
    return v->path[v->paths < VERIFY_FILES_MAX ? v->paths++ : VERIFY_FILES_MAX - 1];
}

const char *verify_path(struct verify *v, const char *name)
{
    char whole[2 * VERIFY_PATH_MAX];
    char *path = new_path(v);
    if ((size_t)snprintf(whole, sizeof whole, "%s/%s", v->host, name) < VERIFY_PATH_MAX)
        memcpy(path, whole, strlen(whole) + 1);
    return path;
}

const char *verify_find(struct verify *v, const char *const *patterns)
{
    char pattern[VERIFY_PATH_MAX];
    for (; *patterns != NULL; patterns++) {
        glob_t found = { 0 };
        char *path = NULL;
        if ((size_t)snprintf(pattern, sizeof pattern, "%s/%s", v->host, *patterns) <
                sizeof pattern &&
            glob(pattern, 0, NULL, &found) == 0 && found.gl_pathc > 0) {
            path = new_path(v);
            (void)snprintf(path, VERIFY_PATH_MAX, "%s", found.gl_pathv[found.gl_pathc - 1]);
        }
        globfree(&found);
        if (path != NULL)
            return path;
    }
    return "";
}

void verify_problem(struct verify *v, const char *format, ...)
{
    va_list args;
    if (v->problems == VERIFY_PROBLEMS_MAX)
        return;
    va_start(args, format);
    (void)vsnprintf(v->problem[v->problems++], sizeof v->problem[0], format, args);
    va_end(args);
}

int verify_read(struct verify *v, const char *host, char *err, size_t err_size)
{
    struct stat st;
    *v = (struct verify){ 0 };
    (void)snprintf(v->host, sizeof v->host, "%s", host);
    if (stat(verify_path(v, "var/log"), &st) != 0 || !S_ISDIR(st.st_mode)) {
        (void)snprintf(err, err_size, "%s: is no host directory (it has no var/log)", host);
        return -1;
    }
    verify_read_zdump(v);
    verify_read_screen(v);
    verify_read_core(v);
    verify_read_logs(v);
    verify_read_console(v);
    verify_derive(v);
    return 0;
}

void verify_free(struct verify *v)
{
    claims_free(&v->claims);
}
