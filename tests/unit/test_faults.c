/* test_faults.c - the schedule of the VMkernel's faults. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "vmkernel/model/faults.h"

static struct fault plan[4];
static struct faults faults;
static char trace[512];

static int setup(void **state)
{
    (void)state;
    memset(plan, 0, sizeof plan);
    trace[0] = '\0';
    return 0;
}

/* Take all that comes up to an instant, as a simulation does: event by event. */
static const char *take_until(uint64_t end_ns)
{
    struct faults_event ev;
    for (uint64_t at; (at = faults_next_ns(&faults)) <= end_ns;)
        while (faults_take(&faults, at, &ev))
            (void)snprintf(trace + strlen(trace), sizeof trace - strlen(trace), "%u%c%llu ",
                           ev.index, ev.begins ? '+' : '-', (unsigned long long)ev.at_ns);
    return trace;
}

static void test_faults_begin_last_and_come_again_as_often_as_told(void **state)
{
    (void)state;
    plan[0] = (struct fault){
        .type = FAULT_DOORBELL_LOSS, .at_ns = 10, .for_ns = 5, .every_ns = 100, .times = 2
    };
    faults_init(&faults, plan, 1);
    assert_string_equal(take_until(1000), "0+10 0-15 0+110 0-115 ");
    assert_true(faults_next_ns(&faults) == UINT64_MAX);
}

static void test_faults_end_before_others_begin_at_the_same_instant(void **state)
{
    (void)state;
    plan[0] = (struct fault){ .type = FAULT_WORLD_STARVE, .at_ns = 20 };
    plan[1] = (struct fault){ .type = FAULT_RING_DELAY, .at_ns = 20 };
    plan[2] = (struct fault){ .type = FAULT_DOORBELL_LOSS, .at_ns = 10, .for_ns = 10 };
    faults_init(&faults, plan, 3);
    assert_string_equal(take_until(1000), "2+10 2-20 0+20 1+20 ");
}

static void test_faults_of_the_console_are_not_the_vmkernels(void **state)
{
    (void)state;
    plan[0] = (struct fault){ .type = FAULT_LEAK, .at_ns = 1 };
    plan[1] = (struct fault){ .type = FAULT_KILL, .at_ns = 2, .target = "vmware-hostd" };
    plan[2] = (struct fault){ .type = FAULT_KILL, .at_ns = 3, .target = "vmnixhbd" };
    plan[3] = (struct fault){ .type = FAULT_DUMP_SLOT_SMALL, .at_ns = 4 };
    faults_init(&faults, plan, 4);
    assert_string_equal(take_until(1000), "2+3 ");
}

static void test_faults_that_strike_are_never_on(void **state)
{
    (void)state;
    plan[0] = (struct fault){ .type = FAULT_RING_CORRUPT, .at_ns = 10, .for_ns = 50 };
    plan[1] = (struct fault){ .type = FAULT_DOORBELL_LOSS, .at_ns = 10 };
    faults_init(&faults, plan, 2);
    assert_null(faults_active(&faults, FAULT_DOORBELL_LOSS));
    (void)take_until(10);
    assert_null(faults_active(&faults, FAULT_RING_CORRUPT));
    assert_ptr_equal(faults_active(&faults, FAULT_DOORBELL_LOSS), &plan[1]);
}

static void test_faults_that_are_skipped_are_not_on_and_come_again(void **state)
{
    (void)state;
    struct faults_event ev;
    plan[0] = (struct fault){ .type = FAULT_RING_DROP, .at_ns = 10, .for_ns = 5, .every_ns = 100 };
    faults_init(&faults, plan, 1);
    assert_true(faults_take(&faults, 10, &ev));
    faults_skip(&faults, ev.index);
    assert_null(faults_active(&faults, FAULT_RING_DROP));
    assert_int_equal(faults_next_ns(&faults), 110);
}

static void test_faults_have_a_target_or_hit_everyone(void **state)
{
    (void)state;
    uint64_t ends_ns = 0;
    plan[0] =
        (struct fault){ .type = FAULT_RPC_HANG, .at_ns = 1, .for_ns = 9, .target = "vmware-hostd" };
    plan[1] = (struct fault){ .type = FAULT_IO_HANG, .at_ns = 1 };
    faults_init(&faults, plan, 2);
    (void)take_until(1);
    assert_null(faults_active_on(&faults, FAULT_RPC_HANG, "vpxa", &ends_ns));
    assert_int_equal(ends_ns, 0);
    assert_ptr_equal(faults_active_on(&faults, FAULT_RPC_HANG, "vmware-hostd", &ends_ns), &plan[0]);
    assert_int_equal(ends_ns, 10);
    assert_ptr_equal(faults_active_on(&faults, FAULT_IO_HANG, "swap", &ends_ns), &plan[1]);
    assert_true(ends_ns == UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_faults_begin_last_and_come_again_as_often_as_told, setup),
        cmocka_unit_test_setup(test_faults_end_before_others_begin_at_the_same_instant, setup),
        cmocka_unit_test_setup(test_faults_of_the_console_are_not_the_vmkernels, setup),
        cmocka_unit_test_setup(test_faults_that_strike_are_never_on, setup),
        cmocka_unit_test_setup(test_faults_that_are_skipped_are_not_on_and_come_again, setup),
        cmocka_unit_test_setup(test_faults_have_a_target_or_hit_everyone, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
