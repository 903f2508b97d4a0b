/* init.c - pid 1: starts the kernel threads, the start scripts and every program of the boot
 * parameters, and buries the dead.
 *
 * Pids 2 to 19 are spoken for: a 2.4 kernel of RHEL 3 starts these threads in this order
 * [INFERRED from facts on Red Hat 2.4 kernels; gaps are pids of processes of the boot that are
 * gone]. kswapd and kscand do work; the others have none in this model and sleep. */
#include "cos/programs/init.h"

#include "cos/kernel/fs/jbd.h"
#include "cos/kernel/fs/syslog.h"
#include "cos/kernel/arch/hypervisor.h"
#include "cos/kernel/mm/mm.h"
#include "cos/kernel/mm/writeback.h"
#include "cos/kernel/sched/process.h"
#include "cos/kernel/drivers/vmnix.h"
#include "cos/programs/faults.h"

#define INIT_RETRY_TICKS (5u * HZ) /* what init does when it cannot fork */

/* The bodies of threads without work, each under the name that it has. */
#define SLEEPING(thread)                                                  \
    static KERNEL_SIDE int __attribute__((noreturn)) thread(void *unused) \
    {                                                                     \
        (void)unused;                                                     \
        for (;;) {                                                        \
            current->state = TASK_INTERRUPTIBLE;                          \
            schedule();                                                   \
        }                                                                 \
    }
SLEEPING(context_thread)
SLEEPING(apm_mainloop)
SLEEPING(ksoftirqd)
SLEEPING(md_thread)
SLEEPING(scsi_error_handler_1)

static const struct {
    uint32_t pid;
    int32_t nice;
    const char *name;
    int (*run)(void *);
} threads[] = {
    { 2, 0, "keventd", context_thread },
    { 3, 0, "kapmd", apm_mainloop },
    { 4, 19, "ksoftirqd_CPU0", ksoftirqd },
    { 5, 0, "kswapd", kswapd },
    { 6, 0, "kscand", kscand },
    { 7, 0, "bdflush", bdflush },
    { 8, 0, "kupdated", kupdated },
    { 9, 0, "mdrecoveryd", md_thread },
    { 13, 0, "scsi_eh_0", scsi_error_handler },
    { 14, 0, "scsi_eh_1", scsi_error_handler_1 },
    { 17, 0, "kjournald", kjournald }, /* of the root file system */
    { 18, 0, "kjournald", md_thread },
};

static KERNEL_SIDE void start_kernel_threads(void)
{
    writeback_init();
    for (unsigned i = 0; i < ARRAY_SIZE(threads); i++) {
        struct task_struct *t =
            kernel_thread(threads[i].pid, threads[i].name, threads[i].run, NULL);
        set_user_nice(t, threads[i].nice);
    }
}

/* ---- the programs, in the order of their start ----------------------------------------------- */
static uint16_t order[BOOT_PROGRAMS_MAX]; /* indices into boot_params->program */
static uint32_t order_count, order_next;

/* Its record says how large it is; when it starts is not a scenario's to say. */
static bool is_vmnixhbd(const struct boot_program *spec)
{
    return strcmp(spec->behaviour, "vmnixhbd") == 0;
}

static bool starts_before(uint16_t a, uint16_t b)
{
    return boot_params->program[a].start_ns < boot_params->program[b].start_ns;
}

/* Insertion sort: it keeps the file's order among equal instants, and the list is nearly sorted
 * already. */
static void sort_programs(void)
{
    ASSERT(boot_params->program_count <= BOOT_PROGRAMS_MAX);
    for (uint32_t i = 0; i < boot_params->program_count; i++) {
        if (boot_params->program[i].pid == 1 || is_vmnixhbd(&boot_params->program[i]))
            continue;
        uint32_t at = order_count++;
        for (; at > 0 && starts_before((uint16_t)i, order[at - 1]); at--)
            order[at] = order[at - 1];
        order[at] = (uint16_t)i;
    }
}

/* Start all that is due. @return ticks until something else is, UINT32_MAX = never */
static uint32_t start_due(void)
{
    while (order_next < order_count) {
        const struct boot_program *spec = &boot_params->program[order[order_next]];
        if (spec->start_ns > cos_clock.now_ns) {
            if (!faults_start_due())
                return INIT_RETRY_TICKS;
            const uint64_t ticks =
                (spec->start_ns - cos_clock.now_ns + NS_PER_JIFFY - 1) / NS_PER_JIFFY;
            return ticks < INT32_MAX ? (uint32_t)ticks : INT32_MAX;
        }
        if (spawn_child(spec, NULL, 0) < 0) {
            (void)sys(sys_send, SYSLOG_MESSAGES, "init: cannot fork, retry..");
            return INIT_RETRY_TICKS;
        }
        order_next++;
    }
    return faults_start_due() ? UINT32_MAX : INIT_RETRY_TICKS;
}

/* ---- pid 1 ----------------------------------------------------------------------------------- */
static const struct boot_program *init_spec(void)
{
    static const struct boot_program usual = {
        .name = "init",
        .behaviour = "daemon",
        .pid = 1,
        .flags = BOOT_PROG_ROOT | BOOT_PROG_RAWIO,
        .text_kb = 28,
        .lib_kb = 1400,
        .data_kb = 48,
        .stack_kb = 24,
        .touch_pages = 8,
    };
    for (uint32_t i = 0; i < boot_params->program_count; i++) {
        if (boot_params->program[i].pid == 1)
            return &boot_params->program[i];
    }
    return &usual;
}

/* The kernel thread becomes a user process, as init does when it executes /sbin/init. */
static KERNEL_SIDE struct program *become_user(void)
{
    struct program *p = program_create(&(struct child){ .spec = init_spec() });
    current->program = kptr_of(p);
    current->flags &= ~PF_KTHREAD;
    process_set_identity(current, &p->spec);
    ASSERT(do_execve(p) == 0);
    return p;
}

/* The heartbeat daemon comes before all other programs: its pid follows those of the kernel
 * threads ([KB308590]: 20). A host without one (hbd_pid 0) never beats. */
static void start_vmnixhbd(void)
{
    static const struct boot_program usual = {
        .name = "vmnixhbd",
        .behaviour = "vmnixhbd",
        .flags = BOOT_PROG_ROOT | BOOT_PROG_RAWIO,
        .text_kb = 24,
        .lib_kb = 1400,
        .data_kb = 96,
        .stack_kb = 24,
    };
    struct boot_program spec = usual;
    for (uint32_t i = 0; i < boot_params->program_count; i++)
        if (is_vmnixhbd(&boot_params->program[i]))
            spec = boot_params->program[i];
    spec.pid = boot_params->hbd_pid;
    if (spec.pid != 0)
        ASSERT(spawn_child(&spec, NULL, 0) == (int)spec.pid);
}

/* ---- start and stop scripts ------------------------------------------------------------------ */
#define RC_SCRIPT(runs)                                                                   \
    {                                                                                     \
        .name = "rc", .behaviour = runs, .flags = BOOT_PROG_ROOT | BOOT_PROG_RAWIO,       \
        .text_kb = 596, .lib_kb = 1900, .data_kb = 260, .stack_kb = 24, .touch_pages = 40 \
    }
#define POWER_IRQS (GATE_IRQ_POWER | GATE_IRQ_REBOOT)
static uint32_t power; /* GATE_IRQ_POWER or GATE_IRQ_REBOOT once the button was pressed */
static int rc_pid;     /* of the script that runs; 0 = none. One runs at a time, as runlevels do */
static bool stopping;  /* the shutdown script was started */

/* The power button: pid 1 will run the shutdown script once the start scripts have ended. */
static KERNEL_SIDE void power_pressed(uint32_t irqs)
{
    struct task_struct *init = find_task_by_pid(1);
    power |= irqs & POWER_IRQS;
    if (init != NULL && init->state == TASK_INTERRUPTIBLE)
        wake_up_process(init);
}

/* Start the shutdown script when it is wanted and nothing else runs; when it has ended, so has the
 * console. A fork that fails is tried again at the next turn. */
static void look_at_power(void)
{
    static const struct boot_program script = RC_SCRIPT("rc-halt");
    if (power == 0 || rc_pid > 0)
        return;
    const bool reboot = (power & GATE_IRQ_REBOOT) != 0;
    if (stopping)
        sys(hypervisor_end, reboot ? GATE_YIELD_REBOOT : GATE_YIELD_HALT, "");
    rc_pid = spawn_child(&script, reboot ? "reboot" : "halt", 0);
    stopping = rc_pid > 0;
}

static int __attribute__((noreturn)) init_main(void *program)
{
    static const struct boot_program rc = RC_SCRIPT("rc");
    struct program *p = program;
    program_startup(p);
    sort_programs();
    start_vmnixhbd();
    rc_pid = spawn_child(&rc, NULL, 0);
    sys(faults_init);
    for (;;) {
        const uint32_t ticks = start_due();
        program_touch(p, p->spec.touch_pages);
        const int ended = sys(sys_rt_sigtimedwait, ticks);
        if (ended > 0 && ended == rc_pid)
            rc_pid = 0;
        look_at_power();
    }
}

/* The kernel thread that pid 1 is until it executes its program. */
static KERNEL_SIDE int __attribute__((noreturn)) init(void *unused)
{
    (void)unused;
    start_kernel_threads();
    enter_user_mode(init_main, become_user());
}

KERNEL_SIDE void start_init(void)
{
    syslog_init();
    hypervisor_on_irq(POWER_IRQS, power_pressed);
    (void)kernel_thread(1, "init", init, NULL);
}
