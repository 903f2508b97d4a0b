/* test_habits.c - programs that rest with a working set: what is absent is faulted in, CPU is
 * booked and lost by no fault, and rounds with an effect are carried out. */
#include "tests/kernel/cos_harness.h"

#define HOURS 3u

static const struct cos_machine machine = { .ram_mb = 32, .swap_slots = 6000 };
static const char *name; /* of the program that the next run starts */

/* A daemon whose 200 hot pages of text are used once in 100 s each: all of them are absent at
 * first, so in its first minutes it faults more often than its period comes. */
static void rest(struct cos_result *r)
{
    struct boot_program spec = cos_program(name);
    strcopy(spec.behaviour, "daemon", sizeof spec.behaviour);
    spec.text_kb = 2000;
    spec.hot_text_kb = 800;
    spec.hot_ns = SECONDS(100);
    spec.period_ns = SECONDS(10);
    spec.cpu_ns = SECONDS(1) / 10;
    const int pid = spawn_child(&spec, NULL, 0);
    ASSERT(pid > 0);
    program_sleep_until(cos_clock.now_ns + SECONDS(3600 * HOURS));
    struct task_struct *t = find_task_by_pid((uint32_t)pid);
    send_sig(SIGCONT, t); /* it books when it wakes */
    program_sleep_until(cos_clock.now_ns + SECONDS(1));
    r->number[0] = t->utime_ns;
    r->number[1] = t->maj_flt;
    r->number[2] = PTR(const struct program, t->program)->rounds;
    r->number[3] = PTR(const struct program, t->program)->touches;
}

static const struct cos_result *run_of(const char *program)
{
    name = program;
    return cos_run_done(&machine, rest);
}

static void test_what_is_absent_is_faulted_in_page_by_page(void **state)
{
    (void)state;
    const struct cos_result *r = run_of("gpm");
    assert_in_range(r->number[1], 200, 260); /* and libraries that it maps at its start */
    assert_int_equal(r->number[3], 0);       /* its round touches nothing besides */
}

static void test_a_hundredth_of_its_rest_is_booked_as_cpu(void **state)
{
    (void)state;
    const uint64_t share = SECONDS(3600 * HOURS) / 100;
    assert_in_range(run_of("gpm")->number[0], share - share / 50, share + share / 50);
}

static void test_who_calls_the_vmkernel_in_a_round_goes_on_doing_so(void **state)
{
    (void)state;
    const struct cos_result *r = run_of("snmpd");
    const uint64_t rounds = 360 * HOURS, share = SECONDS(3600 * HOURS) / 100;
    assert_in_range(r->number[2], rounds - rounds / 20, rounds + rounds / 20);
    assert_in_range(r->number[0], share - share / 20, share + share / 20); /* counted once */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_absent_is_faulted_in_page_by_page),
        cmocka_unit_test(test_a_hundredth_of_its_rest_is_booked_as_cpu),
        cmocka_unit_test(test_who_calls_the_vmkernel_in_a_round_goes_on_doing_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
