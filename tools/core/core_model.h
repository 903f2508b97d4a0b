/* core_model.h - what the console's structures in a core mean: tasks, address spaces, zones, swap,
 * slabs, run queue, waits.
 *
 * Everything is copied out once, checked, and handed over as plain numbers; what could not be read
 * is 0 (or said so by a flag), and why stands among the core's problems. Sizes are pages of 4 kB
 * unless a name says otherwise. */
#ifndef TOOLS_CORE_CORE_MODEL_H
#define TOOLS_CORE_CORE_MODEL_H

#include "shared/cosview/unwind.h"
#include "tools/core/core.h"

#define CORE_ZONES_MAX 4u
#define CORE_AGES_MAX 16u
#define CORE_ORDERS_MAX 16u
#define CORE_VMAS_MAX 65536u /* max_map_count of 2.4 */
#define CORE_CACHES_MAX 256u
#define CORE_FILE_NAME 64u
#define CORE_PRIOS 140u /* 0..99 real time, 100..139 normal [RHEL3MM 4] */
#define CORE_RT_PRIOS 100u
#define CORE_PRESENT 1ull /* bit 0 of a page-table entry, as the processor has it */

/* ---- tasks (core_task.c) ---- */
/** All tasks. @return 0 with something for cos_tasks_free(), -1 out of memory. Without a single
 * task that can be read the count is 0. */
int core_tasks_load(struct core *c, struct cos_tasks *ret);

/* ---- address spaces (core_vm.c) ---- */
enum core_vma_flags { /* vm_area_struct.flags of the console */
                      CORE_VM_READ = 1,
                      CORE_VM_WRITE = 2,
                      CORE_VM_STACK = 4,
                      CORE_VM_HEAP = 8,
                      CORE_VM_FILE = 16,
                      CORE_VM_SHARED = 32, /* of a shared memory segment */
};
struct core_vma {
    uint64_t address; /* of the vm_area_struct */
    uint32_t start, end, flags, pgoff;
    char file[CORE_FILE_NAME]; /* "" = anonymous */
};
/** The areas of an address space, by address. @return the count with *ret for free(), -1 out of
 * memory */
int core_vmas_load(struct core *c, uint32_t mm, struct core_vma **ret);

/* What the page tables of one address space hold, pages. */
struct core_mm_pages {
    uint32_t present;   /* of its own or shared, without the page of zeros */
    uint32_t zero;      /* the shared page of zeros */
    uint32_t swapped;   /* entries that name a swap slot */
    uint32_t swapcache; /* of the present: they have a swap slot as well */
    uint32_t file;      /* of the present: pages of files */
    uint32_t tables;    /* pages of page tables, directories included */
    uint32_t bad;       /* entries that name no page and no slot */
};
/* Called for each entry that is not 0, by address. @return false to stop */
typedef bool (*core_pte_fn)(void *arg, uint32_t address, uint64_t pte);
/** Walk the page tables of an address space (mm_struct at `mm`). @return pages of tables seen */
uint32_t core_mm_walk(struct core *c, uint32_t mm, core_pte_fn fn, void *arg);
/** Count what they hold. */
void core_mm_count(struct core *c, uint32_t mm, struct core_mm_pages *ret);
/** Swap slot that an entry names, 0 if none. */
uint32_t core_pte_slot(const struct core *c, uint64_t pte);
/** Page frame of a present entry. */
static inline uint32_t core_pte_frame(uint64_t pte)
{
    return (uint32_t)((pte & 0xffffffffff000ull) / CORE_PAGE);
}

/* ---- page frames (core_mem_map.c) ---- */
struct core_frames {
    struct core *core;
    const unsigned char *map; /* mem_map in the file; NULL = it is not there */
    uint32_t count, size;     /* frames that can be read; bytes of a struct page */
    uint32_t promised;        /* max_mapnr */
    uint32_t off_flags, off_count, off_mapping;
    uint64_t address; /* of mem_map */
};
/** The table of page frames. Without one `count` is 0 and a problem is noted. */
void core_frames_init(struct core *c, struct core_frames *ret);
/** Fields of frame pfn < count. */
uint32_t core_frame_flags(const struct core_frames *f, uint32_t pfn);
uint32_t core_frame_refs(const struct core_frames *f, uint32_t pfn);
uint32_t core_frame_mapping(const struct core_frames *f, uint32_t pfn);
/** Frame of the struct page at `address`. @return false if it is none */
bool core_frame_of(const struct core_frames *f, uint64_t address, uint32_t *ret);
/** NUMBER(PG_name), 0 if this kernel has none. */
uint32_t core_page_flag(const struct core *c, const char *pg_name);

struct core_frame_sum { /* a count of the whole table, to be held against the kernel's counters */
    uint32_t reserved, slab, table, free, hot, shared; /* shared: references beyond the first */
    uint32_t anon, cache;                              /* on the active lists */
    uint32_t dirty, laundry, clean;
    uint32_t swapcache, locked;
};
void core_frames_sum(const struct core_frames *f, struct core_frame_sum *ret);

/* ---- zones, counters, swap, slabs (core_mm.c) ---- */
struct core_zone {
    uint64_t address;
    char name[9];
    uint32_t first_pfn, size, free;
    uint32_t min, low, high;
    uint32_t anon[CORE_AGES_MAX], cache[CORE_AGES_MAX]; /* pages by age */
    uint32_t anon_nr, cache_nr, dirty, laundry, clean, hot;
    uint32_t blocks[CORE_ORDERS_MAX]; /* free blocks by order */
    uint32_t orders, ages;
};
struct core_zones {
    struct core_zone zone[CORE_ZONES_MAX];
    uint32_t count;
};
void core_zones_load(struct core *c, struct core_zones *ret);
/** Walk the free lists of a zone. @return blocks found on the list of one order */
uint32_t core_zone_walk_free(struct core *c, const struct core_zone *z, uint32_t order);
/** Walk a page list (e.g. "inactive_dirty_list") of a zone. @return its length */
uint32_t core_zone_walk_list(struct core *c, const struct core_zone *z, const char *list);

struct core_mem { /* the kernel's own counters */
    uint32_t total, free, buffers, cached, swap_cached, slab, tables, reserved;
    uint32_t swap_total, swap_free, committed;
    uint32_t frames; /* max_mapnr */
};
void core_mem_load(struct core *c, struct core_mem *ret);

struct core_swap {                    /* a count of the swap map */
    bool counted;                     /* the map is there */
    uint32_t slots, used, references; /* references: of page tables and swap cache, all together */
};
void core_swap_count(struct core *c, struct core_swap *ret);

struct core_cache {
    uint64_t address;
    char name[24];
    uint32_t size, active, slabs, per_slab, order;
};
/** Slab caches, oldest first. @return how many of `ret` are set */
uint32_t core_caches_load(struct core *c, struct core_cache ret[CORE_CACHES_MAX]);

/* ---- run queue, waits, time (core_sched.c) ---- */
struct core_queued {
    uint64_t task; /* address */
    int32_t prio;
    bool expired;
};
/** Who waits for the CPU, in the order in which it will be given. @return the count with *ret for
 * free(), -1 out of memory */
int core_runq_load(struct core *c, struct core_queued **ret);

enum core_wait_kind { CORE_WAIT_NONE, CORE_WAIT_QUEUE, CORE_WAIT_PAGE };
struct core_wait {
    enum core_wait_kind kind;
    char name[64];  /* the queue's symbol, "page wait table of zone Normal", or "" */
    uint64_t queue; /* address of the wait queue, 0 = none known */
    uint64_t page;  /* CORE_WAIT_PAGE: struct page */
};
/** What a task sleeps on. */
void core_wait_of(struct core *c, const struct cos_task *t, struct core_wait *ret);

struct core_clock {
    uint64_t now_ns, boot_ns; /* since the VMkernel's start */
    uint32_t load[3];         /* hundredths */
    uint32_t hz;
};
void core_clock_load(struct core *c, struct core_clock *ret);

#endif /* TOOLS_CORE_CORE_MODEL_H */
