/* cos_harness.c - see cos_harness.h. */
#include "tests/kernel/cos_harness.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cos/kernel/arch/hypervisor.h"
#include "cos/kernel/debug/printk.h"
#include "cos/kernel/drivers/vmnix.h"
#include "cos/kernel/fs/jbd.h"
#include "cos/kernel/fs/proc_task.h"
#include "cos/kernel/fs/syslog.h"
#include "cos/kernel/mm/writeback.h"

#include <sys/wait.h> /* behind the kernel's headers: both define signals */

#define RUN_WALL_S 60 /* a run that takes longer goes on for ever */
#define BOOT_NS 10000000000u

uint64_t grant_until_ns;
static uint64_t grant_ns;
struct boot_params cos_params;
const struct boot_params *boot_params = &cos_params;
static struct cos_result *shared;
static bool unchecked;
static void (*pid_1)(struct cos_result *);
void startup_32(kptr stack_top, void (*fn)(void)) __attribute__((noreturn));

/* ---- what setup.c and hypervisor.c have ------------------------------------------------------ */
uint64_t cos_random(const char *name)
{
    return rng_derive(cos_params.random, name);
}

static void __attribute__((noreturn)) end_run(enum cos_end end)
{
    uint32_t n = 0;
    for (uint32_t i = log_start; i != log_end && n < sizeof shared->log - 1; i++)
        shared->log[n++] = log_buf[i % LOG_BUF_LEN];
    shared->log[n] = '\0';
    _exit((int)end);
}

void hypervisor_on_irq(uint32_t irqs, void (*fn)(uint32_t irqs))
{
    (void)irqs;
    (void)fn;
}

/* Two sides must agree when a run is over: tables of one part of the kernel with those of another,
 * and the counters with what they count. */
static void check_kernel(void)
{
    uint32_t tasks = 0, queued = 0, in_d = 0, swapped = 0, claims = 0;
    inert_settle();
    mm_check();
    sched_check();
    for_each_task (t) {
        struct task_memory m;
        task_memory(t, &m);
        swapped += m.size - m.resident;
        tasks++;
        queued += t->array != 0;
        in_d += t->array == 0 && t->state == TASK_UNINTERRUPTIBLE;
    }
    for (uint32_t slot = 1; slot <= cos_params.swap_pages; slot++)
        claims += swap_slot_users(slot);
    ASSERT(tasks == nr_threads && queued == nr_running);
    ASSERT(in_d == sched_active_count() - nr_running);
    ASSERT(claims >= swapped + swapper_space.nrpages); /* the rest are of shared memory */
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

/* Nobody calls the VMkernel, and an idle COS without a timer waits for ever. */
void hypervisor_yield(enum gate_yield reason, uint64_t next_ns)
{
    if (reason == GATE_YIELD_CALL || next_ns == UINT64_MAX)
        end_run(COS_END_STUCK);
    grant_until_ns += grant_ns;
}

void __wrap_do_timers(struct task_struct *t);
void __real_do_timers(struct task_struct *t);
void __wrap_do_timers(struct task_struct *t)
{
    shared->interrupts++;
    __real_do_timers(t);
}

/* Within expect_assert_failure() this jumps back there. */
void hypervisor_end(enum gate_yield reason, const char *why)
{
    if (global_expecting_assert)
        mock_assert(0, why, __FILE__, __LINE__);
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
    struct program *p = program_create(&(struct child){ .spec = &spec });
    (void)unused;
    current->program = kptr_of(p);
    current->flags &= ~PF_KTHREAD;
    process_set_identity(current, &spec);
    ASSERT(program_exec(p) == 0);
    log_read = log_end;
    pid_1(shared);
    if (!unchecked)
        check_kernel();
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
    swap_init(cos_params.swap_pages);
    (void)kernel_thread(1, "init", init_main, NULL);
    (void)kernel_thread(5, "kswapd", kswapd, NULL);
    (void)kernel_thread(6, "kscand", kscand, NULL);
    writeback_init();
    (void)kernel_thread(17, "kjournald", kjournald, NULL);
    syslog_init();
    cpu_idle();
}

static void boot(const struct cos_machine *m)
{
    map_at(MACHINE_PAGE_OFFSET, (size_t)m->ram_mb << 20);
    map_at(SCRATCH_HEAT_VA, SCRATCH_HEAT_SIZE + SCRATCH_SIZE);
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
    cos_params.swap_pages = m->swap_slots;
    cos_params.reserved_kb = m->reserved_kb;
    cos_params.random = 1;
    cos_params.fault_count = m->fault_count;
    for (uint32_t i = 0; i < m->fault_count; i++)
        cos_params.fault[i] = m->faults[i];
    cos_clock = (struct cos_clock){ .now_ns = BOOT_NS, .boot_ns = BOOT_NS };
    grant_ns = m->grant_ns != 0 ? m->grant_ns : UINT64_MAX / 4;
    grant_until_ns = BOOT_NS + grant_ns;
    current_task = kptr_of(init_task);
    startup_32(kptr_of(&init_task_union) + THREAD_SIZE - 32, start);
}

/* ---- the host directory ---------------------------------------------------------------------- */
static char host_dir[32];

/* @return a descriptor of it */
static int make_host_dir(void)
{
    static const char *const folders[] = { "proc", "var", "var/log" };
    strcopy(host_dir, "/tmp/cos-XXXXXX", sizeof host_dir);
    const int fd = mkdtemp(host_dir) != NULL ? open(host_dir, O_RDONLY | O_DIRECTORY) : -1;
    assert_true(fd >= 0);
    for (unsigned i = 0; i < ARRAY_SIZE(folders); i++)
        assert_int_equal(mkdirat(fd, folders[i], 0755), 0);
    return fd;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

const char *cos_file(const char *path)
{
    static char text[65536];
    const int fd = openat(MACHINE_FD_HOST, path, O_RDONLY);
    const ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    (void)close(fd);
    text[n > 0 ? n : 0] = '\0';
    return n >= 0 ? text : NULL;
}

/* ---- runs ------------------------------------------------------------------------------------ */
static void boot_machine(void **state)
{
    boot(*state);
}

/* cmocka within cmocka: a failed assertion jumps out of the COS to the inner one, and what that
 * prints is the run's text. */
static void __attribute__((noreturn))
run_child(const struct cos_machine *machine, int messages, int host)
{
    const struct CMUnitTest run = { "run", boot_machine, NULL, NULL, (void *)(uintptr_t)machine };
    (void)alarm(RUN_WALL_S);
    if (dup2(messages, STDOUT_FILENO) >= 0 && dup2(messages, STDERR_FILENO) >= 0 &&
        (host < 0 || dup2(host, MACHINE_FD_HOST) >= 0))
        (void)_cmocka_run_group_tests("run", &run, 1, NULL, NULL);
    (void)fflush(NULL);
    _exit(COS_END_FAILED);
}

enum cos_end cos_run(const struct cos_machine *machine, void (*fn)(struct cos_result *),
                     struct cos_result **ret)
{
    if (shared == NULL)
        shared =
            mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    memset(shared, 0, sizeof *shared);
    *ret = shared;
    pid_1 = fn;
    const int messages = memfd_create("messages", 0);
    const int host = machine->host_files ? make_host_dir() : -1;
    (void)fflush(NULL);
    const pid_t pid = fork();
    if (pid == 0)
        run_child(machine, messages, host);
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (shared->text[0] == '\0') /* what cmocka or a sanitizer said */
        (void)pread(messages, shared->text, sizeof shared->text - 1, 0);
    (void)close(messages);
    if (host >= 0) {
        (void)close(host);
        (void)nftw(host_dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    }
    return WIFEXITED(status) ? (enum cos_end)WEXITSTATUS(status) : COS_END_CRASHED;
}

struct cos_result *cos_run_done(const struct cos_machine *machine, void (*fn)(struct cos_result *))
{
    static const char *const ends[] = {
        "done", "failed", "panic", "bug", "oops", "stuck", "crashed"
    };
    struct cos_result *r;
    const enum cos_end end = cos_run(machine, fn, &r);
    if (end != COS_END_DONE)
        fail_msg("%s: %s", ends[end < ARRAY_SIZE(ends) ? end : COS_END_CRASHED], r->text);
    return r;
}

static void (*test_fn)(void);

static void test_as_pid_1(struct cos_result *unused)
{
    (void)unused;
    test_fn();
}

static void run_cos_test(void **state)
{
    const struct cos_test *test = *state;
    test_fn = test->fn;
    (void)cos_run_done(test->machine, test_as_pid_1);
}

struct CMUnitTest cos_unit_test_of(const char *name, const struct cos_test *test)
{
    return (struct CMUnitTest){ name, run_cos_test, NULL, NULL, (void *)(uintptr_t)test };
}

/* ---- helpers --------------------------------------------------------------------------------- */
static int program_with_function(void *program)
{
    struct program *p = program;
    int (*fn)(struct program *) = (int (*)(struct program *))(uintptr_t)p->number[3];
    p->number[3] = 0;
    if (program_exec(p) != 0)
        do_exit(SIGKILL);
    return_to_user();
    return fn(p);
}

int cos_spawn(const struct boot_program *spec, int (*fn)(struct program *))
{
    /* Not by way of a system call, in whose end it might run. */
    const int pid = sys_vfork(&(struct child){ .spec = spec });
    if (pid < 0)
        return pid;
    struct task_struct *t = find_task_by_pid((uint32_t)pid);
    struct program *p = PTR(struct program, t->program);
    p->number[3] = (uint64_t)(uintptr_t)fn;
    task_prepare(t, program_with_function, p);
    return pid;
}

struct task_struct *cos_child(const char *name, uint32_t flags, int (*fn)(struct program *))
{
    struct boot_program spec = cos_program(name);
    spec.flags = flags;
    const int pid = cos_spawn(&spec, fn);
    assert_true(pid > 0);
    return find_task_by_pid((uint32_t)pid);
}

void cos_unchecked(void)
{
    unchecked = true;
}

const char *cos_log(void)
{
    static char text[LOG_BUF_LEN + 1];
    text[log_take(text, LOG_BUF_LEN)] = '\0';
    return text;
}

/* kscand, made nice, is the one that used what nice ones used. */
void cos_set_cpu_times(const struct cpu_times *cpu)
{
    for_each_task (t)
        t->utime_ns = t->stime_ns = 0;
    struct task_struct *nice = find_task_by_name("kscand");
    set_user_nice(nice, 19);
    nice->utime_ns = cpu->nice_ns;
    current->utime_ns = cpu->user_ns;
    current->stime_ns = cpu->system_ns;
    kstat.iowait_ns = cpu->iowait_ns;
}

/* Some of it in each zone. */
static void split(uint32_t n, uint32_t *dma, uint32_t *normal)
{
    *dma = n / 3;
    *normal = n - n / 3;
}

void cos_set_memory(const struct mem_info *m)
{
    struct zone *dma = &zone_table[ZONE_DMA], *normal = &zone_table[ZONE_NORMAL];
    struct mem_info got;
    split(m->free, &dma->free_pages, &normal->free_pages);
    split(m->active_anon, &dma->anon.nr, &normal->anon.nr);
    split(m->active_cache, &dma->cache.nr, &normal->cache.nr);
    split(m->inact_dirty, &dma->inactive_dirty, &normal->inactive_dirty);
    split(m->inact_laundry, &dma->inactive_laundry, &normal->inactive_laundry);
    split(m->inact_clean, &dma->inactive_clean, &normal->inactive_clean);
    dma->managed = m->out_of_reach;
    total_ram_pages = m->total;
    nr_buffer_pages = m->buffers;
    nr_page_cache = m->cached + m->buffers;
    swapper_space.nrpages = m->swap_cached;
    total_swap_pages = m->swap_total;
    nr_swap_pages = m->swap_free;
    vm_committed = m->committed;
    nr_slab_pages = m->slab;
    cos_unchecked();
    mem_info(&got);
    assert_memory_equal(&got, m, sizeof got);
}

void cos_sleep(uint64_t ns)
{
    program_sleep_until(cos_clock.now_ns + ns);
}

void cos_wait_all(void)
{
    while (sys(sys_wait4) != -ECHILD)
        ;
}
