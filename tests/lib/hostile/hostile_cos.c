/* hostile_cos.c - a service console that was taken over. It starts as minicos does, with a task
 * list and a log that a dump can read, and then turns on its VMkernel: between grants it writes
 * random and crafted values into everything that the VMkernel reads, and hands back yields that
 * make no sense.
 *
 * What it does is a function of boot_params.random, so a seed names a run (but for hostile_hbd,
 * which scribbles at the same time). */
#include "tests/lib/hostile/scribble.h"

#include "shared/boot.h"
#include "shared/rawsys.h"

#define REASONS 9u

void minicos_rest(void);
uint64_t hostile_random; /* its own copy: the record in the window may be overwritten */

/* Through the descriptor: one address for window and RAM, and no fault where minicos has nothing
 * mapped. */
static void write_at(uint64_t offset, uint64_t value, unsigned bytes)
{
    (void)rawsys6(RAWSYS_pwrite64, MACHINE_FD_MEMORY, (long)(uintptr_t)&value, bytes, (long)offset,
                  0, 0);
}

static void turn_on_vmkernel(struct rng *rng, uint64_t ram_bytes)
{
    for (uint64_t n = rng_below(rng, 40); n > 0; n--) {
        const uint64_t at = scribble_place(rng, ram_bytes);
        const uint64_t value = scribble_value(rng, ram_bytes);
        write_at(at, value, rng_below(rng, 3) == 0 ? 8 : 4);
    }
}

/* Any number but BUG: by that one the model accuses itself, and is believed. */
static uint32_t any_reason(struct rng *rng)
{
    const uint32_t reason = (uint32_t)rng_below(rng, REASONS);
    return reason != GATE_YIELD_BUG ? reason : UINT32_MAX;
}

static void give_back(struct rng *rng, struct gate *g, uint64_t until_ns, uint64_t ram_bytes)
{
    const bool sane = rng_below(rng, 4) != 0;
    g->yield.now_ns = sane ? until_ns : scribble_value(rng, ram_bytes);
    g->yield.next_ns = sane ? UINT64_MAX : scribble_value(rng, ram_bytes);
    g->yield.reason = sane ? GATE_YIELD_IDLE : any_reason(rng);
    g->yield.doorbells += (uint32_t)rng_below(rng, 3);
    if (rng_below(rng, 8) == 0) {
        g->yield.hbd_event = (uint32_t)rng_below(rng, 5);
        g->yield.hbd_event_ns = scribble_value(rng, ram_bytes);
    }
    (void)gate_pass(g, GATE_COS, GATE_VMKERNEL);
}

void minicos_rest(void)
{
    struct gate *g = (void *)(uintptr_t)(MACHINE_WINDOW_VA + MACHINE_GATE_OFFSET);
    const struct machine_hostinfo *info = (void *)(uintptr_t)MACHINE_WINDOW_VA;
    const struct boot_params *boot = (void *)(uintptr_t)(MACHINE_WINDOW_VA + MACHINE_BOOT_OFFSET);
    const uint64_t ram_bytes = info->ram_bytes;
    struct rng rng;

    hostile_random = boot->random;
    rng_init(&rng, hostile_random, "hostile cos");
    for (;;) {
        while (gate_wait(g, GATE_COS, 0) != 0)
            ;
        const uint64_t until_ns = g->grant.until_ns;
        turn_on_vmkernel(&rng, ram_bytes);
        give_back(&rng, g, until_ns, ram_bytes);
    }
}
