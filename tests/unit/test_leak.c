/* test_leak.c - a leak grows by its rate, a page at a time, and says in memory what it is.
 * links: cos/programs/leak.c cos/kernel/lib.c -no-pie -Wl,-Ttext-segment=0x60000000 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cos/kernel/mm/mm.h"
#include "cos/programs/program.h"

#define HOUR_NS 3600000000000u
#define HEAP 0x08100000u

/* ---- what leak.c uses of the kernel ---------------------------------------------------------- */
struct cos_clock cos_clock = { .next_ns = UINT64_MAX };
uint32_t need_resched;
kptr current_task;
static union task_union task;
static struct mm_struct mm;
static struct boot_params params;
const struct boot_params *boot_params = &params;
static char page[PAGE_SIZE];
static uint32_t touched;
static int brk_error;

int do_brk(uint32_t brk)
{
    if (brk_error == 0)
        mm.brk = brk;
    return brk_error;
}

void *user_touch(uint32_t address, bool write)
{
    assert_true(write);
    assert_int_equal(address, HEAP + touched * PAGE_SIZE);
    touched++;
    return page;
}

void return_to_user(void)
{
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
    strcopy(program.spec.name, "VMap", sizeof program.spec.name);
    return 0;
}

static void add_fault(const char *target, uint64_t at_ns, uint64_t for_ns, uint64_t kb_per_hour)
{
    struct fault *f = &params.fault[params.fault_count++];
    *f = (struct fault){
        .type = FAULT_LEAK, .at_ns = at_ns, .for_ns = for_ns, .rate_kb_h = kb_per_hour
    };
    strcopy(f->target, target, sizeof f->target);
    program.leaks = program_find_leaks("VMap");
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
    live(1, 1000);
    assert_int_equal(touched, 2662 * 1000 / 4);
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
        cmocka_unit_test_setup(test_a_program_that_was_stuck_catches_up_in_steps, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
