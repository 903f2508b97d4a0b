/* test_diagnose.c - the three phases: facts do not depend on the order of reading, the last failure
 * is judged, no fact is written twice, and the tables agree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/err.h"
#include "shared/units.h"
#include "tools/diagnose/diagnose.h"
#include "tools/diagnose/readers/extract.h"
#include "tools/diagnose/readers/failure.h"

static struct diagnosis *d;

static int setup(void **state)
{
    (void)state;
    d = diagnosis_create();
    return d != NULL ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    diagnosis_free(d);
    return 0;
}

static void add_text(const char *name, const char *bytes)
{
    struct text text;
    text_from(name, bytes, strlen(bytes), &text);
    assert_true(reading_add_text(d, name, &text));
}

static const struct fact *fact(enum fact_id id)
{
    return &d->facts.fact[id];
}

/* ---- facts ----------------------------------------------------------------------------------- */
/* cmocka cannot catch an assert() of code that was not built for it: a child meets it. */
static void assert_aborts(void (*act)(struct facts *f))
{
    static struct facts f;
    const pid_t child = fork();
    if (child == 0) {
        (void)close(STDERR_FILENO);
        (void)signal(SIGABRT, SIG_DFL);
        act(&f);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void set_twice(struct facts *f)
{
    (void)fact_set(f, FACT_TASKS, 137, NULL, "core", 0, "one");
    (void)fact_set(f, FACT_TASKS, 137, NULL, "core", 0, "another");
}

static void merge_from_a_stranger(struct facts *f)
{
    static struct facts own;
    (void)fact_set(&own, FACT_TASKS, 137, NULL, "screen", 1, "a screen shows no tasks");
    facts_merge(f, &own, ARTEFACT_SCREEN);
}

static void test_fact_written_twice_is_a_programmer_error(void **state)
{
    (void)state;
    assert_aborts(set_twice);
}

static void test_fact_of_an_artefact_that_the_list_does_not_name_is_a_programmer_error(void **state)
{
    (void)state;
    assert_aborts(merge_from_a_stranger);
}

static void test_merge_adds_and_takes_nothing_back(void **state)
{
    struct facts all = { 0 }, core = { 0 }, zdump = { 0 };
    (void)state;
    (void)fact_set(&zdump, FACT_TASKS, 99, NULL, "zdump", 0, "%d", 99);
    (void)fact_set(&zdump, FACT_HBD_IN_IO, 1, "vmnixhbd", "zdump", 0, "text");
    (void)fact_set(&core, FACT_TASKS, 137, NULL, "core", 0, "text");
    (void)fact_set(&core, FACT_HBD_ASLEEP, 1, "vmnixhbd", "core", 0, "text");
    (void)fact_set(&core, FACT_FREE, 20, NULL, "core", 0, "text");
    facts_merge(&all, &zdump, ARTEFACT_ZDUMP);
    facts_merge(&all, &core, ARTEFACT_CORE);
    assert_string_equal(all.fact[FACT_TASKS].file, "zdump");
    assert_string_equal(all.fact[FACT_TASKS].text, "99");
    assert_true(all.fact[FACT_FREE].known);
    assert_true(all.fact[FACT_HBD_IN_IO].known);
    assert_false(all.fact[FACT_HBD_ASLEEP].known); /* vmnixhbd waits for one thing */
}

static void test_fact_list_names_each_fact_once_and_somebody_to_ask(void **state)
{
    (void)state;
    for (int a = 0; a < FACTS; a++) {
        assert_true(fact_is_shown_by((enum fact_id)a, fact_artefact((enum fact_id)a)));
        for (int b = 0; b < a; b++)
            assert_string_not_equal(fact_name((enum fact_id)a), fact_name((enum fact_id)b));
    }
}

/* ---- one boot of the logs -------------------------------------------------------------------- */
static const char log_of_now[] =
    "Nov 13 04:05:01 esx03 vmkernel: 0:12:00:00.000 cpu0:1024)CpuSched: 1: vm 1024: console is "
    "ready for 300 s, pCPU 0 runs 1054:bh-0\n"
    "Nov 13 04:35:01 esx03 vmkernel: 0:12:30:00.000 cpu0:1024)ALERT: HB: 365: Lost heartbeat "
    "(comm=VMap pid=1 t=30 to=30 clt=1)\n"
    "Nov 13 04:35:01 esx03 vmkernel: 0:12:30:00.010 cpu0:1024)WARNING: VMNIX: 1: COS Error: Lost "
    "heartbeat\n";
static const char log_of_before[] =
    "Nov 10 04:05:01 esx03 vmkernel: 3:00:00:00.000 cpu0:1024)MCE: 1: machine check\n"
    "Nov 10 04:06:01 esx03 vmkernel: 3:00:01:00.000 cpu0:1024)WARNING: VMNIX: 1: COS Error: Oops\n";

static void test_logs_of_another_boot_are_named_and_not_used(void **state)
{
    (void)state;
    add_text("log/vmkernel", log_of_now);
    add_text("log/vmkernel.1", log_of_before);
    diagnosis_conclude(d);
    assert_true(fact(FACT_LOST_HEARTBEAT)->known);
    assert_string_equal(fact(FACT_LOST_HEARTBEAT)->file, "log/vmkernel");
    assert_int_equal(fact(FACT_LOST_HEARTBEAT)->line, 2);
    assert_string_equal(fact(FACT_WORLD_KEEPS_PCPU0)->who, "bh-0");
    assert_false(fact(FACT_OTHER_SCREEN)->known);
    assert_false(fact(FACT_MACHINE_CHECK)->known);
    assert_int_equal(d->earlier.count, 1);
    assert_non_null(strstr(d->earlier.text[0], "log/vmkernel.1:2"));
}

static void test_log_of_the_same_loss_adds_to_it(void **state)
{
    (void)state;
    add_text(
        "log/vmkwarning",
        "Nov 13 04:35:01 esx03 vmkernel: 0:12:30:00.010 cpu0:1024)WARNING: SCSI: 1: Can't find "
        "serial# 12\n"
        "Nov 13 04:35:01 esx03 vmkernel: 0:12:30:00.010 cpu0:1024)WARNING: VMNIX: 1: COS "
        "Error: Lost heartbeat\n");
    add_text("log/vmkernel", log_of_now);
    diagnosis_conclude(d);
    assert_string_equal(fact(FACT_LOST_HEARTBEAT)->file, "log/vmkernel"); /* by name, not order */
    assert_true(fact(FACT_SERIAL_LOST)->known);
    assert_int_equal(d->earlier.count, 0);
}

/* ---- the dumps ------------------------------------------------------------------------------- */
static struct parsed *add_core(const char *name, int64_t stun_min)
{
    struct parsed *p = reading_add(d, ARTEFACT_CORE, name);
    p->core = (struct parsed_core){ .stun_ns = stun_min * (int64_t)NS_PER_MIN,
                                    .total = 1000,
                                    .free = (uint32_t)stun_min };
    return p;
}

static struct parsed *add_zdump(const char *name, int64_t stun_min, int64_t end_s)
{
    struct parsed *p = reading_add(d, ARTEFACT_ZDUMP, name);
    p->zdump.stun_ns = stun_min * (int64_t)NS_PER_MIN;
    p->zdump.end_s = end_s;
    return p;
}

static void test_core_of_the_last_zdump_is_used_whatever_came_first(void **state)
{
    (void)state;
    (void)add_core("core.of-now", 70);
    const struct parsed *now = add_zdump("zdump.of-now", 70, 2000000);
    (void)add_core("core.of-before", 90);
    const struct parsed *before = add_zdump("zdump.of-before", 90, 1000000);
    diagnosis_conclude(d);
    assert_true(now->is_of_failure);
    assert_false(before->is_of_failure);
    assert_string_equal(fact(FACT_FREE)->file, "core.of-now");
    assert_int_equal(d->host.end_s, 2000000);
    assert_int_equal(d->host.uptime_ns / (int64_t)NS_PER_MIN, 70);
    assert_int_equal(d->earlier.count, 2);
    assert_int_equal(d->contradictions.count, 0);
    assert_non_null(strstr(d->source[2].note, "failure"));
    assert_non_null(strstr(d->source[3].note, "failure"));
}

static void test_core_that_comes_last_is_used_without_a_zdump(void **state)
{
    (void)state;
    (void)add_core("core.1", 90);
    (void)add_core("core.2", 70);
    diagnosis_conclude(d);
    assert_string_equal(fact(FACT_FREE)->file, "core.2");
    assert_int_equal(d->earlier.count, 1);
    assert_true(d->facts.seen[ARTEFACT_CORE]);
}

static void test_core_of_no_zdump_contradicts_it_and_is_missed(void **state)
{
    (void)state;
    (void)add_core("core", 90);
    (void)add_zdump("zdump", 70, 1000000);
    diagnosis_conclude(d);
    assert_false(fact(FACT_FREE)->known);
    assert_int_equal(d->memory.total_kb, -1);
    assert_false(d->facts.seen[ARTEFACT_CORE]);
    assert_int_equal(d->contradictions.count, 1);
}

/* ---- whatever the order ---------------------------------------------------------------------- */
static void read_kb(const char *const *names)
{
    char path[64];
    struct err err;
    for (int i = 0; i < 3; i++) {
        (void)snprintf(path, sizeof path, "tests/data/kb-308590/%s", names[i]);
        assert_int_equal(diagnosis_read(d, path, &err), 1);
    }
    diagnosis_conclude(d);
}

static void test_facts_do_not_depend_on_the_order_of_reading(void **state)
{
    static const char *const orders[][3] = {
        { "screen", "vmksummary", "meminfo" },
        { "meminfo", "screen", "vmksummary" },
        { "vmksummary", "meminfo", "screen" },
        { "meminfo", "vmksummary", "screen" },
    };
    (void)state;
    read_kb(orders[0]);
    struct diagnosis *first = d;
    assert_true(fact(FACT_SWAP_LAST)->known);
    for (size_t i = 1; i < sizeof orders / sizeof orders[0]; i++) {
        d = diagnosis_create();
        read_kb(orders[i]);
        assert_memory_equal(&d->facts, &first->facts, sizeof d->facts);
        assert_memory_equal(&d->host, &first->host, sizeof d->host);
        assert_int_equal(d->memory.total_kb, first->memory.total_kb);
        assert_int_equal(d->memory.swap_used_kb, first->memory.swap_used_kb);
        assert_string_equal(d->memory.top[0].name, first->memory.top[0].name);
        assert_memory_equal(&d->contradictions, &first->contradictions, sizeof d->contradictions);
        if (i + 1 < sizeof orders / sizeof orders[0])
            diagnosis_free(d);
    }
    diagnosis_free(first);
}

/* ---- who gained ------------------------------------------------------------------------------ */
static void test_gain_counts_from_the_last_hour_near_the_low(void **state)
{
    static const struct trend_point point[] = {
        { 0, 9000 }, { 1, 1000 }, { 2, 1010 }, { 3, 3000 }, { 4, 5000 }
    };
    struct gain g = { .seen = 0 };
    (void)state;
    gain_measure(point, 5, &g);
    assert_int_equal((int)g.kb, 3990);
    assert_int_equal((int)g.hours, 2);
    assert_int_equal((int)g.low_kb, 1000);
    assert_int_equal((int)g.high_kb, 9000);
    assert_int_equal((int)g.last_step_kb, 2000);
    assert_int_equal((int)g.last_step_s, 3600);
    assert_int_equal((int)g.rise_kb, 2000);
    assert_int_equal((int)gain_kb_per_hour(&g), 1995);
    gain_measure(point, 1, &g);
    assert_int_equal((int)g.kb, 0);
    assert_int_equal((int)g.last_step_s, 0);
    assert_int_equal((int)gain_kb_per_hour(&g), 0);
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fact_written_twice_is_a_programmer_error),
        cmocka_unit_test(
            test_fact_of_an_artefact_that_the_list_does_not_name_is_a_programmer_error),
        cmocka_unit_test(test_merge_adds_and_takes_nothing_back),
        cmocka_unit_test(test_fact_list_names_each_fact_once_and_somebody_to_ask),
        EACH(test_logs_of_another_boot_are_named_and_not_used),
        EACH(test_log_of_the_same_loss_adds_to_it),
        EACH(test_core_of_the_last_zdump_is_used_whatever_came_first),
        EACH(test_core_that_comes_last_is_used_without_a_zdump),
        EACH(test_core_of_no_zdump_contradicts_it_and_is_missed),
        EACH(test_facts_do_not_depend_on_the_order_of_reading),
        cmocka_unit_test(test_gain_counts_from_the_last_hour_near_the_low),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
