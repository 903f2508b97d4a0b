/* test_worlds.c - the world table and the pure function from instants to worlds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/rng.h"
#include "vmkernel/model/worlds.h"

#define SECONDS(n) (1000000000u * (uint64_t)(n))

static struct worlds w;
static uint64_t starts[WORLDS_VMS_MAX + 1];

static int setup(void **state)
{
    (void)state;
    for (uint64_t i = 0; i <= WORLDS_VMS_MAX; i++)
        starts[i] = SECONDS(100) + i * SECONDS(4);
    assert_int_equal(worlds_init(&w, profile_find("esx-3.5"), 1, 16, 73, starts), 0);
    return 0;
}

static const struct world *by_id(uint32_t id)
{
    for (uint32_t i = 0; i < w.count; i++)
        if (w.world[i].id == id)
            return &w.world[i];
    fail_msg("no world %u", id);
    return NULL;
}

static void test_worlds_ids_are_those_of_the_article(void **state)
{
    (void)state;
    assert_string_equal(by_id(1024)->name, "console");
    assert_string_equal(by_id(1029)->name, "idle5");
    assert_string_equal(by_id(1035)->name, "idle11");
    assert_int_equal(w.world[w.dump_world].id, 1047);
    assert_int_equal(w.dump_pcpu, 7);
    assert_string_equal(by_id(1047)->name, "helper1-2");
    assert_int_equal(w.count, 16 + 25 + 7 + 73 * 5);
    assert_in_range(w.world[w.count - 1].id, 1384, 1500); /* 1384 is the highest on the screen */

    assert_int_equal(worlds_init(&w, profile_find("esx-3.5"), 1, 4, 2, starts), 0);
    assert_string_equal(by_id(1037)->name, "helper1-4"); /* a 4-pCPU host on record */
}

static void test_worlds_names_are_cut_to_nine_bytes(void **state)
{
    (void)state;
    static const char *const want[] = { "vmware-vm", "vmm0:VM10", "vcpu-0:VM", "mks:VM101",
                                        "Worker#0:" };
    char name[WORLD_NAME_MAX];
    for (uint32_t i = 0; i < 5; i++)
        assert_string_equal(worlds_short_name(&w, by_id(1072 + i), name, sizeof name), want[i]);
}

static void test_worlds_refuses_sizes_that_do_not_fit(void **state)
{
    (void)state;
    const struct profile *p = profile_find("esx-3.5");
    const struct worlds before = w;
    assert_int_equal(worlds_init(&w, p, 1, 0, 0, starts), -1);
    assert_int_equal(worlds_init(&w, p, 1, WORLDS_PCPUS_MAX + 1, 0, starts), -1);
    assert_int_equal(worlds_init(&w, p, 1, 16, WORLDS_VMS_MAX + 1, starts), -1);
    assert_memory_equal(&before, &w, sizeof w);
    assert_int_equal(worlds_init(&w, p, 1, WORLDS_PCPUS_MAX, WORLDS_VMS_MAX, starts), 0);
    assert_int_equal(worlds_init(&w, p, 1, 1, 0, starts), 0);
    assert_string_equal(worlds_on_pcpu(&w, 0, 12345)->name, "console");
}

/* Property: at random instants each pCPU has a world, pCPU 0 the console, idleN runs on pCPU N
 * alone, and no world runs twice or before it exists. */
static void test_worlds_no_world_runs_twice_at_an_instant(void **state)
{
    (void)state;
    struct rng r;
    rng_init(&r, 7, "instants");
    unsigned kinds[WORLD_VM + 1] = { 0 };
    for (int i = 0; i < 20000; i++) {
        const uint64_t now_ns = rng_below(&r, i % 2 == 0 ? SECONDS(500) : SECONDS(4000000));
        const struct world *on[WORLDS_PCPUS_MAX];
        worlds_snapshot(&w, now_ns, on);
        assert_int_equal(on[0]->id, 1024);
        for (uint32_t p = 0; p < w.pcpus; p++) {
            kinds[on[p]->kind]++;
            assert_true(on[p]->created_ns <= now_ns);
            if (on[p]->kind == WORLD_IDLE)
                assert_int_equal(on[p]->id, 1024 + p);
            for (uint32_t other = 0; other < p; other++)
                assert_ptr_not_equal(on[p], on[other]);
        }
        const uint32_t p = (uint32_t)rng_below(&r, w.pcpus);
        assert_ptr_equal(worlds_on_pcpu(&w, p, now_ns), on[p]);
    }
    for (unsigned k = 0; k <= WORLD_VM; k++)
        assert_true(kinds[k] > 100);
    assert_true(kinds[WORLD_VM] > kinds[WORLD_IDLE]);
}

static void test_worlds_depend_on_seed_and_instant_alone(void **state)
{
    (void)state;
    static struct worlds same, other;
    const struct profile *p = profile_find("esx-3.5");
    assert_int_equal(worlds_init(&same, p, 1, 16, 73, starts), 0);
    assert_int_equal(worlds_init(&other, p, 2, 16, 73, starts), 0);
    unsigned differ = 0, slices = 0;
    for (uint64_t s = 1000; s < 1100; s++) {
        for (uint32_t c = 1; c < 16; c++) {
            const uint32_t id = worlds_on_pcpu(&w, c, SECONDS(s))->id;
            assert_int_equal(id, worlds_on_pcpu(&same, c, SECONDS(s))->id);
            differ += id != worlds_on_pcpu(&other, c, SECONDS(s))->id;
            slices += id != worlds_on_pcpu(&w, c, SECONDS(s) + WORLDS_SLICE_NS)->id;
        }
    }
    assert_true(differ > 1000);
    assert_true(slices > 500);
}

static void test_worlds_run_on_every_pcpu_in_the_long_run(void **state)
{
    (void)state;
    static unsigned on[WORLDS_MAX];
    memset(on, 0, sizeof on);
    for (uint64_t s = 1000; s < 3000; s++) {
        const struct world *running[WORLDS_PCPUS_MAX];
        worlds_snapshot(&w, SECONDS(s), running);
        for (uint32_t p = 0; p < w.pcpus; p++)
            on[running[p] - w.world]++;
    }
    for (uint32_t i = 0; i < w.count; i++)
        assert_true(on[i] > 0);
}

static void test_worlds_that_keep_the_console_out_run_on_pcpu_0_alone(void **state)
{
    (void)state;
    worlds_keep_console(&w, "reset", 0);
    for (uint64_t s = 1000; s < 1200; s++) {
        const struct world *running[WORLDS_PCPUS_MAX];
        worlds_snapshot(&w, SECONDS(s), running);
        assert_string_equal(running[0]->name, "reset");
        assert_ptr_equal(running[0], worlds_on_pcpu(&w, 0, SECONDS(s)));
        for (uint32_t p = 1; p < w.pcpus; p++)
            assert_ptr_not_equal(running[p], running[0]);
    }
    worlds_give_console_back(&w);
    assert_string_equal(worlds_on_pcpu(&w, 0, SECONDS(1000))->name, "console");
}

static void test_worlds_that_keep_the_console_out_are_drivers_by_default(void **state)
{
    (void)state;
    static const char *const none[] = { NULL, "no such world", "console", "idle3" };
    for (uint64_t draw = 0; draw < 20; draw++) {
        worlds_keep_console(&w, none[draw % 4], draw);
        assert_int_equal(w.world[w.keeper].kind, WORLD_DRIVER);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_worlds_ids_are_those_of_the_article, setup),
        cmocka_unit_test_setup(test_worlds_names_are_cut_to_nine_bytes, setup),
        cmocka_unit_test_setup(test_worlds_refuses_sizes_that_do_not_fit, setup),
        cmocka_unit_test_setup(test_worlds_no_world_runs_twice_at_an_instant, setup),
        cmocka_unit_test_setup(test_worlds_depend_on_seed_and_instant_alone, setup),
        cmocka_unit_test_setup(test_worlds_run_on_every_pcpu_in_the_long_run, setup),
        cmocka_unit_test_setup(test_worlds_that_keep_the_console_out_run_on_pcpu_0_alone, setup),
        cmocka_unit_test_setup(test_worlds_that_keep_the_console_out_are_drivers_by_default, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
