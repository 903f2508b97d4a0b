/* test_agents.c - vpxa takes over what hostd did, VMap goes through all of its rules. */
#include "tests/kernel/cos_harness.h"

#define ROUNDS 20u

static const struct cos_machine small = { .ram_mb = 32, .swap_slots = 6000 };
static uint32_t served; /* pages of requests in hostd's last round; UINT32_MAX: there is none */

static const struct program *start_agent(const char *name, const char *behaviour)
{
    struct boot_program spec = cos_program(name);
    memset(spec.behaviour, 0, sizeof spec.behaviour);
    strcopy(spec.behaviour, behaviour, sizeof spec.behaviour);
    spec.period_ns = SECONDS(10);
    const int pid = spawn_child(&spec, NULL, 0);
    ASSERT(pid > 0);
    return PTR(const struct program, find_task_by_pid((uint32_t)pid)->program);
}

static int __attribute__((noreturn)) hostd(struct program *p)
{
    p->scratch_pages = served;
    for (;;)
        program_sleep_until(cos_clock.now_ns + SECONDS(3600));
}

static void beat(struct cos_result *r)
{
    const struct boot_program spec = cos_program("vmware-hostd");
    if (served != UINT32_MAX)
        (void)cos_spawn(&spec, hostd);
    const struct program *vpxa = start_agent("vpxa", "vpxa");
    program_sleep_until(cos_clock.now_ns + SECONDS(10 * ROUNDS));
    r->number[0] = vpxa->touches;
    r->number[1] = vpxa->rounds;
}

static uint32_t touches_with(uint32_t pages)
{
    served = pages;
    const struct cos_result *r = cos_run_done(&small, beat);
    assert_in_range(r->number[1], ROUNDS - 3, ROUNDS + 3); /* each beat asks the VMkernel */
    return (uint32_t)(r->number[0] / r->number[1]);
}

static void test_a_beat_goes_through_what_hostd_changed(void **state)
{
    (void)state;
    const uint32_t alone = touches_with(UINT32_MAX);
    assert_int_equal(touches_with(0), alone);
    assert_in_range(touches_with(160), alone + 9, alone + 10);
}

/* ---- VMap ------------------------------------------------------------------------------------ */
static void rules(struct cos_result *r)
{
    const struct program *vmap = start_agent("VMap", "vmap");
    program_sleep_until(cos_clock.now_ns + SECONDS(10 * ROUNDS));
    r->number[0] = vmap->number[0];
    r->number[1] = vmap->data_pages;
}

static void test_vmap_goes_through_all_rules_four_pages_a_round(void **state)
{
    (void)state;
    const struct cos_result *r = cos_run_done(&small, rules);
    assert_in_range(r->number[0], 4 * (ROUNDS - 3), 4 * (ROUNDS + 3));
    assert_true(r->number[0] > r->number[1]); /* round the whole set, and on */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_beat_goes_through_what_hostd_changed),
        cmocka_unit_test(test_vmap_goes_through_all_rules_four_pages_a_round),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
