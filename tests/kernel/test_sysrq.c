/* test_sysrq.c - lines of SysRq-T, and which key does what [RHEL3MM 2]. */
#include "tests/kernel/cos_harness.h"

#include "cos/kernel/debug/sysrq.h"

static const struct cos_machine machine = { .ram_mb = 32, .swap_slots = 1000 };

/* ---- tasks whose stacks are known, in the place of all others -------------------------------- */
static union task_union tasks[4] __attribute__((aligned(THREAD_SIZE)));
static struct cos_frame frames[4];
static unsigned task_count;

static struct task_struct *add_task(uint32_t pid, uint32_t ppid, const char *name, uint32_t used)
{
    union task_union *u = &tasks[task_count];
    struct task_struct *t = &u->task, *last = PTR(struct task_struct, init_task->prev_task);
    strcopy(t->comm, name, sizeof t->comm);
    t->pid = pid;
    t->ppid = ppid;
    t->state = TASK_INTERRUPTIBLE;
    frames[task_count] = (struct cos_frame){ .rip = 0xc0108a05, .rsp = kptr_of(u + 1) - 8 };
    t->frame = kptr_of(&frames[task_count]);
    u->stack[THREAD_SIZE - used] = 1; /* the deepest byte that a call left */
    t->next_task = kptr_of(init_task);
    t->prev_task = kptr_of(last);
    last->next_task = init_task->prev_task = kptr_of(t);
    task_count++;
    return t;
}

#define FREE(used) (uint32_t)(THREAD_SIZE - (used) - ((sizeof(struct task_struct) + 7) & ~7ul))

static void test_a_line_has_the_columns_of_its_heading(void)
{
    char want[1024];
    const kptr self = current_task;
    cos_unchecked();
    init_task->next_task = init_task->prev_task = kptr_of(init_task);
    add_task(1, 0, "init", 512)->mm = 1;
    add_task(2, 1, "keventd", 128);
    struct task_struct *busy = add_task(9173, 1, "vmware-watchdog", 1024);
    busy->mm = 1;
    busy->state = TASK_RUNNING;
    add_task(9999, 9173, "VMap", 256)->mm = 1;
    current_task = kptr_of(busy);
    show_state();
    current_task = self;
    snprintf(want, sizeof want,
             "<4>\n"
             "<4>                         free                        sibling\n"
             "<4>  task             PC    stack   pid father child younger older\n"
             "<4>init          S C0108A05 %5u     1      0  9173               (NOTLB)\n"
             "<4>Call Trace:   \n<4>\n"
             "<4>keventd       S C0108A05 %5u     2      1          9173       (L-TLB)\n"
             "<4>Call Trace:   \n<4>\n"
             "<4>vmware-watchd R current  %5u  9173      1  9999             2 (NOTLB)\n"
             "<4>Call Trace:   \n<4>\n"
             "<4>VMap          S C0108A05 %5u  9999   9173                     (NOTLB)\n"
             "<4>Call Trace:   \n<4>\n",
             FREE(512), FREE(128), FREE(1024), FREE(256));
    assert_string_equal(cos_log(), want);
}

static void test_each_key_prints_its_name_first(void)
{
    const uint64_t before = cos_clock.now_ns;
    const char memory[] = "<6>SysRq : Show Memory\n<4>Mem-info:\n";
    sysrq_handle(BOOT_SYSRQ_M);
    assert_memory_equal(cos_log(), memory, sizeof memory - 1);
    assert_true(cos_clock.now_ns > before); /* a console is slow */
    const char registers[] =
        "<6>SysRq : Show Regs\n<4>\n<4>Pid/TGid: 1/1, comm:                 init";
    program_cpu(SECONDS(1)); /* a tick saves them */
    sysrq_handle(BOOT_SYSRQ_P);
    assert_memory_equal(cos_log(), registers, sizeof registers - 1);
}

static void test_keys_are_pressed_when_the_boot_parameters_say(void)
{
    const uint64_t at_ns = cos_clock.now_ns + SECONDS(5);
    cos_params.sysrq_ns[BOOT_SYSRQ_T] = at_ns;
    cos_params.sysrq_ns[BOOT_SYSRQ_P] = cos_clock.now_ns - 1; /* is past */
    sysrq_init();
    assert_true(sysrq_next_ns == at_ns);
    cos_sleep(SECONDS(4));
    assert_string_equal(cos_log(), "");
    cos_sleep(SECONDS(4));
    const char *log = cos_log();
    assert_non_null(strstr(log, "SysRq : Show State\n"));
    assert_null(strstr(log, "Show Regs"));
    assert_true(sysrq_next_ns == UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cos_unit_test(&machine, test_a_line_has_the_columns_of_its_heading),
        cos_unit_test(&machine, test_each_key_prints_its_name_first),
        cos_unit_test(&machine, test_keys_are_pressed_when_the_boot_parameters_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
