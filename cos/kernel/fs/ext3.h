/* ext3.h - the root file system: which blocks of the partition a change or a look costs. */
#ifndef COS_FS_EXT3_H
#define COS_FS_EXT3_H

#include "cos/kernel/fs/buffer.h"

/** At boot, before the first file: the partition and its journal. */
void ext3_init(void);
/** A page of a file is about to be written to; `grows`: it is a new one. Begins a change, with the
 * blocks of the partition that it takes; may wait for the disk, for memory and for a commit.
 * @return 0, -ENOMEM (nothing is begun) */
int ext3_prepare_write(const struct address_space *f, uint32_t index, bool grows);
/** The page holds what it is to hold: ends the change. */
void ext3_commit_write(struct page *page);
/** What was written to files is to be on the disk: wait in state D for the commit of the last
 * transaction. */
void ext3_sync(void);
/** Read the block of the inode table that file number `file_no` is in, if it is not in memory.
 * @return false: no memory */
bool ext3_read_inode(uint32_t file_no);
/** Read block `number` of all directories of the partition, likewise. */
bool ext3_read_directory(uint32_t number);

#endif /* COS_FS_EXT3_H */
