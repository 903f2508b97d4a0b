/* fake_cos.c - a stand-in for `cos` that has no kernel: it takes grants and gives the baton back,
 * and misbehaves as it is told.
 *
 * Started by a real VMkernel like the real one (descriptors 3, 4 and 5, empty environment), it
 * finds its part in the boot parameters' `release` as "fake:MODE[,N]", N in seconds of virtual time
 * (default 0) from which on it misbehaves. It lets no vmnixhbd run; it puts the beats into the ring
 * itself, one per hbd_interval_ns, until N.
 *
 *     idle                beats stop at N, nothing else happens
 *     spin                keeps the baton for ever
 *     null                returns the baton at once and uses no time
 *     early               returns with a clock beyond its grant
 *     hand                gives vmnixhbd the baton and waits for it
 *     forge               puts beats that make no sense
 *     notes               notes of faults, one that makes sense and others
 *     future              one more beat, from the end of time
 *     die, crash          exits with status 7, aborts
 *     panic, oops, bug    yields with that reason */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/boot.h"
#include "shared/gate.h"
#include "shared/machine.h"
#include "shared/ring.h"

static struct gate *gate;
static const struct boot_params *boot;
static struct ring_producer producer;
static uint64_t next_beat_ns;

static bool is(const char *mode, const char *name)
{
    return strcmp(mode, name) == 0;
}

static void put_beats(uint64_t until_ns)
{
    for (; next_beat_ns <= until_ns; next_beat_ns += boot->hbd_interval_ns) {
        gate->yield.doorbells++;
        const struct ring_beat beat = { .time_ns = next_beat_ns, .latency_ns = 1000 };
        (void)ring_put(&producer, &beat);
    }
}

static void forge(struct ring *ring)
{
    gate->yield.doorbells++;
    ring->head += 1000;
    memset(ring->slot, 0xa5, sizeof ring->slot);
}

static void put_note(struct fault_notes *notes, struct fault_note note)
{
    notes->note[notes->head++ % FAULT_NOTES_MAX] = note;
}

static void put_notes(void)
{
    struct fault_notes *notes =
        (void *)((uintptr_t)boot - MACHINE_BOOT_OFFSET + MACHINE_NOTES_OFFSET);
    if (notes->head != 0)
        return;
    put_note(notes, (struct fault_note){
                        .at_ns = UINT64_MAX, .kind = FAULT_NOTE_BEGINS, .value = { 7, 8 } });
    put_note(notes, (struct fault_note){ .kind = FAULT_NOTE_BEGINS, .fault = 1 });
    put_note(notes, (struct fault_note){ .kind = 99 });
    put_note(notes, (struct fault_note){ .kind = 0 });
}

static void give_back(uint64_t now_ns, enum gate_yield reason)
{
    gate->yield.now_ns = now_ns;
    gate->yield.next_ns = UINT64_MAX;
    gate->yield.reason = reason;
    (void)snprintf(gate->yield.text, sizeof gate->yield.text, "as\ntold");
    (void)gate_pass(gate, GATE_COS, GATE_VMKERNEL);
}

static void wait_for(enum gate_party who)
{
    while (gate_wait(gate, who, 0) != 0)
        ;
}

static void misbehave(const char *mode, struct ring *ring, uint64_t until_ns)
{
    if (is(mode, "spin"))
        for (;;)
            __asm__ volatile("" ::: "memory");
    if (is(mode, "die"))
        exit(7);
    if (is(mode, "crash"))
        abort();
    if (is(mode, "hand")) {
        gate->reply.seq = 0;
        (void)gate_pass(gate, GATE_COS, GATE_VMNIXHBD);
        wait_for(GATE_COS);
    }
    if (is(mode, "notes"))
        put_notes();
    if (is(mode, "forge"))
        forge(ring);
    if (is(mode, "future") && producer.seq <= next_beat_ns / boot->hbd_interval_ns - 1) {
        gate->yield.doorbells++;
        const struct ring_beat beat = { .time_ns = UINT64_MAX };
        (void)ring_put(&producer, &beat);
    }
    const enum gate_yield reason = is(mode, "panic")  ? GATE_YIELD_PANIC
                                   : is(mode, "oops") ? GATE_YIELD_OOPS
                                   : is(mode, "bug")  ? GATE_YIELD_BUG
                                                      : GATE_YIELD_IDLE;
    const uint64_t now_ns = is(mode, "null") ? 0 : is(mode, "early") ? UINT64_MAX : until_ns;
    give_back(now_ns, reason);
}

static void run(const char *mode, uint64_t from_ns, struct ring *ring)
{
    for (;;) {
        wait_for(GATE_COS);
        const uint64_t until_ns = gate->grant.until_ns;
        put_beats(until_ns < from_ns ? until_ns : from_ns);
        if (until_ns >= from_ns)
            misbehave(mode, ring, until_ns);
        else
            give_back(until_ns, GATE_YIELD_IDLE);
    }
}

int main(void)
{
    struct stat st;
    if (fstat(MACHINE_FD_MEMORY, &st) != 0)
        return 2;
    unsigned char *base =
        mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, MACHINE_FD_MEMORY, 0);
    if (base == MAP_FAILED)
        return 2;
    boot = (const struct boot_params *)(base + MACHINE_BOOT_OFFSET);
    struct ring *ring = (struct ring *)(base + MACHINE_RING_OFFSET);
    char mode[64];
    unsigned long from_s = 0;
    gate = (struct gate *)(base + MACHINE_GATE_OFFSET);
    if (sscanf(boot->release, "fake:%60[a-z],%lu", mode, &from_s) < 1)
        return 2;
    ring_producer_init(&producer, ring, ((const struct machine_hostinfo *)base)->generation);
    next_beat_ns = boot->cos_start_ns + boot->hbd_interval_ns;
    run(mode, from_s * 1000000000u, ring);
}
