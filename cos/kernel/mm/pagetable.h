/* pagetable.h - page tables of user tasks and the mappings behind them: what a pte looks like, and
 * what reclaim, fork and swapoff need of memory.c and mmap.c. */
#ifndef COS_MM_PAGETABLE_H
#define COS_MM_PAGETABLE_H

#include "cos/kernel/mm/mm.h"

#define PTE_PRESENT 0x1u
#define PTE_RW 0x2u
#define PTE_USER 0x4u
#define PTE_ACCESSED 0x20u
#define PTE_DIRTY 0x40u
#define PTE_ADDRESS 0xffffff000u /* 36 bits of physical address, as PAE on a P4 */
#define SWP_ENTRY_SHIFT 40u /* not present; type 0 in bits 33..37, offset above, in the high word */
static inline uint64_t swp_entry_to_pte(uint32_t slot)
{
    return (uint64_t)slot << SWP_ENTRY_SHIFT;
}
static inline uint32_t pte_to_swp_entry(uint64_t pte)
{
    return (uint32_t)(pte >> SWP_ENTRY_SHIFT);
}
static inline struct page *pte_page(uint64_t pte)
{
    return pfn_to_page((uint32_t)((pte & PTE_ADDRESS) >> PAGE_SHIFT));
}
/** fork: give `to` what `from` has in one vma, private pages to be copied when they are written.
 * @return 0, or -ENOMEM: some of it is there */
int copy_page_range(struct mm_struct *to, struct mm_struct *from, const struct vm_area_struct *vma);
/** The pte of `address`, NULL where there is no table. */
uint64_t *pte_lookup(const struct mm_struct *mm, uint32_t address);
/** Remove all pages of [start, end). */
void zap_page_range(struct mm_struct *mm, uint32_t start, uint32_t end);
/** Free all tables; nothing is mapped by them any more. */
void clear_page_tables(struct mm_struct *mm);
/** Fault a page in. @return 0, or -ENOMEM when the allocation failed for good */
int handle_mm_fault(struct mm_struct *mm, struct vm_area_struct *vma, uint32_t address, bool write);
/** At boot, once there is an allocator. */
void memory_init(void);
extern uint32_t nr_page_tables; /* pages */
extern kptr empty_zero_page;    /* struct page: what was only read and never written */

/* ---- mmap.c ---------------------------------------------------------------------------------- */
/** The vma that contains the address; NULL = there is none. */
struct vm_area_struct *find_vma(const struct mm_struct *mm, uint32_t address);
extern uint32_t vm_committed; /* pages */
extern struct list mmlist;    /* all mm_structs, oldest first, by mmlist */
/** May so many more pages be promised? */
bool vm_enough_memory(uint32_t pages);

#endif /* COS_MM_PAGETABLE_H */
