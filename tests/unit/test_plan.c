/* test_plan.c - a run's plan: what is written is what is read, and nothing half understood is
 * accepted. */
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
#include "shared/plan.h"

struct fixture {
    struct plan plan, back;
    char dir[64], path[128];
    struct err err;
};

static int setup(void **state)
{
    static struct fixture f; /* static: cmocka longjmps out of failing tests */
    memset(&f, 0, sizeof f);
    (void)snprintf(f.dir, sizeof f.dir, "/tmp/test_plan.XXXXXX");
    if (mkdtemp(f.dir) == NULL)
        return -1;
    (void)snprintf(f.path, sizeof f.path, "%s/plan.json", f.dir);
    struct plan *p = &f.plan;
    (void)snprintf(p->scenario, sizeof p->scenario, "a \"quoted\" name");
    p->seed = INT64_MAX;
    p->utc_offset_s = -18000;
    p->epoch_boot_s = -5;
    p->duration_ns = 42;
    memset(p->boot.host, 'x', sizeof p->boot.host - 1);
    p->boot.program_count = 2;
    (void)snprintf(p->boot.program[1].name, BOOT_NAME_MAX, "VMap");
    p->boot.program[1].nice = -20;
    p->boot.program[1].data_kb = UINT32_MAX;
    p->boot.fault_count = 1;
    p->boot.fault[0].type = FAULT_LEAK;
    p->boot.fault[0].min_order = 7;
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    (void)unlink(f->path);
    return rmdir(f->dir);
}

static void test_plan_comes_back_as_it_was_saved(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(plan_save(f->path, &f->plan, &f->err), 0);
    assert_int_equal(plan_load(f->path, &f->back, &f->err), 0);
    assert_memory_equal(&f->back, &f->plan, sizeof f->plan);
}

static void test_plan_of_full_size_fits(void **state)
{
    struct fixture *f = *state;
    f->plan.boot.program_count = BOOT_PROGRAMS_MAX;
    f->plan.boot.fault_count = BOOT_FAULTS_MAX;
    assert_int_equal(plan_save(f->path, &f->plan, &f->err), 0);
    assert_int_equal(plan_load(f->path, &f->back, &f->err), 0);
    assert_memory_equal(&f->back, &f->plan, sizeof f->plan);
}

/* Saves the fixture's plan with `from` replaced by `to`. */
static void save_changed(struct fixture *f, const char *from, const char *to)
{
    static char text[65536];
    assert_int_equal(plan_save(f->path, &f->plan, &f->err), 0);
    FILE *file = fopen(f->path, "r+");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    char *at = strstr(text, from);
    assert_non_null(at);
    rewind(file);
    assert_int_equal(fprintf(file, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from)) > 0,
                     1);
    assert_int_equal(ftruncate(fileno(file), ftell(file)), 0);
    assert_int_equal(fclose(file), 0);
}

static void test_plan_refuses_what_it_does_not_understand(void **state)
{
    static const struct {
        const char *from, *to, *says;
    } table[] = {
        { "\"nice\": -20", "\"nicer\": -20", "boot.program[1].nicer: unknown" },
        { "\"nice\": -20,", "", "boot.program[1].nice: missing" },
        { "\"nice\": -20", "\"nice\": -2147483649", "out of range" },
        { "\"data_kb\": 4294967295", "\"data_kb\": 4294967296", "out of range" },
        { "\"data_kb\": 4294967295", "\"data_kb\": \"1\"", "a whole number" },
        { "\"VMap\"", "\"VMapVMapVMapVMap\"", "longer than 15" },
        { "\"VMap\"", "7", "a text is wanted" },
        { "lostbeat/plan/1", "lostbeat/plan/2", "schema" },
        { "\"fault\": [", "\"fault\": {}, \"x\": [", "boot.x: unknown" },
        { "{", "[", "plan.json:" },
    };
    struct fixture *f = *state;
    struct plan *untouched = calloc(1, sizeof *untouched);

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        save_changed(f, table[i].from, table[i].to);
        assert_int_equal(plan_load(f->path, &f->back, &f->err), ERR_SYNTAX);
        if (strstr(f->err.text, table[i].says) == NULL)
            fail_msg("\"%s\" should say \"%s\"", f->err.text, table[i].says);
        assert_memory_equal(&f->back, untouched, sizeof *untouched);
    }
    free(untouched);
}

static void test_plan_refuses_to_save_what_could_not_be_read(void **state)
{
    struct fixture *f = *state;
    f->plan.seed = (uint64_t)INT64_MAX + 1;
    assert_int_equal(plan_save(f->path, &f->plan, &f->err), ERR_SYNTAX);
    assert_int_equal(access(f->path, F_OK), -1);
    f->plan.seed = 1;
    f->plan.scenario[0] = (char)0xff; /* not UTF-8 */
    assert_int_equal(plan_save(f->path, &f->plan, &f->err), ERR_SYNTAX);
    assert_int_equal(access(f->path, F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_plan_comes_back_as_it_was_saved, setup, teardown),
        cmocka_unit_test_setup_teardown(test_plan_of_full_size_fits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_plan_refuses_what_it_does_not_understand, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_plan_refuses_to_save_what_could_not_be_read, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
