/* test_recorder.c - the tables of top and ps, column by column as procps 2.0.17 has them [RHEL3MM
 * 2]: the header is the sample of that table with its own numbers. */
#include "tests/kernel/cos_harness.h"

#include "cos/kernel/fs/proc_misc.h"
#include "cos/kernel/fs/proc_task.h"
#include "cos/programs/recorder.h"

static const struct cos_machine machine = { .ram_mb = 64, .swap_slots = 1000, .host_files = true };

/* ---- tasks ----------------------------------------------------------------------------------- */
static int __attribute__((noreturn)) thread(void *unused)
{
    (void)unused;
    for (;;) {
        current->state = TASK_INTERRUPTIBLE;
        schedule();
    }
}

static struct task_struct *add_thread(uint32_t pid, const char *name)
{
    return kernel_thread(pid, name, thread, NULL);
}

static int exits(struct program *p)
{
    (void)p;
    return 0;
}

static uint32_t size, resident, share; /* what VMap is to have, in pages */

static struct task_memory memory_now(void)
{
    struct task_memory m;
    task_memory(current, &m);
    return m;
}

static int vmap(struct program *p)
{
    struct mm_struct *mm = PTR(struct mm_struct, current->mm);
    for (uint32_t i = 0; memory_now().share < share; i++)
        assert_true(user_account(p->lib_start + i * PAGE_SIZE, false));
    const uint32_t pages = resident - memory_now().resident, heap = mm->brk;
    assert_int_equal(do_brk(heap + pages * PAGE_SIZE), 0);
    for (uint32_t i = 0; i < pages; i++)
        assert_true(user_account(heap + i * PAGE_SIZE, true));
    if (size > mm->total_vm)
        assert_int_equal(do_brk(mm->brk + (size - mm->total_vm) * PAGE_SIZE), 0);
    program_sleep_until(UINT64_MAX / 8);
    return 0;
}

static struct task_struct *start_vmap(void)
{
    struct boot_program spec = cos_program("VMap");
    spec.pid = 9173;
    struct task_struct *t = find_task_by_pid((uint32_t)cos_spawn(&spec, vmap));
    cos_sleep(SECONDS(1));
    t->prio = 115;
    t->stime_ns = 0;
    return t;
}

static struct program *self(void)
{
    return PTR(struct program, current->program);
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
static void test_top_header_is_the_sample_of_rhel3(void)
{
    static char header[1024];
    struct text t = { header, sizeof header, 0 };
    const struct mem_info memory = { .total = 1026912 / 4,
                                     .free = 16436 / 4,
                                     .cached = 799432 / 4,
                                     .active_anon = 700000 / 4,
                                     .active_cache = 66724 / 4,
                                     .inact_dirty = 143128 / 4,
                                     .inact_laundry = 5,
                                     .inact_clean = 14264 / 4,
                                     .swap_total = 2041192 / 4,
                                     .swap_free = 1958032 / 4 };
    const struct cpu_times before = { .user_ns = SECONDS(1000), .system_ns = SECONDS(500) };
    const struct cpu_times used = { .user_ns = SECONDS(6150), .system_ns = SECONDS(890) };
    while (nr_threads < 74)
        (void)add_thread(0, "x");
    cos_set_cpu_times(&before);
    assert_int_equal(prog_top(self()), 0);
    cos_sleep(SECONDS(10000));
    (void)add_thread(0, "x");
    (void)add_thread(0, "x"); /* these have not run yet, and pid 1 runs */
    avenrun[0] = 2048 * 95 / 100;
    avenrun[1] = 2048 * 44 / 100;
    avenrun[2] = 2048 * 17 / 100;
    cos_set_cpu_times(&used);
    cos_set_memory(&memory);
    /* It is 12:34:56. */
    cos_params.epoch_boot_s = 45296 - (int64_t)(cos_clock.now_ns / NS_PER_S);
    top_put_header(&t);
    assert_string_equal(
        header, " 12:34:56  up  2:47,  0 users,  load average: 0.95, 0.44, 0.17\n"
                "76 processes: 73 sleeping, 3 running, 0 zombie, 0 stopped\n"
                "CPU states:  cpu    user    nice  system    irq  softirq  iowait    idle\n"
                "           total   51.5%    0.0%    3.9%   0.0%     0.0%    0.0%   44.6%\n"
                "Mem:  1026912k av, 1010476k used,   16436k free,       0k shrd,       0k buff\n"
                "                    766724k actv,  143128k in_d,   14264k in_c\n"
                "Swap: 2041192k av,   83160k used, 1958032k free                  799432k cached\n"
                "\n"
                "  PID USER     PRI  NI  SIZE  RSS SHARE STAT %CPU %MEM   TIME CPU COMMAND\n");
}

static void test_top_stands_under_its_heading(void)
{
    const struct mem_info memory = { .total = 100000 };
    size = resident = 27292 / 4;
    share = 15;
    struct task_struct *t = start_vmap();
    t->utime_ns = SECONDS(75);
    struct task_struct *nice = add_thread(4, "ksoftirqd_CPU0");
    set_user_nice(nice, 19);
    cos_sleep(SECONDS(1));
    nice->prio = 139;
    nice->stime_ns = 0;
    cos_set_memory(&memory);
    assert_string_equal(top_line(t, 123),
                        " 9173 root      15   0 27292  26M    60 S    12.3  6.8   1:15   0 VMap\n");
    assert_string_equal(
        top_line(nice, 0),
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

static void test_ps_stands_under_its_heading(void)
{
    const struct mem_info memory = { .total = 100000 };
    char heading[128];
    struct text text = { heading, sizeof heading, 0 };
    ps_put_header(&text);
    assert_string_equal(heading,
                        "USER       PID %CPU %MEM   VSZ  RSS TTY      STAT START   TIME COMMAND\n");
    size = 5861;
    resident = 2000;
    share = 0;
    struct task_struct *t = start_vmap(), *k = add_thread(4, "keventd");
    const struct task_struct *dead = cos_child("dead", BOOT_PROG_ROOT, exits);
    t->start_ns = k->start_ns = cos_clock.now_ns;
    t->utime_ns = k->utime_ns = SECONDS(5);
    cos_sleep(SECONDS(1000));
    /* Nov 13 2009 09:01:45 */
    cos_params.epoch_boot_s = 1258102905 - (int64_t)(cos_clock.now_ns / NS_PER_S);
    cos_set_memory(&memory);
    assert_string_equal(ps_line(t),
                        "root      9173  0.5  2.0 23444 8000 ?        S    08:45   0:05 VMap\n");
    assert_non_null(strstr(ps_line(dead), " [dead <defunct>]\n"));
    cos_sleep(SECONDS(86400));
    k->uid = 99;
    assert_string_equal(
        ps_line(k), "nobody       4  0.0  0.0     0    0 ?        SW   Nov13   0:05 [keventd]\n");
}

static void test_top_sorts_by_what_was_used_since_the_last_run(void)
{
    static const char *const names[] = { "old", "idle", "busy", "idler" };
    struct task_struct *t[4];
    assert_int_equal(prog_top(self()), 0);
    for (uint32_t i = 0; i < 4; i++)
        t[i] = add_thread(10 + i, names[i]);
    cos_sleep(SECONDS(1000));
    for (uint32_t i = 0; i < 4; i++)
        t[i]->prio = 115;
    t[0]->utime_ns = SECONDS(500);
    assert_int_equal(prog_top(self()), 0);
    assert_non_null(strstr(cos_file("var/log/top.log"), "SW   50.0  0.0   8:20   0 old\n"));
    cos_sleep(SECONDS(100));
    t[2]->stime_ns += SECONDS(30);
    t[0]->utime_ns += SECONDS(10);
    assert_int_equal(prog_top(self()), 0);
    const char *table = strstr(cos_file("var/log/top.log"), "COMMAND\n");
    for (int run = 1; run < 3; run++)
        table = strstr(table + 1, "COMMAND\n");
    const char first[] = "COMMAND\n"
                         "   12 root      15   0     0    0     0 SW   30.0  0.0   0:30   0 busy\n"
                         "   10 root      15   0     0    0     0 SW   10.0  0.0   8:30   0 old\n";
    assert_memory_equal(table, first, sizeof first - 1);
    const char last[] = "   11 root      15   0     0    0     0 SW    0.0  0.0   0:00   0 idle\n"
                        "   13 root      15   0     0    0     0 SW    0.0  0.0   0:00   0 idler\n"
                        "\n";
    assert_string_equal(strstr(table, "   11 root"), last);
}

static void test_a_table_longer_than_the_buffer_is_whole(void)
{
    unsigned lines = 0;
    while (nr_threads < 80)
        (void)add_thread(0, "a_comm_of_15_by");
    assert_int_equal(prog_ps_aux(self()), 0);
    for (const char *p = cos_file("var/log/ps.log"); *p != '\0'; p++)
        lines += *p == '\n';
    assert_int_equal(lines, 82);
    assert_true(strlen(cos_file("var/log/ps.log")) > PAGE_SIZE); /* it went out in pieces */
}

static void test_shares_are_to_the_nearest_tenth_and_below_100(void **state)
{
    (void)state;
    assert_int_equal(recorder_tenths(1, 0), 0);
    assert_int_equal(recorder_tenths(1, 3), 333);
    assert_int_equal(recorder_tenths(2, 3), 667);
    assert_int_equal(recorder_tenths(5, 5), 999);
    assert_int_equal(recorder_tenths(SECONDS(3600000), SECONDS(3600001)), 999); /* 42 days in ns */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cos_unit_test(&machine, test_top_header_is_the_sample_of_rhel3),
        cos_unit_test(&machine, test_top_stands_under_its_heading),
        cmocka_unit_test(test_a_size_that_does_not_fit_its_column_is_in_mb),
        cos_unit_test(&machine, test_ps_stands_under_its_heading),
        cos_unit_test(&machine, test_top_sorts_by_what_was_used_since_the_last_run),
        cos_unit_test(&machine, test_a_table_longer_than_the_buffer_is_whole),
        cmocka_unit_test(test_shares_are_to_the_nearest_tenth_and_below_100),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
