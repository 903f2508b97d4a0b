/* vfs.h - the files of the COS that outlive it: they lie in the host directory.
 *
 * Two operations are most of what the COS needs there: add a line to a log, and put a snapshot in
 * the place of the old one. Paths are relative to the host directory ("var/log/messages"); the
 * folders exist but for those of tasks in proc/, files are made when first written. A log's pages
 * go through the page cache (mm/writeback.h), which the snapshots of /proc have none of. */
#ifndef COS_VFS_H
#define COS_VFS_H

#include "cos/kernel/kernel.h"

/** Append n bytes. They are in the host directory at once, whatever happens to the COS before it
 * writes the page; `data` is not looked at again once this sleeps. @return 0, or a negative errno;
 * some bytes may have been written then */
int vfs_append(const char *path, const char *data, uint32_t n);
/** The same with an fsync: they are in the host directory when the disk has them. */
int vfs_append_sync(const char *path, const char *data, uint32_t n);
/** Make these n bytes (less than a page) the contents of the file. In place, by one write: a new
 * file each hour under a temporary name would cost the host's disk more than all the rest of an
 * hour, and no crash is survived here that the write would not survive. @return 0 or a negative
 * errno */
int vfs_replace(const char *path, const char *data, uint32_t n);

/** Give a file another name, in the place of one that has it. @return 0 or a negative errno: it
 * keeps its name */
int vfs_rename(const char *from, const char *to);

/** Make a folder; one that exists is as good. @return 0 or a negative errno */
int vfs_mkdir(const char *path);
/** Remove the folder HOST/proc/PID and the files in it that `names` lists (NULL ends it); what is
 * not there is as good. @return 0 or a negative errno */
int vfs_remove_folder(const char *path, const char *const *names);
/** Call fn with every name in a folder that is a number, in no particular order. fn may remove
 * it. @return 0 or a negative errno */
int vfs_each_number(const char *path, int (*fn)(uint32_t number));

/** The first of two results that is an error, 0 when none is. */
static inline int vfs_first_error(int first, int second)
{
    return first != 0 ? first : second;
}

#endif /* COS_VFS_H */
