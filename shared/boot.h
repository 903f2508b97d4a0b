/* boot.h - boot parameters: what a COS that starts learns from the VMkernel.
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

#define PROGRAM_FLAG(key, flag, bit, ...) flag = bit,
enum boot_program_flag {
#include "shared/plan.def"
};

/* Magic SysRq keys: show memory, tasks, registers. */
#define BOOT_SYSRQ_M 0u
#define BOOT_SYSRQ_T 1u
#define BOOT_SYSRQ_P 2u
#define BOOT_SYSRQ_KEYS 3u

/* One program that runs in the COS. Sizes are kB of virtual memory; VSZ = text + libs + data +
 * stack. plan.def says what each member is. */
#define PROGRAM_TEXT(member, ...) char member[BOOT_NAME_MAX];
#define PROGRAM_NUMBER(member, ctype, ...) ctype member;
struct boot_program {
#include "shared/plan.def"
};

/* How the run before this start ended. */
enum boot_after {
    BOOT_AFTER_NOTHING = 0,    /* the first start of this host */
    BOOT_AFTER_POWER_LOSS = 1, /* it was cut off, or reset while it ran */
    BOOT_AFTER_HALT = 2,
    BOOT_AFTER_REBOOT = 3,
    BOOT_AFTER_PURPLE = 4, /* a purple screen, then the reset button */
};

/* What the start scripts report: filled in by the VMkernel (recovery.c) at each start. The
 * lines go to the log as they are. */
#define BOOT_START_LINES_MAX 24u
#define BOOT_START_LINE_MAX 200u
struct boot_start {
    uint32_t after;          /* enum boot_after */
    uint32_t vmkernel_error; /* 1 = a dump of the VMkernel was found that no start had reported */
    uint32_t line_count;
    uint32_t pad;
    char line[BOOT_START_LINES_MAX][BOOT_START_LINE_MAX]; /* for messages, tag included */
};

/* plan.def says what the members are that are not here. */
#define BOOT_TEXT(member, size, ...) char member[size];
#define BOOT_NUMBER(member, ctype, ...) ctype member;
struct boot_params {
    uint32_t magic;
    uint32_t bytes;  /* sizeof(struct boot_params) */
    uint64_t random; /* root of the COS's random streams, derived from the seed */
#include "shared/plan.def"
    uint32_t program_count;
    uint32_t fault_count;
    struct boot_start start;
    uint64_t sysrq_ns[BOOT_SYSRQ_KEYS]; /* when somebody at the console presses these; 0 = never */
    struct boot_program program[BOOT_PROGRAMS_MAX];
    struct fault fault[BOOT_FAULTS_MAX]; /* those of the COS (fault_side()) have a type; of others
                                            the COS sees FAULT_NONE */
};
_Static_assert(sizeof(struct boot_params) <= MACHINE_BOOT_SIZE, "boot parameters fit their pages");
_Static_assert(sizeof(struct fault_notes) <= MACHINE_NOTES_SIZE, "notes fit their pages");

#endif /* SHARED_BOOT_H */
