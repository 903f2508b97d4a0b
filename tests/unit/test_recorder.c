/* test_recorder.c - the tables of top and ps, column by column as procps 2.0.17 has them [RHEL3MM
 * 2]: the header is the sample of that table with its own numbers.
 * links: cos/programs/recorder.c cos/programs/top.c cos/programs/ps.c
 * links: cos/kernel/fs/text.c cos/kernel/arch/lib.c -no-pie -Wl,-Ttext-segment=0x60000000 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "cos/kernel/fs/proc_misc.h"
#include "cos/kernel/fs/proc_task.h"
#include "cos/kernel/fs/vfs.h"
#include "cos/kernel/mm/mm.h"
#include "cos/kernel/sched/process.h"
#include "cos/kernel/sched/sched.h"
#include "cos/programs/cron.h"
#include "cos/programs/recorder.h"

#define S 1000000000ull

/* ---- what the tools use of the kernel -------------------------------------------------------- */
struct cos_clock cos_clock;
union task_union init_task_union;
uint32_t avenrun[3], nr_threads;
static struct boot_params params;
const struct boot_params *boot_params = &params;
static struct mem_info memory;
static struct cpu_times cpu;
static struct task_struct tasks[80];
static struct task_memory resident;
static unsigned task_count;
static const char *letters;
static char file[16384], path_of_file[64];
static unsigned appends;
static struct program program;

void mem_info(struct mem_info *ret)
{
    *ret = memory;
}

void process_cpu_times(struct cpu_times *ret)
{
    *ret = cpu;
}

void time_load(void)
{
}

uint64_t cos_uptime_ns(void)
{
    return cos_clock.now_ns;
}

int64_t cos_epoch_s(void)
{
    return params.epoch_boot_s + (int64_t)(cos_clock.now_ns / S);
}

void task_memory(const struct task_struct *t, struct task_memory *ret)
{
    (void)t;
    *ret = resident;
}

uint32_t task_rss(const struct task_struct *t)
{
    return t->mm != 0 ? resident.resident : 0;
}

uint32_t task_size(const struct task_struct *t)
{
    return t->mm != 0 ? resident.size : 0;
}

void task_stat_letters(const struct task_struct *t, char ret[4])
{
    (void)t;
    memcpy(ret, letters, 4);
}

const char *task_user(const struct task_struct *t)
{
    return t->uid == 0 ? "root" : "nobody";
}

int vfs_append(const char *path, const char *data, uint32_t n)
{
    const size_t len = strlen(file);
    assert_true(len + n < sizeof file);
    memcpy(file + len, data, n);
    file[len + n] = '\0';
    (void)snprintf(path_of_file, sizeof path_of_file, "%s", path);
    appends++;
    return 0;
}

void program_touch(struct program *p, uint32_t n)
{
    (void)p;
    (void)n;
}

void program_cpu(uint64_t ns)
{
    (void)ns;
}

int cron_run(struct program *p, const struct boot_program *spec, const char *text)
{
    (void)p;
    (void)text;
    (void)spec;
    return 0;
}

void model_bug(const char *what_file, int line, const char *what)
{
    mock_assert(0, what, what_file, line);
    __builtin_trap();
}

/* ---- helpers --------------------------------------------------------------------------------- */
static struct task_struct *add_task(uint32_t pid, const char *name, uint32_t state)
{
    struct task_struct *t = &tasks[task_count++],
                       *last = PTR(struct task_struct, init_task->prev_task);
    strcopy(t->comm, name, sizeof t->comm);
    t->pid = pid;
    t->state = state;
    t->prio = 115;
    t->static_prio = 120;
    t->next_task = kptr_of(init_task);
    t->prev_task = kptr_of(last);
    last->next_task = init_task->prev_task = kptr_of(t);
    return t;
}

/* The state that top keeps between two runs is that of the process, so each test starts where a
 * run of top at second 0 of its own day has just been. */
static int setup(void **state)
{
    (void)state;
    static uint64_t day_ns;
    day_ns += 86400 * S;
    memset(tasks, 0, sizeof tasks);
    init_task->next_task = init_task->prev_task = kptr_of(init_task);
    task_count = 0;
    memset(&cpu, 0, sizeof cpu);
    memset(&resident, 0, sizeof resident);
    memory = (struct mem_info){ .total = 100000 };
    letters = "S  ";
    cos_clock.now_ns = day_ns;
    params = (struct boot_params){ .epoch_boot_s = -(int64_t)(day_ns / S), .host = "h" };
    (void)prog_top(&program);
    file[0] = '\0';
    appends = 0;
    return 0;
}

static const char *top_line(const struct task_struct *t, uint32_t pcpu)
{
    static char line[256];
    struct text text = { line, sizeof line, 0 };
    top_put_task(&text, t, pcpu);
    return line;
}

static const char *ps_line(const struct task_struct *t)
{
    static char line[256];
    struct text text = { line, sizeof line, 0 };
    ps_put_task(&text, t);
    return line;
}

/* ---- tests ----------------------------------------------------------------------------------- */
static void test_top_header_is_the_sample_of_rhel3(void **state)
{
    (void)state;
    char header[1024];
    struct text t = { header, sizeof header, 0 };
    for (unsigned i = 0; i < 76; i++)
        add_task(i + 1, "x",
                 i < 3    ? TASK_RUNNING
                 : i < 40 ? TASK_UNINTERRUPTIBLE
                          : TASK_INTERRUPTIBLE);
    memory = (struct mem_info){ .total = 1026912 / 4,
                                .free = 16436 / 4,
                                .buffers = 52128 / 4,
                                .cached = 799432 / 4,
                                .active_anon = 700000 / 4,
                                .active_cache = 66724 / 4,
                                .inact_dirty = 143128 / 4,
                                .inact_laundry = 5,
                                .inact_clean = 14264 / 4,
                                .swap_total = 2041192 / 4,
                                .swap_free = 1958032 / 4 };
    avenrun[0] = 2048 * 95 / 100;
    avenrun[1] = 2048 * 44 / 100;
    avenrun[2] = 2048 * 17 / 100;
    cpu = (struct cpu_times){ .user_ns = 5150 * S, .system_ns = 390 * S };
    const uint64_t last_ns = cos_clock.now_ns;
    cos_clock.now_ns += 10000 * S;
    params.epoch_boot_s = 45296 - (int64_t)(cos_clock.now_ns / S); /* it is 12:34:56 */
    top_put_header(&t);
    const uint32_t minutes = (uint32_t)(cos_clock.now_ns / S / 60);
    char first[128];
    (void)snprintf(first, sizeof first,
                   " 12:34:56  up %u day%s, %2u:%02u,  0 users,  load average: 0.95, 0.44, 0.17\n",
                   minutes / 1440, minutes / 1440 > 1 ? "s" : "", minutes / 60 % 24, minutes % 60);
    assert_memory_equal(header, first, strlen(first));
    assert_string_equal(
        header + strlen(first),
        "76 processes: 73 sleeping, 3 running, 0 zombie, 0 stopped\n"
        "CPU states:  cpu    user    nice  system    irq  softirq  iowait    idle\n"
        "           total   51.5%    0.0%    3.9%   0.0%     0.0%    0.0%   44.6%\n"
        "Mem:  1026912k av, 1010476k used,   16436k free,       0k shrd,   52128k buff\n"
        "                    766724k actv,  143128k in_d,   14264k in_c\n"
        "Swap: 2041192k av,   83160k used, 1958032k free                  799432k cached\n"
        "\n"
        "  PID USER     PRI  NI  SIZE  RSS SHARE STAT %CPU %MEM   TIME CPU COMMAND\n");
    assert_true(last_ns < cos_clock.now_ns);
}

static void test_top_stands_under_its_heading(void **state)
{
    (void)state;
    struct task_struct *t = add_task(9173, "VMap", TASK_INTERRUPTIBLE);
    t->utime_ns = 75 * S;
    resident = (struct task_memory){ .size = 586196 / 4, .resident = 2391, .share = 15 };
    assert_string_equal(top_line(t, 123),
                        " 9173 root      15   0  572M 9564    60 S    12.3  2.4   1:15   0 VMap\n");
    letters = "SWN";
    t = add_task(4, "ksoftirqd_CPU0", TASK_INTERRUPTIBLE);
    t->prio = t->static_prio = 139;
    memset(&resident, 0, sizeof resident);
    assert_string_equal(
        top_line(t, 0),
        "    4 root      39  19     0    0     0 SWN   0.0  0.0   0:00   0 ksoftirqd_CPU0\n");
}

static void test_a_size_that_does_not_fit_its_column_is_in_mb(void **state)
{
    (void)state;
    static const struct {
        uint32_t kb, width;
        const char *want;
    } rows[] = {
        { 0, 5, "0" },      { 99999, 5, "99999" }, { 100000, 5, "97M" },  { 9999, 4, "9999" },
        { 10000, 4, "9M" }, { 27292, 4, "26M" },   { 586196, 5, "572M" },
    };
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        char got[12];
        recorder_kb(got, sizeof got, rows[i].kb, rows[i].width);
        assert_string_equal(got, rows[i].want);
    }
}

static void test_ps_stands_under_its_heading(void **state)
{
    (void)state;
    char heading[128];
    struct text text = { heading, sizeof heading, 0 };
    ps_put_header(&text);
    assert_string_equal(heading,
                        "USER       PID %CPU %MEM   VSZ  RSS TTY      STAT START   TIME COMMAND\n");
    struct task_struct *t = add_task(9173, "VMap", TASK_INTERRUPTIBLE);
    t->mm = 1;
    t->start_ns = cos_clock.now_ns;
    t->utime_ns = 5 * S;
    cos_clock.now_ns += 1000 * S;
    params.epoch_boot_s = 1258102905 - (int64_t)(cos_clock.now_ns / S); /* Nov 13 2009 09:01:45 */
    resident = (struct task_memory){ .size = 5861, .resident = 2000 };
    assert_string_equal(ps_line(t),
                        "root      9173  0.5  2.0 23444 8000 ?        S    08:45   0:05 VMap\n");
    cos_clock.now_ns += 86400 * S;
    t->mm = 0;
    t->uid = 99;
    letters = "SW ";
    assert_string_equal(ps_line(t),
                        "nobody    9173  0.0  0.0     0    0 ?        SW   Nov13   0:05 [VMap]\n");
    t->state = TASK_ZOMBIE;
    assert_non_null(strstr(ps_line(t), " [VMap <defunct>]\n"));
}

static void test_top_sorts_by_what_was_used_since_the_last_run(void **state)
{
    (void)state;
    struct task_struct *old = add_task(10, "old", TASK_INTERRUPTIBLE);
    add_task(11, "idle", TASK_INTERRUPTIBLE);
    struct task_struct *busy = add_task(12, "busy", TASK_RUNNING);
    add_task(13, "idler", TASK_INTERRUPTIBLE);
    old->utime_ns = 500 * S;
    cos_clock.now_ns += 1000 * S;
    assert_int_equal(prog_top(&program), 0);
    assert_non_null(strstr(file, "S    50.0  0.0   8:20   0 old\n"));
    file[0] = '\0';
    busy->stime_ns = 30 * S;
    old->utime_ns += 10 * S;
    cos_clock.now_ns += 100 * S;
    assert_int_equal(prog_top(&program), 0);
    assert_string_equal(path_of_file, "var/log/top.log");
    assert_string_equal(strstr(file, "COMMAND\n") + 8,
                        "   12 root      15   0     0    0     0 S    30.0  0.0   0:30   0 busy\n"
                        "   10 root      15   0     0    0     0 S    10.0  0.0   8:30   0 old\n"
                        "   11 root      15   0     0    0     0 S     0.0  0.0   0:00   0 idle\n"
                        "   13 root      15   0     0    0     0 S     0.0  0.0   0:00   0 idler\n"
                        "\n");
}

static void test_a_table_longer_than_the_buffer_is_whole(void **state)
{
    (void)state;
    unsigned lines = 0;
    for (unsigned i = 0; i < 80; i++)
        add_task(i + 1, "a_comm_of_15_by", TASK_INTERRUPTIBLE);
    assert_int_equal(prog_ps_aux(&program), 0);
    assert_true(appends > 1);
    for (const char *p = file; *p != '\0'; p++)
        lines += *p == '\n';
    assert_int_equal(lines, 82);
}

static void test_shares_are_to_the_nearest_tenth_and_below_100(void **state)
{
    (void)state;
    assert_int_equal(recorder_tenths(1, 0), 0);
    assert_int_equal(recorder_tenths(1, 3), 333);
    assert_int_equal(recorder_tenths(2, 3), 667);
    assert_int_equal(recorder_tenths(5, 5), 999);
    assert_int_equal(recorder_tenths(3600000 * S, 3600001 * S), 999); /* 42 days in ns */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_top_header_is_the_sample_of_rhel3, setup),
        cmocka_unit_test_setup(test_top_stands_under_its_heading, setup),
        cmocka_unit_test_setup(test_a_size_that_does_not_fit_its_column_is_in_mb, setup),
        cmocka_unit_test_setup(test_ps_stands_under_its_heading, setup),
        cmocka_unit_test_setup(test_top_sorts_by_what_was_used_since_the_last_run, setup),
        cmocka_unit_test_setup(test_a_table_longer_than_the_buffer_is_whole, setup),
        cmocka_unit_test_setup(test_shares_are_to_the_nearest_tenth_and_below_100, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
