/* fault.h - the faults that can be injected: their names, who carries each out, and the record that
 * a scenario's fault becomes.
 *
 * One list (fault.def) gives value, name, side and traits; scenario files, plan.json, the VMkernel
 * and the COS use it. When a fault is on says fault_clock.h.
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

#include <stdbool.h>
#include <stdint.h>

#define FAULT_NAME_MAX 16u /* of programs: a Linux comm */
#define FAULTS_MAX 64u     /* per run: a leak's set of them is a 64-bit mask */

enum fault_side { FAULT_SIDE_COS, FAULT_SIDE_VMKERNEL, FAULT_SIDE_DISKS };

#define FAULT_TYPE(id, value, ...) id = value,
enum fault_type {
    FAULT_NONE = 0,
#include "shared/fault.def"
    FAULT_TYPES
};

/* What there is to know of a type for those who do not carry it out. */
enum fault_trait {
    FAULT_STRIKES = 0x1,       /* over in the instant in which it happens; any other lasts */
    FAULT_HOLDS = 0x2,         /* ends after `within` and `hold`, if `for` does not end it sooner */
    FAULT_SIGNALS = 0x4,       /* a signal to `target` */
    FAULT_BY_TARGET = 0x8,     /* with a `target`: that program does it itself, at its next round */
    FAULT_BRINGS = 0x10,       /* without one: brings a program of its own, which init starts */
    FAULT_BREAKS_RING = 0x20,  /* from then on beats may be lost or wrong */
    FAULT_FAILS_DUMP = 0x40,   /* there may be no place for a dump */
    FAULT_ENDS_VMKERNEL = 0x80 /* the VMkernel itself fails */
};

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

/** "leak" and so on; NULL for no type. Not in the COS. */
const char *fault_name(uint32_t type);
/** The type of that name; FAULT_NONE when there is none. Not in the COS. */
uint32_t fault_find(const char *name);
/** Has `type` that trait? */
bool fault_is(uint32_t type, enum fault_trait trait);
/** Who carries `f` out, its target considered. */
enum fault_side fault_side(const struct fault *f);
/** The signal that a fault sends which is SIGNALS, by Linux's number. */
uint32_t fault_signal(const struct fault *f);

/* What `unless` looks at, at one instant. Each side fills it in from what it knows of the COS. */
struct fault_world {
    uint64_t ram_used, ram_all;   /* in one unit, whichever */
    uint64_t swap_used, swap_all; /* the same; 0 where there is none */
    uint32_t oom_kills;           /* since the boot */
    bool running;                 /* a program of the fault's unless_name runs */
};
/** Does the `unless` of `f` hold in that world, so that it is not to happen? */
bool fault_is_prevented(const struct fault *f, const struct fault_world *world);

#endif /* SHARED_FAULT_H */
