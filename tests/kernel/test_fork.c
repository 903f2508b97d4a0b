/* test_fork.c - copy on write: parent and child share pages until one of them writes, in RAM and in
 * swap; and the kernel survives each allocation of a fork that fails. */
#include "tests/kernel/cos_harness.h"

#include "cos/kernel/faults/fail_page_alloc.h"
#include "cos/programs/faults.h"

#define PAGES 300u
#define CHILDREN 2u

static const struct cos_machine small = { .ram_mb = 32, .swap_slots = 12000 };
static struct cos_result *result;

static uint32_t *word(uint32_t page, bool write)
{
    const struct program *p = PTR(const struct program, current->program);
    return user_touch(p->heap_start + p->data_pages * PAGE_SIZE + page * PAGE_SIZE, write);
}

static void fill(uint32_t value)
{
    struct mm_struct *mm = PTR(struct mm_struct, current->mm);
    ASSERT(do_brk(mm->brk + PAGES * PAGE_SIZE) == 0);
    for (uint32_t i = 0; i < PAGES; i++)
        *word(i, true) = value + i;
}

static void expect(uint32_t from, uint32_t to, uint32_t value)
{
    for (uint32_t i = from; i < to; i++)
        ASSERT(*word(i, false) == value + i);
}

/* Sees what the parent had, writes a third of it, and sees that alone. */
static int child(struct program *p)
{
    (void)p;
    expect(0, PAGES, 1000);
    for (uint32_t i = 0; i < PAGES / 3; i++)
        *word(i, true) = 5000 + i;
    program_sleep_until(cos_clock.now_ns + SECONDS(100));
    expect(0, PAGES / 3, 5000);
    expect(PAGES / 3, PAGES, 1000);
    for (uint32_t i = PAGES / 3; i < PAGES / 2; i++) /* what came back from swap is one's own too */
        *word(i, true) = 7000 + current->pid + i;
    program_sleep_until(cos_clock.now_ns + SECONDS(10));
    expect(PAGES / 3, PAGES / 2, 7000 + current->pid);
    return 0;
}

/* fork without exec: the child has a copy of its parent's record. */
static int run_child(void *program)
{
    return_to_user();
    return child(program);
}

static void forget(kptr program)
{
    (void)program;
}

static int fork_child(uint32_t i)
{
    static struct program twins[CHILDREN];
    twins[i] = *PTR(const struct program, current->program);
    return do_fork(&(struct process_body){ &twins[i], run_child, forget });
}

static int parent(struct program *p)
{
    (void)p;
    fill(1000);
    const uint32_t free = nr_free_pages();
    for (uint32_t i = 0; i < CHILDREN; i++)
        ASSERT(fork_child(i) > 0);
    result->number[0] = free - nr_free_pages(); /* stacks, tables, chains; not the pages */
    program_sleep_until(cos_clock.now_ns + SECONDS(10));
    result->number[1] = free - nr_free_pages();
    expect(0, PAGES, 1000);
    for (uint32_t i = 2 * PAGES / 3; i < PAGES; i++)
        *word(i, true) = 9000 + i;
    cos_wait_all();
    expect(0, 2 * PAGES / 3, 1000);
    expect(2 * PAGES / 3, PAGES, 9000);
    mm_check();
    return 0;
}

static int pusher(struct program *p)
{
    const struct mm_struct *mm = PTR(const struct mm_struct, current->mm);
    const uint32_t start = mm->brk;
    (void)p;
    ASSERT(do_brk(start + 9000 * PAGE_SIZE) == 0);
    for (uint32_t i = 0; i < 9000; i++)
        ASSERT(user_account(start + i * PAGE_SIZE, true));
    return 0;
}

static bool push;
static void family(struct cos_result *r)
{
    const struct boot_program a = cos_program("parent"), b = cos_program("pusher");
    const uint32_t threads = nr_threads;
    result = r;
    ASSERT(cos_spawn(&a, parent) > 0);
    if (push) {
        program_sleep_until(cos_clock.now_ns + SECONDS(20));
        ASSERT(cos_spawn(&b, pusher) > 0);
    }
    cos_wait_all();
    ASSERT(nr_threads == threads);
}

static void run_family(bool with_pusher)
{
    push = with_pusher;
    result = cos_run_done(&small, family);
}

static void test_a_fork_shares_pages_until_they_are_written(void **state)
{
    (void)state;
    run_family(false);
    assert_in_range(result->number[0], 4, 150);
    assert_in_range(result->number[1], 2 * PAGES / 3, 2 * PAGES / 3 + 250);
}

static void test_shared_pages_go_to_swap_and_come_back_apart(void **state)
{
    (void)state;
    run_family(true);
}

/* ---- exec ------------------------------------------------------------------------------------ */
static int shell(struct program *p)
{
    struct boot_program job = cos_program("job");
    strcopy(job.behaviour, "worker", sizeof job.behaviour);
    job.period_ns = SECONDS(1);
    (void)p;
    fill(1000);
    const uint32_t tables = nr_page_tables;
    const int pid = fork_exec(&job, "an argument", cos_clock.now_ns + SECONDS(60));
    ASSERT(pid > 0);
    const struct task_struct *t = find_task_by_pid((uint32_t)pid);
    ASSERT(strcmp(t->comm, "shell") == 0 && t->mm != 0 && t->mm != current->mm);
    const uint32_t shared = PTR(const struct mm_struct, t->mm)->rss;
    ASSERT(shared > PAGES);
    program_sleep_until(cos_clock.now_ns + SECONDS(10));
    ASSERT(strcmp(t->comm, "job") == 0 && t->ppid == current->pid);
    ASSERT(strcmp(PTR(const struct program, t->program)->text, "an argument") == 0);
    ASSERT(PTR(const struct mm_struct, t->mm)->rss < shared);
    expect(0, PAGES, 1000);
    cos_wait_all();
    ASSERT(nr_page_tables == tables);
    return 0;
}

static void run_shell(struct cos_result *r)
{
    const struct boot_program spec = cos_program("shell");
    (void)r;
    ASSERT(cos_spawn(&spec, shell) > 0);
    cos_wait_all();
    mm_check();
}

static void test_a_child_has_its_parents_memory_until_its_exec(void **state)
{
    (void)state;
    (void)cos_run_done(&small, run_shell);
}

/* ---- failures -------------------------------------------------------------------------------- */
static int forker(struct program *p)
{
    (void)p;
    fill(1000);
    faults_init();
    for (uint32_t i = 0; i < CHILDREN; i++) {
        const int pid = fork_child(i);
        ASSERT(pid > 0 || pid == -ENOMEM);
    }
    struct boot_program job = cos_program("job");
    strcopy(job.behaviour, "worker", sizeof job.behaviour);
    const int pid = fork_exec(&job, NULL, 0);
    ASSERT(pid > 0 || pid == -ENOMEM);
    cos_wait_all();
    return 0;
}

static void fork_with_failure(struct cos_result *r)
{
    const struct boot_program spec = cos_program("forker");
    ASSERT(cos_spawn(&spec, forker) > 0);
    cos_wait_all();
    fault_memory()->failing = 0;
    r->number[0] = fault_state(0)->done;
    r->number[1] = nr_page_tables;
    r->number[2] = nr_threads;
    r->number[3] = vm_committed;
}

static void test_the_kernel_survives_each_nth_failure_of_a_fork(void **state)
{
    struct fault f = { .type = FAULT_FAIL_NTH, .target = "forker" };
    struct cos_machine m = { .ram_mb = 32, .swap_slots = 100, .faults = &f, .fault_count = 1 };
    struct cos_result *r;
    uint64_t tables = 0, failed = 1;
    (void)state;
    while (failed != 0) {
        f.count++;
        const enum cos_end end = cos_run(&m, fork_with_failure, &r);
        if (end != COS_END_DONE)
            print_message("count %u: end %d: %s\n", (unsigned)f.count, end, r->text);
        assert_int_equal(end, COS_END_DONE);
        failed = r->number[0];
        assert_true(tables == 0 || tables == r->number[1]); /* none is lost */
        tables = r->number[1];
    }
    assert_in_range(f.count, 20, 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_fork_shares_pages_until_they_are_written),
        cmocka_unit_test(test_shared_pages_go_to_swap_and_come_back_apart),
        cmocka_unit_test(test_a_child_has_its_parents_memory_until_its_exec),
        cmocka_unit_test(test_the_kernel_survives_each_nth_failure_of_a_fork),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
