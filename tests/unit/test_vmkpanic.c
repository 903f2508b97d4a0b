/* test_vmkpanic.c - how the VMkernel's own end looks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "vmkernel/model/profile.h"
#include "vmkernel/model/vmkpanic.h"

static struct worlds w;
static struct vmkpanic p;

static int setup(void **state)
{
    (void)state;
    return worlds_init(&w, profile_find("esx-3.5"), 1, 4, 0, NULL);
}

static void test_vmkpanic_page_fault_is_in_vmkernel_text_of_the_world_that_runs(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        char want[96];
        vmkpanic_make(FAULT_VMKERNEL_PF, &w, seed, 1000000000 * seed, &p);
        assert_ptr_equal(p.world, worlds_on_pcpu(&w, p.pcpu, 1000000000 * seed));
        (void)snprintf(want, sizeof want, "#PF Exception type 14 in world %" PRIu32 ":%.9s @ 0x%x",
                       p.world->id, p.world->name, p.regs.ip);
        assert_string_equal(p.headline, want);
        assert_in_range(p.regs.ip, 0x600000, 0x6fffff);
        assert_int_equal(p.regs.ip, p.frame[0].ip);
        assert_int_equal(p.regs.ebp, p.frame[0].ebp);
        for (uint32_t i = 1; i < p.frame_count; i++) /* callers lie higher */
            assert_true(p.frame[i].ebp > p.frame[i - 1].ebp);
        assert_int_equal(p.line_count, 0);
    }
}

static void test_vmkpanic_machine_check_names_one_bank_and_an_uncorrected_error(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        uint32_t bank, pcpu, again;
        uint64_t status;
        vmkpanic_make(FAULT_MACHINE_CHECK, &w, seed, 5, &p);
        assert_string_equal(p.headline, "Hardware (Machine) Error");
        assert_int_equal(sscanf(p.line[0],
                                "ALERT: MCE: 171: Machine Check Exception: Bank %" SCNu32
                                ", Status 0x%" SCNx64,
                                &bank, &status),
                         2);
        assert_int_equal(
            sscanf(p.line[1], "ALERT: MC:PCPU%" SCNu32 " B:%" SCNu32 " S:0x", &pcpu, &again), 2);
        assert_int_equal(bank, again);
        assert_int_equal(pcpu, p.pcpu);
        assert_int_equal(status >> 61, 5); /* valid, no overflow, uncorrected */
    }
}

static void test_vmkpanic_is_a_function_of_seed_and_instant(void **state)
{
    (void)state;
    struct vmkpanic again;
    vmkpanic_make(FAULT_VMKERNEL_PF, &w, 9, 77, &p);
    vmkpanic_make(FAULT_VMKERNEL_PF, &w, 9, 77, &again);
    assert_memory_equal(&p, &again, sizeof p);
    vmkpanic_make(FAULT_VMKERNEL_PF, &w, 10, 77, &again);
    assert_memory_not_equal(&p, &again, sizeof p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_vmkpanic_page_fault_is_in_vmkernel_text_of_the_world_that_runs,
                               setup),
        cmocka_unit_test_setup(test_vmkpanic_machine_check_names_one_bank_and_an_uncorrected_error,
                               setup),
        cmocka_unit_test_setup(test_vmkpanic_is_a_function_of_seed_and_instant, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
