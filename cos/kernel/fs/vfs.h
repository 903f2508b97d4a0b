/* vfs.h - the files of the COS that outlive it: they lie in the host directory.
 *
 * Two operations are all that the COS needs there: add a line to a log, and put a snapshot in
 * the place of the old one. Paths are relative to the host directory ("var/log/messages"); the
 * folders exist, files are made when first written. Contents are not cached in COS RAM: what a
 * log costs in memory is what its writer touches. */
#ifndef COS_VFS_H
#define COS_VFS_H

#include "cos/kernel/kernel.h"

/** Append n bytes. @return 0, or a negative errno of the host; some bytes may have been written
 * then */
int vfs_append(const char *path, const char *data, uint32_t n);
/** Make these n bytes (less than a page) the contents of the file. In place, by one write: a new
 * file each hour under a temporary name would cost the host's disk more than all the rest of an
 * hour, and no crash is survived here that the write would not survive. @return 0 or a negative
 * errno */
int vfs_replace(const char *path, const char *data, uint32_t n);

#endif /* COS_VFS_H */
