/* swap.h - swap slots, the swap cache, swapping in, and the shared memory that goes there. A slot
 * is a number from 1 on; who has a claim to it is counted. */
#ifndef COS_MM_SWAP_H
#define COS_MM_SWAP_H

#include "cos/kernel/mm/filemap.h"

#define DISK_SWAP_START 16u       /* disk position (in pages) of the swap partition */
extern uint32_t disk_files_start; /* behind it: where files lie */

extern uint32_t nr_swap_pages, total_swap_pages; /* free slots; all slots */
/** Give the page a slot and put it into the swap cache, dirty. @return false when no slot is
 * free */
bool add_to_swap(struct page *page);
/** One more has a claim to a slot in use. */
void swap_duplicate(uint32_t slot);
/** A claim is gone; the last one frees the slot. */
void swap_free(uint32_t slot);
/** How many have a claim to it: ptes, a segment, the swap cache. */
uint32_t swap_slot_users(uint32_t slot);
/** Take the page out of the swap cache, with the claim that the cache has to its slot. */
void delete_from_swap_cache(struct page *page);
/** Drop the slot of a page that nobody else uses. @return true when dropped */
bool remove_exclusive_swap_page(struct page *page);
/** A pte that pointed to the slot is gone. */
void free_swap_and_cache(uint32_t slot);
/** Drop the reference of a pte that is gone, and the page's slot if nobody else wants it. */
void free_page_and_swap_cache(struct page *page);
/** More than half of the slots are in use: pages that come back give theirs up. */
bool vm_swap_full(void);
/** The page of a slot, with a reference; NULL = not in the swap cache. Counts the look. */
struct page *lookup_swap_cache(uint32_t slot);
/** The same, and starts reading a page that is not there. NULL: no memory, or the slot was freed
 * while we waited for some. */
struct page *read_swap_cache_async(uint32_t slot);
/** Start reading the aligned block of slots around one, up to the first that is free. */
void swapin_readahead(uint32_t slot);
/** Read the page back if it is not in the swap cache, with its neighbours; counts the fault.
 * @return it, referenced, perhaps still locked for reading; NULL without memory */
static inline struct page *swap_in(uint32_t slot)
{
    struct page *page = lookup_swap_cache(slot);
    if (page == NULL) {
        swapin_readahead(slot);
        page = read_swap_cache_async(slot);
        current->maj_flt++;
    } else {
        current->min_flt++;
    }
    return page;
}
/** swapoff: bring back every page of a process (memory.c) or segment (shmem.c) that is in swap.
 * @return false when there was no memory for one */
bool unuse_processes(void);
/** Likewise of every segment. */
bool shmem_unuse(void);
/** What the disk does at the end of a transfer of a page of the swap cache: move the bytes between
 * page and swap memfd, and unlock the page. */
void end_swap_io(struct page *page, bool write);
/** ASSERT, slot by slot, that maps and counters agree (mm_check). */
void swap_check(void);
/** The line of show_mem() on the swap cache. */
void swap_stats_print(void);

/* ---- shmem.c --------------------------------------------------------------------------------- */
/** The page of a segment, made or brought back from swap if need be, with a reference; NULL = no
 * memory */
struct page *shmem_nopage(struct address_space *segment, uint32_t index);
/** Move a page of a segment to the swap cache, still dirty. @return false when no slot is free or
 * somebody uses the page */
bool shmem_writepage(struct page *page);

#endif /* COS_MM_SWAP_H */
