/* test_proc_misc.c - the layouts of /proc, byte for byte as facts on RHEL 3 give them [RHEL3MM 2].
 * links: cos/kernel/fs/proc_misc.c cos/kernel/lib.c -no-pie -Wl,-Ttext-segment=0x60000000 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cos/kernel/fs/proc_misc.h"
#include "cos/kernel/fs/vfs.h"
#include "cos/kernel/mm/mm.h"
#include "cos/kernel/process.h"
#include "cos/kernel/sched.h"

/* ---- what proc_misc.c uses of the kernel ----------------------------------------------------- */
struct cos_clock cos_clock;
uint32_t avenrun[3], nr_running, nr_threads, last_pid;
static struct boot_params params;
const struct boot_params *boot_params = &params;
static struct mem_info memory;
static uint64_t busy_ns;
static struct {
    char path[64], text[2048];
} written[8];
static unsigned written_count;
static int write_error;

void mem_info(struct mem_info *ret)
{
    *ret = memory;
}

void time_load(void)
{
}

uint64_t process_cpu_ns(void)
{
    return busy_ns;
}

int vfs_replace(const char *path, const char *data, uint32_t n)
{
    assert_true(written_count < 8 && n < sizeof written[0].text);
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
    busy_ns = 0;
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
    busy_ns = 5000000000u;
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

static void test_a_full_disk_is_reported_and_the_rest_tried(void **state)
{
    (void)state;
    write_error = -28;
    assert_int_equal(proc_write_snapshot(), -28);
    assert_int_equal(written_count, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_meminfo_has_the_layout_of_rhel3, setup),
        cmocka_unit_test_setup(test_swap_used_is_whole_pages_in_bytes, setup),
        cmocka_unit_test_setup(test_uptime_of_the_cos_is_ahead_of_the_vmkernels, setup),
        cmocka_unit_test_setup(test_loadavg_is_rounded_to_hundredths, setup),
        cmocka_unit_test_setup(test_a_full_disk_is_reported_and_the_rest_tried, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
