/* test_machine.c - the machine memory's layout: what two programs and a file format rest on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "shared/boot.h"
#include "shared/cosinfo.h"
#include "shared/gate.h"
#include "shared/machine.h"
#include "shared/ring.h"

struct area {
    const char *name;
    uint64_t offset, bytes;
};

static void test_machine_areas_are_page_aligned_and_do_not_overlap(void **state)
{
    (void)state;
    static const struct area areas[] = {
        { "host-info", MACHINE_HOSTINFO_OFFSET, sizeof(struct machine_hostinfo) },
        { "ring", MACHINE_RING_OFFSET, sizeof(struct ring) },
        { "gate", MACHINE_GATE_OFFSET, sizeof(struct gate) },
        { "boot", MACHINE_BOOT_OFFSET, MACHINE_BOOT_SIZE },
        { "RAM", MACHINE_RAM_OFFSET, (uint64_t)MACHINE_RAM_MB_MAX << 20 },
    };
    uint64_t end = 0;
    for (unsigned i = 0; i < sizeof areas / sizeof areas[0]; i++) {
        assert_int_equal(areas[i].offset % MACHINE_PAGE_SIZE, 0);
        assert_true(areas[i].offset >= end);
        end = areas[i].offset + areas[i].bytes;
        assert_true(i == 4 || end <= MACHINE_WINDOW_SIZE);
    }
}

static void test_machine_boot_parameters_fit(void **state)
{
    (void)state;
    assert_true(sizeof(struct boot_params) <= MACHINE_BOOT_SIZE);
}

static void test_machine_addresses_fit_32_bits_and_do_not_meet(void **state)
{
    (void)state;
    const uint64_t ram_end = MACHINE_PAGE_OFFSET + ((uint64_t)MACHINE_RAM_MB_MAX << 20);
    assert_true(ram_end <= UINT32_MAX);
    assert_true(MACHINE_WINDOW_VA >= ram_end ||
                MACHINE_WINDOW_VA + MACHINE_WINDOW_SIZE <= MACHINE_PAGE_OFFSET);
    assert_true(MACHINE_WINDOW_VA + (uint64_t)MACHINE_WINDOW_SIZE <= UINT32_MAX);
}

static void test_machine_baton_and_lives_do_not_share_a_cache_line(void **state)
{
    (void)state;
    assert_int_equal(offsetof(struct gate, baton) / 64, 0);
    assert_int_equal(offsetof(struct gate, life) / 64, 1);
    assert_true(offsetof(struct gate, grant) / 64 > 1);
}

static void test_machine_records_have_no_hidden_padding(void **state)
{
    (void)state;
    assert_int_equal(sizeof(struct ring_slot), offsetof(struct ring_slot, end) + 4);
    assert_int_equal(sizeof(struct gate_grant), 32);
    assert_int_equal(sizeof(struct gate_call), 8 + 4 * 8 + GATE_TEXT_MAX);
    assert_int_equal(sizeof(struct gate_reply), 24);
    assert_int_equal(sizeof(struct cosinfo_entry), 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_machine_areas_are_page_aligned_and_do_not_overlap),
        cmocka_unit_test(test_machine_boot_parameters_fit),
        cmocka_unit_test(test_machine_addresses_fit_32_bits_and_do_not_meet),
        cmocka_unit_test(test_machine_baton_and_lives_do_not_share_a_cache_line),
        cmocka_unit_test(test_machine_records_have_no_hidden_padding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
