/* spike.c - memory that is taken within minutes: a report over everything, a search that went
 * wrong, a file read at one go.
 *
 * It lies in mappings of 2 MB from 0x90000000 on, made one after the other as malloc() makes them
 * for large requests, and all are given back when the time of the fault is over. An existing
 * program does this beside its work, or one that does nothing else and ends then ("report"). */
#include "cos/kernel/mm/mm.h"
#include "cos/programs/faults.h"
#include "cos/programs/pressure.h"
#include "shared/units.h"

#define SPIKE_START 0x90000000u
#define SPIKE_END 0xb8000000u
#define CHUNK_PAGES 512u
#define STEP_NS (500 * NS_PER_MS) /* how often it takes more. OUR CHOICE */

/* One more page. @return false when there is no room for it, in the machine or in the program */
static bool take_page(struct program *p)
{
    const uint32_t address = SPIKE_START + p->spike_pages * PAGE_SIZE;
    if (p->spike_pages % CHUNK_PAGES == 0 &&
        (address >= SPIKE_END || sys(old_mmap, address, CHUNK_PAGES * PAGE_SIZE) != 0))
        return false;
    p->spike_pages++;
    ASSERT(user_account(program_byte(address), true));
    program_give_way(p);
    return true;
}

static void give_all(struct program *p)
{
    for (uint32_t at = 0; at < p->spike_pages; at += CHUNK_PAGES)
        ASSERT(sys(sys_munmap, SPIKE_START + at * PAGE_SIZE) == 0);
    p->spike_pages = 0;
}

bool program_spike(struct program *p)
{
    uint32_t wanted = 0;
    bool on = false;
    for (uint64_t left = p->spikes; left != 0; left &= left - 1) {
        const uint32_t i = (uint32_t)__builtin_ctzll(left);
        const struct fault *f = fault_at(i);
        if (!fault_goes_on(i))
            continue;
        on = true;
        wanted += spike_pages(f->size_kb, f->shape == FAULT_SHAPE_STEP ? 0 : f->within_ns,
                              fault_lasts_ns(i));
    }
    if (!on && p->spike_pages > 0)
        give_all(p);
    while (p->spike_pages < wanted && take_page(p))
        ;
    return on;
}

int prog_report(struct program *p)
{
    p->spikes = (uint64_t)1 << (p->fault - 1);
    for (;;) {
        const bool grows = fault_lasts_ns(p->fault - 1) < fault_of(p)->within_ns;
        if (!program_spike(p))
            return 0;
        program_round(p);
        if (grows)
            program_sleep_until(cos_clock.now_ns + STEP_NS);
        else
            program_sleep(p);
    }
    return 0;
}
