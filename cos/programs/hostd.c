/* hostd.c - a daemon whose size breathes: vmware-hostd, webAccess.
 *
 * The requests that it serves live in a scratch mapping that is made anew each round with
 * another size, below 1/200 of its data. So its line in vmksummary goes up and down by some
 * hundred kB, as in [KB308590] (82812, 83180 kB); how is OUR CHOICE. */
#include "cos/kernel/mm/mm.h"
#include "cos/programs/program.h"

#define SCRATCH_START 0x70000000u
#define SCRATCH_SHARE 200u /* of the data pages */

static void drop_scratch(struct program *p)
{
    if (p->scratch_pages == 0)
        return;
    ASSERT(sys(sys_munmap, SCRATCH_START) == 0);
    p->scratch_pages = 0;
}

/* A request that gets no memory is one that fails; the daemon lives on. */
static void serve_requests(struct program *p)
{
    drop_scratch(p);
    const uint32_t pages = (uint32_t)rng_below(&current->rng, p->data_pages / SCRATCH_SHARE + 1);
    if (pages == 0 || sys(old_mmap, SCRATCH_START, pages * PAGE_SIZE) != 0)
        return;
    p->scratch_pages = pages;
    for (uint32_t i = 0; i < pages; i++) {
        ASSERT(user_account(program_byte(SCRATCH_START + i * PAGE_SIZE), true));
        return_to_user();
    }
}

int prog_hostd(struct program *p)
{
    for (;;) {
        program_sleep(p);
        program_round(p);
        serve_requests(p);
    }
}
