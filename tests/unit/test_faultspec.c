/* test_faultspec.c - faults as one line: what it means, that it prints back, and what is wrong with
 * a wrong one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/rng.h"
#include "shared/units.h"
#include "tools/scenario/faultspec.h"

struct fixture {
    struct faultspecs specs;
    struct fault fault[FAULTS_MAX];
    char why[SCHEMA_WHY_MAX];
};

static int setup(void **state)
{
    static struct fixture f; /* static: cmocka longjmps out of failing tests */
    memset(&f, 0, sizeof f);
    *state = &f;
    return 0;
}

/* @return how many faults the line gives for `seed`, or -1 with f->why set */
static int settle(struct fixture *f, const char *line, uint64_t seed)
{
    f->specs.count = 0;
    memset(f->fault, 0, sizeof f->fault);
    if (faultspec_read("LINE", line, &f->specs, f->why, sizeof f->why) != 0)
        return -1;
    return faultspec_resolve(&f->specs, seed, 0, f->fault, f->why, sizeof f->why);
}

static void test_faultspec_then_counts_from_the_end_of_the_one_before(void **state)
{
    struct fixture *f = *state;
    static const char line[] = "leak target=VMap at=33d12h rate=2662kB/h and stop target=vmnixhbd "
                               "at=34d for=20m then kill target=vmnixhbd at=1h "
                               "unless=running:cimserver then kill target=VMap every=1d times=3 "
                               "then cont target=VMap at=5s";

    assert_int_equal(settle(f, line, 1), 5);
    assert_int_equal(f->fault[0].at_ns, 33 * NS_PER_DAY + 12 * NS_PER_HOUR);
    assert_int_equal(f->fault[0].rate_kb_h, 2662);
    assert_int_equal(f->fault[1].at_ns, 34 * NS_PER_DAY);
    assert_int_equal(f->fault[2].at_ns, 34 * NS_PER_DAY + 80 * NS_PER_MIN);
    assert_string_equal(f->fault[2].unless_name, "cimserver");
    assert_int_equal(f->fault[3].at_ns, f->fault[2].at_ns);
    assert_int_equal(f->fault[4].at_ns, f->fault[3].at_ns + 2 * NS_PER_DAY + UINT64_C(5000000000));
}

static void test_faultspec_then_counts_from_the_end_of_a_held_level(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(settle(f, "pressure level=95% at=1h within=30m hold=1d then kill target=x", 1),
                     2);
    assert_int_equal(f->fault[1].at_ns, NS_PER_HOUR + 30 * NS_PER_MIN + NS_PER_DAY);
    /* What is held ends it although `for` is longer: as the console does it. */
    assert_int_equal(settle(f,
                            "spike target=vmware-hostd size=10MB at=1h within=10m hold=20m for=2h "
                            "then kill target=VMap",
                            1),
                     2);
    assert_int_equal(f->fault[1].at_ns, NS_PER_HOUR + 30 * NS_PER_MIN);
}

static void test_faultspec_prints_what_was_said_in_one_way(void **state)
{
    static const struct {
        const char *line, *prints;
    } table[] = {
        { "leak rate=2662kB/h at=804h target=VMap", "leak target=VMap rate=2662kB/h at=33d12h" },
        { "leak target=p rate=1024kB/h shared shared2=1", NULL },
        { "leak target=p rate=1024kB/h shared", "leak target=p rate=1MB/h shared" },
        { "leak target=p rate=1kB/h shared=false", "leak target=p rate=1kB/h" },
        { "pressure level=95.5% within=0s", "pressure level=95.5% within=0s" },
        { "pressure level=12345ppm within=1h shape=step oom-first",
          "pressure level=1.2345% within=1h shape=step oom-first" },
        { "kill target=x signal=TERM at=90061s unless=ram>=90%",
          "kill target=x signal=TERM at=1d1h1m1s unless=ram>=90%" },
        { "stop target=a at=1h for=1h then stop target=b for=1m",
          "stop target=a at=1h for=1h and stop target=b at=2h for=1m" },
        { "fail-page-alloc probability=100 interval=1 times=-1", "fail-page-alloc" },
        { "fail-page-alloc probability=30 times=5 every=1h repeats=2",
          "fail-page-alloc probability=30% times=5 every=1h repeats=2" },
        { "dump-slot-small size=0kB", "dump-slot-small size=0kB" },
        { "cpu-hog name=spin count=1 nice=-20", "cpu-hog name=spin nice=-20" },
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const int count = settle(f, table[i].line, 1);
        if (table[i].prints == NULL) {
            assert_int_equal(count, -1);
            continue;
        }
        assert_true(count > 0);
        char *text = faultspec_text(f->fault, (size_t)count);
        assert_non_null(text);
        assert_string_equal(text, table[i].prints);
        free(text);
    }
}

static void test_faultspec_of_no_faults_is_empty(void **state)
{
    (void)state;
    char *text = faultspec_text(NULL, 0);
    assert_string_equal(text, "");
    free(text);
}

static void test_faultspec_mistakes_are_reported_with_their_place(void **state)
{
    static const struct {
        const char *line, *says;
    } table[] = {
        { "", "LINE:1:1: type: missing" },
        { "   ", "LINE:1:4: type: missing" },
        { "lake target=x", "LINE:1:1: type: unknown value 'lake'; did you mean 'leak'?" },
        { "leak target=x raet=1MB/h",
          "LINE:1:15: raet: 'leak' has no such key; did you mean 'rate'?" },
        { "leak target=x rate=1mb/h",
          "LINE:1:15: rate: '1mb/h' is not a number with a unit (kB/h, " },
        { "leak target=x rate", "LINE:1:15: rate: 'true' is not a number with a unit (kB/h, " },
        { "leak target=x rate=1MB/h rate=2MB/h", "LINE:1:26: rate: stands twice" },
        { "leak target=x", "LINE:1:1: fault: leak: 'rate' is missing" },
        { "kill target=x and", "LINE:1:18: type: missing" },
        { "kill target=x and leak target=y", "LINE:1:19: fault: leak: 'rate' is missing" },
        { "then kill target=x", "LINE:1:1: type: unknown value 'then'" },
        { "kill target=x kill target=y",
          "LINE:1:15: kill: 'kill' has no such key; allowed: type, target, " },
        { "kill target=x at=[2h,1h]", "LINE:1:15: at: [from, to] with from > to" },
        { "kill target=x at=[2h", "LINE:1:15: at: '[2h' is neither a time since boot" },
        { "kill target=x signal=BELL", "LINE:1:15: signal: unknown value 'BELL'; " },
        { "kill target=a;b", "LINE:1:1: fault: target: 'a;b' has other characters" },
        { "kill target='a'", "LINE:1:1: fault: target: ''a'' has other characters" },
        { "kill target=x unless=swap>=101%", "LINE:1:15: unless: 'swap>=101%' is none of" },
        { "kill target=x unless=running:", "LINE:1:15: unless: 'running:' is none of" },
        { "kill target=x unless=running:abcdefghijklmnop", "LINE:1:15: unless: 'running:abc" },
        { "kill target=x unless=oom!", "LINE:1:15: unless: 'oom!' is none of" },
        { "kill target=x \x01", "LINE:1:1: YAML: control characters are not allowed" },
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        assert_int_equal(settle(f, table[i].line, 1), -1);
        if (strncmp(f->why, table[i].says, strlen(table[i].says)) != 0)
            fail_msg("'%s' should say \"%s\", not \"%s\"", table[i].line, table[i].says, f->why);
    }
}

static void test_faultspec_a_line_adds_to_the_faults_that_there_are(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(settle(f, "kill target=x at=1h", 1), 1);
    assert_int_equal(
        faultspec_read("LINE", "kill target=x at=2h", &f->specs, f->why, sizeof f->why), 0);
    assert_int_equal(faultspec_resolve(&f->specs, 1, 0, f->fault, f->why, sizeof f->why), 2);
    assert_int_equal(f->fault[0].at_ns, NS_PER_HOUR);
    assert_int_equal(f->fault[1].at_ns, 2 * NS_PER_HOUR);
}

/* A key's words in fault.def name keys, once each, and what is needed has no default. */
static void test_faultspec_each_type_has_sensible_keys(void **state)
{
    (void)state;
    for (uint32_t type = 1; type < FAULT_TYPES; type++) {
        const struct schema_key *k;
        bool chance = false;
        for (size_t n = 0; (k = faultspec_key_of(type, n)) != NULL; n++) {
            chance = chance || strcmp(k->name, "chance") == 0;
            if (faultspec_need(type, k) != FAULTSPEC_MAY)
                assert_int_equal(faultspec_default(type, k), 0);
            if (faultspec_default(type, k) != 0)
                assert_in_range(faultspec_default(type, k) - k->least, 0, k->most - k->least);
        }
        assert_true(chance);
        assert_true(fault_find(fault_name(type)) == type && *faultspec_help(type) != '\0');
    }
}

static void test_faultspec_then_needs_an_end(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(settle(f, "leak target=x rate=1kB/h then kill target=x", 1), -1);
    assert_non_null(strstr(f->why, "kill: 'then' after one that has no end"));
    assert_int_equal(settle(f, "ring-corrupt at=1h then kill target=x", 1), 2);
    assert_int_equal(f->fault[1].at_ns, NS_PER_HOUR);
    assert_int_equal(settle(f, "kill target=x every=1h then kill target=x", 1), -1);
}

static void test_faultspec_refuses_more_than_there_is_room_for(void **state)
{
    struct fixture *f = *state;
    char line[4096] = "kill target=x";

    for (unsigned i = 1; i < FAULTS_MAX; i++)
        memcpy(line + strlen(line), " and kill target=x", sizeof " and kill target=x");
    assert_int_equal(settle(f, line, 1), FAULTS_MAX);
    memcpy(line + strlen(line), " and kill target=x", sizeof " and kill target=x");
    assert_int_equal(settle(f, line, 1), -1);
    assert_non_null(strstr(f->why, "fault: more than 64 items"));
}

/* ---- any record ------------------------------------------------------------------------------ */

static uint64_t between(struct rng *r, int64_t least, int64_t most)
{
    /* Small and large numbers alike: a random number of its bits. */
    const uint64_t width = (uint64_t)(most - least) + 1;
    const uint64_t shift = rng_below(r, 50);
    const uint64_t value = rng_below(r, width);
    return (uint64_t)(least + (int64_t)(rng_below(r, 2) == 0 ? value : value >> shift));
}

static void fill_name(struct rng *r, char *to)
{
    static const char letters[] = "abcXYZ019.-_+/:";
    const uint64_t length = 1 + rng_below(r, FAULT_NAME_MAX - 1);
    for (uint64_t i = 0; i < length; i++)
        to[i] = letters[rng_below(r, sizeof letters - 1)];
}

static void fill_key(struct rng *r, const struct schema_key *k, struct fault *f)
{
    unsigned char *to = (unsigned char *)f + k->offset;
    uint64_t value = between(r, k->least, k->most);

    if (k->kind == SCHEMA_TEXT) {
        fill_name(r, (char *)to);
    } else if (k->kind == SCHEMA_FLAG && k->offset == offsetof(struct fault, flags)) {
        f->flags |= k->bit;
    } else if (k->kind == SCHEMA_PARSED) {
        f->unless = 1 + (uint32_t)rng_below(r, 4);
        if (f->unless <= FAULT_UNLESS_SWAP_USED)
            f->unless_pct = (uint32_t)rng_below(r, 101);
        if (f->unless == FAULT_UNLESS_RUNNING)
            fill_name(r, f->unless_name);
    } else if (k->kind == SCHEMA_INSTANT) {
        f->at_ns = value;
    } else if (faultspec_is_number(k)) {
        size_t names = 0;
        while (k->kind == SCHEMA_NAMED && k->names[names].name != NULL)
            names++;
        if (names > 0)
            value = (uint64_t)k->names[rng_below(r, names)].value;
        schema_put_number(k, (int64_t)value, to);
    }
}

/* A record that a statement can say: all that must be, some of what may be. */
static void fill(struct rng *r, struct fault *f)
{
    const struct schema_key *k;

    memset(f, 0, sizeof *f);
    f->type = 1 + (uint32_t)rng_below(r, FAULT_TYPES - 1);
    for (size_t n = 0; (k = faultspec_key_of(f->type, n)) != NULL; n++) {
        if (faultspec_need(f->type, k) != FAULTSPEC_MAY || rng_below(r, 2) == 0)
            fill_key(r, k, f);
        else if (faultspec_is_number(k))
            schema_put_number(k, faultspec_default(f->type, k), (unsigned char *)f + k->offset);
    }
    if (f->every_ns == 0)
        f->times = 0;
    if (f->type == FAULT_CPU_HOG && f->policy != 0 && f->rt_prio == 0)
        f->rt_prio = 1;
    if (f->type == FAULT_CPU_HOG && f->policy == 0)
        f->rt_prio = 0;
}

static void test_faultspec_any_records_print_and_read_back(void **state)
{
    struct fixture *f = *state;
    static struct fault want[FAULTS_MAX];
    struct rng r;

    rng_init(&r, 1, "test_faultspec");
    for (int round = 0; round < 3000; round++) {
        const size_t count = 1 + (size_t)rng_below(&r, 5);
        for (size_t i = 0; i < count; i++)
            fill(&r, &want[i]);
        char *text = faultspec_text(want, count);
        assert_non_null(text);
        if (settle(f, text, 1) != (int)count || memcmp(f->fault, want, count * sizeof *want) != 0)
            fail_msg("'%s' reads as something else: %s", text, f->why);
        char *again = faultspec_text(f->fault, count);
        assert_string_equal(again, text);
        free(again);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_faultspec_then_counts_from_the_end_of_the_one_before, setup),
        cmocka_unit_test_setup(test_faultspec_then_counts_from_the_end_of_a_held_level, setup),
        cmocka_unit_test_setup(test_faultspec_prints_what_was_said_in_one_way, setup),
        cmocka_unit_test_setup(test_faultspec_of_no_faults_is_empty, setup),
        cmocka_unit_test_setup(test_faultspec_mistakes_are_reported_with_their_place, setup),
        cmocka_unit_test_setup(test_faultspec_a_line_adds_to_the_faults_that_there_are, setup),
        cmocka_unit_test_setup(test_faultspec_each_type_has_sensible_keys, setup),
        cmocka_unit_test_setup(test_faultspec_then_needs_an_end, setup),
        cmocka_unit_test_setup(test_faultspec_refuses_more_than_there_is_room_for, setup),
        cmocka_unit_test_setup(test_faultspec_any_records_print_and_read_back, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
