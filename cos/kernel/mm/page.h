/* page.h - a page frame: its record, its flags, and the ways between frame number, physical address
 * and kernel address. Who gets and frees frames is page_alloc.c's business. */
#ifndef COS_MM_PAGE_H
#define COS_MM_PAGE_H

#include "cos/kernel/kernel.h"
#include "shared/machine.h"

#define PAGE_SIZE 4096u
#define PAGES_KB(pages) ((pages) * (PAGE_SIZE / 1024))
#define PAGE_SHIFT 12u

/* A page frame: 60 bytes, as on the machine of KB 308590. */
struct page {
    struct list list;    /*  0 buddy free list; per-CPU list; the request that is in flight */
    kptr mapping;        /*  8 struct address_space; swapper_space in the swap cache; for a
                               page-table page its mm */
    uint32_t index;      /* 12 page of the file; swap slot; first address of a page-table page */
    kptr next_hash;      /* 16 page hash chain */
    uint32_t count;      /* 20 references */
    uint32_t flags;      /* 24 PG_* */
    struct list lru;     /* 28 place on its list of the zone */
    uint32_t pte[2];     /* 36 reverse map: physical address of the one pte (PG_direct), or kptr of
                               a pte_chain; 64 bits under PAE */
    uint8_t age;         /* 44 age list it is on, plus the lists' bias (mod 256) */
    uint8_t order;       /* 45 order of a free block */
    uint16_t laundry_at; /* 46 seconds when it came to inactive_laundry (mod 2^16) */
    kptr pprev_hash;     /* 48 */
    kptr buffers;        /* 52 its struct buffer_head */
    uint32_t stamp;      /* 56 when it was put on its lru list, in insertions (ours; 2.4 has `zone`
                               or `virtual` here) */
} __attribute__((packed, aligned(4)));
_Static_assert(sizeof(struct page) == 60, "KB 308590 screen: struct page");
_Static_assert(offsetof(struct page, lru) == 28, "KB 308590 screen: ebx - esi");

extern kptr mem_map;       /* struct page[max_mapnr]; 0xc100002c on an 800-MB COS */
extern uint32_t max_mapnr; /* page frames */
extern uint32_t total_ram_pages, free_reserved_pages;

static inline struct page *pfn_to_page(uint32_t pfn)
{
    return PTR(struct page, mem_map) + pfn;
}
static inline uint32_t page_to_pfn(const struct page *p)
{
    return (uint32_t)(p - PTR(struct page, mem_map));
}
static inline void *page_address(const struct page *p)
{
    return (void *)(uintptr_t)(MACHINE_PAGE_OFFSET + (page_to_pfn(p) << PAGE_SHIFT));
}
static inline uint32_t page_phys(const struct page *page)
{
    return page_to_pfn(page) << PAGE_SHIFT;
}
static inline void *phys_to_virt(uint64_t phys)
{
    return (void *)(uintptr_t)(MACHINE_PAGE_OFFSET + phys);
}
static inline uint32_t virt_to_phys(const void *p)
{
    return kptr_of(p) - MACHINE_PAGE_OFFSET;
}
static inline struct page *virt_to_page(const void *p)
{
    return pfn_to_page(virt_to_phys(p) >> PAGE_SHIFT);
}

/* struct page.flags */
#define PG_locked 0x1u
#define PG_error 0x2u
#define PG_referenced 0x4u
#define PG_uptodate 0x8u
#define PG_dirty 0x10u
#define PG_reserved 0x20u
#define PG_slab 0x40u
#define PG_direct 0x80u /* page->pte is the pte itself, not a chain */
#define PG_active_anon 0x100u
#define PG_active_cache 0x200u
#define PG_inactive_dirty 0x400u
#define PG_inactive_laundry 0x800u
#define PG_inactive_clean 0x1000u
#define PG_swapcache 0x2000u  /* mapping is swapper_space */
#define PG_buddy 0x4000u      /* first page of a free block */
#define PG_hot 0x8000u        /* on the zone's per-CPU list */
#define PG_table 0x10000u     /* page-table page; mapping = mm, index = first user address */
#define PG_pinned 0x20000u    /* vmnixhbd's real process has it mapped */
#define PG_writeback 0x40000u /* its I/O writes */
#define PG_zero \
    0x100000u /* ours: all bytes are known to be zero (a hole of the memfd, or cleared) */
#define PG_young 0x200000u    /* ours: see above */
#define PG_restless 0x400000u /* ours: see above */
#define PG_shmem 0x800000u    /* mapping is a shared memory segment */
#define PG_active (PG_active_anon | PG_active_cache)
#define PG_lru (PG_active | PG_inactive_dirty | PG_inactive_laundry | PG_inactive_clean)

#endif /* COS_MM_PAGE_H */
