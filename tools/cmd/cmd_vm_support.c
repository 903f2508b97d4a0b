/* cmd_vm_support.c - `vm-support`: everything of a host that somebody elsewhere needs to find the
 * cause, in one file.
 *
 * Its contents: [KB653], [KB308590]; its name is OUR CHOICE. zdumps that were collected go from
 * /root to /root/old_cores ("rotated to /root/old_cores/ after collection"). The options are OUR
 * CHOICE. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/calendar.h"
#include "shared/err.h"
#include "shared/esxconf.h"
#include "shared/io.h"
#include "shared/path.h"
#include "tools/host/bundle.h"
#include "tools/cmd/cmd.h"
#include "tools/host/host.h"
#include "tools/host/hostclock.h"

#define NUMBERS_MAX 9999u
#define ZDUMP_PREFIX "vmkernel-zdump-"

struct arguments {
    const char *host, *to; /* to: folder for the bundle */
    bool no_cores, list, json;
};

struct bundle {
    char host[PATH_SIZE];
    int64_t epoch_s;
    char stem[64]; /* esx-2009-11-13--07.15.N */
    char file[PATH_SIZE];
    struct bundle_list list;
    unsigned moved; /* zdumps */
    int stuck;      /* CMD_BAD: one could not be */
};

/* "esx-2009-11-13--07.15.", by the host's clock: nothing of this machine's. */
static int name_bundle(const char *to, struct bundle *b, struct err *err)
{
    struct calendar_date d;
    calendar_from_epoch(b->epoch_s, hostclock_offset_s(b->host), &d);
    for (unsigned n = 1; n <= NUMBERS_MAX; n++) {
        (void)snprintf(b->stem, sizeof b->stem, "esx-%04d-%02u-%02u--%02u.%02u.%u", (int)d.year,
                       d.month, d.day, d.hour, d.minute, n);
        if (path_format(b->file, "%s/%s.tgz", to, b->stem) != 0)
            break;
        if (access(b->file, F_OK) != 0)
            return 0;
    }
    return err_set(err, -EEXIST, "%s: no free name for another bundle", to);
}

static size_t count_cores(const struct bundle_list *list, const char *prefix)
{
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        const char *base = strrchr(list->file[i].name, '/');
        count += base != NULL && strncmp(base + 1, prefix, strlen(prefix)) == 0;
    }
    return count;
}

/* What a reader of the bundle wants to know before he looks for it in vain. */
static void write_head(const struct arguments *a, const struct bundle *b, char *to, size_t size)
{
    char path[PATH_SIZE];
    struct err err;
    struct esxconf conf = { 0 };
    const char *name = NULL;
    if (host_path(b->host, PATH_ESXCONF, path, &err) == 0 && esxconf_load(path, &conf, &err) == 0)
        name = esxconf_get(&conf, ESXCONF_HOST_NAME);
    const int used = snprintf(to, size, "# %s\n# host: %s\n# time: %" PRId64 " s UTC\n", b->stem,
                              name != NULL ? name : "unknown", b->epoch_s);
    if (used > 0 && (size_t)used < size)
        (void)snprintf(to + used, size - (size_t)used,
                       a->no_cores ? "# cores: left out by --no-cores\n"
                                   : "# cores: %zu of the console, %zu of the VMkernel\n",
                       count_cores(&b->list, "cos-core-"), count_cores(&b->list, ZDUMP_PREFIX));
    esxconf_free(&conf);
}

/* ---- afterwards ------------------------------------------------------------------------------ */
/* A file of that name that is there already stays: it may be another dump. */
static int move_one(void *arg, const char *name)
{
    struct bundle *b = arg;
    char from[PATH_SIZE], to[PATH_SIZE];
    if (strncmp(name, ZDUMP_PREFIX, sizeof ZDUMP_PREFIX - 1) != 0 || path_has_suffix(name, ".tmp"))
        return 0;
    int error = path_format(from, "%s/" PATH_DUMPS "/%s", b->host, name);
    if (error == 0)
        error = path_format(to, "%s/" PATH_OLD_CORES "/%s", b->host, name);
    if (error == 0 && link(from, to) != 0)
        error = -errno;
    if (error == 0)
        error = io_sync_folder(AT_FDCWD, to);
    if (error == 0 && unlink(from) != 0)
        error = -errno;
    if (error != 0)
        b->stuck = cmd_fail(CMD_BAD, "%s: cannot be moved to old_cores: %s", from, err_text(error));
    else
        b->moved++;
    return 0; /* the others are moved all the same */
}

static int move_zdumps(struct bundle *b)
{
    char folder[PATH_SIZE];
    (void)path_join(folder, b->host, PATH_DUMPS); /* a host without it has none */
    (void)io_list(folder, move_one, b);
    return b->stuck;
}

/* ---- the work -------------------------------------------------------------------------------- */
static int report(const struct arguments *a, const struct bundle *b, int status)
{
    struct out o = cmd_out(a->json);
    out_begin(&o, "lostbeat/vm-support/1");
    out_str(&o, "file", "created file %s\n", b->file);
    out_i64(&o, "epoch_s", NULL, b->epoch_s);
    out_bool(&o, "cores", !a->no_cores);
    out_u64(&o, "moved", b->moved > 0 ? "moved %llu" : NULL, b->moved);
    if (b->moved > 0)
        out_text(&o, " zdump%s from /root to /root/old_cores\n", b->moved > 1 ? "s" : "");
    out_array(&o, "files");
    for (size_t i = 0; i < b->list.count; i++)
        out_str(&o, NULL, NULL, b->list.file[i].name);
    out_end(&o);
    return cmd_finish(&o, status);
}

static int list_files(const struct bundle *b)
{
    struct out o = cmd_out(false);
    for (size_t i = 0; i < b->list.count; i++)
        out_text(&o, "%s\n", b->list.file[i].name);
    return cmd_finish(&o, CMD_OK);
}

static int work(const struct arguments *a, struct bundle *b)
{
    struct err err = { "" };
    char head[1024];
    if (host_find(a->host, b->host, &err) != 0 ||
        bundle_collect(b->host, !a->no_cores, &b->list, &err) != 0)
        return cmd_fail(CMD_USAGE, "%s", err.text);
    if (a->list)
        return list_files(b);
    b->epoch_s = hostclock_s(b->host);
    if (b->epoch_s == 0)
        return cmd_fail(CMD_USAGE, "%s: none of its files has a time; has it ever run?", b->host);
    if (name_bundle(a->to, b, &err) != 0)
        return cmd_fail(CMD_USAGE, "%s", err.text);
    write_head(a, b, head, sizeof head);
    if (bundle_write(b->host, &b->list, b->stem, b->epoch_s, head, b->file, &err) != 0)
        return cmd_fail(CMD_USAGE, "%s", err.text);
    return report(a, b, a->no_cores ? CMD_OK : move_zdumps(b));
}

static int run(int argc, char **argv)
{
    struct arguments a = { .to = "." };
    static struct bundle b;
    int status = cmd_options(&cmd_vm_support, argc, argv, &a);
    if (status == CMD_GO) {
        status = work(&a, &b);
        bundle_free(&b.list);
    }
    return status;
}

static const struct cmd_option options[] = {
    CMD_FLAG("no-cores", 'n', no_cores, "leave the dumps out, and where they are"),
    CMD_TEXT("to", 'w', "FOLDER", to, "where the bundle goes; default: the current directory"),
    CMD_FLAG("list", 'l', list, "only list the files"),
    CMD_HOST,
    CMD_JSON("one object: schema \"lostbeat/vm-support/1\", file, epoch_s, cores, moved, files"),
    CMD_OPTIONS_END,
};

const struct cmd cmd_vm_support = {
    .name = "vm-support",
    .summary = "collects the logs and dumps of a host into one file",
    .usage = "[--host DIR] [-n] [-w FOLDER] [-l] [--json]",
    .about =
        "Makes esx-YYYY-MM-DD--HH.MM.N.tgz, named after the host's own clock: logs, /etc/vmware, "
        "/proc, and the dumps wherever they lie (root, root/old_cores, var/core, the datastores, "
        "and slots that no start could copy). `manifest` in it lists the SHA-256 of each. Then "
        "zdumps go from /root to /root/old_cores. The same host gives the same bytes.",
    .options = options,
    .more =
        "  vm-support --host hosts/kb -w /tmp\n\n"
        "Exit status: 0 made, 1 made but a zdump could not be moved, 2 wrong usage, or not made.",
    .run = run,
};
