/* test_proc_task.c - /proc/PID/status byte for byte [RHEL3MM 2], and which of these files are
 * written when.
 * links: cos/kernel/fs/proc_task.c cos/kernel/fs/text.c cos/kernel/arch/lib.c
 * links: -no-pie -Wl,-Ttext-segment=0x60000000 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cos/kernel/fs/proc_misc.h"
#include "cos/kernel/fs/proc_task.h"
#include "cos/kernel/fs/vfs.h"
#include "cos/kernel/mm/pagetable.h"

#define TASKS 6u

/* ---- what proc_task.c uses of the kernel ----------------------------------------------------- */
struct cos_clock cos_clock;
union task_union init_task_union;
kptr mem_map;
static struct task_struct tasks[TASKS];
static struct mm_struct mms[TASKS];
static unsigned task_count;
static char text[2048], done[1024]; /* the last file; what happened to which */
static uint64_t ptes[8];

static void note(const char *what, const char *path)
{
    const size_t len = strlen(done);
    (void)snprintf(done + len, sizeof done - len, "%s %s\n", what, path);
}

int proc_replace(const char *path, void (*put)(struct text *t))
{
    struct text t = { text, sizeof text, 0 };
    put(&t);
    note("write", path);
    return 0;
}

int vfs_mkdir(const char *path)
{
    note("mkdir", path);
    return 0;
}

int vfs_remove_folder(const char *path, const char *const *names)
{
    assert_string_equal(names[0], "status");
    assert_null(names[1]);
    note("remove", path);
    return 0;
}

int vfs_each_number(const char *path, int (*fn)(uint32_t number))
{
    assert_string_equal(path, "proc");
    const int first = fn(77);
    return vfs_first_error(first, fn(9173));
}

uint64_t *pte_lookup(const struct mm_struct *mm, uint32_t address)
{
    assert_ptr_equal(mm, &mms[0]);
    return address < 0x8000 ? &ptes[address / PAGE_SIZE] : NULL;
}

void model_bug(const char *file, int line, const char *what)
{
    mock_assert(0, what, file, line);
    __builtin_trap();
}

/* ---- helpers --------------------------------------------------------------------------------- */
static struct task_struct *add_task(uint32_t pid, const char *name, uint32_t kb)
{
    struct task_struct *t = &tasks[task_count],
                       *last = PTR(struct task_struct, init_task->prev_task);
    strcopy(t->comm, name, sizeof t->comm);
    t->pid = t->tgid = pid;
    t->ppid = 1;
    t->state = TASK_INTERRUPTIBLE;
    t->static_prio = 120;
    mms[task_count] = (struct mm_struct){ .total_vm = kb / 4 };
    t->mm = kb != 0 ? kptr_of(&mms[task_count]) : 0;
    t->flags = kb != 0 ? 0 : PF_KTHREAD;
    t->next_task = kptr_of(init_task);
    t->prev_task = kptr_of(last);
    last->next_task = init_task->prev_task = kptr_of(t);
    task_count++;
    return t;
}

static void remove_task(struct task_struct *t)
{
    PTR(struct task_struct, t->next_task)->prev_task = t->prev_task;
    PTR(struct task_struct, t->prev_task)->next_task = t->next_task;
}

static int setup(void **state)
{
    (void)state;
    memset(tasks, 0, sizeof tasks);
    init_task->next_task = init_task->prev_task = kptr_of(init_task);
    task_count = 0;
    cos_clock.now_ns = 100000000000u;
    (void)proc_forget_tasks();
    done[0] = '\0';
    return 0;
}

static const char *snapshot(void)
{
    done[0] = '\0';
    assert_int_equal(proc_write_tasks(), 0);
    return done;
}

static const char *status_of(const struct task_struct *t)
{
    struct text to = { text, sizeof text, 0 };
    proc_put_status(&to, t);
    return text;
}

/* ---- tests ----------------------------------------------------------------------------------- */
#define NO_SIGNALS                \
    "SigPnd:\t0000000000000000\n" \
    "ShdPnd:\t0000000000000000\n" \
    "SigBlk:\t0000000000000000\n" \
    "SigIgn:\t0000000000000000\n" \
    "SigCgt:\t0000000000000000\n"

static void test_status_of_a_process_has_the_layout_of_rhel3(void **state)
{
    (void)state;
    struct task_struct *t = add_task(9173, "VMap", 586196);
    mms[0].rss = 491964 / 4;
    mms[0].data_pages = 583716 / 4;
    mms[0].stack_pages = 15;
    mms[0].text_pages = 155;
    mms[0].lib_pages = 450;
    t->caps = BOOT_PROG_RAWIO;
    t->sig_caught = 1u << SIGTERM;
    t->sig_pending = 1u << SIGKILL;
    t->state = TASK_UNINTERRUPTIBLE;
    assert_string_equal(status_of(t), "Name:\tVMap\n"
                                      "State:\tD (disk sleep)\n"
                                      "Tgid:\t9173\n"
                                      "Pid:\t9173\n"
                                      "PPid:\t1\n"
                                      "TracerPid:\t0\n"
                                      "Uid:\t0\t0\t0\t0\n"
                                      "Gid:\t0\t0\t0\t0\n"
                                      "FDSize:\t32\n"
                                      "Groups:\t\n"
                                      "VmSize:\t  586196 kB\n"
                                      "VmLck:\t       0 kB\n"
                                      "VmRSS:\t  491964 kB\n"
                                      "VmData:\t  583716 kB\n"
                                      "VmStk:\t      60 kB\n"
                                      "VmExe:\t     620 kB\n"
                                      "VmLib:\t    1800 kB\n"
                                      "SigPnd:\t0000000000000100\n"
                                      "ShdPnd:\t0000000000000000\n"
                                      "SigBlk:\t0000000000000000\n"
                                      "SigIgn:\t0000000000000000\n"
                                      "SigCgt:\t0000000000004000\n"
                                      "CapInh:\t0000000000000000\n"
                                      "CapPrm:\t00000000fffffeff\n"
                                      "CapEff:\t00000000fffffeff\n");
}

static void test_status_of_a_kernel_thread_has_no_memory(void **state)
{
    (void)state;
    assert_string_equal(status_of(add_task(5, "kswapd", 0)),
                        "Name:\tkswapd\n"
                        "State:\tS (sleeping)\n"
                        "Tgid:\t5\n"
                        "Pid:\t5\n"
                        "PPid:\t1\n"
                        "TracerPid:\t0\n"
                        "Uid:\t0\t0\t0\t0\n"
                        "Gid:\t0\t0\t0\t0\n"
                        "FDSize:\t32\n"
                        "Groups:\t\n" NO_SIGNALS "CapInh:\t0000000000000000\n"
                        "CapPrm:\t00000000fffffeff\n"
                        "CapEff:\t00000000fffffeff\n");
}

static void test_stat_letters_tell_state_residence_and_nice(void **state)
{
    (void)state;
    static const struct {
        uint32_t state, rss;
        int32_t prio;
        const char *want;
    } rows[] = {
        { TASK_RUNNING, 5, 120, "R  " },         { TASK_INTERRUPTIBLE, 0, 120, "SW " },
        { TASK_UNINTERRUPTIBLE, 5, 130, "D N" }, { TASK_INTERRUPTIBLE, 0, 139, "SWN" },
        { TASK_INTERRUPTIBLE, 9, 110, "S <" },   { TASK_STOPPED, 1, 120, "T  " },
        { TASK_ZOMBIE, 0, 120, "Z  " },          { TASK_DEAD, 1, 120, "X  " },
    };
    struct task_struct *t = add_task(1000, "x", 40);
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        char got[4];
        t->state = rows[i].state;
        t->static_prio = rows[i].prio;
        mms[0].rss = rows[i].rss;
        task_stat_letters(t, got);
        assert_string_equal(got, rows[i].want);
    }
}

static void test_memory_is_what_the_page_tables_know(void **state)
{
    (void)state;
    static struct page frames[4];
    static struct vm_area_struct low = { .start = 0, .end = 0x6000 };
    static struct vm_area_struct high = { .start = 0x10000, .end = 0x12000 };
    struct task_struct *t = add_task(1000, "x", 40);
    struct task_memory m;
    mem_map = kptr_of(frames);
    frames[1].count = 1;
    frames[2].count = 7;
    mms[0].mmap = kptr_of(&low);
    low.next = kptr_of(&high); /* a range without a page table */
    ptes[0] = 1u << PAGE_SHIFT | PTE_PRESENT;
    ptes[1] = 2u << PAGE_SHIFT | PTE_PRESENT;
    ptes[3] = 0x500; /* swapped */
    task_memory(t, &m);
    assert_int_equal(m.size, 3);
    assert_int_equal(m.resident, 2);
    assert_int_equal(m.share, 1);
    task_memory(add_task(5, "kswapd", 0), &m);
    assert_int_equal(m.size, 0);
}

static void test_the_files_of_an_earlier_boot_go(void **state)
{
    (void)state;
    assert_int_equal(proc_forget_tasks(), 0);
    assert_string_equal(done, "remove proc/77\nremove proc/9173\n");
}

static void test_a_task_is_written_once_a_day_and_when_its_size_changes(void **state)
{
    (void)state;
    add_task(5, "kswapd", 0);
    struct task_struct *t = add_task(20, "vmnixhbd", 1548);
    assert_string_equal(snapshot(), "mkdir proc/5\nwrite proc/5/status\n"
                                    "mkdir proc/20\nwrite proc/20/status\n");
    mms[1].rss = 3;
    assert_string_equal(snapshot(), "");
    mms[1].total_vm++;
    assert_string_equal(snapshot(), "write proc/20/status\n");
    t->state = TASK_STOPPED;
    assert_string_equal(snapshot(), "write proc/20/status\n");
    for (unsigned i = 4; i < 24; i++)
        assert_string_equal(snapshot(), "");
    assert_string_equal(snapshot(), "write proc/5/status\nwrite proc/20/status\n");
}

static void test_the_dead_have_no_file_and_their_pid_gets_a_new_one(void **state)
{
    (void)state;
    add_task(5, "kswapd", 0);
    struct task_struct *t = add_task(20, "vmnixhbd", 1548);
    (void)snapshot();
    remove_task(t);
    assert_string_equal(snapshot(), "remove proc/20\n");
    assert_string_equal(snapshot(), "");
    add_task(20, "another", 1548);
    assert_string_equal(snapshot(), "mkdir proc/20\nwrite proc/20/status\n");
}

static void test_what_lives_less_than_a_minute_has_no_file(void **state)
{
    (void)state;
    struct task_struct *t = add_task(1500, "cat", 1800);
    t->start_ns = cos_clock.now_ns - 59999999999u;
    assert_string_equal(snapshot(), "");
    cos_clock.now_ns++;
    assert_string_equal(snapshot(), "mkdir proc/1500\nwrite proc/1500/status\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_status_of_a_process_has_the_layout_of_rhel3, setup),
        cmocka_unit_test_setup(test_status_of_a_kernel_thread_has_no_memory, setup),
        cmocka_unit_test_setup(test_stat_letters_tell_state_residence_and_nice, setup),
        cmocka_unit_test_setup(test_memory_is_what_the_page_tables_know, setup),
        cmocka_unit_test_setup(test_the_files_of_an_earlier_boot_go, setup),
        cmocka_unit_test_setup(test_a_task_is_written_once_a_day_and_when_its_size_changes, setup),
        cmocka_unit_test_setup(test_the_dead_have_no_file_and_their_pid_gets_a_new_one, setup),
        cmocka_unit_test_setup(test_what_lives_less_than_a_minute_has_no_file, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
