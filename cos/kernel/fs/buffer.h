/* buffer.h - buffer heads: what a block of the root file system is to the journal and to reclaim,
 * and Buffers, the page cache of the partition itself. A block is a page (4 kB). */
#ifndef COS_FS_BUFFER_H
#define COS_FS_BUFFER_H

#include "cos/kernel/mm/filemap.h"

struct transaction;

/* 96 bytes, as in /proc/slabinfo of a 2.4 kernel. [INFERRED] */
struct buffer_head {
    struct list list; /* of the transaction that it belongs to */
    kptr page;        /* struct page */
    kptr transaction; /* struct transaction; 0 = none */
    uint32_t is_data; /* 1: a block of a file, which is written before the commit; 0: metadata */
    uint32_t blocknr; /* in its file or partition */
    uint32_t count;   /* who uses it between bread() or getblk() and brelse() */
    uint8_t rest[68];
};
_Static_assert(sizeof(struct buffer_head) == 96, "size of the release");

/** Before the first file: the partition, as a file whose pages are Buffers. */
void buffer_init(uint32_t device_pages);
/** Position on the disk, in pages, of a block of the partition. */
uint32_t buffer_sector(uint32_t block);
/** Give a page of the page cache its buffer head, unless it has one. May wait for memory, without
 * FS. @return it; NULL = no memory for one who is to die */
struct buffer_head *create_empty_buffers(struct page *page);
/** The buffer head of a page; NULL = it has none. */
static inline struct buffer_head *page_buffers(const struct page *page)
{
    return page->buffers != 0 ? PTR(struct buffer_head, page->buffers) : NULL;
}
/** A block of the partition, up to date, to be given back with brelse(); read if it is not in
 * memory, which waits for the disk in state D. @return NULL: no memory for one who is to die */
struct buffer_head *bread(uint32_t block);
/** The same for a block that will be written whole: zeros instead of reading. */
struct buffer_head *getblk(uint32_t block);
/** The caller is done with the block; it stays in memory. */
void brelse(struct buffer_head *bh);
/** Drop the buffer head of a page that no transaction needs any more. @return true when the page
 * has none now [RHEL3MM 1.5] */
bool try_to_release_page(struct page *page);

#endif /* COS_FS_BUFFER_H */
