/* swapfile.c - swap slots, the swap cache, and swapping in. Sources: docs/sources.md [RHEL3MM 1.7].
 *
 * Slots are numbered from 1 (0 is the header of the partition). swap_map[slot] counts who uses a
 * slot: each pte that was swapped out to it, and the swap cache. The bytes of slot n lie at page
 * n - 1 of the swap memfd; a page of zeros is remembered by SLOT_ZERO and never written. */
#include "cos/kernel/arch/cost.h"
#include "cos/kernel/debug/cosinfo_entry.h"
#include "cos/kernel/drivers/block.h"
#include "cos/kernel/drivers/vmnix.h"
#include "cos/kernel/errno.h"
#include "cos/kernel/mm/v24/lru.h"
#include "cos/kernel/mm/swap.h"
#include "shared/rawsys.h"

#define SWAPFILE_CLUSTER 256u
#define PAGE_CLUSTER 8u /* slots of one read-ahead, aligned */
#define SLOT_ZERO 0x8000u
#define SLOT_COUNT 0x7fffu
COSINFO_NUMBER(swap_count_mask, SLOT_COUNT);

uint32_t nr_swap_pages, total_swap_pages;
static uint32_t swap_slots; /* of the partition, also while it is off */
uint32_t disk_files_start = DISK_SWAP_START;
static kptr swap_map;  /* uint16_t[slots + 1] */
static kptr free_bits; /* uint64_t[]: bit = slot is free */
static uint32_t cluster_next, cluster_left, lowest_free;
static bool no_cluster; /* there is no free run of a whole cluster: a search found none, and no
                           freed slot has completed one since */
static uint32_t cache_add_total, cache_del_total, cache_find_total, cache_find_success;

static bool swap_is_off(void)
{
    return total_swap_pages == 0;
}

static uint16_t *map_of(uint32_t slot)
{
    ASSERT(slot >= 1 && slot <= swap_slots);
    return PTR(uint16_t, swap_map) + slot;
}

static bool slot_free(uint32_t slot)
{
    return (PTR(uint64_t, free_bits)[slot / 64] >> (slot % 64)) & 1;
}

static void slot_set_free(uint32_t slot, bool is_free)
{
    uint64_t *word = PTR(uint64_t, free_bits) + slot / 64;
    if (is_free)
        *word |= 1ull << (slot % 64);
    else
        *word &= ~(1ull << (slot % 64));
}

/* vmalloc's part: whole pages, as many as are needed, contiguous here. */
static kptr alloc_table(uint32_t bytes)
{
    const uint32_t pages = (bytes + PAGE_SIZE - 1) / PAGE_SIZE;
    uint32_t order = 0;
    while ((1u << order) < pages)
        order++;
    struct page *page = alloc_pages(GFP_KERNEL, order);
    ASSERT(page != NULL);
    for (uint32_t i = 1; i < 1u << order; i++)
        page[i].count = 1;
    for (uint32_t i = pages; i < 1u << order; i++)
        put_page(&page[i]);
    memset(page_address(page), 0, pages * PAGE_SIZE);
    return kptr_of(page_address(page));
}

void swap_init(uint32_t slots)
{
    disk_files_start = DISK_SWAP_START + slots + 1;
    if (slots == 0)
        return;
    swap_map = alloc_table((slots + 1) * (uint32_t)sizeof(uint16_t));
    free_bits = alloc_table((slots / 64 + 1) * (uint32_t)sizeof(uint64_t));
    swap_slots = total_swap_pages = nr_swap_pages = slots;
    for (uint32_t slot = 1; slot <= slots; slot++)
        slot_set_free(slot, true);
    lowest_free = 1;
    printk("Adding Swap: %uk swap-space (priority -1)\n", slots * 4);
}

/* ---- slots ----------------------------------------------------------------------------------- */
/* The first free slot from `from` on, 0 when there is none. */
static uint32_t next_free(uint32_t from)
{
    const uint64_t *bits = PTR(const uint64_t, free_bits);
    for (uint32_t word = from / 64; word <= swap_slots / 64; word++) {
        const uint64_t mask = word == from / 64 ? ~0ull << (from % 64) : ~0ull;
        if (bits[word] & mask)
            return word * 64 + (uint32_t)__builtin_ctzll(bits[word] & mask);
    }
    return 0;
}

/* The first free run of a whole cluster, 0 when there is none. */
static uint32_t find_cluster(void)
{
    if (nr_swap_pages < SWAPFILE_CLUSTER || no_cluster)
        return 0;
    for (uint32_t slot = next_free(lowest_free);
         slot != 0 && slot + SWAPFILE_CLUSTER - 1 <= swap_slots;) {
        uint32_t n = 1;
        while (n < SWAPFILE_CLUSTER && slot_free(slot + n))
            n +=
                (slot + n) % 64 == 0 && PTR(uint64_t, free_bits)[(slot + n) / 64] == ~0ull ? 64 : 1;
        if (n >= SWAPFILE_CLUSTER)
            return slot;
        slot = next_free(slot + n);
    }
    no_cluster = true;
    return 0;
}

/* A slot became free: did that complete a free run? */
static void note_freed(uint32_t slot)
{
    uint32_t n = 1;
    for (uint32_t s = slot; n < SWAPFILE_CLUSTER && s > 1 && slot_free(s - 1); s--)
        n++;
    for (uint32_t s = slot; n < SWAPFILE_CLUSTER && s < swap_slots && slot_free(s + 1); s++)
        n++;
    no_cluster = n < SWAPFILE_CLUSTER;
}

static uint32_t take_slot(uint32_t slot)
{
    ASSERT(slot_free(slot) && *map_of(slot) == 0);
    slot_set_free(slot, false);
    *map_of(slot) = 1;
    nr_swap_pages--;
    if (slot == lowest_free) {
        const uint32_t next = next_free(slot);
        lowest_free = next != 0 ? next : swap_slots;
    }
    return slot;
}

/* The rest of the current cluster first, then a free run of 256, then the first free slot. @return
 * 0 when swap is full */
static uint32_t get_swap_page(void)
{
    if (nr_swap_pages == 0)
        return 0;
    if (cluster_left > 0) {
        const uint32_t slot = cluster_next <= swap_slots ? next_free(cluster_next) : 0;
        if (slot != 0) {
            cluster_next = slot + 1;
            cluster_left--;
            return take_slot(slot);
        }
    }
    const uint32_t run = find_cluster();
    if (run != 0) {
        cluster_next = run + 1;
        cluster_left = SWAPFILE_CLUSTER - 1;
        return take_slot(run);
    }
    cluster_left = 0;
    return take_slot(next_free(lowest_free));
}

void swap_duplicate(uint32_t slot)
{
    uint16_t *map = map_of(slot);
    ASSERT((*map & SLOT_COUNT) > 0 && (*map & SLOT_COUNT) < SLOT_COUNT);
    (*map)++;
}

void swap_free(uint32_t slot)
{
    uint16_t *map = map_of(slot);
    ASSERT((*map & SLOT_COUNT) > 0);
    if ((--*map & SLOT_COUNT) > 0)
        return;
    *map = 0;
    slot_set_free(slot, true);
    nr_swap_pages += !swap_is_off();
    if (no_cluster)
        note_freed(slot);
    if (slot < lowest_free || !slot_free(lowest_free))
        lowest_free = slot;
}

/* Does anybody have a claim to it? No to numbers that are no slot. */
static bool swap_slot_used(uint32_t slot)
{
    return slot >= 1 && slot <= swap_slots && *map_of(slot) != 0;
}

uint32_t swap_slot_users(uint32_t slot)
{
    return *map_of(slot) & SLOT_COUNT;
}

bool vm_swap_full(void)
{
    return nr_swap_pages * 2 < total_swap_pages || swap_is_off();
}

/* ---- swap cache ------------------------------------------------------------------------------ */
KERNEL_FN bool add_to_swap(struct page *page)
{
    const uint32_t slot = get_swap_page();
    if (slot == 0)
        return false;
    const bool locked = try_lock_page(page);
    add_to_page_cache(page, &swapper_space, slot);
    if (locked)
        unlock_page(page);
    cache_add_total++;
    page->flags |= PG_uptodate | PG_dirty;
    return true;
}

void delete_from_swap_cache(struct page *page)
{
    const uint32_t slot = page->index;
    ASSERT(page->flags & PG_swapcache);
    cache_del_total++;
    remove_inode_page(page);
    swap_free(slot);
}

/* The page is locked by the caller and referenced by it. */
bool remove_exclusive_swap_page(struct page *page)
{
    const uint32_t users = 2 + page_mapped(page); /* cache, caller, pte */
    if (!(page->flags & PG_swapcache) || (page->flags & PG_writeback) || page->count != users ||
        (*map_of(page->index) & SLOT_COUNT) != 1)
        return false;
    delete_from_swap_cache(page);
    page->flags |= PG_dirty;
    return true;
}

/* A pte that pointed to the slot is gone. */
void free_swap_and_cache(uint32_t slot)
{
    swap_free(slot);
    if (!swap_slot_used(slot) || (*map_of(slot) & SLOT_COUNT) != 1)
        return;
    struct page *page = find_get_page(&swapper_space, slot);
    if (page == NULL)
        return;
    if (try_lock_page(page)) { /* one that is being written stays until its I/O has ended */
        (void)remove_exclusive_swap_page(page);
        unlock_page(page);
    }
    put_page(page);
}

/* Drop the reference of a pte that is gone. */
void free_page_and_swap_cache(struct page *page)
{
    if ((page->flags & PG_swapcache) && try_lock_page(page)) {
        (void)remove_exclusive_swap_page(page);
        unlock_page(page);
    }
    put_page(page);
}

struct page *lookup_swap_cache(uint32_t slot)
{
    struct page *page = find_get_page(&swapper_space, slot);
    cache_find_total++;
    cache_find_success += page != NULL;
    return page;
}

/* ---- swapping in ----------------------------------------------------------------------------- */
KERNEL_FN struct page *read_swap_cache_async(uint32_t slot)
{
    for (;;) {
        struct page *page = find_get_page(&swapper_space, slot);
        if (page != NULL)
            return page;
        page = __alloc_pages(GFP_HIGHUSER, 0);
        if (page == NULL)
            return NULL;
        if (!swap_slot_used(slot)) { /* freed while we waited for memory */
            put_page(page);
            return NULL;
        }
        if (__find_page(&swapper_space, slot) != NULL) {
            put_page(page);
            continue;
        }
        swap_duplicate(slot);
        (void)try_lock_page(page);
        add_to_page_cache(page, &swapper_space, slot);
        cache_add_total++;
        lru_cache_add(page);
        submit_page(page, false, VMNIX_SWAP, DISK_SWAP_START + slot, end_swap_io);
        return page;
    }
}

/* Read the aligned block of slots around one. Quirk of this kernel: done when memory is short, left
 * when it is plentiful. */
KERNEL_FN void swapin_readahead(uint32_t slot)
{
    if (free_low_all() < 0)
        return;
    const uint32_t first = slot & ~(PAGE_CLUSTER - 1);
    for (uint32_t s = first != 0 ? first : 1; s < first + PAGE_CLUSTER && swap_slot_used(s); s++) {
        struct page *page = read_swap_cache_async(s);
        if (page == NULL)
            return;
        put_page(page);
    }
}

/* ---- swapoff and swapon ---------------------------------------------------------------------- */
/* Pages of the swap cache that no pte and no segment wants by their slots any more. */
static void drop_unused_slots(void)
{
    for (uint32_t slot = 1; slot <= swap_slots; slot++) {
        struct page *page = swap_slot_used(slot) ? find_get_page(&swapper_space, slot) : NULL;
        if (page == NULL)
            continue;
        lock_page(page);
        if ((page->flags & PG_swapcache) && page->index == slot &&
            (*map_of(slot) & SLOT_COUNT) == 1) {
            delete_from_swap_cache(page);
            page->flags |= PG_dirty;
        }
        unlock_page(page);
        put_page(page);
    }
}

static uint32_t slots_in_use(void)
{
    uint32_t used = 0;
    for (uint32_t slot = 1; slot <= swap_slots; slot++)
        used += !slot_free(slot);
    return used;
}

static void count_free_slots(void)
{
    total_swap_pages = swap_slots;
    nr_swap_pages = swap_slots - slots_in_use();
}

int sys_swapoff(void)
{
    cpu_charge(COST_SYSCALL);
    if (swap_is_off())
        return -EINVAL;
    nr_swap_pages = total_swap_pages = 0; /* from here on nobody gets a slot */
    /* A page that several processes share leaves the swap cache with the last of them, and may be
     * unmapped again until then: go round while it helps. */
    for (uint32_t used = swap_slots + 1; slots_in_use() < used;) {
        used = slots_in_use();
        if (!unuse_processes() || !shmem_unuse()) {
            count_free_slots();
            return -ENOMEM;
        }
        drop_unused_slots();
    }
    return 0;
}

int sys_swapon(void)
{
    cpu_charge(COST_SYSCALL);
    if (!swap_is_off() || swap_slots == 0)
        return -EINVAL;
    count_free_slots();
    cluster_left = 0;
    no_cluster = false;
    lowest_free = next_free(1) != 0 ? next_free(1) : swap_slots;
    printk("Adding Swap: %uk swap-space (priority -1)\n", swap_slots * 4);
    return 0;
}

/* ---- the bytes ------------------------------------------------------------------------------- */
void end_swap_io(struct page *page, bool write)
{
    uint16_t *map = map_of(page->index);
    const long at = (long)(page->index - 1) * (long)PAGE_SIZE;
    const bool zero = write ? (page->flags & PG_zero) != 0 : (*map & SLOT_ZERO) != 0;

    if (write && zero) {
        *map |= SLOT_ZERO;
    } else if (write) {
        *map &= SLOT_COUNT;
        ASSERT(rawsys6(RAWSYS_pwrite64, MACHINE_FD_SWAP, (long)page_address(page), PAGE_SIZE, at, 0,
                       0) == (long)PAGE_SIZE);
    } else if (zero) {
        if (!(page->flags & PG_zero))
            memset(page_address(page), 0, PAGE_SIZE);
        page->flags |= PG_zero;
    } else {
        page->flags &= ~PG_zero;
        ASSERT(rawsys6(RAWSYS_pread64, MACHINE_FD_SWAP, (long)page_address(page), PAGE_SIZE, at, 0,
                       0) == (long)PAGE_SIZE);
    }
    end_page_io(page);
}

void swap_check(void)
{
    uint32_t cached = 0;
    for (uint32_t slot = 1; slot <= swap_slots; slot++) {
        const struct page *page = __find_page(&swapper_space, slot);
        ASSERT(slot_free(slot) == (*map_of(slot) == 0));
        ASSERT(!slot_free(slot) || slot >= lowest_free);
        ASSERT(page == NULL || swap_slot_users(slot) > 0);
        cached += page != NULL;
    }
    ASSERT(cached == swapper_space.nrpages);
    ASSERT(swap_is_off() || nr_swap_pages == swap_slots - slots_in_use());
}

void swap_stats_print(void)
{
    printk("Swap cache: add %u, delete %u, find %u/%u, race %u+%u\n", cache_add_total,
           cache_del_total, cache_find_success, cache_find_total, 0u, 0u);
}
