/* test_leak.c - a leak grows by its rate, a page at a time, and says in memory what it is. */
#include "tests/kernel/cos_harness.h"

#include "cos/kernel/mm/pagetable.h"
#include "cos/programs/faults.h"

#define HOURS(n) MINUTES((n)*60ull)
#define ARENA 0x50000000u

static const struct cos_machine machine = { .ram_mb = 64, .swap_slots = 1000 };

static void add_fault(const char *target, uint64_t at_ns, uint64_t for_ns, uint64_t kb_per_hour)
{
    struct fault *f = &cos_params.fault[cos_params.fault_count++];
    *f = (struct fault){
        .type = FAULT_LEAK, .at_ns = at_ns, .for_ns = for_ns, .rate_kb_h = kb_per_hour
    };
    strcopy(f->target, target, sizeof f->target);
}

/* ---- VMap ------------------------------------------------------------------------------------ */
static int __attribute__((noreturn)) leaks_each_minute(struct program *p)
{
    for (;;) {
        program_leak(p);
        cos_sleep(MINUTES(1));
    }
}

static struct mm_struct *vmap_mm;
static uint32_t heap; /* its end, before the leak */

/* VMap starts at `from_h` hours. */
static const struct program *start_vmap(uint64_t from_h, int (*fn)(struct program *))
{
    faults_init();
    program_sleep_until(HOURS(from_h) + 1);
    const struct task_struct *t = cos_child("VMap", BOOT_PROG_ROOT, fn);
    cos_sleep(SECONDS(1));
    vmap_mm = PTR(struct mm_struct, t->mm);
    heap = vmap_mm->brk;
    return PTR(const struct program, t->program);
}

static void sleep_to_hour(uint64_t hour)
{
    program_sleep_until(HOURS(hour) + SECONDS(1));
}

/* ---- tests ----------------------------------------------------------------------------------- */
static void test_leak_grows_by_its_rate(void)
{
    add_fault("VMap", HOURS(1), 0, 2662);
    const struct program *p = start_vmap(1, leaks_each_minute);
    sleep_to_hour(2);
    assert_int_equal(p->leaked_pages, 2662 / 4);
    assert_int_equal(vmap_mm->brk, heap + p->leaked_pages * PAGE_SIZE);
    sleep_to_hour(11);
    assert_int_equal(p->leaked_pages, 2662 * 10 / 4);
}

static void test_leak_starts_at_its_time_and_ends_after_its_length(void)
{
    add_fault("VMap", HOURS(3), HOURS(3), 400);
    const struct program *p = start_vmap(1, leaks_each_minute);
    sleep_to_hour(3);
    assert_int_equal(p->leaked_pages, 0);
    sleep_to_hour(5);
    assert_int_equal(p->leaked_pages, 200);
    sleep_to_hour(20);
    assert_int_equal(p->leaked_pages, 300);
}

static void test_leaks_add_up_and_those_of_others_do_not_count(void)
{
    add_fault("VMap", HOURS(1), 0, 400);
    add_fault("cimserver", HOURS(1), 0, 40000);
    add_fault("VMap", HOURS(1), 0, 40);
    const struct program *p = start_vmap(1, leaks_each_minute);
    sleep_to_hour(11);
    assert_int_equal(p->leaked_pages, 1100);
}

static void test_a_page_is_full_of_one_record(void)
{
    add_fault("VMap", HOURS(1), 0, 4);
    const struct program *p = start_vmap(1, leaks_each_minute);
    sleep_to_hour(2);
    assert_int_equal(p->leaked_pages, 1);
    const char *page = page_address(pte_page(*pte_lookup(vmap_mm, heap)));
    for (unsigned i = 0; i < PAGE_SIZE; i += 64)
        assert_string_equal(page + i, "VMap: rule evaluation result for ftAgent, not released");
}

/* Something lies behind the heap. */
static void block(uint32_t at)
{
    assert_int_equal(do_mmap(vmap_mm, at, PAGE_SIZE, VM_READ, NULL, 0), 0);
}

static void test_a_refused_brk_is_asked_again(void)
{
    add_fault("VMap", HOURS(1), 0, 400);
    const struct program *p = start_vmap(1, leaks_each_minute);
    block(heap);
    block(ARENA);
    sleep_to_hour(2);
    assert_int_equal(p->leaked_pages, 0);
    assert_int_equal(vmap_mm->brk, heap);
    assert_int_equal(do_munmap(vmap_mm, heap), 0);
    cos_sleep(MINUTES(1));
    assert_int_equal(p->leaked_pages, 400 * 61 / 60 / 4);
}

static void test_a_leak_goes_on_in_arenas_when_the_heap_is_full(void)
{
    add_fault("VMap", HOURS(1), 0, 4000);
    const struct program *p = start_vmap(1, leaks_each_minute);
    sleep_to_hour(2);
    assert_int_equal(p->leaked_pages, 1000);
    block(vmap_mm->brk);
    sleep_to_hour(3);
    assert_int_equal(p->leaked_pages, 2000);
    assert_non_null(find_vma(vmap_mm, ARENA));
    assert_non_null(find_vma(vmap_mm, ARENA + 4 * 256 * PAGE_SIZE - 1));
    assert_null(find_vma(vmap_mm, ARENA + 4 * 256 * PAGE_SIZE));
    assert_int_equal(do_munmap(vmap_mm, vmap_mm->brk), 0); /* it stays there all the same */
    sleep_to_hour(4);
    assert_int_equal(p->leaked_pages, 3000);
    assert_int_equal(vmap_mm->brk, heap + 1000 * PAGE_SIZE);
}

static void test_a_restarted_program_owes_nothing_of_what_was_lost_before(void)
{
    add_fault("VMap", HOURS(1), 0, 400);
    const struct program *p = start_vmap(11, leaks_each_minute);
    sleep_to_hour(12);
    assert_int_equal(p->leaked_pages, 100);
}

static int leaks_per_query(struct program *p)
{
    p->per_query = 1;
    cos_sleep(HOURS(1));
    program_leak(p);
    assert_int_equal(p->leaked_pages, 0);
    for (unsigned i = 0; i < 10; i++) {
        p->queries_kb += 480; /* 8 kB a query */
        program_leak(p);
    }
    cos_sleep(HOURS(1));
    return 0;
}

static void test_a_leak_per_query_is_as_fast_as_the_queries_come(void)
{
    add_fault("VMap", HOURS(1), 0, 480);
    const struct program *p = start_vmap(1, leaks_per_query);
    program_sleep_until(HOURS(2) + MINUTES(1));
    assert_int_equal(p->leaked_pages, 20);
}

static int is_stuck_for_an_hour(struct program *p)
{
    cos_sleep(HOURS(1));
    program_leak(p);
    assert_int_equal(p->leaked_pages, 256);
    for (unsigned i = 0; i < 10; i++)
        program_leak(p);
    cos_sleep(HOURS(1));
    return 0;
}

static void test_a_program_that_was_stuck_catches_up_in_steps(void)
{
    add_fault("VMap", HOURS(1), 0, 4000);
    const struct program *p = start_vmap(1, is_stuck_for_an_hour);
    program_sleep_until(HOURS(2) + MINUTES(1));
    assert_int_equal(p->leaked_pages, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cos_unit_test(&machine, test_leak_grows_by_its_rate),
        cos_unit_test(&machine, test_leak_starts_at_its_time_and_ends_after_its_length),
        cos_unit_test(&machine, test_leaks_add_up_and_those_of_others_do_not_count),
        cos_unit_test(&machine, test_a_page_is_full_of_one_record),
        cos_unit_test(&machine, test_a_refused_brk_is_asked_again),
        cos_unit_test(&machine, test_a_leak_goes_on_in_arenas_when_the_heap_is_full),
        cos_unit_test(&machine, test_a_restarted_program_owes_nothing_of_what_was_lost_before),
        cos_unit_test(&machine, test_a_leak_per_query_is_as_fast_as_the_queries_come),
        cos_unit_test(&machine, test_a_program_that_was_stuck_catches_up_in_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
