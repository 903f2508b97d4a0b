/* filemap.h - the page cache: pages of files and of swap slots by (mapping, index), and the lock
 * on a page. */
#ifndef COS_MM_FILEMAP_H
#define COS_MM_FILEMAP_H

#include "cos/kernel/mm/mm.h"

struct address_space {
    char name[64];
    kptr next;          /* list of all files */
    uint32_t size;      /* pages of the file */
    uint32_t nrpages;   /* of it in the page cache */
    uint32_t sector;    /* first page on the disk */
    kptr slots;         /* of a shared memory segment: table of its swap slots (shmem.c) */
    uint32_t written;   /* 1: programs write to it, so what it holds is theirs */
    uint32_t is_device; /* 1: the root partition itself, whose pages are Buffers */
};
/** Lock the page. @return false when somebody else has it locked */
bool try_lock_page(struct page *page);
/** Lock the page; waits in D while somebody else has it locked. */
void lock_page(struct page *page);
/** Unlock it and wake who waits for that. Usable from interrupt context. */
void unlock_page(struct page *page);
/** Sleep (D) until the page is unlocked. Kicks the disk. */
void wait_on_page(struct page *page);
/** The same for at most `ticks`. @return true when it timed out */
bool wait_on_page_timeout(struct page *page, uint32_t ticks);
extern struct address_space swapper_space;
/** The hash lies in a table of kptr[1 << bits], all zero; at boot. */
void page_cache_init(kptr hash_table, uint32_t bits);
/** The page of a file or swap slot, with a reference; NULL = not in the cache. */
struct page *find_get_page(const struct address_space *mapping, uint32_t index);
/** The same without a reference. */
struct page *__find_page(const struct address_space *mapping, uint32_t index);
/** Put a locked page that belongs to nobody into the cache, which takes a reference. */
void add_to_page_cache(struct page *page, struct address_space *mapping, uint32_t index);
/** Take a page out of the cache, with the reference that the cache had. */
void remove_inode_page(struct page *page);
/** The page of a file, read if need be, up to date, with a reference; NULL: no memory. Waits for
 * the disk. */
struct page *filemap_nopage(struct address_space *file, uint32_t index);
/** What the disk does at the end of a transfer of a page of a file. */
void end_file_io(struct page *page, bool write);
/** The disk has read or written a locked page that a file or swap slot has: it is up to date, and
 * unlocked. */
void end_page_io(struct page *page);
/** A locked page was written to. @return true when no other is dirty */
bool file_page_dirty(struct page *page);
/** Its bytes are on the disk, or will be: off the list of dirty ones. */
void file_page_clean(struct page *page);
/** Start the write of a locked dirty page; it is unlocked when that ends. May wait for a place in
 * the queue. */
void file_writepage(struct page *page);
/** The dirty page after this one, by time of their first write; NULL = the oldest. @return NULL at
 * the end */
struct page *file_dirty_next(const struct page *page);
/** A file got another name; what is cached of it, and its place on the disk, go with it. A file
 * that had that name has none now, and what is cached of it is reclaimed some day. A file that
 * nobody has used yet is as good. */
void file_rename(const char *from, const char *to);
extern uint32_t nr_dirty_pages; /* of files, whose write has not been started */
/** Where the bytes of a file that can be written come from; NULL = there is no such file. */
extern void (*file_readpage)(const struct address_space *f, uint32_t index, char *bytes);
extern uint32_t nr_page_cache;   /* file pages in the page cache, without swap cache */
extern uint32_t nr_buffer_pages; /* of these, blocks of the root partition itself */

#endif /* COS_MM_FILEMAP_H */
