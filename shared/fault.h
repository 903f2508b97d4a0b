/* fault.h - the faults that can be injected: their names, who carries each out, and the record that
 * a scenario's fault becomes.
 *
 * One list (fault.def) has them all; scenario files, plan.json, the VMkernel and the COS use it.
 * When a fault is on says fault_clock.h.
 * A fault is carried out by the side whose part it breaks:
 *
 *     FAULT_SIDE_COS        in the COS: its programs, its memory manager
 *     FAULT_SIDE_VMKERNEL   in the VMkernel, at an event of its queue
 *     FAULT_SIDE_DISKS      before or after the run: what the host's disks are like
 *
 * A fault whose target is vmnixhbd (kill, stop, cont, no-start) is the VMkernel's in any case: that
 * daemon is a process of the host machine, and the signal is a real one.
 *
 * What a fault did is reported through the notes below, which lie in the window, outside the COS
 * RAM, so that nothing of it reaches an artefact. The VMkernel drains them into run/.
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

#define FAULT_FLAG(id, key, flag, bit, ...) flag = bit,
enum fault_flag {
#include "shared/fault.def"
};

/* One fault. All times are virtual ns since VMkernel boot or durations in ns. Members that a type
 * does not use are zero; fault.def says which it uses, docs/scenarios.md what zero means there. */
#define FAULT_TEXT(id, key, member, ...) char member[FAULT_NAME_MAX];
#define FAULT_NUMBER(id, key, member, ctype, ...) ctype member;
struct fault {
    uint32_t type;  /* enum fault_type */
    uint32_t flags; /* enum fault_flag */
#include "shared/fault.def"
    uint32_t unless, unless_pct; /* enum fault_unless */
    char unless_name[FAULT_NAME_MAX];
};
#define FAULT_TEXT(...) +FAULT_NAME_MAX
#define FAULT_NUMBER(id, key, member, ctype, ...) +sizeof(ctype)
_Static_assert(sizeof(struct fault) == 4 * sizeof(uint32_t) + FAULT_NAME_MAX
#include "shared/fault.def"
               ,
               "no padding: records are compared whole");

/* ---- notes: what faults did, reported outside of the RAM ------------------------------------- */
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
