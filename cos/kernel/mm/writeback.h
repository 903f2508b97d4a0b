/* writeback.h - writing to files through the page cache. */
#ifndef COS_WRITEBACK_H
#define COS_WRITEBACK_H

#include "cos/kernel/mm/page.h"

/** Before the first write. */
void writeback_init(void);
/** The kernel threads of these names. */
int bdflush(void *unused);
int kupdated(void *unused);
/** Write n bytes at offset `at` of the file into its pages, which are dirty then; a page of which a
 * part is kept is read first. `data` NULL: the bytes are in the host directory already. May wait,
 * for memory and for pages that are being written. @return 0, -ENOMEM, -EFBIG */
int file_write(const char *name, uint64_t at, const char *data, uint32_t n);
/** A block of the partition waits to be written to its place: it is dirty from now on. */
void mark_buffer_dirty(struct page *page);
/** What was written to the file is to be on the disk: start the writes of its dirty pages and wait
 * for the journal, in state D. */
void file_fsync(const char *name);

#endif /* COS_WRITEBACK_H */
