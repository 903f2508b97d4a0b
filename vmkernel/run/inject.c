/* inject.c - see inject.h. */
#include "vmkernel/run/inject.h"

#include <assert.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "shared/rng.h"
#include "vmkernel/host/vmk.h"
#include "vmkernel/run/children.h"
#include "vmkernel/host/hostdir.h"

#define STRAY_BYTES 64u /* of a stray write: a cache line. OUR CHOICE */

/* ---- the journal ---------------------------------------------------------------------------- */
static const char *note_name(uint32_t kind)
{
    static const char *const names[] = { NULL,    "begins", "ends",     "skipped",
                                         "level", "failed", "no-target" };
    return kind < sizeof names / sizeof names[0] ? names[kind] : NULL;
}

static void journal(struct vmk *vmk, const struct fault_note *note)
{
    const struct boot_params *boot = &vmk->plan.boot;
    const char *what = note_name(note->kind);
    if (what == NULL || note->fault >= boot->fault_count)
        return;
    const char *type = fault_name(boot->fault[note->fault].type);
    if (type != NULL)
        hostdir_journal_fault(vmk, note, type, what);
}

void inject_drain_notes(struct vmk *vmk)
{
    const struct fault_notes *notes = vmk->machine.notes;
    const uint64_t head = __atomic_load_n(&notes->head, __ATOMIC_ACQUIRE);
    if (head == vmk->notes_seen)
        return;
    /* A head that makes no sense costs the oldest notes, as one that ran too far does. */
    if (head - vmk->notes_seen > FAULT_NOTES_MAX)
        vmk->notes_seen = head - FAULT_NOTES_MAX;
    for (; vmk->notes_seen != head; vmk->notes_seen++) {
        struct fault_note note;
        memcpy(&note, &notes->note[vmk->notes_seen % FAULT_NOTES_MAX], sizeof note);
        if (note.at_ns > vmk->now_ns)
            note.at_ns = vmk->now_ns;
        journal(vmk, &note);
    }
}

/* ---- unless --------------------------------------------------------------------------------- */
struct eyes {
    const struct vmk *vmk;
    const struct glance *view;
};

/* The COS's counters are settled whenever it has handed the baton over. */
static void look(const struct fault *f, void *context, struct fault_world *ret)
{
    const struct eyes *e = context;
    const struct glance_memory m = glance_memory(e->view);
    /* What MemTotal says. */
    const uint64_t ram_kb = e->vmk->machine.ram_bytes / 1024 - e->vmk->plan.reserved_kb;
    *ret = (struct fault_world){ .ram_used = ram_kb - m.free_kb - m.cache_kb,
                                 .ram_all = ram_kb,
                                 .swap_used = m.swap_kb - m.swap_free_kb,
                                 .swap_all = m.swap_kb,
                                 .oom_kills = glance_oom_kills(e->view),
                                 .running = glance_runs(e->view, f->unless_name) };
}

/* ---- what strikes --------------------------------------------------------------------------- */
/* A stray write over the front of the ring, and over `size` of its slots. Its bytes look like what
 * a driver's descriptors look like: addresses and lengths. */
static void corrupt_ring(struct vmk *vmk, const struct fault *f)
{
    unsigned char *to = (unsigned char *)vmk->machine.ring;
    uint64_t bytes = STRAY_BYTES + f->size_kb * 1024;
    struct rng rng;
    rng_init(&rng, vmk->plan.seed ^ vmk->now_ns, "stray write");
    if (bytes > sizeof *vmk->machine.ring)
        bytes = sizeof *vmk->machine.ring;
    for (uint64_t at = 0; at < bytes; at += 8) {
        const uint64_t draw = rng_next(&rng);
        const uint32_t word[2] = { (uint32_t)draw & 0x3ffffffcu, (uint32_t)(draw >> 32) & 0x7ffu };
        memcpy(to + at, word, sizeof word);
    }
}

/* The VMkernel starts a new generation of beats; vmnixhbd has read the old one and goes on. */
static void move_generation(struct vmk *vmk)
{
    vmk->machine.info->generation++;
    ring_consumer_init(&vmk->ring, vmk->machine.info->generation);
    hb_new_generation(&vmk->hb);
}

/* The world that keeps pCPU 0: the one that the fault names, else one of the drivers. */
static void starve(struct vmk *vmk, const struct fault *f)
{
    const uint64_t draw = rng_derive(vmk->plan.seed, "keeper of pCPU 0");
    worlds_keep_console(&vmk->worlds, f->name[0] != '\0' ? f->name : NULL, draw);
    vmk->starved_since_ns = vmk->now_ns;
    log_files_hold(&vmk->log);
}

static void strike(struct vmk *vmk, const struct fault *f)
{
    if (fault_is(f->type, FAULT_SIGNALS))
        children_signal(vmk, (int)fault_signal(f));
    switch (f->type) {
    case FAULT_RING_CORRUPT:
        corrupt_ring(vmk, f);
        break;
    case FAULT_STALE_GENERATION:
        move_generation(vmk);
        break;
    case FAULT_WORLD_STARVE:
        starve(vmk, f);
        break;
    case FAULT_SCSI_SERIAL:
        vmk->machine.vmnix->serial = f->serial;
        break;
    default:
        break; /* the broken part asks fault_queue_on() */
    }
}

static void mend(struct vmk *vmk, const struct fault *f)
{
    if (f->type == FAULT_STOP)
        children_signal(vmk, SIGCONT);
    if (f->type == FAULT_WORLD_STARVE &&
        fault_queue_on(&vmk->faults, FAULT_WORLD_STARVE, NULL) == NULL) {
        worlds_give_console_back(&vmk->worlds);
        log_files_resume(&vmk->log, vmk->now_ns);
    }
}

bool inject_next(struct vmk *vmk, const struct glance *view, struct fault_event *ret)
{
    struct eyes eyes = { vmk, view };
    if (!fault_queue_take(&vmk->faults, vmk->now_ns, look, &eyes, ret))
        return false;
    assert(ret->at_ns == vmk->now_ns);
    const struct fault_note note = { .at_ns = ret->at_ns, .kind = ret->kind, .fault = ret->index };
    const struct fault *f = &vmk->plan.boot.fault[ret->index];
    if (ret->kind == FAULT_NOTE_ENDS)
        mend(vmk, f);
    journal(vmk, &note);
    if (ret->kind == FAULT_NOTE_BEGINS)
        strike(vmk, f);
    return true;
}

/* ---- beats that get lost -------------------------------------------------------------------- */
static bool hits(const struct fault *f, uint64_t draw)
{
    return draw % 100 < f->probability;
}

bool inject_doorbell_lost(const struct vmk *vmk, uint32_t number)
{
    const struct fault *f = fault_queue_on(&vmk->faults, FAULT_DOORBELL_LOSS, NULL);
    return f != NULL && hits(f, rng_hash(rng_derive(vmk->plan.seed, "doorbell"), number));
}

/* A beat is lost when its record was damaged on the way: the consumer then refuses it by its
 * checksum. Which beats are hit is a pure function of the seed and their numbers, so that it does
 * not matter when they are looked at. */
void inject_ring_drop(struct vmk *vmk)
{
    const struct fault *f = fault_queue_on(&vmk->faults, FAULT_RING_DROP, NULL);
    if (f == NULL)
        return;
    struct ring *ring = vmk->machine.ring;
    const uint64_t root = rng_derive(vmk->plan.seed, "ring-drop");
    const uint64_t head = __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE);
    if (head - vmk->ring.seq >= RING_SLOTS)
        return;
    for (uint64_t seq = vmk->ring.seq + 1; seq != head + 1; seq++) {
        struct ring_slot *slot = &ring->slot[seq % RING_SLOTS];
        const uint64_t draw = rng_hash(root, seq);
        if (hits(f, draw >> 40) && slot->seq == seq && slot->crc == ring_slot_crc(slot))
            slot->latency_ns ^= (uint64_t)1 << (draw >> 32) % 40;
    }
}
