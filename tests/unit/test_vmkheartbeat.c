/* test_vmkheartbeat.c - the hourly line of vmksummary, field by field as in the article.
 * links: cos/programs/vmkheartbeat.c cos/kernel/arch/lib.c -no-pie -Wl,-Ttext-segment=0x60000000 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cos/kernel/fs/proc_misc.h"
#include "cos/kernel/fs/syslog.h"
#include "cos/kernel/mm/mm.h"
#include "cos/programs/cron.h"

#define TASKS 12u

/* ---- what vmkheartbeat.c uses of the kernel -------------------------------------------------- */
struct cos_clock cos_clock = { .next_ns = UINT64_MAX };
union task_union init_task_union;
static struct boot_params params = { .build = "153875", .epoch_boot_s = 1258102905 - 11798902 };
const struct boot_params *boot_params = &params;
static struct task_struct tasks[TASKS];
static struct mm_struct mms[TASKS];
static unsigned task_count;
static struct program script;
static struct program child;
static uint64_t swap_used, child_delay_ns;
static const char *killed; /* the child that the OOM killer takes */
static struct syslog_message sent;
static unsigned sent_count;

void program_touch(struct program *p, uint32_t n)
{
    (void)p;
    (void)n;
}

void program_cpu(uint64_t ns)
{
    (void)ns;
    cos_clock.now_ns += child_delay_ns;
}

struct program *program_parent(void)
{
    return &script;
}

int64_t cos_epoch_s(void)
{
    return params.epoch_boot_s + (int64_t)(cos_clock.now_ns / 1000000000u);
}

uint64_t cos_uptime_ns(void)
{
    return cos_clock.now_ns + COS_UPTIME_LEAD_NS;
}

uint64_t proc_swap_used_bytes(void)
{
    return swap_used;
}

int proc_write_snapshot(void)
{
    return 0;
}

int syslog_send_line(enum syslog_file file, const char *line)
{
    sent.file = (uint32_t)file;
    strcopy(sent.line, line, sizeof sent.line);
    sent_count++;
    return 0;
}

/* A child that runs at once, in the place of the shell. */
int cron_run(struct program *p, const struct boot_program *spec, const char *text)
{
    assert_ptr_equal(p, &script);
    if (killed != NULL && strcmp(killed, spec->name) == 0)
        return 0;
    memset(&child, 0, sizeof child);
    strcopy(child.text, text != NULL ? text : "", sizeof child.text);
    if (strcmp(spec->behaviour, "uptimes") == 0)
        return prog_uptimes(&child);
    if (strcmp(spec->behaviour, "ps") == 0)
        return prog_ps(&child);
    assert_string_equal(spec->behaviour, "logger");
    return prog_logger(&child);
}

/* ---- helpers --------------------------------------------------------------------------------- */
static void add_task(const char *name, uint32_t kb)
{
    struct task_struct *t = &tasks[task_count],
                       *last = PTR(struct task_struct, init_task->prev_task);
    strcopy(t->comm, name, sizeof t->comm);
    mms[task_count].total_vm = kb / 4;
    t->mm = kb != 0 ? kptr_of(&mms[task_count]) : 0;
    t->next_task = kptr_of(init_task);
    t->prev_task = kptr_of(last);
    last->next_task = init_task->prev_task = kptr_of(t);
    task_count++;
}

static int setup(void **state)
{
    (void)state;
    memset(&script, 0, sizeof script);
    memset(tasks, 0, sizeof tasks);
    init_task->next_task = init_task->prev_task = kptr_of(init_task);
    task_count = sent_count = 0;
    child_delay_ns = 0;
    killed = NULL;
    swap_used = 567468032;
    cos_clock.now_ns = 11798902253000000u;
    return 0;
}

/* ---- tests ----------------------------------------------------------------------------------- */
static void test_the_line_is_that_of_the_article(void **state)
{
    (void)state;
    add_task("kswapd", 0);
    add_task("webAccess", 27292);
    add_task("vmware-vmx", 9000);
    add_task("VMap", 586196);
    add_task("vmware-vmx", 9000);
    add_task("vmware-hostd", 83180);
    assert_int_equal(prog_vmkheartbeat(&script), 0);
    assert_int_equal(sent_count, 1);
    assert_int_equal(sent.file, SYSLOG_VMKSUMMARY);
    assert_string_equal(
        sent.line,
        "logger: (1258102905) hb: vmk loaded, 11798914.45, 11798902.253, 2, 153875, 153875, "
        "567468032, VMap-586196, vmware-h-83180, webAcces-27292");
}

static void test_a_slow_console_widens_the_gap_between_the_uptimes(void **state)
{
    (void)state;
    add_task("init", 1500);
    child_delay_ns = 1187000000u;
    assert_int_equal(prog_vmkheartbeat(&script), 0);
    /* vmk is read after one delay, cos after two; the epoch before both, as in [KB308590] */
    assert_string_equal(
        sent.line,
        "logger: (1258102905) hb: vmk loaded, 11798916.82, 11798903.440, 0, 153875, 153875, "
        "567468032, init-1500");
}

static void test_of_equal_sizes_the_older_process_stands_first(void **state)
{
    (void)state;
    add_task("sfcbd-first", 100);
    add_task("small", 4);
    add_task("second", 100);
    add_task("biggest", 400);
    add_task("third", 100);
    assert_int_equal(prog_ps(&child), 0);
    assert_string_equal(script.text, "biggest-400, sfcbd-fi-100, second-100");
}

static void test_without_its_tools_the_script_writes_nothing(void **state)
{
    (void)state;
    add_task("init", 1500);
    killed = "ps";
    assert_int_equal(prog_vmkheartbeat(&script), 1);
    memset(&script, 0, sizeof script);
    killed = "cat";
    assert_int_equal(prog_vmkheartbeat(&script), 1);
    assert_int_equal(sent_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_the_line_is_that_of_the_article, setup),
        cmocka_unit_test_setup(test_a_slow_console_widens_the_gap_between_the_uptimes, setup),
        cmocka_unit_test_setup(test_of_equal_sizes_the_older_process_stands_first, setup),
        cmocka_unit_test_setup(test_without_its_tools_the_script_writes_nothing, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
