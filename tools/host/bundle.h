/* bundle.h - a vm-support bundle: the files of a host as one .tgz.
 *
 *     esx-2009-11-13--07.15.1/etc/vmware/esx.conf
 *     ...
 *     esx-2009-11-13--07.15.1/manifest          SHA-256, bytes, path of each of the others
 *
 * The same host gives the same bytes: files come in the order of their paths, all of them root's,
 * with the host's time and no time of this machine. The bundle appears under its name when it is
 * whole and on disk. What belongs into it: [KB653], and [KB308590], by which vmksummary and
 * /proc/meminfo are always in it. */
#ifndef TOOLS_BUNDLE_H
#define TOOLS_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/err.h"

#define BUNDLE_FILES_MAX 4096u

struct bundle_file {
    char *path;      /* relative to the host; owned */
    char *name;      /* in the bundle; owned */
    bool core;       /* a dump */
    uint64_t offset; /* where in the file it begins */
    uint64_t bytes;  /* UINT64_MAX = up to its end */
};
struct bundle_list {
    size_t count;
    struct bundle_file *file;
};

/** List what a host has to give, sorted by name. @return 0, or a code of err.h with one line in err
 */
int bundle_collect(const char *host_dir, bool cores, struct bundle_list *ret, struct err *err);
void bundle_free(struct bundle_list *list);

/** Write the bundle to PATH. @param folder the name before each path in it
 *  @param epoch_s the time that its files bear
 *  @param head the first lines of the manifest, comments
 *  @return 0, or a code of err.h with one line in err; there is then no file of that name */
int bundle_write(const char *host_dir, const struct bundle_list *list, const char *folder,
                 int64_t epoch_s, const char *head, const char *path, struct err *err);

#endif /* TOOLS_BUNDLE_H */
