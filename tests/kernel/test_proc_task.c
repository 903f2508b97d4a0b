/* test_proc_task.c - /proc/PID/status byte for byte [RHEL3MM 2], and which of these files are
 * written when. */
#include "tests/kernel/cos_harness.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cos/kernel/fs/proc_task.h"

static const struct cos_machine machine = { .ram_mb = 32, .swap_slots = 1000, .host_files = true };

/* ---- helpers --------------------------------------------------------------------------------- */
static int sleeper(struct program *p)
{
    (void)p;
    program_sleep_until(UINT64_MAX / 8);
    return 0;
}

static int exits(struct program *p)
{
    (void)p;
    return 0;
}

static struct task_struct *start(uint32_t pid, const char *name, int (*fn)(struct program *))
{
    struct boot_program spec = cos_program(name);
    spec.pid = pid;
    spec.flags |= BOOT_PROG_SIGTERM;
    assert_int_equal(cos_spawn(&spec, fn), pid);
    cos_sleep(SECONDS(1));
    return find_task_by_pid(pid);
}

static struct mm_struct *mm_of(const struct task_struct *t)
{
    return PTR(struct mm_struct, t->mm);
}

static const char *status_of(const struct task_struct *t)
{
    static char text[2048];
    struct text to = { text, sizeof text, 0 };
    proc_put_status(&to, t);
    return text;
}

/* Takes a snapshot. @return whose files were written, "PID PID ..."; they are gone then, but not
 * their folders */
static const char *snapshot(void)
{
    static char pids[256];
    uint32_t n = 0;
    assert_int_equal(proc_write_tasks(), 0);
    pids[0] = '\0';
    for (uint32_t pid = 1; pid < 10000; pid++) {
        char path[32];
        (void)snprintf(path, sizeof path, "proc/%u/status", pid);
        if (unlinkat(MACHINE_FD_HOST, path, 0) == 0)
            n += (uint32_t)snprintf(pids + n, sizeof pids - n, n > 0 ? " %u" : "%u", pid);
    }
    return pids;
}

static bool has_folder(uint32_t pid)
{
    char path[32];
    struct stat st;
    (void)snprintf(path, sizeof path, "proc/%u", pid);
    return fstatat(MACHINE_FD_HOST, path, &st, 0) == 0;
}

/* ---- tests ----------------------------------------------------------------------------------- */
#define NO_SIGNALS                \
    "SigPnd:\t0000000000000000\n" \
    "ShdPnd:\t0000000000000000\n" \
    "SigBlk:\t0000000000000000\n" \
    "SigIgn:\t0000000000000000\n" \
    "SigCgt:\t0000000000000000\n"

static void test_status_of_a_process_has_the_layout_of_rhel3(void)
{
    struct task_struct *t = start(9173, "VMap", sleeper);
    struct mm_struct *mm = mm_of(t);
    cos_unchecked();
    mm->total_vm = 586196 / 4;
    mm->rss = 491964 / 4;
    mm->data_pages = 583716 / 4;
    mm->stack_pages = 15;
    mm->text_pages = 155;
    mm->lib_pages = 450;
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

static void test_status_of_a_kernel_thread_has_no_memory(void)
{
    struct task_struct *t = kernel_thread(2, "keventd", kscand, NULL);
    cos_sleep(SECONDS(1));
    assert_string_equal(status_of(t), "Name:\tkeventd\n"
                                      "State:\tS (sleeping)\n"
                                      "Tgid:\t2\n"
                                      "Pid:\t2\n"
                                      "PPid:\t1\n"
                                      "TracerPid:\t0\n"
                                      "Uid:\t0\t0\t0\t0\n"
                                      "Gid:\t0\t0\t0\t0\n"
                                      "FDSize:\t32\n"
                                      "Groups:\t\n" NO_SIGNALS "CapInh:\t0000000000000000\n"
                                      "CapPrm:\t00000000fffffeff\n"
                                      "CapEff:\t00000000fffffeff\n");
}

static void test_stat_letters_are_state_residence_and_nice(void)
{
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
    struct task_struct *t = start(1000, "x", sleeper);
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        char got[4];
        t->state = rows[i].state;
        t->static_prio = rows[i].prio;
        mm_of(t)->rss = rows[i].rss;
        task_stat_letters(t, got);
        assert_string_equal(got, rows[i].want);
    }
}

static void expect_more(struct task_memory *m, uint32_t size, uint32_t resident, uint32_t share)
{
    struct task_memory now;
    task_memory(current, &now);
    assert_int_equal(now.size, m->size + size);
    assert_int_equal(now.resident, m->resident + resident);
    assert_int_equal(now.share, m->share + share);
    *m = now;
}

static void test_memory_is_what_the_page_tables_know(void)
{
    struct mm_struct *mm = mm_of(current);
    const uint32_t lib = PTR(const struct program, current->program)->lib_start, heap = mm->brk;
    struct task_memory m;
    task_memory(current, &m);
    assert_int_equal(do_brk(heap + 2000 * PAGE_SIZE), 0); /* in part without a page table */
    expect_more(&m, 0, 0, 0);
    assert_true(user_account(heap, true));
    expect_more(&m, 1, 1, 0);
    assert_true(user_account(lib, false)); /* the page cache has it, too */
    expect_more(&m, 1, 1, 1);
    cos_unchecked();
    *pte_lookup(mm, heap) = swp_entry_to_pte(5);
    expect_more(&m, 0, ~0u, 0);
    task_memory(find_task_by_name("kswapd"), &m);
    assert_int_equal(m.size, 0);
}

static void test_the_files_of_an_earlier_boot_go(void)
{
    assert_int_equal(mkdirat(MACHINE_FD_HOST, "proc/77", 0755), 0);
    assert_int_equal(mkdirat(MACHINE_FD_HOST, "proc/9173", 0755), 0);
    assert_true(openat(MACHINE_FD_HOST, "proc/9173/status", O_CREAT | O_WRONLY, 0644) >= 0);
    assert_int_equal(proc_forget_tasks(), 0);
    assert_false(has_folder(77) || has_folder(9173));
}

static void test_a_task_is_written_once_a_day_and_when_its_size_changes(void)
{
    struct task_struct *t = start(20, "vmnixhbd", sleeper);
    assert_string_equal(snapshot(), "1 5 6 17 20");
    mm_of(t)->rss = 3;
    assert_string_equal(snapshot(), "");
    mm_of(t)->total_vm++;
    assert_string_equal(snapshot(), "20");
    send_sig(SIGSTOP, t);
    cos_sleep(SECONDS(1));
    assert_string_equal(snapshot(), "20");
    for (unsigned i = 4; i < 24; i++)
        assert_string_equal(snapshot(), "");
    assert_string_equal(snapshot(), "1 5 6 17 20");
}

static void test_the_dead_have_no_file_and_their_pid_gets_a_new_one(void)
{
    (void)start(20, "vmnixhbd", exits);
    (void)snapshot();
    assert_true(has_folder(20));
    assert_int_equal(reap_child(), 20);
    assert_string_equal(snapshot(), "");
    assert_false(has_folder(20));
    (void)start(20, "another", sleeper);
    assert_string_equal(snapshot(), "20");
}

static void test_what_lives_less_than_a_minute_has_no_file(void)
{
    (void)snapshot();
    struct task_struct *t = start(1500, "cat", sleeper);
    t->start_ns = cos_clock.now_ns - MINUTES(1) + 1;
    assert_string_equal(snapshot(), "");
    cos_clock.now_ns++;
    assert_string_equal(snapshot(), "1500");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cos_unit_test(&machine, test_status_of_a_process_has_the_layout_of_rhel3),
        cos_unit_test(&machine, test_status_of_a_kernel_thread_has_no_memory),
        cos_unit_test(&machine, test_stat_letters_are_state_residence_and_nice),
        cos_unit_test(&machine, test_memory_is_what_the_page_tables_know),
        cos_unit_test(&machine, test_the_files_of_an_earlier_boot_go),
        cos_unit_test(&machine, test_a_task_is_written_once_a_day_and_when_its_size_changes),
        cos_unit_test(&machine, test_the_dead_have_no_file_and_their_pid_gets_a_new_one),
        cos_unit_test(&machine, test_what_lives_less_than_a_minute_has_no_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
