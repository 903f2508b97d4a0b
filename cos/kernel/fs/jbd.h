/* jbd.h - the journal of the root file system. */
#ifndef COS_FS_JBD_H
#define COS_FS_JBD_H

#include "cos/kernel/fs/buffer.h"

/** At boot. The log is `blocks` blocks of the partition from `first` on. */
void journal_init(uint32_t first, uint32_t blocks);
/** Begin a change that is committed as a whole or not at all. Waits in state D while the commit of
 * what went before waits for its last changes to end. */
void journal_start(void);
/** The change is complete. */
void journal_stop(void);
/** The running transaction takes the block, which the caller uses and is about to change between
 * journal_start() and journal_stop(). Waits in state D while a commit writes it to the log; one
 * that has not come so far gets a copy. @return false: no memory for that for one who is to die */
bool journal_get_write_access(struct buffer_head *bh);
/** A file's block was written to between journal_start() and journal_stop(): it is to be on the
 * disk before the commit (data=ordered). */
void journal_dirty_data(struct buffer_head *bh);
/** May the buffer head go? Not while a transaction has to commit it. */
bool journal_try_to_free_buffer(struct buffer_head *bh);
/** Number of the last transaction that took part in anything: who waits for it has waited for all
 * that was changed so far; 0 = there was none. */
uint32_t journal_last(void);
/** Ask kjournald for the commit of transaction `tid`. */
void log_start_commit(uint32_t tid);
/** Wait in state D until it is on the disk. */
void log_wait_commit(uint32_t tid);
/** The kernel thread. */
int kjournald(void *unused);

#endif /* COS_FS_JBD_H */
