/* cos_harness.h - the whole COS kernel in a test program: scheduler, processes, memory, programs,
 * on their real stacks in their RAM. Only the VMkernel and the heartbeat daemon are missing: time
 * is granted whenever a grant ends.
 *
 * A run is a child process, so that each begins with untouched kernel data. cmocka's assertions
 * work in it as they do outside (a failed one ends the run), and so does the kernel's ASSERT(). */
#ifndef TESTS_COS_HARNESS_H
#define TESTS_COS_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "cos/kernel/faults/fault_note.h"
#include "cos/kernel/mm/v24/lru.h"
#include "cos/kernel/mm/v24/oom_kill.h"
#include "cos/kernel/mm/pagetable.h"
#include "cos/kernel/mm/v24/rmap.h"
#include "cos/kernel/mm/slab.h"
#include "cos/kernel/mm/swap.h"
#include "cos/kernel/mm/v24/vmscan.h"
#include "cos/kernel/sched/process.h"
#include "cos/kernel/sched/v24/sched.h"
#include "cos/programs/program.h"
#include "shared/units.h"

#define SECONDS(n) ((n)*NS_PER_S)
#define MINUTES(n) ((n)*NS_PER_MIN)

/* How a run ended. */
enum cos_end {
    COS_END_DONE,    /* pid 1's function returned */
    COS_END_FAILED,  /* an assertion of the test failed, or a signal came */
    COS_END_PANIC,   /* the COS panicked */
    COS_END_BUG,     /* an assertion of the model failed */
    COS_END_OOPS,    /* the COS oopsed */
    COS_END_STUCK,   /* nothing would ever happen again */
    COS_END_CRASHED, /* the child process was killed, or could not map its memory */
};

/* What a run leaves for the test; in memory that parent and child share. */
struct cos_result {
    char text[1024];     /* why it panicked; the assertion that failed */
    uint64_t number[64]; /* for the test */
    uint64_t interrupts; /* how often the kernel's timers were looked at */
    char log[65536];     /* the kernel log at the end, without levels removed */
};

struct cos_machine {
    uint32_t ram_mb, swap_slots, reserved_kb; /* as in boot.h */
    const struct fault *faults;               /* copied into the boot parameters */
    uint32_t fault_count;
    uint64_t grant_ns; /* length of a grant of time; 0 = it has no end */
    bool host_files;   /* a host directory with proc/ and var/log/, until the run's end */
    bool no_skip;      /* execute all, compute nothing: MACHINE_FLAG_NO_SKIP */
};

/* The boot parameters of the present run; a test may change them. */
extern struct boot_params cos_params;

/** Boot a COS and run fn as pid 1, a user process named init. When fn returns, the kernel's tables
 * and counters must agree (else COS_END_BUG). *ret lies in shared memory and stays valid until the
 * next run. */
enum cos_end cos_run(const struct cos_machine *machine, void (*fn)(struct cos_result *),
                     struct cos_result **ret);
/** The same; the test fails unless the run ends as COS_END_DONE. @return what it left */
struct cos_result *cos_run_done(const struct cos_machine *machine, void (*fn)(struct cos_result *));

/* A test that is pid 1 of a COS of its own. */
struct cos_test {
    const struct cos_machine *machine;
    void (*fn)(void);
};
/** Its entry in cmocka's table. The test fails unless its run ends as COS_END_DONE. */
struct CMUnitTest cos_unit_test_of(const char *name, const struct cos_test *test);
#define cos_unit_test(machine, fn) cos_unit_test_of(#fn, &(const struct cos_test){ machine, fn })

/** In a run: fork and exec a program that then runs fn. @return its pid or a negative error */
int cos_spawn(const struct boot_program *spec, int (*fn)(struct program *));
/** In a run: a program with a bit of everything; name and sizes may be changed. */
struct boot_program cos_program(const char *name);
/** In a run: start such a program with these flags (BOOT_PROG_*). @return its task */
struct task_struct *cos_child(const char *name, uint32_t flags, int (*fn)(struct program *));
/** In a run: what a file of the host directory holds, until the next call; NULL = there is none. */
const char *cos_file(const char *path);
/** In a run: what was printed since the last call or since fn began, with levels. */
const char *cos_log(void);
/** In a run: the test writes to data of the kernel; what is in them at the end proves nothing. */
void cos_unchecked(void);
/** In a run: nobody has used the CPU so far but current, and it just that much (without iowait). */
void cos_set_cpu_times(const struct cpu_times *cpu);
/** In a run: make the counters of memory say what `m` says. No memory may be used after that. */
void cos_set_memory(const struct mem_info *m);
/** In a run: sleep, whatever signals come. */
void cos_sleep(uint64_t ns);
/** In a run: wait until all children have ended. */
void cos_wait_all(void);

#endif /* TESTS_COS_HARNESS_H */
