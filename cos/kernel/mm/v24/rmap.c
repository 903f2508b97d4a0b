/* rmap.c - from a page to the page-table entries that map it. Sources: docs/sources.md
 * [RHEL3MM 1.1].
 *
 * A page that is mapped once holds the physical address of its pte (PG_direct); with more, a chain
 * of blocks. The owner of a pte is found by the page-table page that it lies in: its struct page
 * names the mm and the first address. */
#include "cos/kernel/mm/v24/rmap.h"

#include "cos/kernel/arch/cost.h"
#include "cos/kernel/debug/cosinfo_entry.h"
#include "cos/kernel/mm/heat.h"
#include "cos/kernel/mm/v24/lru.h"
#include "cos/kernel/mm/pagetable.h"
#include "cos/kernel/mm/slab.h"
#include "cos/kernel/mm/swap.h"

#define CHAIN_PTES 15u

struct pte_chain { /* 128 bytes: one cache line of a P4 */
    kptr next;
    uint32_t used;
    uint64_t pte[CHAIN_PTES]; /* physical addresses of ptes, the first `used` */
};
_Static_assert(sizeof(struct pte_chain) == 128, "one block of a chain");

COSINFO_SIZE(pte_chain);
COSINFO_OFFSET(pte_chain, next);
COSINFO_OFFSET(pte_chain, used);
COSINFO_OFFSET(pte_chain, pte);

static struct kmem_cache *pte_chain_cache;

struct pte_chain *pte_chain_alloc(uint32_t gfp)
{
    if (pte_chain_cache == NULL)
        pte_chain_cache = kmem_cache_create("pte_chain", sizeof(struct pte_chain));
    struct pte_chain *chain = kmem_cache_alloc(pte_chain_cache, gfp);
    if (chain != NULL)
        memset(chain, 0, sizeof *chain);
    return chain;
}

void pte_chain_free(struct pte_chain *chain)
{
    if (chain != NULL)
        kmem_cache_free(pte_chain_cache, chain);
}

static uint64_t *pte_at(uint64_t phys)
{
    return phys_to_virt(phys);
}

struct pte_chain *page_add_rmap(struct page *page, uint64_t *ptep, struct pte_chain *chain)
{
    const uint32_t phys = virt_to_phys(ptep);

    heat_absent(ptep, -1);
    if (page->pte[0] == 0) {
        page->pte[0] = phys;
        page->flags |= PG_direct;
        heat_seen(page);
        page_update(page);
        return chain;
    }
    struct pte_chain *head = PTR(struct pte_chain, page->pte[0]);
    if ((page->flags & PG_direct) || head->used == CHAIN_PTES) {
        ASSERT(chain != NULL);
        if (page->flags & PG_direct)
            chain->pte[chain->used++] = page->pte[0];
        else
            chain->next = page->pte[0];
        page->pte[0] = kptr_of(chain);
        page->flags &= ~PG_direct;
        head = chain;
        chain = NULL;
    }
    head->pte[head->used++] = phys;
    page_update(page);
    return chain;
}

/* Take the entry `phys` out of the chain: the newest entry takes its place. */
static void chain_remove(struct page *page, uint64_t phys)
{
    struct pte_chain *head = PTR(struct pte_chain, page->pte[0]);
    for (struct pte_chain *c = head; c != NULL; c = PTR(struct pte_chain, c->next)) {
        for (uint32_t i = 0; i < c->used; i++) {
            if (c->pte[i] != phys)
                continue;
            c->pte[i] = head->pte[--head->used];
            head->pte[head->used] = 0;
            if (head->used == 0) {
                page->pte[0] = head->next;
                pte_chain_free(head);
            }
            return;
        }
    }
    ASSERT(!"pte is in the chain of its page");
}

/* An anonymous page that one process alone still maps needs no chain: it may be inert again. */
static void chain_collapse(struct page *page)
{
    struct pte_chain *head = PTR(struct pte_chain, page->pte[0]);
    if (head == NULL || head->next != 0 || head->used != 1 || !page_anon(page) ||
        (page->flags & PG_shmem))
        return;
    page->pte[0] = (uint32_t)head->pte[0];
    page->flags |= PG_direct;
    heat_seen(page);
    pte_chain_free(head);
}

void page_remove_rmap(struct page *page, uint64_t *ptep)
{
    const uint32_t phys = virt_to_phys(ptep);
    ASSERT(page->pte[0] != 0);
    heat_absent(ptep, 1);
    if (page->flags & PG_direct) {
        ASSERT(page->pte[0] == phys);
        page->pte[0] = 0;
        page->flags &= ~PG_direct;
        if (!(page->flags & PG_referenced))
            page_clear_young(page);
    } else {
        chain_remove(page, phys);
        chain_collapse(page);
    }
    page_update(page);
}

static bool pte_test_and_clear_young(uint64_t phys)
{
    uint64_t *pte = pte_at(phys);
    if (!(*pte & PTE_ACCESSED))
        return false;
    *pte &= ~(uint64_t)PTE_ACCESSED;
    return true;
}

bool page_touched(struct page *page)
{
    if (!(page->flags & PG_young)) /* the common case: nothing to look at */
        return false;
    bool referenced = (page->flags & PG_referenced) != 0;
    page->flags &= ~PG_referenced;
    if (page->flags & PG_direct) {
        referenced |= pte_test_and_clear_young(page->pte[0]);
    } else {
        for (struct pte_chain *c = PTR(struct pte_chain, page->pte[0]); c != NULL;
             c = PTR(struct pte_chain, c->next))
            for (uint32_t i = 0; i < c->used; i++)
                referenced |= pte_test_and_clear_young(c->pte[i]);
    }
    page_clear_young(page);
    return referenced;
}

/* The look comes behind all of its cost: what it sees depends on its instant (heat.h). */
KERNEL_FN bool page_referenced(struct page *page)
{
    cpu_charge(COST_REFERENCED / 2); /* struct page */
    cpu_charge(COST_REFERENCED / 2); /* the pte, in another page */
    const bool used = heat_touched(page);
    return page_touched(page) || used;
}

static bool pte_mlocked(uint64_t phys)
{
    return PTR(const struct mm_struct, virt_to_page(pte_at(phys))->mapping)->locked != 0;
}

bool page_mlocked(const struct page *page)
{
    if (page->flags & PG_direct)
        return pte_mlocked(page->pte[0]);
    for (const struct pte_chain *c = PTR(const struct pte_chain, page->pte[0]); c != NULL;
         c = PTR(const struct pte_chain, c->next))
        for (uint32_t i = 0; i < c->used; i++)
            if (pte_mlocked(c->pte[i]))
                return true;
    return false;
}

/* Unmap one pte: to a swap entry for pages of the swap cache, to nothing for pages of a file. */
static KERNEL_FN enum swap_result try_to_unmap_one(struct page *page, uint64_t phys)
{
    uint64_t *ptep = pte_at(phys);
    struct mm_struct *mm = PTR(struct mm_struct, virt_to_page(ptep)->mapping);
    ASSERT((*ptep & PTE_PRESENT) && pte_page(*ptep) == page && mm != NULL && mm->rss > 0);

    const uint64_t pte = *ptep;
    if (page->flags & PG_swapcache) {
        swap_duplicate(page->index);
        *ptep = swp_entry_to_pte(page->index);
    } else {
        *ptep = 0;
    }
    if (pte & PTE_DIRTY)
        page->flags |= PG_dirty;
    mm->rss--;
    page_remove_rmap(page, ptep);
    put_page(page);
    return SWAP_SUCCESS;
}

KERNEL_FN enum swap_result try_to_unmap(struct page *page)
{
    if ((page->flags & (PG_pinned | PG_reserved)) || page_mlocked(page))
        return SWAP_FAIL;
    if (page->flags & PG_locked)
        return SWAP_AGAIN;
    while (page->pte[0] != 0) {
        const uint64_t phys = (page->flags & PG_direct)
                                  ? page->pte[0]
                                  : PTR(struct pte_chain, page->pte[0])
                                        ->pte[PTR(struct pte_chain, page->pte[0])->used - 1];
        const enum swap_result result = try_to_unmap_one(page, phys);
        if (result != SWAP_SUCCESS)
            return result;
    }
    return SWAP_SUCCESS;
}
