/* rmap.h - reverse mapping: from a page to the ptes that map it. */
#ifndef COS_MM_RMAP_H
#define COS_MM_RMAP_H

#include "cos/kernel/mm/page.h"

struct pte_chain;
/** A chain for page_add_rmap(); NULL: no memory. May wait, as alloc_pages() does. */
struct pte_chain *pte_chain_alloc(uint32_t gfp);
/** Give back what was not used up; NULL is allowed. */
void pte_chain_free(struct pte_chain *chain);
/** Note that *ptep maps the page. Uses up `chain` if it needs one. @return what is left of it */
struct pte_chain *page_add_rmap(struct page *page, uint64_t *ptep, struct pte_chain *chain);
/** *ptep maps the page no more. */
void page_remove_rmap(struct page *page, uint64_t *ptep);
/** Test and clear PG_referenced and the accessed bit of all ptes. @return whether one was set */
bool page_touched(struct page *page);
/** The same, or a use of the page as a part of a working set (heat.h): what reclaim goes by. */
bool page_referenced(struct page *page);
enum swap_result {
    SWAP_SUCCESS, /* nobody maps it */
    SWAP_AGAIN,   /* somebody has used it since */
    SWAP_FAIL     /* it is locked into memory */
};
/** Take the page from all who map it; their ptes name its swap slot then, if it has one. */
enum swap_result try_to_unmap(struct page *page);
/** Does a process that locked its memory map it? */
bool page_mlocked(const struct page *page);

#endif /* COS_MM_RMAP_H */
