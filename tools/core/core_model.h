/* core_model.h - what the console's structures in a core mean: tasks, address spaces, zones, swap,
 * slabs, run queue, waits, log.
 *
 * Everything is copied out once, checked, and handed over as plain numbers; what could not be read
 * is 0 (or said so by a flag), and why stands among the core's problems. Sizes are pages of 4 kB
 * unless a name says otherwise. The meaning of state, flags and policy is that of Linux 2.4
 * [RHEL3MM]. */
#ifndef TOOLS_CORE_CORE_MODEL_H
#define TOOLS_CORE_CORE_MODEL_H

#include "tools/core/core.h"

#define CORE_COMM 17u         /* 16 bytes and a zero */
#define CORE_TASKS_MAX 65536u /* pids end at 32767 */
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
enum core_state { /* task_struct.state of 2.4 */
                  CORE_RUNNING = 0,
                  CORE_INTERRUPTIBLE = 1,
                  CORE_UNINTERRUPTIBLE = 2,
                  CORE_STOPPED = 4,
                  CORE_ZOMBIE = 8,
                  CORE_DEAD = 16,
};
#define CORE_PF_MEMALLOC 0x800u
#define CORE_PF_MEMDIE 0x1000u
enum core_policy { CORE_SCHED_NORMAL, CORE_SCHED_FIFO, CORE_SCHED_RR };

struct core_task {
    uint64_t address; /* of the task_struct */
    uint32_t pid, ppid, tgid;
    char comm[CORE_COMM];
    uint32_t state, flags, uid, caps;
    uint32_t policy;
    int32_t prio, static_prio;      /* 0..139; nice = static_prio - 120 */
    uint32_t time_slice, sleep_avg; /* ticks */
    uint32_t array;                 /* prio_array it is queued on; 0 = not queued */
    uint32_t stuck, reclaim_passes; /* see "NUMBER(STUCK_...)"; direct reclaim passes done */
    uint32_t sig_pending, sig_caught;
    uint64_t utime_ns, stime_ns, start_ns;
    uint32_t min_flt, maj_flt;
    uint32_t wait_queue, wait_page; /* what it sleeps on; 0 = nothing known */
    uint32_t mm;                    /* 0 = a kernel thread or a zombie */
    uint32_t vm, rss;               /* of the mm */
    bool current;                   /* it had the CPU */
    bool has_regs;                  /* it has run */
    struct cos_frame regs;
};

struct core_tasks {
    struct core_task *task; /* pid 0 first, then oldest first */
    uint32_t count;
    bool whole; /* the list was walked to its end */
};

/** All tasks. @return 0 with something for core_tasks_free(), -1 out of memory. Without a single
 * task that can be read the count is 0. */
int core_tasks_load(struct core *c, struct core_tasks *ret);
void core_tasks_free(struct core_tasks *tasks);
/** By pid, by the running one, by address; NULL if there is none. */
const struct core_task *core_task_by_pid(const struct core_tasks *tasks, uint32_t pid);
const struct core_task *core_task_current(const struct core_tasks *tasks);
const struct core_task *core_task_by_address(const struct core_tasks *tasks, uint64_t address);
/** "RU", "IN", "UN", "ST", "ZO", "DE", "??" as crash has them [RHEL3MM 6]. */
const char *core_state_name(uint32_t state);
/** "normal", "fifo", "rr", "?". */
const char *core_policy_name(uint32_t policy);

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
    uint32_t off_flags, off_count, off_mapping, off_index;
    uint64_t address; /* of mem_map */
};
/** The table of page frames. Without one `count` is 0 and a problem is noted. */
void core_frames_init(struct core *c, struct core_frames *ret);
/** Fields of frame pfn < count. */
uint32_t core_frame_flags(const struct core_frames *f, uint32_t pfn);
uint32_t core_frame_refs(const struct core_frames *f, uint32_t pfn);
uint32_t core_frame_mapping(const struct core_frames *f, uint32_t pfn);
uint32_t core_frame_index(const struct core_frames *f, uint32_t pfn);
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
    uint32_t total, free, cached, swap_cached, slab, tables, reserved;
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
void core_wait_of(struct core *c, const struct core_task *t, struct core_wait *ret);

struct core_clock {
    uint64_t now_ns, boot_ns; /* since the VMkernel's start */
    uint32_t load[3];         /* hundredths */
    uint32_t hz;
};
void core_clock_load(struct core *c, struct core_clock *ret);

/* ---- log (core_log.c) ---- */
/** The printk buffer in order, zero-terminated, with levels ("<4>") as they stand there; bytes that
 * cannot be printed are '?'. @return it for free(), NULL out of memory or not in the core (then a
 * problem says so) */
char *core_log_load(struct core *c);

#endif /* TOOLS_CORE_CORE_MODEL_H */
