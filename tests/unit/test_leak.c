/* test_leak.c - a leak grows by its rate, a page at a time, and says in memory what it is.
 * links: cos/programs/leak.c cos/kernel/arch/lib.c -no-pie -Wl,-Ttext-segment=0x60000000 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cos/kernel/mm/mm.h"
#include "cos/programs/faults.h"

#define HOUR_NS 3600000000000u
#define HEAP 0x08100000u
#define ARENA 0x50000000u

/* ---- what leak.c uses of the kernel ---------------------------------------------------------- */
struct cos_clock cos_clock = { .next_ns = UINT64_MAX };
kptr current_task;
static union task_union task;
static struct mm_struct mm;
static struct boot_params params;
const struct boot_params *boot_params = &params;
static char page[PAGE_SIZE];
static uint32_t touched;
static int brk_error, mmap_error;
static uint32_t arena_end, touched_heap;

int do_brk(uint32_t brk)
{
    if (brk_error == 0)
        mm.brk = brk;
    return brk_error;
}

int do_mmap(struct mm_struct *of, uint32_t addr, uint32_t len, uint32_t flags,
            struct address_space *file, uint32_t pgoff)
{
    assert_ptr_equal(of, &mm);
    assert_true(flags == (VM_READ | VM_WRITE) && file == NULL && pgoff == 0);
    if (mmap_error != 0)
        return mmap_error;
    assert_int_equal(addr, arena_end);
    arena_end = addr + len;
    return 0;
}

void *user_touch(uint32_t address, bool write)
{
    assert_true(write);
    if (address < ARENA) {
        assert_int_equal(address, HEAP + touched * PAGE_SIZE);
    } else {
        assert_int_equal(address, ARENA + (touched - touched_heap) * PAGE_SIZE);
        assert_true(address < arena_end);
    }
    touched++;
    return page;
}

uint64_t fault_on_ns(uint32_t i)
{
    const struct fault *f = &params.fault[i];
    const uint64_t on = cos_clock.now_ns > f->at_ns ? cos_clock.now_ns - f->at_ns : 0;
    return f->for_ns != 0 && on > f->for_ns ? f->for_ns : on;
}

void program_give_way(struct program *p)
{
    assert_non_null(p);
}

void hand_over(void)
{
    fail();
}

void model_bug(const char *file, int line, const char *what)
{
    mock_assert(0, what, file, line);
    __builtin_trap();
}

/* ---- tests ----------------------------------------------------------------------------------- */
static struct program program;

static int setup(void **state)
{
    (void)state;
    memset(&params, 0, sizeof params);
    memset(&program, 0, sizeof program);
    memset(page, 0, sizeof page);
    current_task = kptr_of(&task);
    task.task.mm = kptr_of(&mm);
    mm.brk = HEAP;
    touched = 0;
    brk_error = 0;
    mmap_error = -12;
    arena_end = ARENA;
    touched_heap = 0;
    strcopy(program.spec.name, "VMap", sizeof program.spec.name);
    return 0;
}

static void add_fault(const char *target, uint64_t at_ns, uint64_t for_ns, uint64_t kb_per_hour)
{
    const uint32_t i = params.fault_count++;
    struct fault *f = &params.fault[i];
    *f = (struct fault){
        .type = FAULT_LEAK, .at_ns = at_ns, .for_ns = for_ns, .rate_kb_h = kb_per_hour
    };
    strcopy(f->target, target, sizeof f->target);
    if (strcmp(target, "VMap") == 0)
        program.leaks |= (uint64_t)1 << i;
}

/* Rounds a minute apart from `from` to `to` hours. */
static void live(unsigned from, unsigned to)
{
    for (uint64_t now = from * HOUR_NS; now <= to * HOUR_NS; now += HOUR_NS / 60) {
        cos_clock.now_ns = now;
        program_leak(&program);
    }
}

static void test_leak_grows_by_its_rate(void **state)
{
    (void)state;
    add_fault("VMap", 0, 0, 2662);
    live(0, 1);
    assert_int_equal(touched, 2662 / 4);
    assert_int_equal(mm.brk, HEAP + touched * PAGE_SIZE);
    live(1, 300);
    assert_int_equal(touched, 2662 * 300 / 4);
}

static void test_leak_starts_at_its_time_and_ends_after_its_length(void **state)
{
    (void)state;
    add_fault("VMap", 2 * HOUR_NS, 3 * HOUR_NS, 400);
    live(0, 2);
    assert_int_equal(touched, 0);
    live(2, 4);
    assert_int_equal(touched, 200);
    live(4, 20);
    assert_int_equal(touched, 300);
}

static void test_leaks_add_up_and_those_of_others_do_not_count(void **state)
{
    (void)state;
    add_fault("VMap", 0, 0, 400);
    add_fault("cimserver", 0, 0, 40000);
    add_fault("VMap", 0, 0, 40);
    live(0, 10);
    assert_int_equal(touched, 1100);
}

static void test_a_page_is_full_of_one_record(void **state)
{
    (void)state;
    add_fault("VMap", 0, 0, 4);
    live(0, 1);
    assert_int_equal(touched, 1);
    for (unsigned i = 0; i < PAGE_SIZE; i += 64)
        assert_string_equal(page + i, "VMap: rule evaluation result for ftAgent, not released");
}

static void test_a_refused_brk_is_asked_again(void **state)
{
    (void)state;
    add_fault("VMap", 0, 0, 400);
    brk_error = -12;
    live(0, 1);
    assert_int_equal(touched, 0);
    assert_int_equal(mm.brk, HEAP);
    brk_error = 0;
    program_leak(&program);
    assert_int_equal(touched, 100);
}

static void test_a_leak_goes_on_in_arenas_when_the_heap_is_full(void **state)
{
    (void)state;
    add_fault("VMap", 0, 0, 4000);
    live(0, 1);
    assert_int_equal(touched, 1000);
    touched_heap = 1000;
    brk_error = -12;
    mmap_error = 0;
    live(1, 2);
    assert_int_equal(touched, 2000);
    assert_int_equal(arena_end, ARENA + 4 * 256 * PAGE_SIZE);
    assert_int_equal(mm.brk, HEAP + 1000 * PAGE_SIZE);
}

static void test_a_restarted_program_owes_nothing_of_what_was_lost_before(void **state)
{
    (void)state;
    add_fault("VMap", 0, 0, 400);
    cos_clock.now_ns = 10 * HOUR_NS;
    program.leaks_before = program_leak_owed(&program);
    live(10, 11);
    assert_int_equal(touched, 100);
}

static void test_a_leak_per_query_is_as_fast_as_the_queries_come(void **state)
{
    (void)state;
    add_fault("VMap", 0, 0, 480); /* 8 kB a query */
    program.per_query = 1;
    live(0, 1);
    assert_int_equal(touched, 0);
    for (unsigned i = 0; i < 10; i++) {
        program.queries_kb += 480;
        program_leak(&program);
    }
    assert_int_equal(touched, 20);
}

static void test_a_program_that_was_stuck_catches_up_in_steps(void **state)
{
    (void)state;
    add_fault("VMap", 0, 0, 4000);
    cos_clock.now_ns = HOUR_NS;
    program_leak(&program);
    assert_int_equal(touched, 256);
    for (unsigned i = 0; i < 10; i++)
        program_leak(&program);
    assert_int_equal(touched, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_leak_grows_by_its_rate, setup),
        cmocka_unit_test_setup(test_leak_starts_at_its_time_and_ends_after_its_length, setup),
        cmocka_unit_test_setup(test_leaks_add_up_and_those_of_others_do_not_count, setup),
        cmocka_unit_test_setup(test_a_page_is_full_of_one_record, setup),
        cmocka_unit_test_setup(test_a_refused_brk_is_asked_again, setup),
        cmocka_unit_test_setup(test_a_leak_goes_on_in_arenas_when_the_heap_is_full, setup),
        cmocka_unit_test_setup(test_a_restarted_program_owes_nothing_of_what_was_lost_before,
                               setup),
        cmocka_unit_test_setup(test_a_leak_per_query_is_as_fast_as_the_queries_come, setup),
        cmocka_unit_test_setup(test_a_program_that_was_stuck_catches_up_in_steps, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
