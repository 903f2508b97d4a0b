/* hostile_hbd.c - takes the place of vmnixhbd and writes into the machine memory all the time,
 * whoever has the baton: while the VMkernel reads the ring, while it dumps. The stun ends it. */
#include <sched.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "shared/boot.h"
#include "tests/lib/hostile/scribble.h"

int main(void)
{
    struct stat st;
    struct rng rng;
    if (fstat(MACHINE_FD_MEMORY, &st) != 0)
        return 2;
    unsigned char *base =
        mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, MACHINE_FD_MEMORY, 0);
    if (base == MAP_FAILED)
        return 2;
    const struct boot_params *boot = (const struct boot_params *)(base + MACHINE_BOOT_OFFSET);
    const uint64_t ram_bytes = (uint64_t)st.st_size - MACHINE_RAM_OFFSET;
    rng_init(&rng, boot->random, "hostile vmnixhbd");
    for (;;) {
        scribble(base, &rng, ram_bytes, 32);
        (void)sched_yield();
    }
}
