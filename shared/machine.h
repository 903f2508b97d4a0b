/* machine.h - the layout of the machine memory that both kernels see.
 *
 * The machine memory is one memfd, created and sealed (F_SEAL_SHRINK, F_SEAL_GROW) by the VMkernel
 * and inherited by descriptor. It has no name in any file system. Its first megabyte is the
 * "window": the pages through which the two sides talk. The RAM of the service console (COS)
 * follows.
 *
 *     offset      size     content                        written by
 *     0x000000    4 kB     host-info page                 VMkernel (COS: the fields below "cos")
 *     0x001000    8 kB     heartbeat ring (ring.h)        vmnixhbd
 *     0x003000    4 kB     gate: baton and calls (gate.h) whoever holds the baton
 *     0x004000  240 kB     boot parameters (boot.h)       VMkernel, before the COS starts
 *     0x040000   16 kB     VMNIX calls (vmnix.h)          COS; answers: VMkernel
 *     0x044000   48 kB     notes of faults (fault.h)      COS
 *     0x100000    RAM      COS RAM, physical address 0    COS; vmnixhbd (its one page)
 *
 * This header decides offsets and descriptor numbers and nothing else. Everything in the memory can
 * be written by a COS that went mad: the VMkernel copies a value out once, checks the copy, and
 * uses the copy.
 */
#ifndef SHARED_MACHINE_H
#define SHARED_MACHINE_H

#include <stddef.h>
#include <stdint.h>

#define MACHINE_PAGE_SIZE 4096u
#define MACHINE_HOSTINFO_OFFSET 0x0000u
#define MACHINE_RING_OFFSET 0x1000u
#define MACHINE_GATE_OFFSET 0x3000u
#define MACHINE_BOOT_OFFSET 0x4000u
#define MACHINE_BOOT_SIZE 0x3C000u
#define MACHINE_VMNIX_OFFSET 0x40000u
#define MACHINE_VMNIX_SIZE 0x4000u
#define MACHINE_NOTES_OFFSET 0x44000u
#define MACHINE_NOTES_SIZE 0xC000u
#define MACHINE_WINDOW_SIZE 0x100000u
#define MACHINE_RAM_OFFSET 0x100000u

/* COS RAM sizes that a host may have, in MB. 32 is the test profile; 800 is the product's most (ESX
 * manuals). */
#define MACHINE_RAM_MB_MIN 32u
#define MACHINE_RAM_MB_MAX 800u

/* Descriptors that the children of the VMkernel find open. Fixed, so that no number depends on the
 * parent. */
enum machine_fd {
    MACHINE_FD_MEMORY = 3, /* the machine memory (cos, vmnixhbd) */
    MACHINE_FD_HOST = 4,   /* the host directory: root of the COS's VFS (cos) */
    MACHINE_FD_SWAP = 5,   /* the swap partition: an unnamed memfd (cos) */
};

/* Where `cos` maps things. The RAM starts at PAGE_OFFSET as in Linux 2.4 on i386, and the kernel
 * image is linked 1 MB above it, so that addresses look as they did. Sanitizer builds are hosted
 * programs whose run-time owns other parts of the address space, so they sit lower; their addresses
 * are true, but other ones. */
#ifdef COS_HOSTED
#define MACHINE_PAGE_OFFSET 0x10000000u
#define MACHINE_WINDOW_VA 0x0E000000u
#else
#define MACHINE_PAGE_OFFSET 0xC0000000u
#define MACHINE_WINDOW_VA 0xFE000000u
#endif
#define MACHINE_IMAGE_OFFSET 0x100000u /* image start = PAGE_OFFSET + this */

#define MACHINE_HOSTINFO_MAGIC 0x4f464e49u /* "INFO" */
#define MACHINE_VERSION 1u

/* The COS runs every pass of a livelock instead of computing where many equal ones lead. Slow; the
 * artefacts are the same. Set by a VMkernel that was built with LIVELOCK_SKIP=0: it is not a
 * property of the COS image, whose bytes are part of every core. */
#define MACHINE_FLAG_NO_SKIP 0x1u

/* Host-info page. The VMkernel fills `magic` to `cos_khz` before the COS starts; the COS only reads
 * those. */
struct machine_hostinfo {
    uint32_t magic;        /* MACHINE_HOSTINFO_MAGIC */
    uint32_t version;      /* MACHINE_VERSION */
    uint64_t memory_bytes; /* whole memfd */
    uint64_t ram_bytes;    /* COS RAM */
    uint64_t swap_bytes;   /* swap device */
    uint32_t boot_offset;  /* MACHINE_BOOT_OFFSET */
    uint32_t boot_bytes;   /* bytes used there */
    uint32_t generation;   /* generation that beats must carry (ring.h) */
    uint32_t cos_khz;      /* what the COS believes of its CPU */
    uint32_t flags;        /* MACHINE_FLAG_* */
    uint32_t pad0;
    /* "cos" fields: written by the COS once its kernel runs */
    uint32_t cos_ready; /* 1 from the first hand-over after start_kernel */
    uint32_t pad;
};
_Static_assert(sizeof(struct machine_hostinfo) == 64, "host-info page is an interface");

#endif /* SHARED_MACHINE_H */
