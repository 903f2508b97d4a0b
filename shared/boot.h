/* boot.h - boot parameters: what the VMkernel tells a COS that starts.
 *
 * The counterpart of a kernel command line, a disk's file system and /etc/rc.d in one record: how
 * the host is called, what time it is, which programs start with which sizes and habits, and which
 * of them have a flaw. The VMkernel writes it into the window before the first grant; the COS
 * copies what it needs. It lies outside the COS RAM, so no core holds it. No scenario name and no
 * seed stands in it, only a number derived from the seed. All times are virtual ns since VMkernel
 * boot. Strings are zero-terminated and zero-filled. */
#ifndef SHARED_BOOT_H
#define SHARED_BOOT_H

#include <stdint.h>

#include "shared/fault.h"
#include "shared/machine.h"

#define BOOT_MAGIC 0x544f4f42u /* "BOOT" */
#define BOOT_PROGRAMS_MAX 512u
#define BOOT_FAULTS_MAX FAULTS_MAX
#define BOOT_NAME_MAX 16u /* a Linux comm: 15 bytes and a zero */

/* has CAP_SYS_RAWIO, as every ordinary root daemon: the OOM killer sends SIGTERM */
#define BOOT_PROG_RAWIO 0x1u
#define BOOT_PROG_SIGTERM 0x2u /* catches SIGTERM and lives on */
#define BOOT_PROG_ROOT 0x4u    /* uid 0 */
#define BOOT_PROG_MLOCK 0x8u   /* mlockall: its pages stay in RAM */

/* Magic SysRq keys: show memory, tasks, registers. */
#define BOOT_SYSRQ_M 0u
#define BOOT_SYSRQ_T 1u
#define BOOT_SYSRQ_P 2u
#define BOOT_SYSRQ_KEYS 3u

/* One program that runs in the COS. Sizes are kB of virtual memory; VSZ = text + libs + data +
 * stack. */
struct boot_program {
    char name[BOOT_NAME_MAX];      /* comm, e.g. "vmware-hostd" */
    char behaviour[BOOT_NAME_MAX]; /* which function of cos/programs/ runs it, e.g. "daemon" */
    uint32_t pid;                  /* COS pid; 0 = next free from 1000 on */
    uint32_t flags;                /* BOOT_PROG_* */
    int32_t nice;                  /* -20..19 */
    uint32_t text_kb;              /* own program text, file-backed */
    uint32_t lib_kb;        /* how much of the shared libraries it maps, file-backed and shared */
    uint32_t data_kb;       /* heap and data, anonymous, touched at start */
    uint32_t stack_kb;      /* user stack, anonymous, touched at start */
    uint32_t touch_pages;   /* pages of text, libs and data that one round of work touches */
    uint32_t content_every; /* each n-th data page holds text that names its owner; others stay
                               zero. 0 = none */
    uint32_t policy;        /* SCHED_NORMAL 0, SCHED_FIFO 1, SCHED_RR 2 */
    uint32_t rt_prio;       /* of the two real-time policies, 1..99 */
    uint32_t restart;       /* 1 + the minute of the day at which root's crontab restarts it;
                               0 = it does not */
    uint64_t start_ns;      /* when it is started */
    uint64_t period_ns;     /* one round of work per this, +-10 % by its random stream. 0 = never */
    uint64_t cpu_ns;        /* CPU that one round takes */
};

struct boot_fault {
    uint32_t type; /* enum boot_fault_type */
    uint32_t pad;
    char target[BOOT_NAME_MAX];
    uint64_t at_ns, for_ns; /* for_ns 0 = until the end */
    uint64_t arg[4];
};

/* How the run before this start ended. */
enum boot_after {
    BOOT_AFTER_NOTHING = 0,    /* the first start of this host */
    BOOT_AFTER_POWER_LOSS = 1, /* it was cut off, or reset while it ran */
    BOOT_AFTER_HALT = 2,
    BOOT_AFTER_REBOOT = 3,
    BOOT_AFTER_PURPLE = 4, /* a purple screen, then the reset button */
};

/* What the start scripts have to tell: filled in by the VMkernel (recovery.c) at each start. The
 * lines go to the log as they are. */
#define BOOT_START_LINES_MAX 24u
#define BOOT_START_LINE_MAX 200u
struct boot_start {
    uint32_t after;          /* enum boot_after */
    uint32_t vmkernel_error; /* 1 = a dump of the VMkernel was found that no start had told of */
    uint32_t line_count;
    uint32_t pad;
    char line[BOOT_START_LINES_MAX][BOOT_START_LINE_MAX]; /* for messages, tag included */
};

struct boot_params {
    uint32_t magic;
    uint32_t bytes;           /* sizeof(struct boot_params) */
    char host[64];            /* host name as in the logs */
    char build[16];           /* build of the VMkernel, as in vmksummary */
    char release[64];         /* kernel release, e.g. 2.4.21-57.ELvmnix */
    int64_t epoch_boot_s;     /* UTC epoch seconds at virtual time 0 */
    int32_t utc_offset_s;     /* host time zone, a fixed offset: UTC-5 is -18000 */
    uint32_t swap_pages;      /* usable slots of the swap partition */
    uint32_t reserved_kb;     /* memory that the boot reserves besides image, mem_map and tables, so
                                 that MemTotal is the release's */
    uint32_t vms;             /* virtual machines that vmksummary counts */
    uint64_t random;          /* root of the COS's random streams, derived from the seed */
    uint64_t cos_start_ns;    /* when the COS boots */
    uint64_t hbd_interval_ns; /* one beat per this */
    uint32_t hbd_pid;         /* 20 */
    uint32_t program_count;
    uint32_t fault_count;
    uint32_t pad;
    uint64_t cron_daily_ns;    /* length hint of the nightly job, 0 = there is none */
    uint32_t cron_daily_files; /* files that it looks at (each a dentry and an inode) */
    uint32_t cron_daily_kb;    /* memory that the nightly job needs at its peak */
    uint64_t top_ns; /* `top -b` from cron each so often [KB1006797]; 0 = it is not set up */
    struct boot_start start;
    uint64_t sysrq_ns[BOOT_SYSRQ_KEYS]; /* when somebody at the console presses these; 0 = never */
    struct boot_program program[BOOT_PROGRAMS_MAX];
    struct fault fault[BOOT_FAULTS_MAX]; /* those of the COS (fault_side()) have a type; of others
                                            the COS sees FAULT_NONE */
};
_Static_assert(sizeof(struct boot_params) <= MACHINE_BOOT_SIZE, "boot parameters fit their pages");
_Static_assert(sizeof(struct fault_notes) <= MACHINE_NOTES_SIZE, "notes fit their pages");

#endif /* SHARED_BOOT_H */
