/* test_progress.c - the progress line: both directions agree, and either side may grow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "shared/progress.h"

static void test_progress_comes_back_as_it_was_written(void **state)
{
    const struct progress p = { UINT64_MAX, 61261, 29, 554168, 1200, 14020, PROGRESS_DUMPING_COS };
    struct progress back;
    char line[PROGRESS_LINE_MAX] = "";
    (void)state;
    const size_t length = progress_format(&p, line);
    assert_int_equal(length, strlen(line));
    assert_int_equal(line[strlen(line) - 1], '\n');
    assert_int_equal(progress_parse(line, &back), 0);
    assert_memory_equal(&back, &p, sizeof p);
}

static void test_progress_ignores_new_keys_and_leaves_missing_ones_zero(void **state)
{
    struct progress p;
    (void)state;
    assert_int_equal(progress_parse("mood=good phase=running beats=7", &p), 0);
    assert_int_equal(p.beats, 7);
    assert_int_equal(p.now_ns, 0);
    assert_int_equal(p.phase, PROGRESS_RUNNING);
}

static void test_progress_refuses_bad_values(void **state)
{
    struct progress p = { .beats = 77 };
    (void)state;
    assert_int_equal(progress_parse("beats=seven", &p), -1);
    assert_int_equal(progress_parse("beats=", &p), -1);
    assert_int_equal(progress_parse("phase=asleep", &p), -1);
    assert_int_equal(p.beats, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_progress_comes_back_as_it_was_written),
        cmocka_unit_test(test_progress_ignores_new_keys_and_leaves_missing_ones_zero),
        cmocka_unit_test(test_progress_refuses_bad_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
