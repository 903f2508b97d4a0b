/* test_sysrq.c - lines of SysRq-T, and which key does what [RHEL3MM 2].
 * links: cos/kernel/debug/sysrq.c cos/kernel/arch/lib.c -no-pie -Wl,-Ttext-segment=0x60000000 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "cos/kernel/fs/proc_task.h"
#include "cos/kernel/debug/kallsyms.h"
#include "cos/kernel/mm/mm.h"
#include "cos/kernel/debug/printk.h"
#include "cos/kernel/debug/sysrq.h"

/* ---- what sysrq.c uses of the kernel --------------------------------------------------------- */
struct cos_clock cos_clock = { .next_ns = UINT64_MAX };
union task_union init_task_union;
kptr current_task;
uint32_t log_end;
static struct boot_params params;
const struct boot_params *boot_params = &params;
static union task_union tasks[4] __attribute__((aligned(THREAD_SIZE)));
static unsigned task_count;
static char said[4096];
static struct {
    uint64_t at_ns;
    kptr arg;
} armed[4];
static unsigned armed_count;

void printk(const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    const int n = vsnprintf(said + log_end, sizeof said - log_end, format, ap);
    va_end(ap);
    log_end += (uint32_t)n;
    assert_true(log_end < sizeof said);
}

/* Never jumped to: nothing is due. */
void hand_over(void)
{
    fail();
}

void show_mem(void)
{
    printk("memory\n");
}

void show_regs(void)
{
    printk("registers\n");
}

void show_trace(const struct task_struct *t)
{
    printk("trace of %u\n", t->pid);
}

char task_state_letter(const struct task_struct *t)
{
    return t->state == TASK_RUNNING ? 'R' : 'S';
}

void ktimer_add(struct ktimer *t, uint64_t at_ns, void (*fn)(kptr), kptr arg)
{
    (void)t;
    assert_ptr_equal(fn, sysrq_handle);
    armed[armed_count].at_ns = at_ns;
    armed[armed_count++].arg = arg;
}

void model_bug(const char *file, int line, const char *what)
{
    mock_assert(0, what, file, line);
    __builtin_trap();
}

static struct task_struct *add_task(uint32_t pid, uint32_t ppid, const char *name, uint32_t used)
{
    struct task_struct *t = &tasks[task_count].task,
                       *last = PTR(struct task_struct, init_task->prev_task);
    static struct cos_frame frame = { .rip = 0xc0108a05 };
    strcopy(t->comm, name, sizeof t->comm);
    t->pid = pid;
    t->ppid = ppid;
    t->state = TASK_INTERRUPTIBLE;
    t->frame = kptr_of(&frame);
    tasks[task_count].stack[THREAD_SIZE - used] = 1; /* the deepest byte that a call left */
    t->next_task = kptr_of(init_task);
    t->prev_task = kptr_of(last);
    last->next_task = init_task->prev_task = kptr_of(t);
    task_count++;
    return t;
}

static int setup(void **state)
{
    (void)state;
    memset(tasks, 0, sizeof tasks);
    memset(said, 0, sizeof said);
    init_task->next_task = init_task->prev_task = kptr_of(init_task);
    task_count = armed_count = log_end = 0;
    cos_clock.now_ns = 0;
    current_task = kptr_of(init_task);
    return 0;
}

/* ---- tests ----------------------------------------------------------------------------------- */
#define FREE(used) (uint32_t)(THREAD_SIZE - (used) - ((sizeof(struct task_struct) + 7) & ~7ul))

static void test_a_line_has_the_columns_of_its_heading(void **state)
{
    (void)state;
    char want[1024];
    add_task(1, 0, "init", 512)->mm = 1;
    add_task(2, 1, "keventd", 128);
    struct task_struct *busy = add_task(9173, 1, "vmware-watchdog", 1024);
    busy->mm = 1;
    busy->state = TASK_RUNNING;
    add_task(9999, 9173, "VMap", 256)->mm = 1;
    current_task = kptr_of(busy);
    show_state();
    snprintf(want, sizeof want,
             "\n"
             "                         free                        sibling\n"
             "  task             PC    stack   pid father child younger older\n"
             "init          S C0108A05 %5u     1      0  9173               (NOTLB)\n"
             "trace of 1\n\n"
             "keventd       S C0108A05 %5u     2      1          9173       (L-TLB)\n"
             "trace of 2\n\n"
             "vmware-watchd R current  %5u  9173      1  9999             2 (NOTLB)\n"
             "trace of 9173\n\n"
             "VMap          S C0108A05 %5u  9999   9173                     (NOTLB)\n"
             "trace of 9999\n\n",
             FREE(512), FREE(128), FREE(1024), FREE(256));
    assert_string_equal(said, want);
}

static void test_each_key_prints_its_name_first(void **state)
{
    (void)state;
    sysrq_handle(BOOT_SYSRQ_M);
    sysrq_handle(BOOT_SYSRQ_P);
    assert_string_equal(said, "<6>SysRq : Show Memory\nmemory\n<6>SysRq : Show Regs\nregisters\n");
    assert_true(cos_clock.now_ns > 0); /* a console is slow */
}

static void test_keys_are_pressed_when_the_boot_parameters_say(void **state)
{
    (void)state;
    params.sysrq_ns[BOOT_SYSRQ_T] = 77;
    params.sysrq_ns[BOOT_SYSRQ_P] = 5;
    cos_clock.now_ns = 10; /* P is past */
    sysrq_init();
    assert_int_equal(armed_count, 1);
    assert_int_equal(armed[0].at_ns, 77);
    assert_int_equal(armed[0].arg, BOOT_SYSRQ_T);
    assert_true(sysrq_next_ns == 77);
    cos_clock.now_ns = 77;
    sysrq_handle(BOOT_SYSRQ_T);
    assert_true(sysrq_next_ns == UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_line_has_the_columns_of_its_heading, setup),
        cmocka_unit_test_setup(test_each_key_prints_its_name_first, setup),
        cmocka_unit_test_setup(test_keys_are_pressed_when_the_boot_parameters_say, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
