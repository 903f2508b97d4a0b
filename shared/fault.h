/* fault.h - the faults that can be injected: their names, who carries each out, and the record that
 * a scenario's fault becomes.
 *
 * One list gives value, name and side; scenario files, plan.json, the VMkernel and the COS use it.
 * A fault is carried out by the side whose part it breaks:
 *
 *     FAULT_SIDE_COS        in the COS: its programs, its memory manager
 *     FAULT_SIDE_VMKERNEL   in the VMkernel, at an event of its queue
 *     FAULT_SIDE_DISKS      before or after the run: what the host's disks are like
 *
 * A fault whose target is vmnixhbd (kill, stop, cont, no-start) is the VMkernel's in any case: that
 * daemon is a process of the host machine, and the signal is a real one.
 *
 * What a fault did is told through the notes below, which lie in the window, outside the COS RAM:
 * so that nothing of it reaches an artefact. The VMkernel drains them into run/.
 *
 * Names: [CONTRACT]. */
#ifndef SHARED_FAULT_H
#define SHARED_FAULT_H

#include <stdint.h>

#define FAULT_NAME_MAX 16u /* of programs: a Linux comm */
#define FAULTS_MAX 64u     /* per run: a leak's set of them is a 64-bit mask */

enum fault_side { FAULT_SIDE_COS, FAULT_SIDE_VMKERNEL, FAULT_SIDE_DISKS };

#define FAULT_LIST(X)                                                                             \
    X(FAULT_LEAK, 1, "leak", COS)             /* target grows by rate, for ever */                \
    X(FAULT_PRESSURE, 2, "pressure", COS)     /* closed loop: level of resource, within, hold */  \
    X(FAULT_SPIKE, 3, "spike", COS)           /* target (or a new `name`) takes size within */    \
    X(FAULT_FOOTPRINT, 4, "footprint", COS)   /* a program `name` of size; does not grow */       \
    X(FAULT_FORK_STORM, 5, "fork-storm", COS) /* every period one more `name`, that hangs */      \
    X(FAULT_CPU_HOG, 6, "cpu-hog", COS)       /* count tasks that spin, by policy and prio */     \
    X(FAULT_KILL, 7, "kill", COS)             /* SIGKILL (arg signal) to target */                \
    X(FAULT_STOP, 8, "stop", COS)             /* SIGSTOP to target; with `for`, SIGCONT after */  \
    X(FAULT_CONT, 9, "cont", COS)             /* SIGCONT to target */                             \
    X(FAULT_RING_CORRUPT, 10, "ring-corrupt", VMKERNEL)   /* a stray write over the ring */       \
    X(FAULT_RING_DROP, 11, "ring-drop", VMKERNEL)         /* beats are lost, by probability */    \
    X(FAULT_RING_DELAY, 12, "ring-delay", VMKERNEL)       /* beats arrive later by delay */       \
    X(FAULT_DOORBELL_LOSS, 13, "doorbell-loss", VMKERNEL) /* the interrupt line is dead */        \
    X(FAULT_RPC_HANG, 14, "rpc-hang", VMKERNEL) /* VMNIX calls of target are not answered */      \
    X(FAULT_WORLD_STARVE, 15, "world-starve", VMKERNEL) /* a world keeps pCPU 0 */                \
    X(FAULT_IO_HANG, 16, "io-hang", VMKERNEL) /* commands of the COS disk never complete */       \
    X(FAULT_SWAP_OFF, 17, "swap-off", COS)    /* the swap partition is taken away */              \
    X(FAULT_FAIL_PAGE_ALLOC, 18, "fail-page-alloc", COS) /* the kernel's fault-injection knobs */ \
    X(FAULT_FAIL_NTH, 19, "fail-nth", COS) /* the count-th allocation of target fails */          \
    X(FAULT_DATASTORE_LOSS, 20, "datastore-loss", VMKERNEL) /* the array goes away */             \
    X(FAULT_DATASTORE_FULL, 21, "datastore-full", VMKERNEL) /* size is all that is left */        \
    X(FAULT_NO_START, 22, "no-start", VMKERNEL)             /* target is not started at boot */   \
    X(FAULT_STALE_GENERATION, 23, "stale-generation", VMKERNEL) /* beats of an old generation */  \
    X(FAULT_SCSI_SERIAL, 24, "scsi-serial", VMKERNEL) /* the command serial stands at serial */   \
    X(FAULT_VMKERNEL_PF, 25, "vmkernel-pf", VMKERNEL) /* #PF in the VMkernel */                   \
    X(FAULT_MACHINE_CHECK, 26, "machine-check", VMKERNEL)                                         \
    X(FAULT_DUMP_SLOT_SMALL, 27, "dump-slot-small", DISKS) /* the dump partition has size */      \
    X(FAULT_COS_OOPS, 28, "cos-oops", COS)                 /* target's next system call oopses */ \
    X(FAULT_DUMP_MOVE_FAIL, 29, "dump-move-fail", DISKS)   /* the next start cannot move cores */

#define FAULT_ENUM(id, value, name, side) id = value,
enum fault_type { FAULT_NONE = 0, FAULT_LIST(FAULT_ENUM) FAULT_TYPES = 30 };
#undef FAULT_ENUM

enum fault_resource { FAULT_RESOURCE_RAM, FAULT_RESOURCE_SWAP };
enum fault_shape { FAULT_SHAPE_LINEAR, FAULT_SHAPE_STEP };

/* `unless`: the fault does not happen when, at its instant, this holds. Judged by the side that
 * carries it out. */
enum fault_unless {
    FAULT_ALWAYS = 0,
    FAULT_UNLESS_RAM_USED = 1,  /* at least unless_pct percent of RAM is in use */
    FAULT_UNLESS_SWAP_USED = 2, /* at least unless_pct percent of swap is in use */
    FAULT_UNLESS_RUNNING = 3,   /* a program unless_name runs */
    FAULT_UNLESS_OOM = 4,       /* the OOM killer has killed something since the boot */
};

#define FAULT_FLAG_IGNORE_GFP_WAIT 0x1u /* fail-page-alloc: leave requests with WAIT alone */
#define FAULT_FLAG_VERBOSE 0x2u         /* fail-page-alloc: note each failure in run/ */
#define FAULT_FLAG_OOM_FIRST 0x4u       /* pressure: may be the OOM killer's first victim */
#define FAULT_FLAG_SHARED \
    0x8u /* leak: what is lost is shared memory of short-lived
                                           children, which outlives them */

#define FAULT_FLAG_SIGTERM 0x10u /* what the fault brings catches SIGTERM */
#define FAULT_FLAG_USER 0x20u    /* what the fault brings is an ordinary user's, not root's */

/* One fault. All times are virtual ns since VMkernel boot or durations in ns. Members that a type
 * does not use are zero; docs/scenarios.md says which it uses and what zero means there. */
struct fault {
    uint32_t type;               /* enum fault_type */
    uint32_t flags;              /* FAULT_FLAG_* */
    char target[FAULT_NAME_MAX]; /* comm of an existing program; for rpc-hang who waits */
    char name[FAULT_NAME_MAX];   /* comm of the program that the fault itself brings */
    uint64_t at_ns, for_ns;      /* for_ns 0 = until the end */
    uint64_t every_ns;           /* comes again each every_ns; 0 = once */
    uint32_t times;              /* with every_ns: how often in all; 0 = no end */
    uint32_t unless, unless_pct; /* enum fault_unless */
    char unless_name[FAULT_NAME_MAX];
    uint32_t resource, shape;    /* enum fault_resource, fault_shape */
    uint64_t rate_kb_h;          /* leak */
    uint64_t size_kb;            /* spike, footprint, fork-storm (each), datastore-full, slot */
    uint64_t count;              /* cpu-hog, fork-storm: tasks at the most; fail-nth: N */
    uint64_t level_ppm;          /* pressure: of the resource, parts per million */
    uint64_t within_ns, hold_ns; /* pressure, spike */
    uint64_t period_ns;          /* fork-storm: a new one each */
    uint64_t delay_ns;           /* ring-delay; answers of rpc-hang that are only late */
    uint64_t serial;             /* scsi-serial */
    uint32_t policy;             /* cpu-hog: SCHED_NORMAL 0, FIFO 1, RR 2 */
    int32_t nice;                /* cpu-hog with policy 0: -20..19 */
    uint32_t rt_prio;            /* with policy 1 or 2: 1..99 */
    uint32_t signal;             /* kill: 0 = SIGKILL */
    /* fail-page-alloc, with the kernel's names and meaning; ring-drop uses probability */
    uint32_t probability; /* percent */
    uint32_t interval;    /* fail at most one call in `interval`; 0 and 1 = each */
    int32_t fail_times;   /* -1 = no limit */
    uint32_t space;       /* pages that may be taken before failures begin */
    uint32_t min_order;
    uint32_t pad;
};

/* ---- notes: what faults did, told outside of the RAM ----------------------------------------- */
#define FAULT_NOTES_MAX 1024u
enum fault_note_kind {
    FAULT_NOTE_BEGINS = 1,  /* value: 0 */
    FAULT_NOTE_ENDS = 2,    /* for_ns is over, or its work is done */
    FAULT_NOTE_SKIPPED = 3, /* `unless` held */
    FAULT_NOTE_LEVEL = 4,   /* pressure: value[0] ordered, value[1] reached, ppm of the resource */
    FAULT_NOTE_FAILED = 5,  /* an allocation was made to fail: value[0] order, value[1] gfp */
    FAULT_NOTE_NO_TARGET = 6, /* nobody of that name was there */
};
struct fault_note {
    uint64_t at_ns;
    uint32_t kind;
    uint32_t fault; /* index into boot_params.fault */
    uint64_t value[2];
};
/* A ring with one writer (the COS) and one reader (the VMkernel, at each hand-over, which bounds
 * and copies what it reads). head counts notes ever written; a reader that fell behind loses the
 * oldest. */
struct fault_notes {
    uint64_t head;
    uint64_t pad[7];
    struct fault_note note[FAULT_NOTES_MAX];
};

/** "leak" and so on; NULL for no type. */
const char *fault_name(uint32_t type);
/** The type of that name; FAULT_NONE when there is none. */
uint32_t fault_find(const char *name);
/** Who carries `f` out, its target considered. */
enum fault_side fault_side(const struct fault *f);
/** When time number n (from 0) of `f` begins; UINT64_MAX when it does not come that often. */
uint64_t fault_begins_ns(const struct fault *f, uint32_t n);

#endif /* SHARED_FAULT_H */
