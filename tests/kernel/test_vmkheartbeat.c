/* test_vmkheartbeat.c - the hourly line of vmksummary, field by field as in the article. */
#include "tests/kernel/cos_harness.h"

#include <stdlib.h>

#include "cos/kernel/fs/syslog.h"

#define START_NS 11798902253000000u /* [KB308590] */
#define EPOCH_S 1258102905

static const struct cos_machine machine = { .ram_mb = 32, .swap_slots = 1000, .host_files = true };

/* ---- the host -------------------------------------------------------------------------------- */
static int sleeper(struct program *p)
{
    (void)p;
    program_sleep_until(UINT64_MAX / 8);
    return 0;
}

static void add_task(const char *name, uint32_t kb)
{
    const struct task_struct *t = cos_child(name, BOOT_PROG_ROOT, sleeper);
    cos_sleep(SECONDS(1));
    PTR(struct mm_struct, t->mm)->total_vm = kb / 4;
}

/* Leaves others a thousandth of the CPU. */
static int __attribute__((noreturn)) hog(struct program *p)
{
    (void)p;
    program_sleep_until(START_NS);
    for (;;) {
        program_cpu(SECONDS(1) / 5);
        cos_sleep(200000);
    }
}

/* ---- the script ------------------------------------------------------------------------------ */
/* Its line. */
struct line {
    int64_t epoch_s;
    double cos_s, vmk_s;
    const char *rest; /* from the count of VMs on */
};

/* Start it at START_NS, and kill the child of that name, if any. @return its task */
static const struct task_struct *run_script(const char *killed)
{
    cos_params.epoch_boot_s = EPOCH_S - (int64_t)(START_NS / NS_PER_S);
    strcopy(cos_params.build, "153875", sizeof cos_params.build);
    cos_unchecked();
    total_swap_pages = 138542;
    nr_swap_pages = 0;
    sched_setscheduler(current, SCHED_FIFO, 99); /* sees its children in time */
    program_sleep_until(START_NS);
    const struct task_struct *t = cos_child("vmkheartbeat", BOOT_PROG_ROOT, prog_vmkheartbeat);
    while (t->state != TASK_ZOMBIE) {
        struct task_struct *child = killed != NULL ? find_task_by_name(killed) : NULL;
        if (child != NULL)
            send_sig(SIGKILL, child);
        cos_sleep(killed != NULL ? 20000 : SECONDS(1));
    }
    return t;
}

static struct line line_of_script(void)
{
    const char head[] = "logger: (", loaded[] = ") hb: vmk loaded, ";
    struct line line;
    char *end;
    assert_int_equal(run_script(NULL)->exit_code, 0);
    const struct syslog_message *m = syslog_first();
    assert_non_null(m);
    assert_int_equal(m->file, SYSLOG_VMKSUMMARY);
    assert_memory_equal(m->line, head, sizeof head - 1);
    line.epoch_s = strtoll(m->line + sizeof head - 1, &end, 10);
    assert_memory_equal(end, loaded, sizeof loaded - 1);
    line.cos_s = strtod(end + sizeof loaded - 1, &end);
    line.vmk_s = strtod(end + 2, &end);
    line.rest = end;
    syslog_drop();
    assert_null(syslog_first());
    return line;
}

/* ---- tests ----------------------------------------------------------------------------------- */
static void test_the_line_is_that_of_the_article(void)
{
    add_task("webAccess", 27292);
    add_task("vmware-vmx", 9000);
    add_task("VMap", 586196);
    add_task("vmware-vmx", 9000);
    add_task("vmware-hostd", 83180);
    const struct line line = line_of_script();
    assert_int_equal(line.epoch_s, EPOCH_S);
    assert_string_equal(line.rest, ", 2, 153875, 153875, 567468032, "
                                   "VMap-586196, vmware-h-83180, webAcces-27292");
    assert_in_range(line.vmk_s * 1000, 11798902253, 11798902253 + 500);
    assert_in_range((line.cos_s - line.vmk_s) * 1000, 12190, 12190 + 200); /* hundredths */
}

static void test_a_slow_console_widens_the_gap_between_the_uptimes(void)
{
    struct boot_program spec = cos_program("hog");
    spec.policy = SCHED_FIFO;
    spec.rt_prio = 50;
    assert_true(cos_spawn(&spec, hog) > 0);
    const struct line line = line_of_script();
    /* The epoch is taken before the VMkernel's uptime, and that before the COS's [KB308590]. */
    assert_in_range(line.vmk_s - START_NS / 1e9, line.epoch_s - EPOCH_S + 1, 60);
    assert_in_range((line.cos_s - line.vmk_s) * 10, 127, 600);
}

static void test_of_equal_sizes_the_older_process_stands_first(void)
{
    add_task("sfcbd-first", 40000);
    add_task("small", 4);
    add_task("second", 40000);
    add_task("biggest", 160000);
    add_task("third", 40000);
    assert_non_null(
        strstr(line_of_script().rest, ", biggest-160000, sfcbd-fi-40000, second-40000"));
}

static void without(const char *tool)
{
    assert_int_equal(run_script(tool)->exit_code, 1);
    assert_null(syslog_first());
}

static void test_without_ps_the_script_writes_nothing(void)
{
    without("ps");
}

static void test_without_cat_the_script_writes_nothing(void)
{
    without("cat");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cos_unit_test(&machine, test_the_line_is_that_of_the_article),
        cos_unit_test(&machine, test_a_slow_console_widens_the_gap_between_the_uptimes),
        cos_unit_test(&machine, test_of_equal_sizes_the_older_process_stands_first),
        cos_unit_test(&machine, test_without_ps_the_script_writes_nothing),
        cos_unit_test(&machine, test_without_cat_the_script_writes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
