/* test_out.c - one description of a result comes out as text and as JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/out/out.h"

struct fixture {
    struct out out;
    char *printed;
    size_t size;
};

static void begin(struct fixture *f, bool json)
{
    *f = (struct fixture){ .out = { .json = json } };
    f->out.to = open_memstream(&f->printed, &f->size);
    assert_non_null(f->out.to);
}

/* What was printed; JSON in one line. */
static const char *end(struct fixture *f)
{
    static char said[1024];
    size_t length = 0;
    assert_int_equal(out_finish(&f->out), 0);
    (void)fclose(f->out.to);
    assert_true(f->size < sizeof said);
    for (const char *p = f->printed; *p != '\0'; p++)
        if (f->out.json && *p == '\n')
            p += strspn(p + 1, " ");
        else
            said[length++] = *p;
    said[length] = '\0';
    free(f->printed);
    return said;
}

static void describe(struct out *o)
{
    out_begin(o, "lostbeat/test/1");
    out_section(o, "tasks");
    out_array(o, "tasks");
    out_object(o, NULL);
    out_u64(o, "pid", "%5llu", 20);
    out_str(o, "comm", " %s", "vmnixhbd");
    out_hex(o, "task", " at %llx", 0xc0135fa0);
    out_real(o, "share", ", %.1f %%", 0.1);
    out_i64(o, "nice", NULL, -5);
    out_bool(o, "current", true);
    out_text(o, "\n");
    out_end(o);
    out_end(o);
}

static void test_out_text_has_columns_and_json_has_keys(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f, false);
    describe(&f.out);
    assert_string_equal(end(&f), "\ntasks\n   20 vmnixhbd at c0135fa0, 0.1 %\n");
    begin(&f, true);
    describe(&f.out);
    assert_string_equal(end(&f), "{\"schema\": \"lostbeat/test/1\",\"tasks\": [{\"pid\": 20,"
                                 "\"comm\": \"vmnixhbd\",\"task\": \"c0135fa0\",\"share\": 0.1,"
                                 "\"nice\": -5,\"current\": true}]}");
}

static void test_out_unknown_is_null_and_no_text(void **state)
{
    struct fixture f;
    (void)state;
    for (int json = 0; json < 2; json++) {
        begin(&f, json == 1);
        out_begin(&f.out, "x");
        out_str(&f.out, "who", "by %s", NULL);
        out_real(&f.out, "share", "%f", NAN);
        assert_string_equal(end(&f),
                            json == 1 ? "{\"schema\": \"x\",\"who\": null,\"share\": null}" : "");
    }
}

static void test_out_damaged_strings_are_harmless(void **state)
{
    static const char damaged[] = "a\033[2J\tb\xff";
    struct fixture f;
    (void)state;
    begin(&f, false);
    out_str(&f.out, "name", "%s\n", damaged);
    out_prose(&f.out, "says", 0, damaged);
    assert_string_equal(end(&f), "a?[2J\tb\xff\na?[2J\tb\xff\n");
    begin(&f, true);
    out_begin(&f.out, NULL);
    out_str(&f.out, NULL, NULL, damaged);
    assert_string_equal(end(&f), "[\"a\\u001B[2J\\tb?\"]");
}

static void test_out_prose_is_folded_behind_its_lead(void **state)
{
    struct fixture f;
    char words[2 * OUT_COLUMNS] = "";
    (void)state;
    for (int i = 0; i < 12; i++)
        (void)snprintf(words + strlen(words), sizeof words - strlen(words), "%s123456789",
                       i > 0 ? " " : "");
    begin(&f, false);
    out_text(&f.out, "  - ");
    out_prose(&f.out, "says", 4, words);
    out_prose(&f.out, "says", 4, "example:\n  indented");
    /* Nine words of 10 columns end in column 93; a tenth would end in 103. */
    const char *said = end(&f);
    assert_int_equal(strcspn(said, "\n"), 93);
    assert_string_equal(said + 93, "\n    123456789 123456789 123456789\n"
                                   "example:\n      indented\n");
}

static void test_out_a_full_disk_is_an_error(void **state)
{
    struct fixture f;
    (void)state;
    for (int json = 0; json < 2; json++) {
        f.out = (struct out){ .json = json == 1, .to = fopen("/dev/full", "we") };
        assert_non_null(f.out.to);
        describe(&f.out);
        assert_int_equal(out_finish(&f.out), -1);
        (void)fclose(f.out.to);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_out_text_has_columns_and_json_has_keys),
        cmocka_unit_test(test_out_unknown_is_null_and_no_text),
        cmocka_unit_test(test_out_damaged_strings_are_harmless),
        cmocka_unit_test(test_out_prose_is_folded_behind_its_lead),
        cmocka_unit_test(test_out_a_full_disk_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
