/* shmem.c - shared memory: segments whose pages belong to no process, so that they stay when those
 * who filled them have ended (System V shared memory on tmpfs). Sources: docs/sources.md
 * [RHEL3MM 1.3, 1.7].
 *
 *     segment (struct address_space) -- table --> leaf: swap slot of each page, 0 = not in swap
 *     page: in the page cache of the segment, always dirty | in the swap cache, by its slot
 *
 * To readers of /proc/meminfo such a page is "Cached", and in no process's data; in swap it is a
 * used slot. On the lists it counts as anonymous (the kernel does that for mapped ones; that it
 * stays so without a mapping is OUR CHOICE). A page that is washed moves to the swap cache and is
 * written from there at once; the next fault moves it back and gives up the slot. */
#include "cos/kernel/errno.h"
#include "cos/kernel/mm/v24/lru.h"
#include "cos/kernel/mm/pagetable.h"
#include "cos/kernel/mm/slab.h"
#include "cos/kernel/mm/swap.h"

#define SLOTS_PER_LEAF (PAGE_SIZE / (uint32_t)sizeof(uint32_t))
#define SEGMENT_PAGES_MAX (SLOTS_PER_LEAF * SLOTS_PER_LEAF)

uint32_t nr_shmem_pages;
static struct kmem_cache *segment_cache;
static kptr segments;

/* ---- segments -------------------------------------------------------------------------------- */
static struct address_space *new_segment(uint32_t pages)
{
    if (segment_cache == NULL)
        segment_cache = kmem_cache_create("shmem_inode", sizeof(struct address_space));
    struct address_space *s = kmem_cache_alloc(segment_cache, GFP_KERNEL);
    struct page *table = alloc_zeroed_page(GFP_KERNEL);
    if (s == NULL || table == NULL) {
        if (s != NULL)
            kmem_cache_free(segment_cache, s);
        if (table != NULL)
            put_page(table);
        return NULL;
    }
    memset(s, 0, sizeof *s);
    s->size = pages;
    s->slots = kptr_of(page_address(table));
    return s;
}

static struct address_space *find_segment(const char *name)
{
    for (kptr k = segments; k != 0; k = PTR(struct address_space, k)->next)
        if (strcmp(PTR(struct address_space, k)->name, name) == 0)
            return PTR(struct address_space, k);
    return NULL;
}

struct address_space *shmem_segment(const char *name, uint32_t pages)
{
    struct address_space *s = find_segment(name);
    if (s != NULL)
        return s;
    if (pages == 0 || pages > SEGMENT_PAGES_MAX || !vm_enough_memory(pages))
        return NULL;
    s = new_segment(pages);
    if (s == NULL)
        return NULL;
    struct address_space *other = find_segment(name); /* made while we waited for memory */
    if (other != NULL) {
        put_page(virt_to_page(PTR(void, s->slots)));
        kmem_cache_free(segment_cache, s);
        return other;
    }
    strcopy(s->name, name, sizeof s->name);
    vm_committed += pages;
    s->next = segments;
    segments = kptr_of(s);
    return s;
}

int shmem_attach(struct mm_struct *mm, uint32_t addr, struct address_space *segment)
{
    return do_mmap(mm, addr, segment->size * PAGE_SIZE, VM_READ | VM_WRITE | VM_SHARED, segment, 0);
}

/* Where the slot of a page is kept; NULL: no memory for the leaf. */
static uint32_t *slot_of(struct address_space *segment, uint32_t index)
{
    kptr *leaf = PTR(kptr, segment->slots) + index / SLOTS_PER_LEAF;
    if (*leaf == 0) {
        struct page *page = alloc_zeroed_page(GFP_KERNEL);
        if (page == NULL)
            return NULL;
        if (*leaf == 0)
            *leaf = kptr_of(page_address(page));
        else
            put_page(page); /* somebody else was faster while we waited */
    }
    return PTR(uint32_t, *leaf) + index % SLOTS_PER_LEAF;
}

/* ---- pages ----------------------------------------------------------------------------------- */
/* The page, locked and of no mapping, becomes one of the segment. */
static void enter(struct page *page, struct address_space *segment, uint32_t index)
{
    page->flags |= PG_shmem | PG_dirty | PG_uptodate;
    add_to_page_cache(page, segment, index);
    nr_shmem_pages++;
}

static void leave(struct page *page)
{
    ASSERT((page->flags & (PG_shmem | PG_locked)) == (PG_shmem | PG_locked));
    nr_shmem_pages--;
    page->flags &= ~PG_shmem;
    remove_inode_page(page);
}

/* A page that was never there before. @return 1, 0 = look again, -ENOMEM */
static int new_page(struct address_space *segment, uint32_t index, const uint32_t *slot,
                    struct page **ret)
{
    struct page *page = __alloc_pages(GFP_HIGHUSER, 0);
    if (page == NULL)
        return -ENOMEM;
    if (*slot != 0 || __find_page(segment, index) != NULL) {
        put_page(page);
        return 0;
    }
    clear_page(page);
    (void)try_lock_page(page);
    enter(page, segment, index);
    unlock_page(page);
    lru_cache_add(page);
    current->min_flt++;
    *ret = page;
    return 1;
}

/* A page that is in swap. @return as new_page() */
static int page_from_swap(struct address_space *segment, uint32_t index, uint32_t *slot,
                          struct page **ret)
{
    const uint32_t from = *slot;
    struct page *page = swap_in(from);
    if (page == NULL)
        return *slot == from ? -ENOMEM : 0;
    lock_page(page);
    if (*slot != from || !(page->flags & PG_swapcache) || page->index != from) {
        unlock_page(page);
        put_page(page);
        return 0;
    }
    delete_from_swap_cache(page);
    swap_free(from);
    *slot = 0;
    enter(page, segment, index);
    unlock_page(page);
    mark_page_accessed(page);
    *ret = page;
    return 1;
}

KERNEL_FN struct page *shmem_nopage(struct address_space *segment, uint32_t index)
{
    ASSERT(index < segment->size);
    int got = 0;
    struct page *page = NULL;
    while (got == 0) {
        page = find_get_page(segment, index);
        if (page != NULL) {
            mark_page_accessed(page);
            current->min_flt++;
            return page;
        }
        uint32_t *slot = slot_of(segment, index);
        if (slot == NULL)
            return NULL;
        got = *slot != 0 ? page_from_swap(segment, index, slot, &page)
                         : new_page(segment, index, slot, &page);
    }
    return got > 0 ? page : NULL;
}

KERNEL_FN bool shmem_writepage(struct page *page)
{
    struct address_space *segment = PTR(struct address_space, page->mapping);
    /* Not while somebody holds it: references are the cache's and the caller's. */
    if (nr_swap_pages == 0 || page->count != 2 || page_mapped(page) || !try_lock_page(page))
        return false;
    uint32_t *slot = slot_of(segment, page->index); /* its leaf is there: no allocation */
    leave(page);
    ASSERT(*slot == 0 && add_to_swap(page));
    *slot = page->index;
    swap_duplicate(*slot);
    unlock_page(page);
    return true;
}

KERNEL_FN bool shmem_unuse(void)
{
    for (kptr k = segments; k != 0; k = PTR(struct address_space, k)->next) {
        struct address_space *segment = PTR(struct address_space, k);
        for (uint32_t index = 0; index < segment->size; index++) {
            const kptr leaf = PTR(const kptr, segment->slots)[index / SLOTS_PER_LEAF];
            if (leaf == 0 || PTR(const uint32_t, leaf)[index % SLOTS_PER_LEAF] == 0)
                continue;
            struct page *page = shmem_nopage(segment, index);
            if (page == NULL)
                return false;
            put_page(page);
            if (need_resched)
                schedule();
        }
    }
    return true;
}
