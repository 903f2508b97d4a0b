/* test_proc_misc.c - the layouts of /proc, byte for byte as facts on RHEL 3 give them
 * [RHEL3MM 2]. */
#include "tests/kernel/cos_harness.h"

#include <sys/stat.h>

#include "cos/kernel/fs/proc_misc.h"
#include "cos/kernel/mm/slab.h"

static const struct cos_machine machine = { .ram_mb = 32, .swap_slots = 1000, .host_files = true };

static const char *snapshot_of(const char *path)
{
    assert_int_equal(proc_write_snapshot(), 0);
    const char *text = cos_file(path);
    assert_non_null(text);
    return text;
}

static void test_meminfo_has_the_layout_of_rhel3(void)
{
    /* 799732 kB of RAM and 554168 kB of swap, all used [KB308590] */
    const struct mem_info memory = { .total = 199933,
                                     .free = 3100,
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
    cos_set_memory(&memory);
    assert_string_equal(snapshot_of("proc/meminfo"),
                        "        total:    used:    free:  shared: buffers:  cached:\n"
                        "Mem:  818925568 806227968 12697600        0        0  2129920\n"
                        "Swap: 567468032 567468032        0\n"
                        "MemTotal:       799732 kB\n"
                        "MemFree:         12400 kB\n"
                        "MemShared:           0 kB\n"
                        "Buffers:             0 kB\n"
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

static void test_swap_used_is_whole_pages_in_bytes(void)
{
    struct mem_info memory = { .swap_total = 138542 };
    cos_set_memory(&memory);
    assert_true(proc_swap_used_bytes() == 567468032); /* [KB308590] */
    memory.swap_free = 138542;
    cos_set_memory(&memory);
    assert_true(proc_swap_used_bytes() == 0);
}

static void test_uptime_of_the_cos_is_ahead_of_the_vmkernels(void)
{
    const struct cpu_times cpu = { .user_ns = SECONDS(3), .system_ns = SECONDS(2) };
    program_sleep_until(11798902253000000u); /* [KB308590]: 11798902.253, and 11798915.64 */
    cos_set_cpu_times(&cpu);
    assert_string_equal(snapshot_of("proc/uptime"), "11798914.45 11798909.45\n");
}

static int sleeper(struct program *p)
{
    (void)p;
    cos_sleep(MINUTES(60));
    return 0;
}

static int sleeper_in_d(struct program *p)
{
    (void)p;
    current->state = TASK_UNINTERRUPTIBLE;
    schedule();
    return 0;
}

static void test_loadavg_is_rounded_to_hundredths(void)
{
    char want[64];
    last_pid = 1499;
    (void)cos_child("sleeper", 0, sleeper);
    avenrun[0] = 2048 * 3 / 2;
    avenrun[1] = 0;
    avenrun[2] = 2040; /* 0.996 */
    (void)snprintf(want, sizeof want, "1.50 0.00 1.00 2/%u 1500\n", nr_threads);
    assert_string_equal(snapshot_of("proc/loadavg"), want); /* runnable: it and pid 1 */
}

static void test_stat_has_the_layout_of_rhel3(void)
{
    const struct cpu_times cpu = { .user_ns = SECONDS(20),
                                   .nice_ns = SECONDS(1),
                                   .system_ns = SECONDS(9),
                                   .iowait_ns = SECONDS(70) };
    cos_params.epoch_boot_s = 1000000000;
    (void)cos_child("blocked", 0, sleeper_in_d);
    (void)cos_child("blocked", 0, sleeper_in_d);
    program_sleep_until(987800000000u); /* with the lead: 1000 s */
    (void)cos_child("running", 0, sleeper);
    (void)cos_child("running", 0, sleeper);
    cos_set_cpu_times(&cpu);
    kstat.disk[0] = (struct disk_stat){ .ios = 10, .pages = 80, .swap_pages = 16 };
    kstat.disk[1] = (struct disk_stat){ .ios = 4, .pages = 124, .swap_pages = 124 };
    kstat.forks = 300;
    run_queue.switches = 5000000000u;
    /* The console booted at 10 s. */
    assert_string_equal(snapshot_of("proc/stat"),
                        "cpu  2000 100 900 90000 7000 0 0\n"
                        "cpu0 2000 100 900 90000 7000 0 0\n"
                        "page 320 496\n"
                        "swap 16 124\n"
                        "intr 97794 97780 0 0 0 0 0 0 0 0 0 0 14 0 0 0 0\n"
                        "disk_io: (8,0):(14,10,640,4,992) \n"
                        "ctxt 5000000000\n"
                        "btime 999999987\n"
                        "processes 300\n"
                        "procs_running 3\n"
                        "procs_blocked 2\n");
}

static void test_slabinfo_has_the_layout_of_one_cpu(void)
{
    struct kmem_cache *some = kmem_cache_create("some", 128);
    struct kmem_cache *none = kmem_cache_create("a_name_of_19_bytes", 1024);
    for (unsigned i = 0; i < 40; i++)
        (void)kmem_cache_alloc(some, GFP_KERNEL);
    kmem_cache_free(none, kmem_cache_alloc(none, GFP_KERNEL));
    const char *text = snapshot_of("proc/slabinfo");
    const char heading[] = "slabinfo - version: 1.1\n";
    assert_memory_equal(text, heading, sizeof heading - 1);
    assert_non_null(strstr(text, "\nsome                  40     62    128    2    2    1\n"));
    assert_non_null(strstr(text, "\na_name_of_19_bytes      0     15   1024    0    1    4\n"));
}

static void test_sysctls_are_the_defaults_of_rhel3(void)
{
    char threads[16];
    assert_int_equal(proc_write_boot(), 0);
    assert_string_equal(cos_file("proc/sys/vm/bdflush"), "50\t500\t0\t0\t500\t3000\t80\t50\t0\n");
    assert_string_equal(cos_file("proc/sys/vm/pagecache"), "1\t15\t30\n");
    assert_string_equal(cos_file("proc/sys/vm/oom-kill"), "1\n");
    assert_string_equal(cos_file("proc/sys/vm/inactive_clean_percent"), "30\n");
    (void)snprintf(threads, sizeof threads, "%u\n", max_threads());
    assert_string_equal(cos_file("proc/sys/kernel/threads-max"), threads);
    assert_string_equal(cos_file("proc/sys/kernel/panic_on_oops"), "1\n");
}

/* ---- the time behind the columns ------------------------------------------------------------- */
static void test_iowait_is_idle_time_while_the_disk_works(void)
{
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

static void test_a_file_that_cannot_be_written_is_reported_and_the_rest_tried(void)
{
    assert_int_equal(mkdirat(MACHINE_FD_HOST, "proc/meminfo", 0755), 0);
    assert_int_equal(proc_write_snapshot(), -21); /* EISDIR */
    assert_non_null(cos_file("proc/slabinfo"));
    assert_int_equal(proc_write_boot(), -21);
    assert_non_null(cos_file("proc/sys/vm/bdflush"));
    assert_non_null(cos_file("proc/version"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cos_unit_test(&machine, test_meminfo_has_the_layout_of_rhel3),
        cos_unit_test(&machine, test_swap_used_is_whole_pages_in_bytes),
        cos_unit_test(&machine, test_uptime_of_the_cos_is_ahead_of_the_vmkernels),
        cos_unit_test(&machine, test_loadavg_is_rounded_to_hundredths),
        cos_unit_test(&machine, test_stat_has_the_layout_of_rhel3),
        cos_unit_test(&machine, test_slabinfo_has_the_layout_of_one_cpu),
        cos_unit_test(&machine, test_sysctls_are_the_defaults_of_rhel3),
        cos_unit_test(&machine, test_iowait_is_idle_time_while_the_disk_works),
        cmocka_unit_test(test_time_of_a_nice_task_is_nice_only_in_user_mode),
        cos_unit_test(&machine, test_a_file_that_cannot_be_written_is_reported_and_the_rest_tried),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
