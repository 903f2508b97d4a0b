/* test_dumpview.c - a dump that is cut at any byte is read up to its last whole section, and the
 * rest is named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/parse/dumpview.h"

#define SECTIONS ZDUMP_PARTS

struct fixture {
    unsigned char *bytes;
    size_t len;
    size_t end[SECTIONS]; /* of the stored bytes of each section, without padding */
};
static void append(struct fixture *f, enum zdump_type type, uint32_t index, const char *text)
{
    size_t len;
    unsigned char *bytes =
        zdump_section_pack(42, index, type, zdump_type_name(type), text, strlen(text), &len);
    assert_non_null(bytes);
    f->bytes = realloc(f->bytes, f->len + len);
    assert_non_null(f->bytes);
    memcpy(f->bytes + f->len, bytes, len);
    free(bytes);
    f->len += len;
}

static int setup(void **state)
{
    static struct fixture f;
    f = (struct fixture){ .bytes = malloc(ZDUMP_SLOT_HEADER), .len = ZDUMP_SLOT_HEADER };
    const struct zdump_slot slot = { .slot_count = 1, .state = ZDUMP_COMPLETE, .dump_id = 42 };
    zdump_slot_encode(&slot, f.bytes);
    for (uint32_t i = 0; i < SECTIONS; i++) {
        struct zdump z;
        append(&f, zdump_order[i], i, "some text of a section, and some more of it\n");
        assert_int_equal(zdump_parse(f.bytes, f.len, &z), 0);
        f.end[i] =
            (size_t)(z.sections[i].offset + ZDUMP_SECTION_HEADER + z.sections[i].stored_bytes);
        zdump_free(&z);
    }
    append(&f, ZDUMP_END, SECTIONS, "");
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    free(((struct fixture *)*state)->bytes);
    return 0;
}

static void test_dump_cut_at_any_byte_names_what_is_missing(void **state)
{
    struct fixture *f = *state;
    for (size_t len = 0; len <= f->len; len++) {
        struct zdump z;
        char *text = NULL;
        size_t text_len;
        uint32_t whole = 0;
        while (whole < SECTIONS && f->end[whole] <= len)
            whole++;
        assert_int_equal(zdump_parse(f->bytes, len, &z), 0);
        FILE *to = open_memstream(&text, &text_len);
        const unsigned missing = dumpview_missing(to, &z);
        (void)fclose(to);
        assert_int_equal(missing, SECTIONS - whole);
        for (uint32_t i = 0; i < SECTIONS; i++) {
            char name[64];
            const struct zdump_section *s = zdump_find(&z, zdump_order[i]);
            (void)snprintf(name, sizeof name, "section %s", zdump_type_name(zdump_order[i]));
            assert_int_equal(strstr(text, name) == NULL, i < whole);
            assert_int_equal(s != NULL && s->health == ZDUMP_WHOLE, i < whole);
        }
        assert_int_equal(z.complete, len + ZDUMP_ALIGN - ZDUMP_SECTION_HEADER >= f->len);
        assert_int_equal(text_len == 0, z.complete);
        free(text);
        zdump_free(&z);
    }
}

static void test_dump_sections_are_found_by_name(void **state)
{
    struct fixture *f = *state;
    struct zdump z;
    assert_int_equal(zdump_parse(f->bytes, f->len, &z), 0);
    assert_ptr_equal(dumpview_find(&z, "log"), zdump_find(&z, ZDUMP_LOG));
    assert_ptr_equal(dumpview_find(&z, "worlds"), zdump_find(&z, ZDUMP_WORLDS));
    assert_null(dumpview_find(&z, "nothing"));
    assert_string_equal(dumpview_state(&z), "complete");
    zdump_free(&z);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_dump_cut_at_any_byte_names_what_is_missing, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_dump_sections_are_found_by_name, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
