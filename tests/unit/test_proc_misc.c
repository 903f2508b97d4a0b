/* test_proc_misc.c - the layouts of /proc, byte for byte as facts on RHEL 3 give them [RHEL3MM 2].
 * links: cos/kernel/fs/proc_misc.c cos/kernel/fs/text.c cos/kernel/fs/proc_sys.c cos/kernel/sched/kstat.c
 * links: cos/kernel/arch/lib.c -no-pie -Wl,-Ttext-segment=0x60000000 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cos/kernel/fs/proc_misc.h"
#include "cos/kernel/fs/proc_task.h"
#include "cos/kernel/fs/vfs.h"
#include "cos/kernel/mm/mm.h"
#include "cos/kernel/mm/slab.h"
#include "cos/kernel/sched/process.h"
#include "cos/kernel/sched/sched.h"

/* ---- what proc_misc.c uses of the kernel ----------------------------------------------------- */
struct cos_clock cos_clock;
struct run_queue run_queue;
uint32_t avenrun[3], nr_running, nr_threads, last_pid;
static struct boot_params params;
const struct boot_params *boot_params = &params;
static struct mem_info memory;
static struct cpu_times cpu;
static const struct kmem_cache caches[] = {
    { .name = "dentry_cache", .size = 128, .per_slab = 31, .active = 40, .slabs = 3 },
    { .name = "a_name_of_19_bytes",
      .size = 1024,
      .order = 1,
      .per_slab = 7,
      .slabs = 2,
      .empty_slabs = 2 },
};
static struct {
    char path[64], text[2048];
} written[40];
static unsigned written_count;
static int write_error;

void mem_info(struct mem_info *ret)
{
    *ret = memory;
}

void time_load(void)
{
}

void process_cpu_times(struct cpu_times *ret)
{
    *ret = cpu;
}

uint32_t sched_active_count(void)
{
    return nr_running + 2;
}

uint32_t max_threads(void)
{
    return 12800;
}

const struct kmem_cache *kmem_cache_at(uint32_t i)
{
    return i < ARRAY_SIZE(caches) ? &caches[i] : NULL;
}

int vfs_mkdir(const char *path)
{
    (void)path;
    return write_error;
}

int proc_write_tasks(void)
{
    return 0;
}

int proc_forget_tasks(void)
{
    return 0;
}

int vfs_replace(const char *path, const char *data, uint32_t n)
{
    assert_true(written_count < ARRAY_SIZE(written) && n < sizeof written[0].text);
    memcpy(written[written_count].path, path, strlen(path) + 1);
    memcpy(written[written_count].text, data, n);
    written[written_count++].text[n] = '\0';
    return write_error;
}

void model_bug(const char *file, int line, const char *what)
{
    mock_assert(0, what, file, line);
    __builtin_trap();
}

/* ---- tests ----------------------------------------------------------------------------------- */
static int setup(void **state)
{
    (void)state;
    memset(written, 0, sizeof written);
    memset(&memory, 0, sizeof memory);
    written_count = 0;
    write_error = 0;
    memset(&cpu, 0, sizeof cpu);
    kstat = (struct kernel_stat){ .disk_since_ns = UINT64_MAX };
    run_queue.switches = 0;
    cos_clock.now_ns = 0;
    return 0;
}

static const char *text_of(const char *path)
{
    for (unsigned i = 0; i < written_count; i++) {
        if (strcmp(written[i].path, path) == 0)
            return written[i].text;
    }
    fail_msg("%s was not written", path);
    return "";
}

static void test_meminfo_has_the_layout_of_rhel3(void **state)
{
    (void)state;
    /* 799732 kB of RAM and 554168 kB of swap, all used [KB308590] */
    memory = (struct mem_info){ .total = 199933,
                                .free = 3100,
                                .buffers = 10,
                                .cached = 500,
                                .swap_cached = 20,
                                .active_anon = 189394,
                                .active_cache = 100,
                                .inact_dirty = 50,
                                .inact_laundry = 40,
                                .inact_clean = 30,
                                .swap_total = 138542,
                                .swap_free = 0,
                                .committed = 300000 };
    assert_int_equal(proc_write_snapshot(), 0);
    assert_string_equal(text_of("proc/meminfo"),
                        "        total:    used:    free:  shared: buffers:  cached:\n"
                        "Mem:  818925568 806227968 12697600        0    40960  2129920\n"
                        "Swap: 567468032 567468032        0\n"
                        "MemTotal:       799732 kB\n"
                        "MemFree:         12400 kB\n"
                        "MemShared:           0 kB\n"
                        "Buffers:            40 kB\n"
                        "Cached:           2000 kB\n"
                        "SwapCached:         80 kB\n"
                        "Active:         757976 kB\n"
                        "ActiveAnon:     757576 kB\n"
                        "ActiveCache:       400 kB\n"
                        "Inact_dirty:       200 kB\n"
                        "Inact_laundry:     160 kB\n"
                        "Inact_clean:       120 kB\n"
                        "Inact_target:   151688 kB\n"
                        "HighTotal:           0 kB\n"
                        "HighFree:            0 kB\n"
                        "LowTotal:       799732 kB\n"
                        "LowFree:         12400 kB\n"
                        "SwapTotal:      554168 kB\n"
                        "SwapFree:            0 kB\n"
                        "CommitLimit:    954032 kB\n"
                        "Committed_AS:  1200000 kB\n"
                        "HugePages_Total:     0\n"
                        "HugePages_Free:      0\n"
                        "Hugepagesize:     2048 kB\n");
}

static void test_swap_used_is_whole_pages_in_bytes(void **state)
{
    (void)state;
    memory.swap_total = 138542;
    memory.swap_free = 0;
    assert_true(proc_swap_used_bytes() == 567468032); /* [KB308590] */
    memory.swap_free = 138542;
    assert_true(proc_swap_used_bytes() == 0);
}

static void test_uptime_of_the_cos_is_ahead_of_the_vmkernels(void **state)
{
    (void)state;
    cos_clock.now_ns = 11798902253000000u; /* [KB308590]: 11798902.253, and 11798915.64 */
    cpu = (struct cpu_times){ .user_ns = 3000000000u, .nice_ns = 0, .system_ns = 2000000000u };
    assert_int_equal(proc_write_snapshot(), 0);
    assert_string_equal(text_of("proc/uptime"), "11798914.45 11798909.45\n");
}

static void test_loadavg_is_rounded_to_hundredths(void **state)
{
    (void)state;
    avenrun[0] = 2048 * 3 / 2;
    avenrun[1] = 0;
    avenrun[2] = 2037;
    nr_running = 1;
    nr_threads = 129;
    last_pid = 1500;
    assert_int_equal(proc_write_snapshot(), 0);
    assert_string_equal(text_of("proc/loadavg"), "1.50 0.00 0.99 1/129 1500\n");
}

static void test_stat_has_the_layout_of_rhel3(void **state)
{
    (void)state;
    cos_clock.now_ns = 987800000000u; /* with the lead: 1000 s */
    params.epoch_boot_s = 1000000000;
    cpu = (struct cpu_times){ .user_ns = 20000000000u,
                              .nice_ns = 1000000000u,
                              .system_ns = 9000000000u,
                              .iowait_ns = 70000000000u };
    kstat.disk[0] = (struct disk_stat){ .ios = 10, .pages = 80, .swap_pages = 16 };
    kstat.disk[1] = (struct disk_stat){ .ios = 4, .pages = 124, .swap_pages = 124 };
    kstat.forks = 300;
    run_queue.switches = 5000000000u;
    nr_running = 3;
    assert_int_equal(proc_write_snapshot(), 0);
    assert_string_equal(text_of("proc/stat"), "cpu  2000 100 900 90000 7000 0 0\n"
                                              "cpu0 2000 100 900 90000 7000 0 0\n"
                                              "page 320 496\n"
                                              "swap 16 124\n"
                                              "intr 98794 98780 0 0 0 0 0 0 0 0 0 0 14 0 0 0 0\n"
                                              "disk_io: (8,0):(14,10,640,4,992) \n"
                                              "ctxt 5000000000\n"
                                              "btime 999999987\n"
                                              "processes 300\n"
                                              "procs_running 3\n"
                                              "procs_blocked 2\n");
}

static void test_slabinfo_has_the_layout_of_one_cpu(void **state)
{
    (void)state;
    assert_int_equal(proc_write_snapshot(), 0);
    assert_string_equal(text_of("proc/slabinfo"),
                        "slabinfo - version: 1.1\n"
                        "dentry_cache          40     93    128    3    3    1\n"
                        "a_name_of_19_bytes      0     14   1024    0    2    2\n");
}

static void test_sysctls_are_the_defaults_of_rhel3(void **state)
{
    (void)state;
    assert_int_equal(proc_write_boot(), 0);
    assert_string_equal(text_of("proc/sys/vm/bdflush"), "50\t500\t0\t0\t500\t3000\t80\t50\t0\n");
    assert_string_equal(text_of("proc/sys/vm/pagecache"), "1\t15\t30\n");
    assert_string_equal(text_of("proc/sys/vm/oom-kill"), "1\n");
    assert_string_equal(text_of("proc/sys/vm/inactive_clean_percent"), "30\n");
    assert_string_equal(text_of("proc/sys/kernel/threads-max"), "12800\n");
    assert_string_equal(text_of("proc/sys/kernel/panic_on_oops"), "1\n");
}

/* ---- the time behind the columns ------------------------------------------------------------- */
static void test_iowait_is_idle_time_while_the_disk_works(void **state)
{
    (void)state;
    cos_clock.now_ns = 1000;
    kstat_disk_start();
    cos_clock.now_ns = 1600;
    kstat_idle_start(); /* 600 of the transfer passed while somebody ran */
    cos_clock.now_ns = 3000;
    kstat_disk_done(true, 31, true);
    cos_clock.now_ns = 5000;
    kstat_disk_start();
    cos_clock.now_ns = 5500;
    kstat_idle_end();
    assert_true(kstat.iowait_ns == 1400 + 500);
    cos_clock.now_ns = 6000;
    kstat_disk_done(false, 8, false);
    kstat_idle_start();
    cos_clock.now_ns = 9000;
    kstat_idle_end();
    assert_true(kstat.iowait_ns == 1900);
    assert_int_equal(kstat.disk[1].swap_pages, 31);
    assert_int_equal(kstat.disk[0].pages, 8);
    assert_int_equal(kstat.disk[0].swap_pages, 0);
}

static void test_time_of_a_nice_task_is_nice_only_in_user_mode(void **state)
{
    (void)state;
    struct cpu_times t = { 0 };
    cpu_times_add(&t, 120, 5, 7);
    cpu_times_add(&t, 139, 11, 13);
    cpu_times_add(&t, 100, 17, 19);
    assert_true(t.user_ns == 22 && t.nice_ns == 11 && t.system_ns == 39);
}

static void test_a_full_disk_is_reported_and_the_rest_tried(void **state)
{
    (void)state;
    write_error = -28;
    assert_int_equal(proc_write_snapshot(), -28);
    assert_int_equal(written_count, 6);
    assert_int_equal(proc_write_boot(), -28);
    assert_true(written_count > 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_meminfo_has_the_layout_of_rhel3, setup),
        cmocka_unit_test_setup(test_swap_used_is_whole_pages_in_bytes, setup),
        cmocka_unit_test_setup(test_uptime_of_the_cos_is_ahead_of_the_vmkernels, setup),
        cmocka_unit_test_setup(test_loadavg_is_rounded_to_hundredths, setup),
        cmocka_unit_test_setup(test_stat_has_the_layout_of_rhel3, setup),
        cmocka_unit_test_setup(test_slabinfo_has_the_layout_of_one_cpu, setup),
        cmocka_unit_test_setup(test_sysctls_are_the_defaults_of_rhel3, setup),
        cmocka_unit_test_setup(test_iowait_is_idle_time_while_the_disk_works, setup),
        cmocka_unit_test_setup(test_time_of_a_nice_task_is_nice_only_in_user_mode, setup),
        cmocka_unit_test_setup(test_a_full_disk_is_reported_and_the_rest_tried, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
