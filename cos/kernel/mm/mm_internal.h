/* mm_internal.h - what the files of the memory manager share, and nobody else needs.
 *
 * A page frame is in exactly one of these places:
 *
 *     buddy list (PG_buddy) | per-CPU hot list (PG_hot) | in use by the kernel (count > 0, no list)
 *     active_anon[age] | active_cache[age] | inactive_dirty | inactive_laundry | inactive_clean
 *
 * (the last five: one PG_* each, by struct page.lru), and moves
 *
 *     new -> active --refill--> dirty --launder--> laundry --I/O done--> clean --reclaim--> free
 *
 * Bookkeeping that makes these lists computable instead of walkable (inert_lists.h, kscand):
 *
 *     PG_young     some pte of the page may be young, or PG_referenced is set. Exact for pages that
 *                  are mapped once (all anonymous ones), an upper bound for shared file pages.
 *                  Counted per age list.
 *     PG_restless  the page is on active_anon or inactive_dirty and is not inert: a reclaim pass
 *                  would do something else with it than move it round. Counted per zone.
 *
 * Every function that changes one of the inputs ends with page_update(). mm_check() recomputes all
 * of it the slow way (tests).
 *
 * Sources: docs/sources.md [RHEL3MM 1.1-1.3]. */
#ifndef COS_MM_INTERNAL_H
#define COS_MM_INTERNAL_H

#include "cos/kernel/arch/cost.h"
#include "cos/kernel/mm/mm.h"
#include "cos/kernel/skip/scratch.h"

/* A function that bears a name of the kernel that people look for in backtraces: never inlined,
 * never cloned. */
#ifdef __clang__
#define KERNEL_FN __attribute__((noinline))
#else
#define KERNEL_FN __attribute__((noinline, noclone))
#endif
#define INLINE_FN static inline __attribute__((always_inline))

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

#define MAX_AGE 15u
#define INITIAL_AGE 3u
#define AGE_UP 4u /* what a reference is worth */
#define AGES (MAX_AGE + 1u)
#define BATCH_WORK_AMOUNT 64u

#define ZONE_DMA 0u
#define ZONE_NORMAL 1u
#define ZONES 2u /* HighMem is empty on every COS (at most 800 MB) and left out */
#define ZONE_DMA_PAGES 4096u

struct free_area {
    struct list free_list;
    uint32_t nr_free; /* blocks */
};

/* One kind of active pages: a list per age, index = age, new pages at the head. page->age holds age
 * + bias (mod 256), so that ageing everybody is 15 splices and one addition. */
struct age_lists {
    struct list list[AGES];
    uint32_t count[AGES];
    uint32_t young[AGES]; /* pages with PG_young */
    uint32_t nr;          /* all ages */
    uint32_t bias;
};

struct zone {
    char name[8];
    uint32_t first_pfn, size; /* page frames; size counts reserved ones too */
    uint32_t managed;         /* frames that the buddy allocator was given */
    uint32_t free_pages;      /* on buddy lists; /proc's MemFree */
    uint32_t pages_min, pages_low, pages_high, pages_plenty;
    struct age_lists anon, cache;
    struct list inactive_dirty_list, inactive_laundry_list, inactive_clean_list;
    uint32_t inactive_dirty, inactive_laundry, inactive_clean;
    struct list hot_list; /* per-CPU list; its pages count as used */
    uint32_t hot_count, hot_max;
    uint32_t nr_restless;
    uint32_t stamp;        /* insertions into the lists so far */
    uint32_t need_scan;    /* rounds of ageing since kscand's last scan */
    uint32_t age_interval; /* jiffies between scans of kscand */
    uint32_t next_scan;    /* jiffies */
    kptr wait_table;       /* struct wait_queue[1 << wait_bits], hashed by page address */
    uint32_t wait_bits;
    struct free_area free_area[MAX_ORDER];
};
extern struct zone zone_table[ZONES];
#define for_each_zone(z) for (struct zone *z = zone_table; z < zone_table + ZONES; z++)

extern kptr scan_map; /* uint64_t[], one bit per frame: on an active list, PG_young, age below 15 -
                         what kscand has to look at */
extern kptr scan_buffer;    /* uint64_t[max_mapnr] for kscand */
extern uint32_t zone_split; /* kptr of the first struct page of zone Normal */

static inline struct zone *page_zone(const struct page *page)
{
    return &zone_table[kptr_of(page) < zone_split ? ZONE_DMA : ZONE_NORMAL];
}
static inline struct page *lru_page(kptr lru)
{
    return list_entry(lru, struct page, lru);
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

/* ---- watermarks: how many pages a zone is short of a mark; negative = to spare. inactive_clean
 * counts as free. */
static inline int32_t free_and_clean(const struct zone *z)
{
    return (int32_t)(z->free_pages + z->inactive_clean);
}
static inline int32_t free_min(const struct zone *z)
{
    return (int32_t)z->pages_min - free_and_clean(z);
}
static inline int32_t free_low(const struct zone *z)
{
    return (int32_t)z->pages_low - free_and_clean(z);
}
static inline int32_t free_high(const struct zone *z)
{
    return (int32_t)z->pages_high - free_and_clean(z);
}
/** ALL_ZONES: signed sum over all zones. */
static inline int32_t free_low_all(void)
{
    return free_low(&zone_table[0]) + free_low(&zone_table[1]);
}
static inline int32_t free_high_all(void)
{
    return free_high(&zone_table[0]) + free_high(&zone_table[1]);
}
static inline int32_t positive(int32_t n)
{
    return n > 0 ? n : 0;
}
/** ANY_ZONE: sum of what is positive. */
static inline int32_t free_low_any(void)
{
    return positive(free_low(&zone_table[0])) + positive(free_low(&zone_table[1]));
}
static inline int32_t free_min_any(void)
{
    return positive(free_min(&zone_table[0])) + positive(free_min(&zone_table[1]));
}
static inline uint32_t zone_active(const struct zone *z)
{
    return z->anon.nr + z->cache.nr;
}
static inline int32_t inactive_low(const struct zone *z)
{
    return (int32_t)(z->pages_high + zone_active(z) / 5) -
           (int32_t)(z->free_pages + z->inactive_clean + z->inactive_dirty + z->inactive_laundry);
}
#define INACTIVE_CLEAN_PERCENT 30u /* sysctl */
static inline bool need_rebalance_dirty(const struct zone *z)
{
    return z->inactive_dirty * INACTIVE_CLEAN_PERCENT / 100 >
               z->inactive_laundry + z->inactive_clean ||
           z->inactive_laundry / 2 + z->inactive_clean + z->free_pages < z->pages_high;
}
static inline bool need_rebalance_laundry(const struct zone *z)
{
    return z->inactive_laundry > z->inactive_clean;
}

/* ---- page_alloc.c ---- */
/** Like alloc_pages, but leaves PG_zero as it is: the caller looks whether the page must be
 * cleared. */
struct page *__alloc_pages(uint32_t gfp, uint32_t order);
void __free_pages_ok(struct page *page, uint32_t order);
/** Move up to max(64, goal-free)+1 pages of inactive_clean to the buddy lists. */
void fixup_freespace(struct zone *zone);
void rmqueue_drain_clean(struct zone *zone, uint32_t goal);
struct wait_queue *page_waitqueue(const struct page *page);
/** One page of zeros for the kernel's own use. Costs COST_CLEAR_PAGE. */
struct page *alloc_zeroed_page(uint32_t gfp);
/** Make the page all zero if it is not known to be. Costs COST_CLEAR_PAGE either way. */
void clear_page(struct page *page);
static inline void get_page(struct page *page)
{
    page->count++;
}
/** Drop a reference; the last one frees the page. */
static inline void put_page(struct page *page)
{
    ASSERT(page->count > 0);
    if (--page->count == 0)
        __free_pages_ok(page, 0);
}
extern uint32_t kernel_reserved_pages;

/* ---- lru.c: lists and their bookkeeping ---- */
static inline bool page_anon(const struct page *page)
{
    return (page->mapping == 0 && page->buffers == 0) ||
           (page->flags & (PG_swapcache | PG_shmem)) != 0;
}
static inline bool page_mapped(const struct page *page)
{
    return page->pte[0] != 0;
}
static inline uint32_t page_age(const struct page *page)
{
    const struct zone *z = page_zone(page);
    return (uint8_t)(page->age - ((page->flags & PG_active_anon) ? z->anon.bias : z->cache.bias));
}
/** An inert page, but for PG_young: anonymous and mapped once, or of a shared memory segment and
 * not mapped; unlocked, without swap slot, not pinned. */
static inline bool page_inert_if_old(const struct page *page)
{
    const uint32_t f = page->flags & (PG_locked | PG_swapcache | PG_pinned | PG_direct | PG_shmem);
    if (f == PG_direct)
        return page->mapping == 0 && page->buffers == 0;
    return f == PG_shmem && page->pte[0] == 0 && page->buffers == 0;
}
/** On a list that reclaim turns round, and not inert. */
static inline bool page_restless(const struct page *page)
{
    return (page->flags & (PG_active_anon | PG_inactive_dirty)) != 0 &&
           ((page->flags & PG_young) || !page_inert_if_old(page));
}
static inline void page_update(struct page *page)
{
    if (page_restless(page) == ((page->flags & PG_restless) != 0))
        return;
    inert_settle();
    page->flags ^= PG_restless;
    page_zone(page)->nr_restless += (page->flags & PG_restless) ? 1u : ~0u;
}
/** An active page of `age` came to (n = 1) or left (n = -1) the young ones. */
void count_young(struct age_lists *lists, const struct page *page, uint32_t age, int n);
/** inert_lists.c: change PG_young of a page (kptr) while the lists are turned by counting. */
void inert_toggle_young(kptr page);
void page_mark_young(struct page *page);
void page_clear_young(struct page *page);
/** Put a page that is on no list on its active list (anon or cache) at `age`, at the head. */
void add_page_to_active_list(struct page *page, uint32_t age);
void add_page_to_inactive_dirty_list(struct page *page);
void add_page_to_inactive_laundry_list(struct page *page);
void add_page_to_inactive_clean_list(struct page *page);
void del_page_from_lru(struct page *page);
/** The walk along a list is at `page`: have the memory system fetch what will come. No effect on
 * anything else. */
void lru_prefetch(const struct page *page);
/** `page` came to the head of a list: what lru_prefetch() goes by. */
void lru_hint_note(const struct page *page);
/** A new page: active, age 3. */
void lru_cache_add(struct page *page);
void activate_page(struct page *page);
void deactivate_page(struct page *page);
/** A page was used by a fault or read(2): referenced; back to active from laundry and clean. */
void mark_page_accessed(struct page *page);
void mark_page_dirty(struct page *page);
/** All of zone's pages on one kind of active list grow younger by one; list 0 must be empty. 15
 * list operations. */
void age_lists_shift(struct age_lists *lists);
/** Recompute every count and flag the slow way and compare (tests, ASSERT on failure). */
void mm_check(void);

/* ---- filemap.c: page lock and page cache ---- */
bool try_lock_page(struct page *page);
void lock_page(struct page *page);
void unlock_page(struct page *page);
/** Sleep (D) until the page is unlocked. Kicks the disk. */
void wait_on_page(struct page *page);
/** The same for at most `ticks`. @return true when it timed out */
bool wait_on_page_timeout(struct page *page, uint32_t ticks);
struct address_space {
    char name[64];
    kptr next;        /* list of all files */
    uint32_t size;    /* pages of the file */
    uint32_t nrpages; /* of it in the page cache */
    uint32_t sector;  /* first page on the disk */
    kptr slots;       /* of a shared memory segment: table of its swap slots (shmem.c) */
    uint32_t written; /* 1: programs write to it, so what it holds is theirs */
};
extern struct address_space swapper_space;
void page_cache_init(kptr hash_table, uint32_t bits);
struct page *find_get_page(const struct address_space *mapping,
                           uint32_t index); /* with a reference; NULL = not there */
struct page *__find_page(const struct address_space *mapping, uint32_t index);
void add_to_page_cache(struct page *page, struct address_space *mapping, uint32_t index);
void remove_inode_page(struct page *page);
struct page *filemap_nopage(struct address_space *file,
                            uint32_t index); /* up to date, with a reference */
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
extern uint32_t nr_dirty_pages; /* of files, whose write has not been started */
/** Where the bytes of a file that can be written come from; NULL = there is no such file. */
extern void (*file_readpage)(const struct address_space *f, uint32_t index, char *bytes);
extern uint32_t nr_page_cache; /* file pages in the page cache, without swap cache */

/* ---- shmem.c ---- */
/** The page of a segment, made or brought back from swap if need be, with a reference; NULL = no
 * memory */
struct page *shmem_nopage(struct address_space *segment, uint32_t index);
/** Move a page of a segment to the swap cache, still dirty. @return false when no slot is free or
 * somebody uses the page */
bool shmem_writepage(struct page *page);

/* ---- rmap.c ---- */
enum swap_result { SWAP_SUCCESS, SWAP_AGAIN, SWAP_FAIL };
struct pte_chain;
struct pte_chain *pte_chain_alloc(uint32_t gfp);
void pte_chain_free(struct pte_chain *chain);
/** Note that *ptep maps the page. Uses up `chain` if it needs one. @return what is left of it */
struct pte_chain *page_add_rmap(struct page *page, uint64_t *ptep, struct pte_chain *chain);
void page_remove_rmap(struct page *page, uint64_t *ptep);
/** Test and clear PG_referenced and the accessed bit of all ptes. @return whether one was set */
bool page_referenced(struct page *page);
enum swap_result try_to_unmap(struct page *page);
/** Does a process that locked its memory map it? */
bool page_mlocked(const struct page *page);

/* ---- memory.c ---- */
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
/** The pte of `address`, NULL where there is no table. */
/** fork: give `to` what `from` has in one vma, private pages to be copied when they are written.
 * @return 0, or -ENOMEM: some of it is there */
int copy_page_range(struct mm_struct *to, struct mm_struct *from, const struct vm_area_struct *vma);
uint64_t *pte_lookup(const struct mm_struct *mm, uint32_t address);
/** Remove all pages of [start, end). */
void zap_page_range(struct mm_struct *mm, uint32_t start, uint32_t end);
void clear_page_tables(struct mm_struct *mm);
/** Fault a page in. @return 0, or -ENOMEM when the allocation failed for good */
int handle_mm_fault(struct mm_struct *mm, struct vm_area_struct *vma, uint32_t address, bool write);
struct vm_area_struct *find_vma(const struct mm_struct *mm,
                                uint32_t address); /* the vma that contains it */
extern uint32_t nr_page_tables;
extern kptr empty_zero_page;
void memory_init(void);

/* ---- mmap.c ---- */
extern uint32_t vm_committed; /* pages */
extern struct list mmlist;    /* all mm_structs, oldest first, by mmlist */
bool vm_enough_memory(uint32_t pages);

/* ---- swapfile.c ---- */
extern uint32_t nr_swap_pages, total_swap_pages; /* free slots; all slots */
/** Give the page a slot and put it into the swap cache, dirty. @return false when no slot is
 * free */
bool add_to_swap(struct page *page);
void swap_duplicate(uint32_t slot);
void swap_free(uint32_t slot);
bool swap_slot_used(uint32_t slot);
/** How many have a claim to it: ptes, a segment, the swap cache. */
uint32_t swap_slot_users(uint32_t slot);
void delete_from_swap_cache(struct page *page);
/** Drop the slot of a page that nobody else uses. @return true when dropped */
bool remove_exclusive_swap_page(struct page *page);
void free_swap_and_cache(uint32_t slot);
void free_page_and_swap_cache(struct page *page);
bool vm_swap_full(void);
struct page *lookup_swap_cache(uint32_t slot);
struct page *read_swap_cache_async(uint32_t slot);
void swapin_readahead(uint32_t slot);
/** Read the page back if it is not in the swap cache, with its neighbours; counts the fault.
 * @return it, referenced, perhaps still locked for reading; NULL without memory */
struct page *swap_in(uint32_t slot);
/** swapoff: bring back every page of a process (memory.c) or segment (shmem.c) that is in swap.
 * @return false when there was no memory for one */
bool unuse_processes(void);
bool shmem_unuse(void);
/** At completion of a transfer: move the bytes between page and swap memfd. */
void swap_transfer(struct page *page, bool write);
void swap_stats_print(void);

/* ---- vmscan.c ---- */
void wakeup_kswapd(uint32_t gfp);
int try_to_free_pages(uint32_t gfp);
/** Take the oldest usable page of inactive_clean. @return it, off all lists, count 1; NULL when
 * there is none */
struct page *reclaim_page(struct zone *zone);
uint32_t rebalance_laundry_zone(struct zone *zone, uint32_t max_work, uint32_t gfp);
uint32_t rebalance_dirty_zone(struct zone *zone, uint32_t max_work, uint32_t gfp);
uint32_t rebalance_inactive(uint32_t percentage);
void vmscan_init(void);
extern uint32_t kswapd_minfree;

/* ---- oom_kill.c ---- */
void out_of_memory(void);
/** Points of a task as the OOM killer counts them; see facts 1.8. cpu_s, run_jiffies: seconds and
 * jiffies. */
uint32_t oom_badness(uint32_t total_vm, uint64_t cpu_s, uint64_t run_jiffies, int32_t nice,
                     bool root, bool rawio);

/* ---- slab.c, dcache.c ---- */
void kmem_cache_init(void);
/** Free half of the empty slabs of the cache that has most. @return pages freed */
uint32_t kmem_cache_reap(uint32_t gfp);
/** Free all empty slabs of a cache. @return pages freed */
uint32_t kmem_cache_shrink(struct kmem_cache *cache);
extern uint32_t nr_slab_pages, nr_free_slabs;
void dcache_init(void);
/** Prune unused dentries / (6 + priority), and shrink their slabs at most once a second. @return
 * pages freed */
uint32_t shrink_dcache_memory(uint32_t priority);
uint32_t shrink_icache_memory(uint32_t priority);
/** Would a pass at priority 0 take anything from either cache? */
bool dcache_can_shrink(void);
extern uint32_t nr_unused_dentries, nr_unused_inodes;

/* ---- block.c ---- */
void block_init(uint32_t mem_total_mb);
/** Let the disk start on what is queued (tq_disk). */
void run_disk_queue(void);

/** First disk position (in pages) behind the swap partition: where files lie. */
#define DISK_SWAP_START 16u
extern uint32_t disk_files_start;

#endif /* COS_MM_INTERNAL_H */
