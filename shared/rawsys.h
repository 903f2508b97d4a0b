/* rawsys.h - system calls of the host, without a libc.
 *
 * `cos` is freestanding, as a kernel is: it has no libc, whose stack canaries and buffers would
 * bring bytes into its RAM that no seed determines. It and the gate reach the host's kernel through
 * these two lines of assembly (x86-64 Linux ABI: negative results are -errno). Everything else in
 * the project uses libc. */
#ifndef SHARED_RAWSYS_H
#define SHARED_RAWSYS_H

#include <stdint.h>

enum rawsys_nr {
    RAWSYS_read = 0,
    RAWSYS_write = 1,
    RAWSYS_close = 3,
    RAWSYS_lseek = 8,
    RAWSYS_mmap = 9,
    RAWSYS_munmap = 11,
    RAWSYS_pread64 = 17,
    RAWSYS_pwrite64 = 18,
    RAWSYS_exit_group = 231,
    RAWSYS_clock_gettime = 228,
    RAWSYS_futex = 202,
    RAWSYS_openat = 257,
    RAWSYS_mkdirat = 258,
    RAWSYS_unlinkat = 263,
    RAWSYS_getdents64 = 217,
    RAWSYS_fallocate = 285,
    RAWSYS_renameat = 264,
    RAWSYS_ftruncate = 77,
    RAWSYS_fsync = 74,
    RAWSYS_prctl = 157,
    RAWSYS_madvise = 28,
};

struct rawsys_timespec {
    int64_t sec, nsec;
};

static inline long rawsys6(long nr, long a, long b, long c, long d, long e, long f)
{
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long ret;
    __asm__ volatile("syscall"
                     : "=a"(ret)
                     : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return ret;
}

static inline long rawsys3(long nr, long a, long b, long c)
{
    return rawsys6(nr, a, b, c, 0, 0, 0);
}

#endif /* SHARED_RAWSYS_H */
