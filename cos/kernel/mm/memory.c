/* memory.c - page tables and page faults of user tasks. Sources: docs/sources.md
 * [RHEL3MM 1.4, 1.7].
 *
 * PAE: a page directory pointer table of 4 entries, page middle directories and page tables of 512
 * entries of 8 bytes, all in pages of COS RAM:
 *     address 31..30 pgd | 29..21 pmd | 20..12 pte | 11..0 offset
 *
 * Programs are C functions of the image; what they do to "their memory" goes through user_touch(),
 * which does what the MMU would: walk, set accessed and dirty, or raise a fault. */
#include "cos/kernel/arch/cost.h"
#include "cos/kernel/arch/syscall.h"
#include "cos/kernel/errno.h"
#include "cos/kernel/mm/heat.h"
#include "cos/kernel/mm/v24/lru.h"
#include "cos/kernel/mm/pagetable.h"
#include "cos/kernel/mm/v24/rmap.h"
#include "cos/kernel/mm/swap.h"

#define TABLE_ENTRIES 512u
#define PMD_SIZE (1u << 21) /* bytes that one page table maps */
#define TABLE_FLAGS (PTE_PRESENT | PTE_RW | PTE_USER | PTE_ACCESSED | PTE_DIRTY)

uint64_t last_fault_address; /* cr2 */
uint32_t nr_page_tables;
kptr empty_zero_page; /* struct page */

void memory_init(void)
{
    struct page *page = alloc_zeroed_page(GFP_KERNEL);
    ASSERT(page != NULL);
    page->flags |= PG_reserved;
    empty_zero_page = kptr_of(page);
}

/* ---- tables ---------------------------------------------------------------------------------- */
static inline uint64_t *table_of(uint64_t entry)
{
    return phys_to_virt(entry & PTE_ADDRESS);
}

static inline uint64_t *pmd_entry(const struct mm_struct *mm, uint32_t address)
{
    const uint64_t pgd = table_of(mm->pgd)[address >> 30];
    return (pgd & PTE_PRESENT) ? &table_of(pgd)[(address >> 21) & (TABLE_ENTRIES - 1)] : NULL;
}

static inline uint64_t *pte_walk(const struct mm_struct *mm, uint32_t address)
{
    const uint64_t *pmd = pmd_entry(mm, address);
    if (pmd == NULL || !(*pmd & PTE_PRESENT))
        return NULL;
    return &table_of(*pmd)[(address >> PAGE_SHIFT) & (TABLE_ENTRIES - 1)];
}

uint64_t *pte_lookup(const struct mm_struct *mm, uint32_t address)
{
    return pte_walk(mm, address);
}

/* A table for the entry unless it has one. @return false when there is no memory for one who is to
 * die */
static bool table_alloc(struct mm_struct *mm, uint64_t *entry, uint32_t first_address)
{
    if (*entry & PTE_PRESENT)
        return true;
    struct page *page = alloc_zeroed_page(GFP_KERNEL);
    if (page == NULL)
        return false;
    ASSERT(!(*entry & PTE_PRESENT)); /* one thread per mm: nobody else fills it in meanwhile */
    page->flags |= PG_table;
    page->mapping = kptr_of(mm);
    page->index = first_address;
    nr_page_tables++;
    *entry = page_phys(page) | TABLE_FLAGS;
    return true;
}

static void table_free(uint64_t entry)
{
    struct page *page = pte_page(entry);
    ASSERT(page->flags & PG_table);
    page->flags &= ~PG_table;
    page->mapping = 0;
    nr_page_tables--;
    put_page(page);
}

static KERNEL_FN uint64_t *pte_alloc(struct mm_struct *mm, uint32_t address)
{
    uint64_t *pgd = &table_of(mm->pgd)[address >> 30];
    if (!table_alloc(mm, pgd, address & ~0x3fffffffu))
        return NULL;
    uint64_t *pmd = pmd_entry(mm, address);
    if (!table_alloc(mm, pmd, address & ~(PMD_SIZE - 1)))
        return NULL;
    return pte_walk(mm, address);
}

void clear_page_tables(struct mm_struct *mm)
{
    uint64_t *pgd = table_of(mm->pgd);
    for (uint32_t i = 0; i < 4; i++) {
        if (!(pgd[i] & PTE_PRESENT))
            continue;
        const uint64_t *pmd = table_of(pgd[i]);
        for (uint32_t j = 0; j < TABLE_ENTRIES; j++)
            if (pmd[j] & PTE_PRESENT)
                table_free(pmd[j]);
        table_free(pgd[i]);
        pgd[i] = 0;
    }
}

/* ---- unmapping ------------------------------------------------------------------------------- */
/* The process that had the page mapped for real has ended. What it wrote goes with it: when it was
 * killed, how far it had come depends on the wall clock. */
static void unpin_dead(struct page *page)
{
    memset(page_address(page), 0, PAGE_SIZE);
    page->flags &= ~PG_pinned;
    page_update(page);
    put_page(page);
}

static void zap_pte(struct mm_struct *mm, uint64_t *ptep)
{
    const uint64_t pte = *ptep;
    *ptep = 0;
    if (!(pte & PTE_PRESENT)) {
        free_swap_and_cache(pte_to_swp_entry(pte));
        return;
    }
    struct page *page = pte_page(pte);
    if (page->flags & PG_reserved) { /* the page of zeros */
        heat_absent(ptep, 1);
        return;
    }
    cpu_charge(COST_ALLOC);
    if (page->flags & PG_pinned)
        unpin_dead(page);
    mm->rss--;
    page_remove_rmap(page, ptep);
    free_page_and_swap_cache(page);
}

void zap_page_range(struct mm_struct *mm, uint32_t start, uint32_t end)
{
    for (uint64_t address = start; address < end; address += PAGE_SIZE) {
        uint64_t *ptep = pte_walk(mm, (uint32_t)address);
        if (ptep == NULL)
            address = (address | (PMD_SIZE - 1)) + 1 - PAGE_SIZE;
        else if (*ptep != 0)
            zap_pte(mm, ptep);
    }
}

/* ---- faults ---------------------------------------------------------------------------------- */
static void map_page(struct mm_struct *mm, struct page *page, uint64_t *ptep, uint32_t flags,
                     struct pte_chain *chain)
{
    ASSERT(*ptep == 0 || !(*ptep & PTE_PRESENT));
    mm->rss++;
    *ptep = page_phys(page) | PTE_PRESENT | PTE_USER | PTE_ACCESSED | flags;
    pte_chain_free(page_add_rmap(page, ptep, chain));
    page_mark_young(page);
}

static KERNEL_FN int do_anonymous_page(struct mm_struct *mm, uint64_t *ptep, bool write)
{
    if (!write) {
        *ptep =
            page_phys(PTR(struct page, empty_zero_page)) | PTE_PRESENT | PTE_USER | PTE_ACCESSED;
        heat_absent(ptep, -1);
        return 0;
    }
    struct page *page = __alloc_pages(GFP_HIGHUSER, 0);
    if (page == NULL)
        return -ENOMEM;
    clear_page(page);
    map_page(mm, page, ptep, PTE_RW | PTE_DIRTY, NULL);
    lru_cache_add(page);
    current->min_flt++;
    return 0;
}

/* A page of one's own with the contents of `from`, for a private mapping that is written. */
static struct page *copy_page(const struct page *from)
{
    struct page *page = __alloc_pages(GFP_HIGHUSER, 0);
    if (page == NULL)
        return NULL;
    if (from->flags & PG_zero) {
        clear_page(page);
        return page;
    }
    cpu_charge(COST_CLEAR_PAGE);
    memcpy(page_address(page), page_address(from), PAGE_SIZE);
    page->flags &= ~PG_zero;
    return page;
}

/* A page of a shared memory segment: the same for all who have it attached. */
static KERNEL_FN int do_shared_page(struct mm_struct *mm, struct vm_area_struct *vma,
                                    uint32_t index, uint64_t *ptep, bool write)
{
    struct page *page = shmem_nopage(PTR(struct address_space, vma->file), index);
    if (page == NULL)
        return -ENOMEM;
    struct pte_chain *chain = pte_chain_alloc(GFP_KERNEL);
    if (chain == NULL) {
        put_page(page);
        return -ENOMEM;
    }
    map_page(mm, page, ptep, PTE_RW | (write ? PTE_DIRTY : 0), chain);
    return 0;
}

static KERNEL_FN int do_no_page(struct mm_struct *mm, struct vm_area_struct *vma, uint32_t address,
                                uint64_t *ptep, bool write)
{
    const uint32_t index = vma->pgoff + ((address - vma->start) >> PAGE_SHIFT);
    if (vma->flags & VM_SHARED)
        return do_shared_page(mm, vma, index, ptep, write);
    struct page *page = filemap_nopage(PTR(struct address_space, vma->file), index);
    if (page == NULL)
        return -ENOMEM;
    current->maj_flt++;
    if (write) {
        struct page *copy = copy_page(page);
        put_page(page);
        if (copy == NULL)
            return -ENOMEM;
        map_page(mm, copy, ptep, PTE_RW | PTE_DIRTY, NULL);
        lru_cache_add(copy);
        return 0;
    }
    struct pte_chain *chain = pte_chain_alloc(GFP_KERNEL);
    if (chain == NULL) {
        put_page(page);
        return -ENOMEM;
    }
    map_page(mm, page, ptep, 0, chain);
    return 0;
}

/* No other process has a claim to it by its slot. */
static bool page_slot_is_its_own(const struct page *page)
{
    return !(page->flags & PG_swapcache) || swap_slot_users(page->index) == 1;
}

static KERNEL_FN int do_swap_page(struct mm_struct *mm, uint64_t *ptep, bool write)
{
    const uint64_t pte = *ptep;
    const uint32_t slot = pte_to_swp_entry(pte);
    struct page *page = swap_in(slot);
    if (page == NULL)
        return -ENOMEM;
    mark_page_accessed(page);
    struct pte_chain *chain = pte_chain_alloc(GFP_KERNEL);
    lock_page(page);
    if (chain == NULL || *ptep != pte) { /* the latter: a swapoff was faster, or its owner */
        pte_chain_free(chain);
        unlock_page(page);
        put_page(page);
        return chain == NULL && *ptep == pte ? -ENOMEM : 0;
    }
    swap_free(slot);
    const bool alone = !page_mapped(page) && page_slot_is_its_own(page);
    if (vm_swap_full())
        (void)remove_exclusive_swap_page(page);
    *ptep = 0;
    /* With its slot kept, the page stays read-only until it is written: the slot's copy is good
     * till then. */
    const bool own = alone && (write || !(page->flags & PG_swapcache));
    map_page(mm, page, ptep, (own ? PTE_RW : 0) | (write ? PTE_DIRTY : 0), chain);
    unlock_page(page);
    ASSERT(page->flags & PG_lru);
    return 0;
}

/* ---- fork ------------------------------------------------------------------------------------ */
/* Parent and child see one page now, and neither may write it: who does gets a copy. */
static void share_page(struct mm_struct *to, uint64_t *dst, uint64_t *src, bool shared,
                       struct pte_chain *chain)
{
    struct page *page = pte_page(*src);
    ASSERT(!(page->flags & PG_pinned));
    if (!shared)
        *src &= ~(uint64_t)PTE_RW;
    *dst = *src & ~(uint64_t)PTE_ACCESSED;
    get_page(page);
    to->rss++;
    pte_chain_free(page_add_rmap(page, dst, chain));
}

/* One pte; whatever is needed for it is there before it is looked at. @return 0 or -ENOMEM */
static int copy_one_pte(struct mm_struct *to, struct mm_struct *from, uint32_t address, bool shared)
{
    uint64_t *dst = pte_alloc(to, address);
    struct pte_chain *chain = pte_chain_alloc(GFP_KERNEL);
    if (dst == NULL || chain == NULL) {
        pte_chain_free(chain);
        return -ENOMEM;
    }
    cpu_charge(COST_COPY_PTE);
    uint64_t *src = pte_walk(from, address);
    const uint64_t pte = *src;
    if ((pte & PTE_PRESENT) && !(pte_page(pte)->flags & PG_reserved)) {
        share_page(to, dst, src, shared, chain);
        return 0;
    }
    pte_chain_free(chain);
    if (pte != 0 && !(pte & PTE_PRESENT))
        swap_duplicate(pte_to_swp_entry(pte));
    *dst = pte;
    return 0;
}

KERNEL_FN int copy_page_range(struct mm_struct *to, struct mm_struct *from,
                              const struct vm_area_struct *vma)
{
    for (uint64_t address = vma->start; address < vma->end; address += PAGE_SIZE) {
        const uint64_t *ptep = pte_walk(from, (uint32_t)address);
        if (ptep == NULL)
            address = (address | (PMD_SIZE - 1)) + 1 - PAGE_SIZE;
        else if (*ptep != 0 &&
                 copy_one_pte(to, from, (uint32_t)address, (vma->flags & VM_SHARED) != 0) != 0)
            return -ENOMEM;
    }
    return 0;
}

/* ---- swapoff --------------------------------------------------------------------------------- */
static KERNEL_FN bool unuse_range(struct mm_struct *mm, uint32_t start, uint32_t end)
{
    for (uint64_t address = start; address < end; address += PAGE_SIZE) {
        uint64_t *ptep = pte_walk(mm, (uint32_t)address);
        if (ptep == NULL) {
            address = (address | (PMD_SIZE - 1)) + 1 - PAGE_SIZE;
            continue;
        }
        while (*ptep != 0 && !(*ptep & PTE_PRESENT)) {
            if (do_swap_page(mm, ptep, false) < 0)
                return false;
        }
        if (need_resched)
            schedule();
    }
    return true;
}

/* Its process may end meanwhile: then its mappings stay until this is done (exit_mmap()). */
static bool unuse_process(struct mm_struct *mm)
{
    for (kptr k = mm->mmap; k != 0; k = PTR(struct vm_area_struct, k)->next) {
        const struct vm_area_struct *vma = PTR(const struct vm_area_struct, k);
        if (!unuse_range(mm, vma->start, vma->end))
            return false;
    }
    return true;
}

KERNEL_FN bool unuse_processes(void)
{
    bool done = true;
    struct mm_struct *mm = NULL;
    for (kptr k = mmlist.next; k != kptr_of(&mmlist) && done;) {
        struct mm_struct *next = list_entry(k, struct mm_struct, mmlist);
        next->users++;
        if (mm != NULL)
            exit_mmap(mm);
        mm = next;
        done = unuse_process(mm);
        k = mm->mmlist.next;
    }
    if (mm != NULL)
        exit_mmap(mm);
    return done;
}

static KERNEL_FN int do_wp_page(struct mm_struct *mm, uint64_t *ptep)
{
    const uint64_t pte = *ptep;
    struct page *old = pte_page(pte);

    if (old->flags & PG_reserved) {
        *ptep = 0;
        heat_absent(ptep, 1);
        return do_anonymous_page(mm, ptep, true);
    }
    cpu_charge(COST_FAULT_PROT);
    if (page_anon(old) && (old->flags & PG_direct) && page_slot_is_its_own(old)) {
        *ptep |= PTE_RW | PTE_DIRTY | PTE_ACCESSED;
        page_mark_young(old);
        return 0;
    }
    get_page(old);
    struct page *page = copy_page(old);
    if (page != NULL && *ptep == pte) {
        page_remove_rmap(old, ptep);
        *ptep = 0;
        mm->rss--;
        put_page(old);
        map_page(mm, page, ptep, PTE_RW | PTE_DIRTY, NULL);
        lru_cache_add(page);
    } else if (page != NULL) {
        put_page(page); /* reclaim unmapped the old one meanwhile: the next try finds that */
    }
    put_page(old);
    return page != NULL ? 0 : -ENOMEM;
}

KERNEL_FN int handle_mm_fault(struct mm_struct *mm, struct vm_area_struct *vma, uint32_t address,
                              bool write)
{
    uint64_t *ptep = pte_alloc(mm, address);
    if (ptep == NULL)
        return -ENOMEM;
    const uint64_t pte = *ptep;
    if (pte == 0)
        return vma->file != 0 ? do_no_page(mm, vma, address, ptep, write)
                              : do_anonymous_page(mm, ptep, write);
    if (!(pte & PTE_PRESENT))
        return do_swap_page(mm, ptep, write);
    if (write && !(pte & PTE_RW))
        return do_wp_page(mm, ptep);
    return 0;
}

KERNEL_FN bool do_page_fault(uint32_t address, bool write)
{
    struct mm_struct *mm = PTR(struct mm_struct, current->mm);
    last_fault_address = address;
    cpu_charge(COST_FAULT_MINOR / 2);
    struct vm_area_struct *vma = find_vma(mm, address);
    cpu_charge(COST_FAULT_MINOR / 2);
    if (vma == NULL || (write && !(vma->flags & VM_WRITE)))
        return false;
    while (handle_mm_fault(mm, vma, address, write) < 0) {
        if (current->pid != 1) {
            printk("VM: killing process %s\n", current->comm);
            do_exit(SIGKILL);
        }
        yield();
    }
    return true;
}

/* ---- what the MMU does ----------------------------------------------------------------------- */
/* @return the present pte with accessed (and dirty) set; NULL = a fault */
INLINE_FN uint64_t *touch_present(uint32_t address, bool write)
{
    const struct mm_struct *mm = PTR(const struct mm_struct, current->mm);
    const uint64_t want = PTE_PRESENT | PTE_ACCESSED | (write ? PTE_RW | PTE_DIRTY : 0);
    uint64_t *ptep = pte_walk(mm, address);
    const uint64_t pte = ptep != NULL ? *ptep : 0;
    if (likely((pte & want) == want))
        return ptep;
    if (!(pte & PTE_PRESENT) || (write && !(pte & PTE_RW)))
        return NULL;
    struct page *page = pte_page(pte);
    *ptep |= want;
    if (!(page->flags & PG_reserved))
        page_mark_young(page);
    return ptep;
}

/* A program's own access. @return NULL = bad address */
INLINE_FN uint64_t *touch(uint32_t address, bool write)
{
    for (;;) {
        uint64_t *ptep = touch_present(address, write);
        if (likely(ptep != NULL))
            return ptep;
        if (!ENTER_BY(error_code, do_page_fault, address, write))
            return NULL;
    }
}

USER_SIDE void *user_touch(uint32_t address, bool write)
{
    const uint64_t *ptep = touch(address, write);
    if (ptep == NULL)
        return NULL;
    if (write)
        pte_page(*ptep)->flags &= ~PG_zero;
    return phys_to_virt((*ptep & PTE_ADDRESS) | (address & (PAGE_SIZE - 1)));
}

USER_SIDE bool user_account(uint32_t address, bool write)
{
    return touch(address, write) != NULL;
}

KERNEL_FN void sys_mlockall(void)
{
    struct mm_struct *mm = PTR(struct mm_struct, current->mm);
    cpu_charge(COST_SYSCALL);
    mm->locked = 1;
    for (kptr k = mm->mmap; k != 0; k = PTR(struct vm_area_struct, k)->next) {
        const struct vm_area_struct *vma = PTR(struct vm_area_struct, k);
        const bool write = (vma->flags & VM_WRITE) != 0;
        for (uint64_t address = vma->start; address < vma->end; address += PAGE_SIZE) {
            while (touch_present((uint32_t)address, write) == NULL)
                ASSERT(do_page_fault((uint32_t)address, write));
        }
    }
}

uint32_t get_user_pages(uint32_t address)
{
    struct mm_struct *mm = PTR(struct mm_struct, current->mm);
    struct vm_area_struct *vma = find_vma(mm, address);
    if (vma == NULL || !(vma->flags & VM_WRITE))
        return 0;
    for (;;) {
        uint64_t *ptep = pte_walk(mm, address);
        if (ptep != NULL && (*ptep & PTE_PRESENT) && (*ptep & PTE_RW))
            break;
        last_fault_address = address;
        cpu_charge(COST_FAULT_MINOR);
        if (handle_mm_fault(mm, vma, address, true) < 0)
            return 0;
    }
    const uint64_t pte = *pte_walk(mm, address);
    struct page *page = pte_page(pte);
    get_page(page);
    page->flags |= PG_pinned;
    page->flags &= ~PG_zero;
    page_update(page);
    return (uint32_t)(pte & PTE_ADDRESS);
}

void put_user_page(uint32_t address)
{
    struct mm_struct *mm = PTR(struct mm_struct, current->mm);
    const uint64_t *ptep = pte_walk(mm, address);
    ASSERT(ptep != NULL && (*ptep & PTE_PRESENT));
    struct page *page = pte_page(*ptep);
    ASSERT((page->flags & PG_pinned) && page->count > 1);
    page->flags &= ~PG_pinned;
    page_update(page);
    put_page(page);
    zap_page_range(mm, address, address + PAGE_SIZE);
}
