/* machine.c - see machine.h. */
#include "vmkernel/host/machine.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "shared/err.h"
#include "shared/rng.h"
#include "shared/units.h"
#include "vmkernel/host/vmk.h"

static int fail(struct err *err, const char *what)
{
    const int error = -errno;
    return err_set(err, error, "machine memory: %s: %s", what, err_text(error));
}

/* A memfd whose size nobody can change: a COS that shrank it would kill the VMkernel with SIGBUS.
 * Written pages stay shared. */
static int sealed_memfd(const char *name, uint64_t bytes)
{
    const int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return -1;
    if (ftruncate(fd, (off_t)bytes) != 0 ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

static int map(struct machine *m, struct err *err)
{
    m->memory_fd = sealed_memfd("machine", m->bytes);
    if (m->memory_fd < 0)
        return fail(err, "cannot create it");
    void *base =
        mmap(NULL, m->bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, m->memory_fd, 0);
    if (base == MAP_FAILED)
        return fail(err, "cannot map it");
    m->base = base;
    m->info = (struct machine_hostinfo *)(m->base + MACHINE_HOSTINFO_OFFSET);
    m->ring = (struct ring *)(m->base + MACHINE_RING_OFFSET);
    m->gate = (struct gate *)(m->base + MACHINE_GATE_OFFSET);
    m->boot = (struct boot_params *)(m->base + MACHINE_BOOT_OFFSET);
    m->vmnix = (struct vmnix *)(m->base + MACHINE_VMNIX_OFFSET);
    m->notes = (struct fault_notes *)(m->base + MACHINE_NOTES_OFFSET);
    m->ram = m->base + MACHINE_RAM_OFFSET;
    return 0;
}

/* 0 makes the COS run every pass of a livelock (machine.h). For tests only; a compile-time matter
 * like all that is no fault of a scenario. */
#ifndef LIVELOCK_SKIP
#define LIVELOCK_SKIP 1
#endif

static void fill_hostinfo(struct machine *m, const struct plan *plan, uint64_t swap_bytes)
{
    *m->info = (struct machine_hostinfo){
        .magic = MACHINE_HOSTINFO_MAGIC,
        .version = MACHINE_VERSION,
        .memory_bytes = m->bytes,
        .ram_bytes = m->ram_bytes,
        .swap_bytes = swap_bytes,
        .boot_offset = MACHINE_BOOT_OFFSET,
        .boot_bytes = sizeof(struct boot_params),
        .generation = MACHINE_GENERATION,
        .cos_khz = plan->cpu_khz,
        .flags = LIVELOCK_SKIP ? 0 : MACHINE_FLAG_NO_SKIP,
    };
}

static void remove_program(struct boot_params *boot, const char *name)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < boot->program_count; i++)
        if (strncmp(boot->program[i].name, name, sizeof boot->program[i].name) != 0)
            boot->program[kept++] = boot->program[i];
    memset(&boot->program[kept], 0, (boot->program_count - kept) * sizeof boot->program[0]);
    boot->program_count = kept;
}

/* What no-start keeps from being started: the heartbeat daemon, or a program by its name. */
static void leave_out(struct boot_params *boot, const struct fault *f)
{
    if (strcmp(f->target, "vmnixhbd") == 0)
        boot->hbd_pid = 0;
    else
        remove_program(boot, f->target);
}

/* The plan's record with what only the VMkernel knows. The COS gets a number derived from the seed,
 * never the seed. */
static void fill_boot(struct boot_params *to, const struct plan *plan)
{
    memcpy(to, &plan->boot, sizeof *to);
    for (uint32_t i = 0; i < to->fault_count; i++)
        if (plan->boot.fault[i].type == FAULT_NO_START)
            leave_out(to, &plan->boot.fault[i]);
    for (uint32_t i = 0; i < to->fault_count; i++)
        if (fault_side(&to->fault[i]) != FAULT_SIDE_COS)
            memset(&to->fault[i], 0, sizeof to->fault[i]); /* indices stay those of the plan */
    to->magic = BOOT_MAGIC;
    to->bytes = sizeof *to;
    to->random = rng_derive(plan->seed, "cos");
}

int machine_init(struct vmk *vmk, struct err *err)
{
    struct machine *m = &vmk->machine;
    const struct plan *plan = &vmk->plan;
    assert(plan->ram_mb >= MACHINE_RAM_MB_MIN && plan->ram_mb <= MACHINE_RAM_MB_MAX);
    m->ram_bytes = plan->ram_mb * MB;
    m->bytes = MACHINE_RAM_OFFSET + m->ram_bytes;
    const int error = map(m, err);
    if (error != 0)
        return error;
    /* One page more than slots: the first page of a swap partition is its header. */
    const uint64_t swap_bytes = ((uint64_t)plan->boot.swap_pages + 1) * MACHINE_PAGE_SIZE;
    m->swap_fd = sealed_memfd("swap", swap_bytes);
    if (m->swap_fd < 0)
        return fail(err, "cannot create the swap partition");
    fill_hostinfo(m, plan, swap_bytes);
    fill_boot(m->boot, plan);
    m->vmnix->serial = 1;
    return 0;
}

void machine_fini(struct machine *machine)
{
    if (machine->base != NULL)
        (void)munmap(machine->base, machine->bytes);
    if (machine->memory_fd > 0)
        (void)close(machine->memory_fd);
    if (machine->swap_fd > 0)
        (void)close(machine->swap_fd);
    memset(machine, 0, sizeof *machine);
}
