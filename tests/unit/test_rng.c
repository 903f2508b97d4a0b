/* test_rng.c - named random streams: fixed values, independence, no bias. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "shared/rng.h"

/* First outputs of splitmix64 and xoshiro256** for a known state, from an independent
 * implementation of their description. */
static void test_rng_draws_are_xoshiro256starstar(void **state)
{
    (void)state;
    struct rng r = { { 1, 2, 3, 4 } };
    assert_int_equal(rng_next(&r), 11520u);
    assert_int_equal(rng_next(&r), 0u);
    assert_int_equal(rng_next(&r), 1509978240u);
    assert_int_equal(rng_next(&r), 1215971899390074240u);
}

static void test_rng_same_root_and_name_same_draws(void **state)
{
    (void)state;
    struct rng a, b;
    rng_init(&a, 42, "disk");
    rng_init(&b, 42, "disk");
    for (unsigned i = 0; i < 1000; i++)
        assert_int_equal(rng_next(&a), rng_next(&b));
}

static void test_rng_other_root_or_name_other_draws(void **state)
{
    (void)state;
    static const char *const names[] = { "", "a", "b", "ab", "ba", "disk", "disk ", "Disk" };
    struct rng r;
    uint64_t seen[24];
    unsigned count = 0;
    for (uint64_t root = 0; root < 3; root++) {
        for (unsigned n = 0; n < 8; n++) {
            rng_init(&r, root, names[n]);
            seen[count] = rng_next(&r);
            for (unsigned i = 0; i < count; i++)
                assert_true(seen[i] != seen[count]);
            count++;
        }
    }
}

static void test_rng_hash_is_pure_and_spreads(void **state)
{
    (void)state;
    assert_int_equal(rng_hash(1, 2), rng_hash(1, 2));
    unsigned bits[64] = { 0 };
    for (uint64_t i = 0; i < 4096; i++) {
        const uint64_t change = rng_hash(7, i) ^ rng_hash(7, i + 1);
        for (unsigned b = 0; b < 64; b++)
            bits[b] += (unsigned)((change >> b) & 1);
    }
    for (unsigned b = 0; b < 64; b++)
        assert_in_range(bits[b], 1848, 2248); /* half of 4096, six sigma */
}

static void test_rng_below_stays_below_and_reaches_all(void **state)
{
    (void)state;
    struct rng r;
    unsigned hits[7] = { 0 };
    rng_init(&r, 3, "dice");
    assert_int_equal(rng_below(&r, 1), 0);
    for (unsigned i = 0; i < 70000; i++) {
        const uint64_t face = rng_below(&r, 7);
        assert_true(face < 7);
        hits[face]++;
    }
    for (unsigned i = 0; i < 7; i++)
        assert_in_range(hits[i], 9400, 10600);
    for (unsigned i = 0; i < 1000; i++)
        assert_true(rng_below(&r, UINT64_MAX) < UINT64_MAX);
}

/* A bound just above 2^63 is where a plain modulo would give the lower half twice as often. */
static void test_rng_below_has_no_modulo_bias(void **state)
{
    (void)state;
    struct rng r;
    const uint64_t bound = (UINT64_C(3) << 62) + 1;
    unsigned low = 0;
    rng_init(&r, 4, "bias");
    for (unsigned i = 0; i < 30000; i++)
        low += rng_below(&r, bound) < bound / 3;
    assert_in_range(low, 9500, 10500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rng_draws_are_xoshiro256starstar),
        cmocka_unit_test(test_rng_same_root_and_name_same_draws),
        cmocka_unit_test(test_rng_other_root_or_name_other_draws),
        cmocka_unit_test(test_rng_hash_is_pure_and_spreads),
        cmocka_unit_test(test_rng_below_stays_below_and_reaches_all),
        cmocka_unit_test(test_rng_below_has_no_modulo_bias),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
