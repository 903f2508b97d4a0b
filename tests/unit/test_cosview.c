/* test_cosview.c - the reader of console memory: lists in any shape, names, what was found wrong.
 * test_core and test_dump read whole consoles with it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "shared/cosview/cosview.h"

#define BASE 0x1000u
#define LINKS 64u

/* The memory is an array of links. */
static uint32_t links[LINKS];
static struct problems problems;

static bool read_links(const void *ctx, uint64_t va, void *to, size_t n)
{
    (void)ctx;
    if (va < BASE || va - BASE > sizeof links || n > sizeof links - (va - BASE))
        return false;
    memcpy(to, (const char *)links + (va - BASE), n);
    return true;
}

static bool text_at(const void *ctx, uint64_t va, uint64_t *ret_start, uint64_t *ret_end)
{
    (void)ctx;
    *ret_start = 0x2000;
    *ret_end = 0x3000;
    return va >= *ret_start && va < *ret_end;
}

static struct cosview view_of(const char *note)
{
    struct cosview v = { .from = { NULL, read_links, text_at }, .problems = &problems };
    memset(&problems, 0, sizeof problems);
    assert_int_equal(cosview_take_note(&v, note, strlen(note)), 0);
    return v;
}

static uint32_t place(uint32_t i)
{
    return BASE + i * (uint32_t)sizeof links[0];
}

/* A list of `all` links whose last one leads to the link `back`: a circle of all - back. */
static void make_list(uint32_t all, uint32_t back)
{
    for (uint32_t i = 0; i < all; i++)
        links[i] = place(i + 1 < all ? i + 1 : back);
}

static void test_walk_ends_in_every_circle_and_knows_its_length(void **state)
{
    struct cosview v = view_of("");
    (void)state;
    for (uint32_t all = 2; all < LINKS; all++) {
        for (uint32_t back = 1; back < all; back++) {
            struct cos_walk w;
            uint64_t at;
            make_list(all, back);
            cos_walk_begin(&w, &v, "list", place(0), 0, 10 * LINKS);
            while (cos_walk_next(&w, &at))
                ;
            assert_true(w.broken);
            assert_int_equal(w.cycle, all - back);
            assert_in_range(w.steps, all - 1, 3 * all);
        }
    }
    cosview_close(&v);
}

static void test_walk_hands_out_each_link_of_a_sound_list(void **state)
{
    struct cosview v = view_of("");
    struct cos_walk w;
    uint64_t at;
    uint32_t met = 0;
    (void)state;
    make_list(LINKS, 0);
    cos_walk_begin(&w, &v, "list", place(0), 0, LINKS);
    while (cos_walk_next(&w, &at))
        assert_int_equal(at, place(++met));
    assert_int_equal(met, LINKS - 1);
    links[3] = 0;
    cos_walk_chain(&w, &v, "chain", place(0), 0, LINKS);
    for (met = 0; cos_walk_next(&w, &at); met++)
        assert_int_equal(at, place(met));
    assert_int_equal(met, 4);
    assert_false(w.broken);
    assert_int_equal(problems.count, 0);
    cos_walk_chain(&w, &v, "chain", place(0), 0, 2);
    while (cos_walk_next(&w, &at))
        ;
    assert_true(w.broken);
    assert_int_equal(w.steps, 2);
    cosview_close(&v);
}

static void test_label_in_a_function_does_not_hide_it(void **state)
{
    struct cosview v = view_of("SYMBOL(start)=2000,0\nSYMBOL(first)=2000,20\nSYMBOL(in)=2010,0\n"
                               "SYMBOL(second)=2020,10\nSYMBOL(end)=2040,0\nSYMBOL(data)=3000,8\n");
    uint64_t offset = 0;
    (void)state;
    assert_string_equal(cosview_function(&v, 0x2010, &offset), "first");
    assert_int_equal(offset, 0x10);
    assert_string_equal(cosview_function(&v, 0x2000, &offset), "first");
    assert_string_equal(cosview_function(&v, 0x2020, &offset), "second");
    assert_string_equal(cosview_caller(&v, 0x2020, &offset), "first");
    assert_int_equal(offset, 0x20);
    assert_null(cosview_function(&v, 0x2030, &offset));
    assert_null(cosview_function(&v, 0x2040, &offset)); /* a label is no function */
    assert_string_equal(cosview_symbol_of(&v, 0x2040, &offset), "end");
    assert_null(cosview_function(&v, 0x3000, &offset)); /* nor is what does not lie in text */
    assert_string_equal(cosview_symbol_of(&v, 0x3004, &offset), "data");
    assert_null(cosview_caller(&v, 0, &offset));
    cosview_close(&v);
}

static void test_problems_are_bounded_and_each_is_kept_once(void **state)
{
    (void)state;
    memset(&problems, 0, sizeof problems);
    problems_add(NULL, "nobody wants to know");
    for (uint32_t i = 0; i < 2 * PROBLEMS_MAX; i++)
        problems_add(&problems, "problem\x1b[2J %u", i / 2);
    assert_int_equal(problems.count, PROBLEMS_MAX);
    assert_string_equal(problems.line[1], "problem?[2J 1");
    assert_int_equal(problems.dropped, 0);
    problems_add(&problems, "%0400d", 1);
    assert_int_equal(problems.count, PROBLEMS_MAX);
    assert_int_equal(problems.dropped, 1);
    problems = (struct problems){ .repeats = true };
    for (uint32_t i = 0; i < 2; i++)
        problems_add(&problems, "twice");
    assert_int_equal(problems.count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_walk_ends_in_every_circle_and_knows_its_length),
        cmocka_unit_test(test_walk_hands_out_each_link_of_a_sound_list),
        cmocka_unit_test(test_label_in_a_function_does_not_hide_it),
        cmocka_unit_test(test_problems_are_bounded_and_each_is_kept_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
