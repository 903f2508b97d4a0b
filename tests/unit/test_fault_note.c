/* test_fault_note.c - when a fault is on, what `unless` looks at, and the ring of notes.
 * links: cos/kernel/faults/fault_note.c cos/kernel/arch/lib.c -no-pie -Wl,-Ttext-segment=0x60000000 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/mman.h>

#include "cos/kernel/faults/fault_note.h"
#include "cos/kernel/mm/mm.h"

#define SECONDS(n) ((n)*1000000000ull)

struct cos_clock cos_clock;
static struct boot_params params;
const struct boot_params *boot_params = &params;
uint32_t oom_kill_count;
static struct mem_info memory;
static const char *running = "";
static struct task_struct task;

void mem_info(struct mem_info *ret)
{
    *ret = memory;
}

struct task_struct *find_task_by_name(const char *comm)
{
    return strcmp(comm, running) == 0 ? &task : NULL;
}

void model_bug(const char *file, int line, const char *what)
{
    mock_assert(0, what, file, line);
    __builtin_trap();
}

static struct fault_notes *notes(void)
{
    return PTR(struct fault_notes, MACHINE_WINDOW_VA + MACHINE_NOTES_OFFSET);
}

static const struct fault_note *note(uint64_t n)
{
    return &notes()->note[n % FAULT_NOTES_MAX];
}

static struct fault *only_fault(void)
{
    memset(&params, 0, sizeof params);
    memset(fault_state(0), 0, sizeof(struct fault_state));
    memset(notes(), 0, sizeof *notes());
    params.fault_count = 1;
    params.fault[0].type = FAULT_FAIL_PAGE_ALLOC;
    return &params.fault[0];
}

static void test_a_fault_is_on_from_at_for_its_length(void **state)
{
    struct fault *f = only_fault();
    (void)state;
    f->at_ns = SECONDS(10);
    assert_false(fault_is_on(f, SECONDS(10) - 1));
    assert_true(fault_is_on(f, SECONDS(10)));
    assert_true(fault_is_on(f, UINT64_MAX));
    f->for_ns = SECONDS(5);
    assert_true(fault_is_on(f, SECONDS(15) - 1));
    assert_false(fault_is_on(f, SECONDS(15)));
    f->type = FAULT_NONE;
    assert_false(fault_is_on(f, SECONDS(12)));
}

static void test_a_fault_comes_again_as_often_as_it_says(void **state)
{
    struct fault *f = only_fault();
    (void)state;
    *f = (struct fault){ .type = FAULT_FAIL_PAGE_ALLOC,
                         .at_ns = SECONDS(10),
                         .for_ns = SECONDS(2),
                         .every_ns = SECONDS(60),
                         .times = 3 };
    const struct {
        uint64_t s;
        uint32_t rounds;
        bool on;
    } table[] = { { 9, 0, false },  { 10, 1, true },   { 12, 1, false }, { 70, 2, true },
                  { 131, 3, true }, { 132, 3, false }, { 190, 3, false } };
    for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
        assert_int_equal(fault_rounds(f, SECONDS(table[i].s)), table[i].rounds);
        assert_int_equal(fault_is_on(f, SECONDS(table[i].s)), table[i].on);
    }
    f->times = 0;
    assert_true(fault_is_on(f, SECONDS(10 + 60 * 1000)));
}

static void test_unless_looks_at_the_machine(void **state)
{
    struct fault *f = only_fault();
    (void)state;
    memory = (struct mem_info){ .total = 1000,
                                .free = 100,
                                .cached = 300,
                                .buffers = 100,
                                .swap_total = 200,
                                .swap_free = 150 };
    assert_int_equal(fault_resource_ppm(FAULT_RESOURCE_RAM), 500000);
    assert_int_equal(fault_resource_ppm(FAULT_RESOURCE_SWAP), 250000);
    assert_false(fault_unless_holds(f));
    f->unless = FAULT_UNLESS_RAM_USED;
    f->unless_pct = 51;
    assert_false(fault_unless_holds(f));
    f->unless_pct = 50;
    assert_true(fault_unless_holds(f));
    f->unless = FAULT_UNLESS_SWAP_USED;
    assert_false(fault_unless_holds(f));
    f->unless_pct = 25;
    assert_true(fault_unless_holds(f));
    memory.swap_total = memory.swap_free = 0;
    assert_int_equal(fault_resource_ppm(FAULT_RESOURCE_SWAP), 0);
    f->unless = FAULT_UNLESS_RUNNING;
    strcopy(f->unless_name, "VMap", sizeof f->unless_name);
    assert_false(fault_unless_holds(f));
    running = "VMap";
    assert_true(fault_unless_holds(f));
    f->unless = FAULT_UNLESS_OOM;
    assert_false(fault_unless_holds(f));
    oom_kill_count = 1;
    assert_true(fault_unless_holds(f));
    oom_kill_count = 0;
}

static void test_each_round_judges_unless_and_is_noted(void **state)
{
    struct fault *f = only_fault();
    (void)state;
    f->at_ns = SECONDS(10);
    f->for_ns = SECONDS(5);
    f->every_ns = SECONDS(10);
    f->unless = FAULT_UNLESS_OOM;
    cos_clock.now_ns = SECONDS(9);
    assert_false(fault_acts(0));
    assert_int_equal(notes()->head, 0);
    cos_clock.now_ns = SECONDS(11);
    assert_true(fault_acts(0));
    oom_kill_count = 1; /* too late for this round */
    fault_state(0)->calls = 7;
    assert_true(fault_acts(0));
    cos_clock.now_ns = SECONDS(16);
    assert_false(fault_acts(0));
    cos_clock.now_ns = SECONDS(20);
    assert_false(fault_acts(0));
    assert_int_equal(fault_state(0)->calls, 0);
    oom_kill_count = 0;
    assert_int_equal(notes()->head, 3);
    assert_int_equal(note(0)->kind, FAULT_NOTE_BEGINS);
    assert_true(note(0)->at_ns == SECONDS(11));
    assert_int_equal(note(1)->kind, FAULT_NOTE_ENDS);
    assert_int_equal(note(2)->kind, FAULT_NOTE_SKIPPED);
}

static void test_notes_go_round_and_keep_the_newest(void **state)
{
    (void)only_fault();
    (void)state;
    for (uint64_t i = 0; i < FAULT_NOTES_MAX + 5; i++)
        fault_note(3, FAULT_NOTE_LEVEL, i, i * 2);
    assert_int_equal(notes()->head, FAULT_NOTES_MAX + 5);
    assert_int_equal(note(FAULT_NOTES_MAX + 4)->value[1], (FAULT_NOTES_MAX + 4) * 2);
    assert_int_equal(note(5)->value[0], 5);
    assert_int_equal(note(5)->fault, 3);
}

static void map_at(kptr at, size_t bytes)
{
    void *got = mmap(PTR(void, at), bytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_NORESERVE, -1, 0);
    assert_ptr_equal(got, PTR(void, at));
}

static int setup(void **state)
{
    (void)state;
    map_at(SCRATCH_VA, SCRATCH_SIZE);
    map_at(MACHINE_WINDOW_VA, MACHINE_WINDOW_SIZE);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_fault_is_on_from_at_for_its_length),
        cmocka_unit_test(test_a_fault_comes_again_as_often_as_it_says),
        cmocka_unit_test(test_unless_looks_at_the_machine),
        cmocka_unit_test(test_each_round_judges_unless_and_is_noted),
        cmocka_unit_test(test_notes_go_round_and_keep_the_newest),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
