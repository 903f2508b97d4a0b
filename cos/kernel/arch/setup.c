/* setup.c - from the first instruction to pid 1: map the machine, move the kernel's data into its
 * RAM, start the kernel.
 *
 *      0xC0000000            0xC0105000     _sdata        _end               PAGE_OFFSET + RAM
 *      | RAM (memfd, shared) | text, rodata | data, bss   | RAM (memfd, shared) |
 *                             from the file   from the memfd, after a copy
 *
 * Data and bss are copied to the place in the memfd that their address means (address -
 * PAGE_OFFSET) and mapped from there, so that the RAM is the whole truth, also of a `cos` that was
 * killed. Text and rodata stay mapped from the file, as unwinders want it. */
#include "cos/kernel/arch/fiber.h"
#include "cos/kernel/arch/hypervisor.h"
#include "cos/kernel/arch/user_mode.h"
#include "cos/programs/init.h"
#include "cos/kernel/mm/mm.h"
#include "cos/kernel/debug/printk.h"
#include "cos/kernel/sched/v24/sched.h"
#include "cos/kernel/arch/scratch.h"
#include "cos/kernel/debug/sysrq.h"
#include "cos/kernel/drivers/hbd.h"
#include "cos/kernel/drivers/vmnix.h"
#include "shared/rawsys.h"

#define PROT_RW 3
#define MAP_SHARED_RAW 0x01
#define MAP_FIXED_RAW 0x10
#define MAP_PRIVATE_ANONYMOUS_RAW 0x22

extern char _end[];
#ifdef COS_HOSTED /* names of the standard linker script */
extern char __executable_start[], __data_start[];
#define IMAGE_START __executable_start
#define DATA_START __data_start
#else /* cos.lds */
extern char _simage[], _sdata[];
#define IMAGE_START _simage
#define DATA_START _sdata
#endif
void startup_32(kptr stack_top, void (*fn)(void)) __attribute__((noreturn));
void cos_early(void) __attribute__((noreturn));

const struct boot_params *boot_params;

/* Before the gate is mapped there is nobody to tell: leave with a status that the VMkernel reports.
 */
static void __attribute__((noreturn)) die_early(int status)
{
    for (;;)
        (void)rawsys3(RAWSYS_exit_group, status, 0, 0);
}

/* Map first, then compare: MAP_FIXED would silently take a place where something else lies. */
static void map(uintptr_t at, uint64_t bytes, uint64_t offset, int flags)
{
    if (bytes == 0)
        return;
    const long got = rawsys6(RAWSYS_mmap, (long)at, (long)bytes, PROT_RW, MAP_SHARED_RAW | flags,
                             MACHINE_FD_MEMORY, (long)offset);
    if (got != (long)at)
        die_early(71);
}

static void map_scratch(void)
{
    const long got = rawsys6(RAWSYS_mmap, SCRATCH_HEAT_VA, SCRATCH_HEAT_SIZE + SCRATCH_SIZE,
                             PROT_RW, MAP_PRIVATE_ANONYMOUS_RAW, -1, 0);
    if (got != SCRATCH_HEAT_VA)
        die_early(71);
}

static const struct machine_hostinfo *hostinfo(void)
{
    return PTR(const struct machine_hostinfo, MACHINE_WINDOW_VA + MACHINE_HOSTINFO_OFFSET);
}

static void map_ram(void)
{
    const uintptr_t start = MACHINE_PAGE_OFFSET, image = (uintptr_t)IMAGE_START;
    const uintptr_t data = (uintptr_t)DATA_START & ~(uintptr_t)(PAGE_SIZE - 1);
    const uintptr_t end = ((uintptr_t)_end + PAGE_SIZE - 1) & ~(uintptr_t)(PAGE_SIZE - 1);
    const uint64_t ram = hostinfo()->ram_bytes;

    if (hostinfo()->magic != MACHINE_HOSTINFO_MAGIC || hostinfo()->version != MACHINE_VERSION ||
        end - start >= ram)
        die_early(72);
    map(start, image - start, MACHINE_RAM_OFFSET, 0);
    map(end, start + ram - end, MACHINE_RAM_OFFSET + (end - start), 0);

    const uint64_t offset = MACHINE_RAM_OFFSET + (data - start);
    if (rawsys6(RAWSYS_pwrite64, MACHINE_FD_MEMORY, (long)data, (long)(end - data), (long)offset, 0,
                0) != (long)(end - data))
        die_early(73);
    map(data, end - data, offset, MAP_FIXED_RAW);
}

uint64_t cos_random(const char *name)
{
    return rng_derive(boot_params->random, name);
}

/* The words are those of 2.4 kernels of Red Hat [INFERRED]; sizes are this machine's. */
static void banner(void)
{
    const uint32_t pages = (uint32_t)(hostinfo()->ram_bytes / PAGE_SIZE);
    const uint32_t low = 16u * 1024 * 1024 / PAGE_SIZE, dma = pages < low ? pages : low;
    printk("Linux version %s (gcc version 3.2.3 20030502) #1\n", boot_params->release);
    printk("BIOS-provided physical RAM map:\n");
    printk(" VMNIX: 0000000000000000 - %016lx (usable)\n", (unsigned long)hostinfo()->ram_bytes);
    printk("0MB HIGHMEM available.\n");
    printk("%uMB LOWMEM available.\n", pages >> 8);
    printk("On node 0 totalpages: %u\n", pages);
    printk("zone(0): %u pages.\n", dma);
    printk("zone(1): %u pages.\n", pages - dma);
    printk("zone(2): 0 pages.\n");
    printk("Kernel command line: ro root=/dev/sda2 mem=%uM\n", pages >> 8);
    printk("Initializing CPU#0\n");
}

/** The kernel proper, on the stack of pid 0. */
static KERNEL_FN void start_kernel(void)
{
    const uint32_t image_end = (uint32_t)((uintptr_t)_end - MACHINE_PAGE_OFFSET);

    fiber_arrive();
    boot_params = PTR(const struct boot_params, MACHINE_WINDOW_VA + MACHINE_BOOT_OFFSET);
    if (boot_params->magic != BOOT_MAGIC || boot_params->bytes != sizeof *boot_params)
        die_early(74);
    sched_init();
    time_init();
    wait_queue_init(&log_wait);
    hbd_init();
    vmnix_init();
    banner();
    mem_init(image_end, (uint32_t)hostinfo()->ram_bytes);
    swap_init(boot_params->swap_pages);
    printk("Memory: %uk/%uk available\n", nr_free_pages() * 4, max_mapnr * 4);
    printk("EXT3-fs: mounted filesystem with ordered data mode.\n");
    sysrq_init();
    start_init();
    PTR(struct machine_hostinfo, MACHINE_WINDOW_VA + MACHINE_HOSTINFO_OFFSET)->cos_ready = 1;
    cpu_idle();
}

void cos_early(void)
{
    map(MACHINE_WINDOW_VA, MACHINE_WINDOW_SIZE, 0, 0);
    map_scratch();
    hypervisor_first_grant();
    const struct cos_clock clock =
        cos_clock; /* survives the move of the data only because it is copied with it */
    map_ram();
    cos_clock = clock;
    if (!user_stacks_map(hostinfo()->ram_bytes))
        die_early(71);
    current_task = kptr_of(init_task); /* whose stack it is that fiber_leave() announces */
    fiber_leave(0);
    startup_32(kptr_of(&init_task_union) + THREAD_SIZE - 32, start_kernel);
}

#ifdef COS_HOSTED
int main(void)
{
    cos_early();
}
#endif
