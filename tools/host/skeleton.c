/* skeleton.c - see skeleton.h. */
#include "tools/host/skeleton.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/scenario/faultspec.h"

#define PATH_ROOM 4096

static int fail(char *err, size_t err_size, const char *path)
{
    (void)snprintf(err, err_size, "%s: %s", path, strerror(errno));
    return -1;
}

/* mkdir -p */
static int make_parents(const char *path)
{
    char part[PATH_ROOM];

    if ((size_t)snprintf(part, sizeof part, "%s", path) >= sizeof part) {
        errno = ENAMETOOLONG;
        return -1;
    }
    for (char *p = part + 1; *p != '\0'; p++) {
        if (*p != '/')
            continue;
        *p = '\0';
        if (mkdir(part, 0777) != 0 && errno != EEXIST)
            return -1;
        *p = '/';
    }
    return mkdir(part, 0777) != 0 && errno != EEXIST ? -1 : 0;
}

static int check_empty(const char *dir, char *err, size_t err_size)
{
    DIR *d = opendir(dir);
    bool empty = true;

    if (d == NULL)
        return fail(err, err_size, dir);
    for (struct dirent *e; (e = readdir(d)) != NULL;)
        empty = empty && (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0);
    (void)closedir(d);
    if (empty)
        return 0;
    (void)snprintf(err, err_size, "%s: not empty; name another directory with --host, or remove it",
                   dir);
    return -1;
}

static int write_line(const char *path, const char *line)
{
    char temporary[PATH_ROOM];

    if ((size_t)snprintf(temporary, sizeof temporary, "%s.new", path) >= sizeof temporary)
        return -1;
    FILE *f = fopen(temporary, "we");
    if (f == NULL)
        return -1;
    bool bad = fprintf(f, "%s\n", line) < 0;
    bad = fflush(f) != 0 || bad;
    bad = fsync(fileno(f)) != 0 || bad;
    bad = fclose(f) != 0 || bad;
    if (bad || rename(temporary, path) != 0) {
        (void)unlink(temporary);
        return -1;
    }
    return 0;
}

/* run/faults: the line that reproduces them. */
static int save_faults(const char *dir, const struct plan *plan, char *err, size_t err_size)
{
    char path[PATH_ROOM];
    char *line = faultspec_text(plan->boot.fault, plan->boot.fault_count);

    (void)snprintf(path, sizeof path, "%s/run/faults", dir);
    const int status = line == NULL || write_line(path, line) != 0 ? fail(err, err_size, path) : 0;
    free(line);
    return status;
}

int skeleton_create(const char *dir, const struct plan *plan, char *err, size_t err_size)
{
    char path[PATH_ROOM];

    if (strlen(dir) + 128 > sizeof path) {
        (void)snprintf(err, err_size, "the path of the host directory is too long");
        return -1;
    }
    if (make_parents(dir) != 0)
        return fail(err, err_size, dir);
    if (check_empty(dir, err, err_size) != 0)
        return -1;
    (void)snprintf(path, sizeof path, "%s/run", dir);
    if (mkdir(path, 0700) != 0)
        return fail(err, err_size, path);
    (void)snprintf(path, sizeof path, "%s/run/plan.json", dir);
    if (plan_save(path, plan, err, err_size) != 0)
        return -1;
    return save_faults(dir, plan, err, err_size);
}

int skeleton_note_drawn(const char *dir, const struct scenario *s, char *err, size_t err_size)
{
    char path[PATH_ROOM], lines[SCENARIO_DRAWS_MAX * SCENARIO_FILE_MAX] = "";
    size_t used = 0;

    if (s->drawn_count == 0)
        return 0;
    for (int64_t i = 0; i < s->drawn_count && used < sizeof lines; i++)
        used += (size_t)snprintf(lines + used, sizeof lines - used, "%s%s", i > 0 ? "\n" : "",
                                 s->drawn[i]);
    (void)snprintf(path, sizeof path, "%s/run/drawn", dir);
    return write_line(path, lines) != 0 ? fail(err, err_size, path) : 0;
}
