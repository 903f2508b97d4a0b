/* worlds.c - see worlds.h. The deal costs a shuffle of all worlds; it is made when somebody looks
 * and kept nowhere, because a cache would be state that could disagree with the function. */
#include "vmkernel/model/worlds.h"

#include <assert.h>
#include <stdbool.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "shared/rng.h"

/* Worlds of drivers and services behind the helpers. [?] No list is on record: OUR CHOICE, names of
 * things that ESX 3 has. */
static const char *const driver_names[] = { "driver",    "reset",   "reaper",     "storageRM",
                                            "FS3ResMgr", "vmotion", "netCoalesce" };

/* One slice in this many is idle: on the screen 2 of 15 pCPUs are. OUR CHOICE */
#define IDLE_ONE_IN 7u

char *worlds_vm_name(uint32_t vm, char *to, size_t size)
{
    (void)snprintf(to, size, "VM%u", 101 + vm);
    return to;
}

static struct world *add(struct worlds *w, uint32_t id, enum world_kind kind, uint32_t vm,
                         uint64_t created_ns)
{
    assert(w->count < WORLDS_MAX);
    assert(w->count == 0 || w->world[w->count - 1].id < id);
    struct world *world = &w->world[w->count++];
    world->id = id;
    world->kind = kind;
    world->vm = vm;
    world->created_ns = created_ns;
    return world;
}

static void __attribute__((format(printf, 2, 3)))
name_world(struct world *world, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(world->name, sizeof world->name, format, arguments);
    va_end(arguments);
}

static void add_host(struct worlds *w, const struct profile *p)
{
    uint32_t id = p->world_base;
    name_world(add(w, id++, WORLD_CONSOLE, UINT32_MAX, 0), "console");
    for (uint32_t n = 1; n < w->pcpus; n++)
        name_world(add(w, id++, WORLD_IDLE, UINT32_MAX, 0), "idle%u", n);
    for (uint32_t q = 0; q < p->helper_queues; q++) {
        for (uint32_t n = 0; n < p->helpers_per_queue; n++) {
            if (q * p->helpers_per_queue + n == p->dump_helper)
                w->dump_world = w->count;
            name_world(add(w, id++, WORLD_HELPER, UINT32_MAX, 0), "helper%u-%u", q, n);
        }
    }
    assert(p->driver_worlds <= sizeof driver_names / sizeof driver_names[0]);
    for (uint32_t n = 0; n < p->driver_worlds; n++)
        name_world(add(w, id++, WORLD_DRIVER, UINT32_MAX, 0), "%s", driver_names[n]);
    assert(id <= p->world_base + w->pcpus + p->vm_world_base_offset);
}

static void add_vm(struct worlds *w, uint32_t id, uint32_t vm, uint64_t created_ns)
{
    char name[WORLD_NAME_MAX / 2];
    (void)worlds_vm_name(vm, name, sizeof name);
    name_world(add(w, id, WORLD_VM, vm, created_ns), "vmware-vmx");
    name_world(add(w, id + 1, WORLD_VM, vm, created_ns), "vmm0:%s", name);
    name_world(add(w, id + 2, WORLD_VM, vm, created_ns), "vcpu-0:%s", name);
    name_world(add(w, id + 3, WORLD_VM, vm, created_ns), "mks:%s", name);
    name_world(add(w, id + 4, WORLD_VM, vm, created_ns), "Worker#0:%s", name);
}

int worlds_init(struct worlds *ret, const struct profile *profile, uint64_t seed, uint32_t pcpus,
                uint32_t vms, const uint64_t *vm_start_ns)
{
    assert(ret != NULL && profile != NULL);
    if (pcpus < 1 || pcpus > WORLDS_PCPUS_MAX || vms > WORLDS_VMS_MAX)
        return -1;
    memset(ret, 0, sizeof *ret);
    ret->root = rng_derive(seed, "worlds");
    ret->pcpus = pcpus;
    ret->name_max = profile->world_name_max;
    ret->dump_pcpu = profile->dump_pcpu < pcpus ? profile->dump_pcpu : pcpus - 1;
    add_host(ret, profile);
    const uint32_t first = profile->world_base + pcpus + profile->vm_world_base_offset;
    for (uint32_t vm = 0; vm < vms; vm++)
        add_vm(ret, first + 5 * vm, vm, vm_start_ns[vm]);
    assert(ret->world[ret->dump_world].kind == WORLD_HELPER);
    return 0;
}

/* Deal: the worlds that exist in this second and can run, in a random order. @return how many */
static uint32_t deal(const struct worlds *w, uint64_t second, uint16_t order[WORLDS_MAX])
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < w->count; i++)
        if (w->world[i].kind > WORLD_IDLE && i != w->keeper &&
            w->world[i].created_ns <= second * WORLDS_DEAL_NS)
            order[n++] = (uint16_t)i;
    const uint64_t root = rng_hash(w->root, second);
    for (uint32_t i = n; i > 1;
         i--) { /* Fisher-Yates; the bias of a 64-bit remainder is of no interest here */
        const uint32_t j = (uint32_t)(rng_hash(root, i) % i);
        const uint16_t swap = order[i - 1];
        order[i - 1] = order[j];
        order[j] = swap;
    }
    return n;
}

/* What pCPU `pcpu` > 0 plays of its hand order[from..to). idleN has the index N: idles follow the
 * console. */
static const struct world *play(const struct worlds *w, uint32_t pcpu, uint64_t now_ns,
                                const uint16_t *order, uint32_t from, uint32_t to)
{
    const struct world *idle = &w->world[pcpu];
    assert(idle->kind == WORLD_IDLE);
    /* Neighbours do not switch at the same instant. The shift stays inside one second, so a slice
     * never reaches into the next deal. */
    const uint64_t shift_ns = WORLDS_SLICE_NS / w->pcpus * pcpu;
    const uint64_t slice = (now_ns + shift_ns) / WORLDS_SLICE_NS;
    const uint64_t draw = rng_hash(w->root ^ (pcpu * 0x9e3779b97f4a7c15u), slice);
    if (from == to || draw % IDLE_ONE_IN == 0)
        return idle;
    return &w->world[order[from + (draw >> 32) % (to - from)]];
}

static const struct world *on_pcpu(const struct worlds *w, uint32_t pcpu, uint64_t now_ns,
                                   const uint16_t *order, uint32_t n)
{
    if (pcpu == 0)
        return &w->world[w->keeper];
    const uint32_t hands = w->pcpus - 1;
    return play(w, pcpu, now_ns, order, n * (pcpu - 1) / hands, n * pcpu / hands);
}

const struct world *worlds_on_pcpu(const struct worlds *w, uint32_t pcpu, uint64_t now_ns)
{
    assert(w != NULL && pcpu < w->pcpus);
    uint16_t order[WORLDS_MAX];
    if (pcpu == 0)
        return &w->world[w->keeper];
    const uint32_t n = deal(w, now_ns / WORLDS_DEAL_NS, order);
    return on_pcpu(w, pcpu, now_ns, order, n);
}

void worlds_snapshot(const struct worlds *w, uint64_t now_ns,
                     const struct world *running[WORLDS_PCPUS_MAX])
{
    assert(w != NULL && running != NULL);
    uint16_t order[WORLDS_MAX];
    const uint32_t n = deal(w, now_ns / WORLDS_DEAL_NS, order);
    for (uint32_t p = 0; p < w->pcpus; p++)
        running[p] = on_pcpu(w, p, now_ns, order, n);
}

static uint32_t find_world(const struct worlds *w, const char *name)
{
    for (uint32_t i = 0; name != NULL && i < w->count; i++)
        if (w->world[i].kind > WORLD_IDLE && strcmp(w->world[i].name, name) == 0)
            return i;
    return 0;
}

void worlds_keep_console(struct worlds *w, const char *name, uint64_t draw)
{
    uint16_t drivers[WORLDS_MAX];
    uint32_t n = 0;
    w->keeper = find_world(w, name);
    if (w->keeper != 0)
        return;
    for (uint32_t i = 0; i < w->count; i++)
        if (w->world[i].kind == WORLD_DRIVER)
            drivers[n++] = (uint16_t)i;
    assert(n > 0);
    w->keeper = drivers[draw % n];
}

void worlds_give_console_back(struct worlds *w)
{
    w->keeper = 0;
}

char *worlds_short_name(const struct worlds *w, const struct world *world, char *to, size_t size)
{
    (void)snprintf(to, size, "%.*s", (int)w->name_max, world->name);
    return to;
}
