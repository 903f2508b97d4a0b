/* memfs.h - a disk in memory that can lose power: effects for dumpio.h.
 *
 * What was written but not synced is on the disk or not, or in part, when the power goes:
 *
 *     contents   durable up to the last fsync of the file, then a list of writes
 *     names      durable up to the last sync of the folder, then a list of links, unlinks, renames
 *
 * memfs_crash() decides for each file and folder what of its list reached the disk: all of it
 * (what a kill -9 leaves, too), nothing, or a piece: names up to some one, writes up to some one,
 * the last of them torn at some byte; or of each write by itself all, nothing, or a piece from its
 * beginning or its end, since disks reorder. An fsync makes contents durable and no name (POSIX
 * promises no more). Names in one folder keep their order, as in every file system with a journal.
 *
 * It can also fail the Nth call with an error, or from then on every call that changes something,
 * and end at the Nth change: from then on nothing happens any more and every call fails, as if the
 * caller had been killed. */
#ifndef TESTS_MEMFS_H
#define TESTS_MEMFS_H

#include <stdbool.h>

#include "shared/rng.h"
#include "vmkernel/io/dumpio.h"

#define MEMFS_PATH_MAX 320u
#define MEMFS_NAMES_MAX 64u
#define MEMFS_FOLDERS_MAX 16u
#define MEMFS_FDS_MAX 8u
#define MEMFS_OPS_MAX 64u

struct memfs_bytes {
    unsigned char *at;
    size_t len;
};
struct memfs_write { /* or a truncate: bytes.at NULL, bytes.len the new length */
    size_t offset;
    struct memfs_bytes bytes;
};
struct memfs_file {
    struct memfs_bytes now, durable;
    struct memfs_write *pending;
    size_t pending_count;
};
struct memfs_name {
    char path[MEMFS_PATH_MAX];
    int file;
};
struct memfs_names {
    size_t count;
    struct memfs_name name[MEMFS_NAMES_MAX];
};
struct memfs_op { /* of a folder: `to` empty = unlink of `from`; `from` empty = link of `file` */
    char from[MEMFS_PATH_MAX], to[MEMFS_PATH_MAX];
    int file;
};
struct memfs {
    size_t folder_count;
    char folder[MEMFS_FOLDERS_MAX][MEMFS_PATH_MAX];
    size_t file_count;
    struct memfs_file file[MEMFS_NAMES_MAX * 2];
    struct memfs_names now, durable;
    size_t op_count;
    struct memfs_op op[MEMFS_OPS_MAX];
    int fd_file[MEMFS_FDS_MAX]; /* -1 = free */
    uint64_t calls, changes;
    uint64_t fail_at; /* call that fails with `error`; 0 = none */
    int error;
    bool stays;      /* so do all later calls that change something */
    uint64_t die_at; /* change at which everything ends; 0 = none */
    bool dead;
    void (*before_change)(void *arg, const struct memfs *fs); /* may be NULL */
    void *arg;
};

enum memfs_crash { MEMFS_KEEP, MEMFS_DROP, MEMFS_TEAR, MEMFS_SCATTER };

struct memfs *memfs_create(void);
void memfs_add_folder(struct memfs *fs, const char *path);
/** Everything, lists of what is not durable too; counters, faults and descriptors start afresh. */
struct memfs *memfs_copy(const struct memfs *fs);
void memfs_destroy(struct memfs *fs);
/** Put a file there that is on the disk already. */
void memfs_add_file(struct memfs *fs, const char *path, const char *text);
struct dumpio memfs_io(struct memfs *fs);
/** The power goes, and comes back. */
void memfs_crash(struct memfs *fs, enum memfs_crash how, struct rng *rng);
/** A file's contents as they are now; NULL when there is none of that name. */
const struct memfs_bytes *memfs_read(const struct memfs *fs, const char *path);

#endif /* TESTS_MEMFS_H */
