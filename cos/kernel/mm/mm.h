/* mm.h - the memory manager of the COS: what the rest of the kernel and the programs use of it.
 *
 * A model of Linux 2.4.21-EL's (docs/sources.md [RHEL3MM]): zones DMA and Normal, buddy allocator,
 * per-zone lists active_anon[16], active_cache[16], inactive_dirty, inactive_laundry,
 * inactive_clean; kswapd, kscand, direct reclaim, swap. Functions bear the kernel's names. */
#ifndef COS_MM_H
#define COS_MM_H

#include "cos/kernel/mm/page.h"
#include "cos/kernel/sched/task.h"

#define MAX_ORDER 11u

#define GFP_DMA 0x1u
#define GFP_HIGHMEM_BIT 0x2u
#define GFP_WAIT 0x10u
#define GFP_HIGH 0x20u
#define GFP_IO 0x40u
#define GFP_HIGHIO 0x80u
#define GFP_FS 0x100u
#define GFP_ATOMIC 0x20u
#define GFP_KERNEL 0x1f0u
#define GFP_USER 0x1d0u
#define GFP_HIGHUSER 0x1d2u
#define GFP_KSWAPD 0x1d0u
#define GFP_NOFS 0xf0u
#define GFP_REPEAT \
    0x800u /* ours: the caller would ask again until it gets some, as getblk() does */
#define GFP_NOFS_REPEAT (GFP_NOFS | GFP_REPEAT)

/* page_alloc.c */
/** Bring up zones, mem_map and buddy lists. [first_free, end) is RAM behind the image; called once,
 * early, by start_kernel(). Reserves so much that MemTotal is ram - reserved_kb
 * (boot_params->reserved_kb is the TOTAL to be reserved). */
void mem_init(uint32_t image_end_phys, uint32_t ram_bytes);
/** NULL: no memory. For order 0 with WAIT|FS only those that are to die get that, or whom a fault
 * picked out (fail_page_alloc.h): every caller has to be ready for it. */
struct page *alloc_pages(uint32_t gfp, uint32_t order);
void free_pages(struct page *page, uint32_t order);
kptr get_free_pages(uint32_t gfp, uint32_t order); /* kptr of the first byte; 0 = none */
void free_pages_at(kptr address, uint32_t order);
uint32_t nr_free_pages(void);

/* slab.c: caches of equal objects on slabs of pages. */
struct kmem_cache;
struct kmem_cache *kmem_cache_create(const char *name, uint32_t size);
void *kmem_cache_alloc(struct kmem_cache *c, uint32_t gfp);
void kmem_cache_free(struct kmem_cache *c, void *object);

/** Look the name of file `file_no` up, as a walk through the file system does: leaves a dentry and
 * an inode in memory. May wait. */
void dcache_lookup(uint32_t file_no);

/* File cache: a file of the COS as far as memory is concerned. Pages are filled with a readable
 * pattern that names the file. */
struct address_space;
/** The file `name` with `pages` pages; found or created (never freed). NULL: no memory for it. */
struct address_space *file_mapping(const char *name, uint32_t pages);
/** Read `count` pages from `index` on through the page cache (read(2) of a file): waits for the
 * disk. Pages for which there is no memory are passed over; f may be NULL (it could not be
 * opened). */
void file_read(struct address_space *f, uint32_t index, uint32_t count);

/* mmap.c, memory.c: address spaces of user tasks. Three-level PAE tables in pages of COS RAM. */
#define VM_READ 1u
#define VM_WRITE 2u
#define VM_STACK 4u
#define VM_HEAP 8u
#define VM_FILE 16u
#define VM_SHARED 32u /* of a shared memory segment */
struct mm_struct {
    kptr pgd;               /* physical page with 4 entries */
    kptr mmap;              /* struct vm_area_struct list by address */
    uint32_t rss, total_vm; /* pages */
    uint32_t brk;           /* end of the heap */
    uint32_t start_brk, stack_top;
    uint32_t text_pages, lib_pages, data_pages, stack_pages; /* for /proc/PID/status */
    uint32_t shared_pages;                                   /* of attached segments */
    uint32_t locked;                                         /* 1: mlockall() */
    struct list mmlist;
    uint32_t users; /* its process, and a swapoff that is looking through it */
    kptr owner;     /* task_struct */
};
struct vm_area_struct {
    uint32_t start, end; /* user addresses, page-aligned, end exclusive */
    uint32_t flags;      /* VM_* */
    kptr file;           /* struct address_space, 0 = anonymous */
    uint32_t pgoff;
    kptr next;
    kptr mm;
};
struct mm_struct *mm_create(struct task_struct *owner); /* NULL: no memory */
/** fork: an address space like that of current, its private pages shared until one side writes. A
 * lock on memory is not inherited. NULL: no memory */
struct mm_struct *dup_mm(void);
/** Map [addr, addr+len). @return 0, -ENOMEM when vm_enough_memory says no, -EINVAL on overlap */
int do_mmap(struct mm_struct *mm, uint32_t addr, uint32_t len, uint32_t flags,
            struct address_space *file, uint32_t pgoff);
/** Unmap all of one vma that starts at addr. */
int do_munmap(struct mm_struct *mm, uint32_t addr);
/** Grow the heap of current to `brk`. @return 0 or -ENOMEM */
int do_brk(uint32_t brk);
/** System calls on the address space of current: map private memory, as do_mmap(); unmap the vma
 * that starts at addr; as do_brk(). */
int old_mmap(uint32_t addr, uint32_t len);
int sys_munmap(uint32_t addr);
int sys_brk(uint32_t brk);
/** Its process needs it no more (or a swapoff): the last user frees everything, page tables
 * included. */
void exit_mmap(struct mm_struct *mm);
/** The page fault of current's user mode at the byte `address`, on its kernel stack: when it
 * returns, the access is to be tried again. @return false: no such mapping, or not to be written */
bool do_page_fault(uint32_t address, bool write);
/** The current task's user mode touches the byte at `address`: faults the page in if need be (that
 * may wait, for ever), sets accessed and, if `write`, dirty. @return the kernel address of the
 * byte, valid until the task next sleeps; NULL = bad address (SIGSEGV) */
void *user_touch(uint32_t address, bool write);
/** The same for a program that uses the page without caring for its bytes: sets accessed (and
 * dirty) and faults like user_touch, but a page that was all zeros still counts as such, so that
 * neither RAM nor swap has to hold it. @return false = bad address */
bool user_account(uint32_t address, bool write);
/** mlockall(MCL_CURRENT): everything that current has mapped is brought in and stays in RAM. What
 * it maps later is not unmapped either, once it was touched. */
void sys_mlockall(void);
/** GATE_CALL_PAGE_ALLOC: the anonymous page of current with the byte `address`, present and pinned.
 * @return physical address, 0 = no memory */
uint32_t get_user_pages(uint32_t address);
/** Give the page back: GATE_CALL_PAGE_FREE. The next get_user_pages() has to find a new one. */
void put_user_page(uint32_t address);

/* shmem.c: shared memory segments. Their pages outlive who filled them; to /proc/meminfo they are
 * page cache, and in no process's data. */
/** The segment `name`, found or made with `pages` pages; it stays until the machine ends, since
 * nobody here removes one. NULL: no memory (vm_enough_memory() is asked for all of it) */
struct address_space *shmem_segment(const char *name, uint32_t pages);
/** Map all of it into mm at addr. @return as do_mmap(). Detach with do_munmap() or exit. */
int shmem_attach(struct mm_struct *mm, uint32_t addr, struct address_space *segment);
extern uint32_t nr_shmem_pages; /* pages of segments in RAM; a part of Cached */

/* vmscan.c, swapfile.c, oom_kill.c: the threads and the figures */
int kswapd(void *unused);
int kscand(void *unused);
void swap_init(uint32_t slots);
/** swapoff(2) of the swap partition: no slot is given out any more, and all that is in swap is
 * brought back, which takes memory and, where there is none, as long as anything else that waits
 * for it. @return 0, -EINVAL when it is off, -ENOMEM when a page could not be brought back: then
 * it is on again */
int sys_swapoff(void);
/** swapon(2). @return 0, -EINVAL when it is on or there is none */
int sys_swapon(void);
/** True when a kernel thread that sleeps without a timer has work to do now; see kthread_rearm() in
 * vmscan.c. Called before the COS goes idle. */
void kthread_rearm(void);

struct mem_info { /* one reading of all counters, pages; for /proc/meminfo, show_mem, vmksummary */
    uint32_t total, free, buffers, cached, swap_cached;
    uint32_t active_anon, active_cache, inact_dirty, inact_laundry, inact_clean;
    uint32_t swap_total, swap_free;
    uint32_t committed, slab;
    uint32_t out_of_reach; /* of total: zone DMA, which serves GFP_DMA alone (PAE) */
};
void mem_info(struct mem_info *ret);
void show_mem(void);            /* SysRq-M form through printk */
extern uint32_t oom_kill_count; /* tasks that the OOM killer has killed since the boot */

#endif /* COS_MM_H */
