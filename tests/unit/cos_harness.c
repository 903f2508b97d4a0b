/* cos_harness.c - see cos_harness.h. Included by tests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cos/kernel/arch/hypervisor.h"
#include "cos/kernel/debug/printk.h"
#include "cos/kernel/drivers/vmnix.h"
#include "tests/unit/cos_harness.h"

#include <sys/wait.h> /* behind the kernel's headers: both define signals */

#define GRANT_END (UINT64_MAX / 4)
#define RUN_WALL_S 60 /* a run that takes longer goes on for ever */
#define BOOT_NS 10000000000u

uint64_t grant_until_ns = GRANT_END;
static struct boot_params params;
const struct boot_params *boot_params = &params;
static struct cos_result *shared;
static void (*pid_1)(struct cos_result *);
void stack_start(kptr stack_top, void (*fn)(void)) __attribute__((noreturn));

/* ---- what setup.c and hypervisor.c have ------------------------------------------------------ */
uint64_t cos_random(const char *name)
{
    return rng_derive(params.random, name);
}

static void __attribute__((noreturn)) end_run(enum cos_end end)
{
    uint32_t n = 0;
    for (uint32_t i = log_start; i != log_end && n < sizeof shared->log - 1; i++)
        shared->log[n++] = log_buf[i % LOG_BUF_LEN];
    shared->log[n] = '\0';
    _exit((int)end);
}

void hypervisor_call(void)
{
    end_run(COS_END_STUCK);
}

void hypervisor_exchange(enum gate_party to)
{
    (void)to;
    end_run(COS_END_STUCK);
}

void hypervisor_yield(enum gate_yield reason, uint64_t next_ns)
{
    (void)reason;
    (void)next_ns;
    end_run(COS_END_STUCK);
}

void hypervisor_end(enum gate_yield reason, const char *why)
{
    strcopy(shared->text, why, sizeof shared->text);
    end_run(reason == GATE_YIELD_PANIC  ? COS_END_PANIC
            : reason == GATE_YIELD_OOPS ? COS_END_OOPS
                                        : COS_END_BUG);
}

/* ---- boot ------------------------------------------------------------------------------------ */
static void map_at(kptr at, size_t bytes)
{
    void *got = mmap(PTR(void, at), bytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_NORESERVE, -1, 0);
    if (got != PTR(void, at))
        _exit(COS_END_CRASHED);
}

struct boot_program cos_program(const char *name)
{
    struct boot_program spec = { .behaviour = "daemon",
                                 .flags = BOOT_PROG_ROOT | BOOT_PROG_RAWIO,
                                 .text_kb = 40,
                                 .lib_kb = 200,
                                 .data_kb = 64,
                                 .stack_kb = 16,
                                 .touch_pages = 16,
                                 .content_every = 4 };
    strcopy(spec.name, name, sizeof spec.name);
    return spec;
}

static int init_main(void *unused)
{
    const struct boot_program spec = cos_program("init");
    struct program *p = program_create(&spec, NULL, 0);
    (void)unused;
    current->program = kptr_of(p);
    current->flags &= ~PF_KTHREAD;
    process_set_identity(current, &spec);
    ASSERT(program_exec(p) == 0);
    pid_1(shared);
    end_run(COS_END_DONE);
}

static void start(void)
{
    sched_init();
    time_init();
    wait_queue_init(&log_wait);
    vmnix_init();
    const struct machine_hostinfo *info =
        PTR(const struct machine_hostinfo, MACHINE_WINDOW_VA + MACHINE_HOSTINFO_OFFSET);
    mem_init(3u << 20, (uint32_t)info->ram_bytes);
    swap_init(params.swap_pages);
    (void)kernel_thread(1, "init", init_main, NULL);
    (void)kernel_thread(5, "kswapd", kswapd, NULL);
    (void)kernel_thread(6, "kscand", kscand, NULL);
    cpu_idle();
}

static void boot(const struct cos_machine *m)
{
    map_at(MACHINE_PAGE_OFFSET, (size_t)m->ram_mb << 20);
    map_at(SCRATCH_VA, SCRATCH_SIZE);
    map_at(MACHINE_WINDOW_VA, MACHINE_WINDOW_SIZE);
    if (dup2(memfd_create("swap", 0), MACHINE_FD_SWAP) != MACHINE_FD_SWAP)
        _exit(COS_END_CRASHED);
    struct machine_hostinfo *info =
        PTR(struct machine_hostinfo, MACHINE_WINDOW_VA + MACHINE_HOSTINFO_OFFSET);
    /* Every plain request to the VMkernel is carried out by rule: nobody is there to be asked. */
    for (uint32_t slot = 0; slot < VMNIX_SLOTS; slot++)
        the_vmnix()->rules.plain[slot] = 1;
    the_vmnix()->rules.serial_max = VMNIX_SERIAL_MAX;
    info->ram_bytes = (uint64_t)m->ram_mb << 20;
    info->flags = m->no_skip ? MACHINE_FLAG_NO_SKIP : 0;
    params.swap_pages = m->swap_slots;
    params.random = 1;
    params.fault_count = m->fault_count;
    for (uint32_t i = 0; i < m->fault_count; i++)
        params.fault[i] = m->faults[i];
    cos_clock = (struct cos_clock){ .now_ns = BOOT_NS, .boot_ns = BOOT_NS };
    current_task = kptr_of(init_task);
    stack_start(kptr_of(&init_task_union) + THREAD_SIZE - 32, start);
}

enum cos_end cos_run(const struct cos_machine *machine, void (*fn)(struct cos_result *),
                     struct cos_result **ret)
{
    if (shared == NULL)
        shared =
            mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    memset(shared, 0, sizeof *shared);
    *ret = shared;
    const pid_t pid = fork();
    if (pid == 0) {
        pid_1 = fn;
        (void)alarm(RUN_WALL_S);
        boot(machine);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? (enum cos_end)WEXITSTATUS(status) : COS_END_CRASHED;
}

/* ---- helpers --------------------------------------------------------------------------------- */
static int program_with_function(void *program)
{
    struct program *p = program;
    int (*fn)(struct program *) = (int (*)(struct program *))(uintptr_t)p->number[3];
    if (program_exec(p) != 0)
        do_exit(SIGKILL);
    return_to_user();
    return fn(p);
}

int cos_spawn(const struct boot_program *spec, int (*fn)(struct program *))
{
    const int pid = spawn_program(spec);
    if (pid < 0)
        return pid;
    struct task_struct *t = find_task_by_pid((uint32_t)pid);
    struct program *p = PTR(struct program, t->program);
    p->number[3] = (uint64_t)(uintptr_t)fn;
    task_prepare(t, program_with_function, p);
    return pid;
}

void cos_wait_all(void)
{
    while (wait_child() != -ECHILD)
        return_to_user();
}
