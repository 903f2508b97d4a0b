/* record.c - see record.h. */
#include "tools/verify/record.h"

#include <glob.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static char *new_path(struct verify *v)
{
    return v->path[v->path_count < VERIFY_FILES_MAX ? v->path_count++ : VERIFY_FILES_MAX - 1];
}

const char *verify_path(struct verify *v, const char *name)
{
    char *path = new_path(v);
    if (path_join(path, v->host, name) != 0)
        path[0] = '\0';
    return path;
}

const char *verify_find(struct verify *v, const char *const *patterns)
{
    char pattern[PATH_SIZE];
    for (; *patterns != NULL; patterns++) {
        glob_t found = { 0 };
        char *path = NULL;
        if (path_join(pattern, v->host, *patterns) == 0 && glob(pattern, 0, NULL, &found) == 0 &&
            found.gl_pathc > 0) {
            path = new_path(v);
            (void)snprintf(path, PATH_SIZE, "%s", found.gl_pathv[found.gl_pathc - 1]);
        }
        globfree(&found);
        if (path != NULL)
            return path;
    }
    return "";
}

bool verify_load(struct verify *v, const char *name, struct claim_place *at, struct text *ret)
{
    const char *const names[] = { name, NULL };
    struct err err;
    *at = (struct claim_place){ .file = verify_find(v, names), .section = "" };
    if (at->file[0] == '\0')
        return false;
    if (text_load(at->file, ret, &err) == 0)
        return true;
    verify_problem(v, "%s", err.text);
    return false;
}

void verify_load_logs(struct verify *v, const char *name, struct verify_logs *ret)
{
    char rotated[64];
    ret->count = 0;
    for (uint32_t i = VERIFY_ROTATIONS_MAX + 1; i-- > 0;) {
        (void)snprintf(rotated, sizeof rotated, i > 0 ? "%s.%" PRIu32 : "%s", name, i);
        ret->count += verify_load(v, rotated, &ret->at[ret->count], &ret->text[ret->count]);
    }
}

void verify_free_logs(struct verify_logs *logs)
{
    for (uint32_t i = 0; i < logs->count; i++)
        text_free(&logs->text[i]);
    logs->count = 0;
}

void verify_problem(struct verify *v, const char *format, ...)
{
    va_list args;
    if (v->problem_count == VERIFY_PROBLEMS_MAX)
        return;
    va_start(args, format);
    (void)vsnprintf(v->problem[v->problem_count++], sizeof v->problem[0], format, args);
    va_end(args);
}

void verify_free(struct verify *v)
{
    claims_free(&v->claims);
}
