/* skeleton.c - see skeleton.h. */
#include "tools/skeleton.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define PATH_ROOM 4096

static const char *const folders[] = { "etc",   "etc/vmware", "var",          "var/log", "proc", "root", "root/old_cores",
                                       "vmfs",  "vmfs/volumes", "dev",        "console", "run" };

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
    (void)snprintf(err, err_size, "%s: not empty; name another directory with --host, or remove it", dir);
    return -1;
}

/* Only what the simulated host reads or what a support engineer would look for; the form is that of ESX 3.5's esx.conf, the choice of
 * keys OUR CHOICE. [KB1032962] names Misc.CosCoreFile and Misc.PsodOnCosPanic. */
static int write_config(const char *dir, const struct plan *p, char *err, size_t err_size)
{
    char path[PATH_ROOM];

    (void)snprintf(path, sizeof path, "%s/etc/vmware/esx.conf", dir);
    FILE *f = fopen(path, "wxe");
    if (f == NULL)
        return fail(err, err_size, path);
    (void)fprintf(f,
                  "/adv/Misc/CosCoreFile = \"/vmfs/volumes/%s/cos-core-%s\"\n"
                  "/adv/Misc/HostName = \"%s\"\n"
                  "/adv/Misc/PsodOnCosPanic = \"1\"\n"
                  "/boot/memSize = \"%" PRIu32 "\"\n"
                  "/boot/profile = \"%s\"\n",
                  p->datastore_uuid, p->host, p->host, p->ram_mb, p->profile);
    const bool bad = ferror(f) != 0;
    if (fclose(f) != 0 || bad)
        return fail(err, err_size, path);
    return 0;
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
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", dir, folders[i]);
        if (mkdir(path, strcmp(folders[i], "run") == 0 ? 0700 : 0777) != 0)
            return fail(err, err_size, path);
    }
    (void)snprintf(path, sizeof path, "%s/vmfs/volumes/%s", dir, plan->datastore_uuid);
    if (mkdir(path, 0777) != 0)
        return fail(err, err_size, path);
    if (write_config(dir, plan, err, err_size) != 0)
        return -1;
    (void)snprintf(path, sizeof path, "%s/run/plan.json", dir);
    return plan_save(path, plan, err, (unsigned)err_size);
}
