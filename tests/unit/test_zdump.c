/* test_zdump.c - the zdump's format: what is written is read, whatever is cut, damaged or left
 * over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/err.h"
#include "shared/zdump.h"
#include "vmkernel/dump/zdump_write.h"

#define SLOT_BYTES 65536u
#define BIG 12000u /* bytes of the section that does not compress to one sector */

struct fixture {
    char path[64];
    char big[BIG + 1];
    unsigned char file[2 * SLOT_BYTES];
    struct zdump z;
};

static int setup(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    (void)strcpy(f.path, "/tmp/test-zdump-XXXXXX");
    const int fd = mkstemp(f.path);
    assert_true(fd >= 0);
    (void)close(fd);
    uint32_t x = 1;
    for (uint32_t i = 0; i < BIG; i++) { /* text that does not shrink much */
        x = x * 1664525u + 1013904223u;
        f.big[i] = (char)('!' + (x >> 24) % 90);
    }
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    zdump_free(&f->z);
    (void)unlink(f->path);
    return 0;
}

static struct zdump_slot slot_of(struct fixture *f, uint64_t id, int64_t epoch_s)
{
    struct zdump_slot s = { 0 };
    assert_int_equal(zdump_partition_choose(&dumpio_real, f->path, &s), 0);
    s.dump_id = id;
    s.uptime_ns = 42;
    s.epoch_s = epoch_s;
    (void)strcpy(s.build, "123630");
    (void)strcpy(s.host, "esxhostname");
    (void)strcpy(s.reason, "COS Error: Lost heartbeat");
    return s;
}

static int write_dump(struct fixture *f, uint64_t id, int64_t epoch_s, size_t big_len)
{
    const struct zdump_part parts[] = {
        { .type = ZDUMP_NOTES, .data = "not stunned\n", .len = 12 },
        { .type = ZDUMP_LOG, .data = f->big, .len = big_len },
        { .type = ZDUMP_STATE, .data = "", .len = 0 },
        { .type = ZDUMP_COS_LOG, .data = "<4>Linux version 2.4.21\n", .len = 24 },
    };
    const struct zdump_slot slot = slot_of(f, id, epoch_s);
    return zdump_write(&dumpio_real, f->path, &slot, parts, 4);
}

static void create(struct fixture *f, uint32_t slots)
{
    assert_int_equal(zdump_partition_create(&dumpio_real, f->path, slots, slots * SLOT_BYTES), 0);
}

static void load(struct fixture *f, uint32_t slot)
{
    struct err err;
    zdump_free(&f->z);
    assert_int_equal(zdump_load(f->path, slot, &f->z, &err), 0);
}

static size_t read_file(struct fixture *f)
{
    FILE *file = fopen(f->path, "rb");
    assert_non_null(file);
    const size_t n = fread(f->file, 1, sizeof f->file, file);
    (void)fclose(file);
    return n;
}

/* Every section that says it is whole has the contents that were written. */
static void check_whole_sections(const struct fixture *f)
{
    for (uint32_t i = 0; i < f->z.count; i++) {
        const struct zdump_section *s = &f->z.sections[i];
        if (s->health != ZDUMP_WHOLE)
            continue;
        if (s->type == ZDUMP_NOTES)
            assert_string_equal(s->data, "not stunned\n");
        else if (s->type == ZDUMP_LOG)
            assert_string_equal(s->data, f->big);
        else if (s->type == ZDUMP_COS_LOG)
            assert_string_equal(s->data, "<4>Linux version 2.4.21\n");
        else
            assert_int_equal(s->type, ZDUMP_STATE);
    }
}

static void test_zdump_reads_what_was_written(void **state)
{
    struct fixture *f = *state;
    create(f, 1);
    assert_int_equal(write_dump(f, 7, 100, BIG), 0);
    load(f, 0);
    assert_true(f->z.complete);
    assert_int_equal(f->z.count, 4);
    assert_int_equal(f->z.slot.state, ZDUMP_COMPLETE);
    assert_int_equal(f->z.slot.uptime_ns, 42);
    assert_string_equal(f->z.slot.build, "123630");
    assert_string_equal(f->z.slot.host, "esxhostname");
    assert_string_equal(f->z.slot.reason, "COS Error: Lost heartbeat");
    check_whole_sections(f);
    assert_int_equal(zdump_find(&f->z, ZDUMP_STATE)->data_len, 0);
    assert_string_equal(zdump_find(&f->z, ZDUMP_LOG)->name, "vmkernel-log");
    assert_null(zdump_find(&f->z, ZDUMP_RING));
}

static void test_zdump_partition_has_a_fixed_size_and_starts_empty(void **state)
{
    struct fixture *f = *state;
    create(f, 2);
    assert_int_equal(read_file(f), 2 * SLOT_BYTES);
    load(f, 1);
    assert_true(f->z.slot_ok);
    assert_int_equal(f->z.slot.state, ZDUMP_EMPTY);
    assert_int_equal(f->z.count, 0);
    assert_int_equal(write_dump(f, 7, 100, BIG), 0);
    assert_int_equal(read_file(f), 2 * SLOT_BYTES);
}

static void test_zdump_is_readable_when_cut_at_any_byte(void **state)
{
    struct fixture *f = *state;
    create(f, 1);
    assert_int_equal(write_dump(f, 7, 100, BIG), 0);
    (void)read_file(f);
    load(f, 0);
    const size_t used = (size_t)f->z.slot.used_bytes;
    size_t unpacked_max = 0;
    for (size_t cut = 0; cut < used; cut++) {
        zdump_free(&f->z);
        assert_int_equal(zdump_parse(f->file, cut, &f->z), 0);
        check_whole_sections(f);
        size_t unpacked = 0;
        for (uint32_t i = 0; i < f->z.count; i++) {
            assert_int_not_equal(f->z.sections[i].health, ZDUMP_CORRUPT);
            unpacked += f->z.sections[i].data_len;
        }
        assert_true(unpacked >= unpacked_max); /* a longer file never tells less */
        unpacked_max = unpacked;
        /* Behind the end section's header there is only padding. */
        assert_int_equal(f->z.complete, cut >= used - ZDUMP_ALIGN + ZDUMP_SECTION_HEADER);
    }
    assert_true(unpacked_max == 12 + BIG + 24);
}

/* Is this a byte of a header of the dump whose sections stand in `of`? */
static bool in_header(const struct zdump *of, size_t at)
{
    for (uint32_t i = 0; i < of->count; i++) {
        if (at >= of->sections[i].offset && at < of->sections[i].offset + ZDUMP_SECTION_HEADER)
            return true;
    }
    return at < ZDUMP_SLOT_HEADER;
}

static void test_zdump_damage_costs_one_section(void **state)
{
    struct fixture *f = *state;
    create(f, 1);
    assert_int_equal(write_dump(f, 7, 100, BIG), 0);
    (void)read_file(f);
    load(f, 0);
    const size_t used = (size_t)f->z.slot.used_bytes;
    const struct zdump sound = f->z; /* only its offsets are used */
    for (size_t at = 0; at < used; at++) {
        f->file[at] ^= 0x55;
        zdump_free(&f->z);
        assert_int_equal(zdump_parse(f->file, SLOT_BYTES, &f->z), 0);
        check_whole_sections(f);
        uint32_t whole = 0;
        for (uint32_t i = 0; i < f->z.count; i++)
            whole += f->z.sections[i].health == ZDUMP_WHOLE;
        assert_in_range(whole, 3, 4);
        assert_true(f->z.slot_ok || at < ZDUMP_SLOT_HEADER);
        assert_true(!f->z.complete || !in_header(&sound, at));
        f->file[at] ^= 0x55;
    }
}

static void test_zdump_an_older_dump_behind_a_cut_one_is_not_taken_for_it(void **state)
{
    struct fixture *f = *state;
    create(f, 1);
    assert_int_equal(write_dump(f, 7, 100, BIG), 0);
    assert_int_equal(write_dump(f, 8, 200, 10), 0);
    (void)read_file(f);
    load(f, 0);
    const size_t used = (size_t)f->z.slot.used_bytes;
    zdump_free(&f->z);
    /* The new dump lost its end section: what follows in the slot is the old one's. */
    memset(f->file + used - ZDUMP_ALIGN, 0, ZDUMP_ALIGN);
    assert_int_equal(zdump_parse(f->file, SLOT_BYTES, &f->z), 0);
    assert_int_equal(f->z.count, 4);
    assert_false(f->z.complete);
    assert_int_equal(zdump_find(&f->z, ZDUMP_LOG)->data_len, 10);
}

static void test_zdump_larger_than_its_slot_is_cut_and_says_so(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(zdump_partition_create(&dumpio_real, f->path, 2, 2 * 8192), 0);
    assert_int_equal(write_dump(f, 7, 100, BIG), -28); /* ENOSPC */
    load(f, 1);
    assert_true(f->z.slot_ok);
    assert_int_equal(f->z.slot.state, ZDUMP_EMPTY); /* the neighbour is untouched */
    load(f, 0);
    assert_int_equal(f->z.slot.state, ZDUMP_WRITING);
    assert_false(f->z.complete);
    assert_int_equal(f->z.sections[0].health, ZDUMP_WHOLE);
    const struct zdump_section *log = zdump_find(&f->z, ZDUMP_LOG);
    assert_int_equal(log->health, ZDUMP_CUT);
    assert_true(log->data_len > 1000 && memcmp(log->data, f->big, log->data_len) == 0);
}

static void test_zdump_slots_are_used_in_turn(void **state)
{
    struct fixture *f = *state;
    static const uint32_t want[] = { 0, 1, 0, 1 };
    create(f, 2);
    for (uint32_t i = 0; i < 4; i++) {
        struct zdump_slot s = { 0 };
        assert_int_equal(zdump_partition_choose(&dumpio_real, f->path, &s), 0);
        assert_int_equal(s.slot, want[i]);
        assert_int_equal(write_dump(f, i + 1, 100 + i, 10), 0);
        load(f, want[i]);
        assert_true(f->z.complete);
        assert_int_equal(f->z.slot.dump_id, i + 1);
    }
}

static void test_zdump_taken_from_its_slot_is_a_file(void **state)
{
    struct fixture *f = *state;
    create(f, 2);
    assert_int_equal(write_dump(f, 7, 100, BIG), 0);
    load(f, 0);
    const off_t used = (off_t)f->z.slot.used_bytes;
    assert_int_equal(truncate(f->path, used), 0);
    load(f, 0);
    assert_true(f->z.complete);
    struct err err;
    struct zdump none;
    assert_int_equal(zdump_load(f->path, 1, &none, &err), ERR_SYNTAX);
    assert_non_null(strstr(err.text, "has no slot 1"));
}

static void test_zdump_reader_survives_noise(void **state)
{
    struct fixture *f = *state;
    uint32_t x = 12345;
    create(f, 1);
    assert_int_equal(write_dump(f, 7, 100, 300), 0);
    for (unsigned round = 0; round < 2000; round++) {
        const size_t len = read_file(f);
        for (unsigned n = 0; n < 1 + round % 40; n++) {
            x = x * 1664525u + 1013904223u;
            f->file[(x >> 8) % 4096] = (unsigned char)x;
        }
        zdump_free(&f->z);
        assert_int_equal(zdump_parse(f->file, round % 3 == 0 ? len : (x >> 8) % 4096, &f->z), 0);
        for (uint32_t i = 0; i < f->z.count; i++)
            assert_true(f->z.sections[i].data_len <= f->z.sections[i].raw_bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_zdump_reads_what_was_written, setup, teardown),
        cmocka_unit_test_setup_teardown(test_zdump_partition_has_a_fixed_size_and_starts_empty,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_zdump_is_readable_when_cut_at_any_byte, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_zdump_damage_costs_one_section, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_zdump_an_older_dump_behind_a_cut_one_is_not_taken_for_it, setup, teardown),
        cmocka_unit_test_setup_teardown(test_zdump_larger_than_its_slot_is_cut_and_says_so, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_zdump_slots_are_used_in_turn, setup, teardown),
        cmocka_unit_test_setup_teardown(test_zdump_taken_from_its_slot_is_a_file, setup, teardown),
        cmocka_unit_test_setup_teardown(test_zdump_reader_survives_noise, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
