/* test_restart.c - the plan of a host's next start. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "shared/units.h"
#include "tools/host/restart.h"

#define BOOT 1254426840

struct fixture {
    struct restart r;
};

static int setup(void **state)
{
    static struct fixture f;
    f = (struct fixture){ .r = { .plan = calloc(1, sizeof *f.r.plan), .ended = true } };
    f.r.plan->epoch_boot_s = f.r.plan->boot.epoch_boot_s = BOOT;
    f.r.plan->seed = 7;
    f.r.clock_s = BOOT + 3600;
    (void)strcpy(f.r.result.end, "purple");
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    restart_free(&((struct fixture *)*state)->r);
    return 0;
}

static struct fault *add_fault(struct plan *p, uint32_t type, uint64_t at_h)
{
    struct fault *f = &p->boot.fault[p->boot.fault_count++];
    *f = (struct fault){ .type = type, .at_ns = at_h * NS_PER_HOUR };
    (void)strcpy(f->target, "VMap");
    return f;
}

static void test_restart_has_another_clock_and_other_random_streams(void **state)
{
    struct fixture *f = *state;
    restart_advance(&f->r, BOOT + 7200);
    assert_int_equal(f->r.plan->starts, 1);
    assert_int_equal(f->r.plan->after, BOOT_AFTER_PURPLE);
    assert_int_equal(f->r.plan->epoch_boot_s, BOOT + 7200);
    assert_int_equal(f->r.plan->boot.epoch_boot_s, BOOT + 7200);
    assert_int_equal(f->r.plan->first_seed, 7);
    const uint64_t second = f->r.plan->seed;
    assert_int_not_equal(second, 7);
    restart_advance(&f->r, BOOT + 9000);
    assert_int_equal(f->r.plan->starts, 2);
    assert_int_equal(f->r.plan->first_seed, 7);
    assert_int_not_equal(f->r.plan->seed, second);
}

static void test_restart_repeats_no_fault_and_shifts_later_ones(void **state)
{
    struct fixture *f = *state;
    struct plan *p = f->r.plan;
    (void)add_fault(p, FAULT_LEAK, 1); /* past at the new start, 2 h later */
    (void)add_fault(p, FAULT_KILL, 5); /* to come */
    struct fault *again = add_fault(p, FAULT_STOP, 1);
    again->every_ns = 2 * NS_PER_HOUR; /* 1, 3, 5: two are left */
    again->times = 3;
    struct fault *spent = add_fault(p, FAULT_CONT, 0);
    spent->every_ns = NS_PER_HOUR / 2; /* all before */
    spent->times = 2;
    restart_advance(&f->r, BOOT + 7200);
    assert_int_equal(p->boot.fault_count, 2);
    assert_int_equal(p->boot.fault[0].type, FAULT_KILL);
    assert_int_equal(p->boot.fault[0].at_ns, 3 * NS_PER_HOUR);
    assert_int_equal(p->boot.fault[1].type, FAULT_STOP);
    assert_int_equal(p->boot.fault[1].at_ns, NS_PER_HOUR);
    assert_int_equal(p->boot.fault[1].times, 2);
    assert_int_equal(p->boot.fault[2].type, FAULT_NONE);
}

static void test_restart_fails_to_move_dumps_once_or_as_often_as_said(void **state)
{
    struct fixture *f = *state;
    struct plan *p = f->r.plan;
    (void)add_fault(p, FAULT_DUMP_MOVE_FAIL, 0);
    add_fault(p, FAULT_DUMP_MOVE_FAIL, 0)->count = 2;
    (void)add_fault(p, FAULT_DUMP_SLOT_SMALL, 0);
    restart_advance(&f->r, BOOT + 7200);
    assert_int_equal(p->boot.fault_count, 2);
    restart_advance(&f->r, BOOT + 9000);
    assert_int_equal(p->boot.fault_count, 1);
    restart_advance(&f->r, BOOT + 9900);
    assert_int_equal(p->boot.fault_count, 0);
}

static void test_restart_comes_when_the_last_end_makes_it_likely(void **state)
{
    struct fixture *f = *state;
    const int64_t reset_s = restart_default_s(&f->r) - f->r.clock_s;
    assert_in_range(reset_s, 600, 1801);
    (void)strcpy(f->r.result.end, "halt");
    assert_int_equal(restart_default_s(&f->r) - f->r.clock_s, 133);
    (void)strcpy(f->r.result.end, "reboot");
    assert_int_equal(restart_default_s(&f->r) - f->r.clock_s, 93);
    (void)strcpy(f->r.result.end, "off");
    restart_advance(&f->r, BOOT + 7200);
    assert_int_equal(f->r.plan->after, BOOT_AFTER_POWER_LOSS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_restart_has_another_clock_and_other_random_streams,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_restart_repeats_no_fault_and_shifts_later_ones, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_restart_fails_to_move_dumps_once_or_as_often_as_said,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_restart_comes_when_the_last_end_makes_it_likely, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
