/* skeleton.c - see skeleton.h. */
#include "tools/host/skeleton.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/io.h"
#include "shared/path.h"
#include "tools/scenario/faultspec.h"

/* mkdir -p. @return 0 or -errno */
static int make_parents(const char *path)
{
    char part[PATH_SIZE];
    const int error = path_format(part, "%s", path);

    if (error != 0)
        return error;
    for (char *p = part + 1; *p != '\0'; p++) {
        if (*p != '/')
            continue;
        *p = '\0';
        if (mkdir(part, 0777) != 0 && errno != EEXIST)
            return -errno;
        *p = '/';
    }
    return mkdir(part, 0777) != 0 && errno != EEXIST ? -errno : 0;
}

static int refuse(void *arg, const char *name)
{
    (void)arg;
    (void)name;
    return -ENOTEMPTY;
}

static int check_empty(const char *dir, struct err *err)
{
    const int error = io_list(dir, refuse, NULL);
    if (error != -ENOTEMPTY)
        return error == 0 ? 0 : err_file(err, error, dir);
    return err_set(err, error, "%s: not empty; name another directory with --host, or remove it",
                   dir);
}

static int write_line(const char *dir, const char *name, const char *line, struct err *err)
{
    char path[PATH_SIZE], *text = NULL;
    int error = path_join(path, dir, name);
    const int len = asprintf(&text, "%s\n", line);

    if (len < 0)
        return err_file(err, -ENOMEM, path);
    if (error == 0)
        error = io_replace(AT_FDCWD, path, text, (size_t)len, true);
    free(text);
    return error == 0 ? 0 : err_file(err, error, path);
}

/* run/faults: the line that reproduces them. */
static int save_faults(const char *dir, const struct plan *plan, struct err *err)
{
    char *line = faultspec_text(plan->boot.fault, plan->boot.fault_count);
    const int error = line == NULL ? err_file(err, -ENOMEM, PATH_FAULTS)
                                   : write_line(dir, PATH_FAULTS, line, err);
    free(line);
    return error;
}

int skeleton_create(const char *dir, const struct plan *plan, struct err *err)
{
    char path[PATH_SIZE];

    if (strlen(dir) + PATH_BELOW_HOST >= PATH_SIZE)
        return err_file(err, -ENAMETOOLONG, dir);
    int error = make_parents(dir);
    if (error != 0)
        return err_file(err, error, dir);
    error = check_empty(dir, err);
    if (error != 0)
        return error;
    (void)path_join(path, dir, PATH_RUN);
    if (mkdir(path, 0700) != 0)
        return err_file(err, -errno, path);
    (void)path_join(path, dir, PATH_PLAN);
    error = plan_save(path, plan, err);
    return error != 0 ? error : save_faults(dir, plan, err);
}

int skeleton_note_drawn(const char *dir, const struct scenario *s, struct err *err)
{
    char lines[SCENARIO_DRAWS_MAX * SCENARIO_FILE_MAX] = "";
    size_t used = 0;

    if (s->drawn_count == 0)
        return 0;
    for (int64_t i = 0; i < s->drawn_count && used < sizeof lines; i++)
        used += (size_t)snprintf(lines + used, sizeof lines - used, "%s%s", i > 0 ? "\n" : "",
                                 s->drawn[i]);
    return write_line(dir, PATH_DRAWN, lines, err);
}
