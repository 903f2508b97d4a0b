/* worlds.h - the world table, and which world runs on which pCPU.
 *
 * A world is what the VMkernel schedules. The table is made once and never changes; a world has an
 * instant from which on it exists.
 *
 *     id (16 pCPUs)   world
 *     1024            console: the COS; pCPU 0 runs nothing else, unless a world keeps it
 *                     from it (worlds_keep_console)
 *     1025..1039      idle1..idle15: pCPU N when it has nothing to do
 *     1040..          helperQ-N, then worlds of drivers
 *     then per VM     vmware-vmx, vmm0:VM, vcpu-0:VM, mks:VM, Worker#0:VM
 *
 * Who runs where is not simulated: 16 pCPUs over six weeks would be a billion slices of which
 * nobody looks at more than the last. It is a pure function of (seed, instant): the worlds that can
 * run are dealt to the pCPUs anew each second (a random order cut into equal hands), and each pCPU
 * plays a card of its own hand in each slice of 50 ms, or idles, shifted against its neighbours.
 * Hands are disjoint, so no world runs twice at an instant.
 *
 * Sources: [KB308590/Screen] for ids, names and their cut at 9 bytes; helperQ-N with five helpers a
 * queue is INFERRED from helper1-4 = 1037 on 4 pCPUs and world 1047 as the dumper on 16; order
 * within a VM, second and slice are OUR CHOICE. */
#ifndef VMK_WORLDS_H
#define VMK_WORLDS_H

#include <stdint.h>

#include "shared/units.h"
#include "vmkernel/model/profile.h"

#define WORLDS_MAX 1024u
#define WORLD_NAME_MAX 32u
#define WORLDS_PCPUS_MAX 64u
#define WORLDS_VMS_MAX 170u /* times 5 worlds, and the host's own: fits WORLDS_MAX. OUR CHOICE */
#define WORLDS_DEAL_NS NS_PER_S          /* a new deal per this: OUR CHOICE */
#define WORLDS_SLICE_NS (50 * NS_PER_MS) /* one slice: OUR CHOICE */

enum world_kind { WORLD_CONSOLE, WORLD_IDLE, WORLD_HELPER, WORLD_DRIVER, WORLD_VM };

struct world {
    uint32_t id;
    enum world_kind kind;
    uint32_t vm; /* WORLD_VM: number of its virtual machine, from 0; else UINT32_MAX */
    char name[WORLD_NAME_MAX]; /* whole name, e.g. "vmware-vmx", "vcpu-0:VM101" */
    uint64_t created_ns;       /* exists from this instant on */
};

struct worlds {
    uint64_t root; /* of the deals */
    uint32_t pcpus;
    uint32_t count;
    uint32_t name_max;   /* from the profile */
    uint32_t dump_world; /* index of the helper that writes the COS core */
    uint32_t dump_pcpu;  /* and its pCPU */
    uint32_t keeper;     /* index of the world that keeps pCPU 0; 0 = the console, which is usual */
    struct world world[WORLDS_MAX]; /* by id */
};

/** Make the table. Virtual machine number i powers on at vm_start_ns[i], i < vms.
 *  @return 0, or -1 when pcpus or vms is out of range (*ret untouched) */
int worlds_init(struct worlds *ret, const struct profile *profile, uint64_t seed, uint32_t pcpus,
                uint32_t vms, const uint64_t *vm_start_ns);

/** The name of virtual machine `vm`, e.g. "VM101". @return `to` */
char *worlds_vm_name(uint32_t vm, char *to, size_t size);

/** From now on another world keeps pCPU 0: the first one of that name (no console, no idle), or one
 * of the drivers' by `draw` when name is NULL or unknown. It runs nowhere else meanwhile. */
void worlds_keep_console(struct worlds *w, const char *name, uint64_t draw);
/** The console has pCPU 0 again. */
void worlds_give_console_back(struct worlds *w);

/** The world that runs on `pcpu` at `now_ns`. Never NULL for pcpu < w->pcpus. */
const struct world *worlds_on_pcpu(const struct worlds *w, uint32_t pcpu, uint64_t now_ns);

/** All pCPUs at one instant: running[0..pcpus-1]. Cheaper than asking for each. */
void worlds_snapshot(const struct worlds *w, uint64_t now_ns,
                     const struct world *running[WORLDS_PCPUS_MAX]);

/** The name as a screen shows it, cut to the release's length. @return `to` */
char *worlds_short_name(const struct worlds *w, const struct world *world, char *to, size_t size);

#endif /* VMK_WORLDS_H */
