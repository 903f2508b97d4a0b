/* kstat.h - what the kernel counts for /proc/stat: CPU time by kind, transfers of the disk.
 *
 * Interrupts have no time of their own here: what a handler takes belongs to the task that it
 * interrupts. The tick of an idle console is not executed (time.c) and counted all the same, since
 * HZ a second is what a 2.4 kernel has. */
#ifndef COS_KSTAT_H
#define COS_KSTAT_H

#include "cos/kernel/kernel.h"

/* The disk's line. OUR CHOICE; the timer has 0. */
#define DISK_IRQ 11u

struct disk_stat {
    uint32_t ios;   /* transfers, after merging */
    uint32_t pages; /* all of them, and those from or to the swap partition */
    uint32_t swap_pages;
};
struct kernel_stat {
    struct disk_stat disk[2]; /* [0] reads, [1] writes */
    uint64_t disk_busy_ns;    /* whole transfers */
    uint64_t disk_since_ns;   /* the one that is under way began then; UINT64_MAX = none is */
    uint64_t iowait_ns;       /* idle while the disk was busy */
    uint64_t idle_busy_ns;    /* disk_busy_ns as it was when the CPU became idle */
    uint32_t forks;
};
extern struct kernel_stat kstat;

/* CPU time since the boot, all tasks, ended ones included. */
struct cpu_times {
    uint64_t user_ns, nice_ns, system_ns, iowait_ns;
};

/** The disk begins with a transfer. */
void kstat_disk_start(void);
/** It has done with it: `pages` of them, on the swap partition or not. */
void kstat_disk_done(bool write, uint32_t pages, bool swap);
/** The CPU has nothing to run from now on; it has again. */
void kstat_idle_start(void);
void kstat_idle_end(void);
/** Book the time of a task to one of the three kinds that it has. */
void cpu_times_add(struct cpu_times *to, int32_t static_prio, uint64_t utime_ns, uint64_t stime_ns);

#endif /* COS_KSTAT_H */
