/* test_verdict.c - from facts to a verdict: each cause is found by its own marks, little evidence
 * gives no verdict, contrary evidence turns one over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "tools/diagnose/verdict.h"

struct set {
    enum fact_id id;
    double value;
    const char *who;
};
struct story {
    const char *cause, *who;
    struct set set[12]; /* ends with value 0 and who NULL */
};

static struct facts facts;
static struct verdict verdict;

static void judge(const struct set *set)
{
    memset(&facts, 0, sizeof facts);
    for (; set->value != 0 || set->who != NULL; set++)
        fact_set(&facts, set->id, set->value, set->who, "file", 1, "text");
    verdict_reach(&facts, &verdict);
}

/* What each cause leaves when all artefacts are there. */
static const struct story stories[] = {
    { "memory-leak",
      "VMap",
      { { FACT_LOST_HEARTBEAT, 1, NULL },
        { FACT_GROWER_GAIN, 60, "VMap" },
        { FACT_GROWER_RATE, 2662, "VMap" },
        { FACT_GROWER_HOURS, 200, "VMap" },
        { FACT_SWAP_LAST, 100, NULL },
        { FACT_HBD_IN_ALLOCATOR, 1, "vmnixhbd" },
        { FACT_TOP_NOW, 70, "VMap" },
        { FACT_SWAP_USED, 100, NULL },
        { 0 } } },
    { "memory-spike",
      "backup",
      { { FACT_LOST_HEARTBEAT, 1, NULL },
        { FACT_NO_GROWER, 1, NULL },
        { FACT_SWAP_LAST, 1, NULL },
        { FACT_TOP_NOW, 60, "backup" },
        { FACT_TOP_NOW_RISE, 60, "backup" },
        { FACT_TOP_NOW_YOUNG, 40, "backup" },
        { FACT_HBD_IN_ALLOCATOR, 1, "vmnixhbd" },
        { 0 } } },
    { "large-footprint",
      "agent",
      { { FACT_LOST_HEARTBEAT, 1, NULL },
        { FACT_NO_GROWER, 1, NULL },
        { FACT_BIGGEST_STEADY, 55, "agent" },
        { FACT_TOP_NOW, 55, "agent" },
        { FACT_HBD_IN_ALLOCATOR, 1, "vmnixhbd" },
        { 0 } } },
    { "under-provisioned",
      NULL,
      { { FACT_LOST_HEARTBEAT, 1, NULL },
        { FACT_NO_GROWER, 1, NULL },
        { FACT_BIGGEST_STEADY, 20, "vmware-h" },
        { FACT_TOP_NOW, 20, "vmware-hostd" },
        { FACT_NIGHT_JOB, 15, "crond" },
        { FACT_HBD_IN_ALLOCATOR, 1, "vmnixhbd" },
        { 0 } } },
    { "too-many-processes",
      "check_disk",
      { { FACT_LOST_HEARTBEAT, 1, NULL },
        { FACT_SAME_NAME, 700, "check_disk" },
        { FACT_SAME_NAME_SHARE, 50, "check_disk" },
        { FACT_TASKS, 820, NULL },
        { FACT_HBD_IN_ALLOCATOR, 1, "vmnixhbd" },
        { 0 } } },
    { "cpu-contention",
      "spinner",
      { { FACT_LOST_HEARTBEAT, 1, NULL },
        { FACT_RT_SPINNER, 50, "spinner" },
        { FACT_HBD_RUNNABLE, 1, "vmnixhbd" },
        { FACT_FREE, 20, NULL },
        { 0 } } },
    { "daemon-failed",
      "vmnixhbd",
      { { FACT_LOST_HEARTBEAT, 1, NULL },
        { FACT_HBD_GONE, 1, "vmnixhbd" },
        { FACT_FREE, 20, NULL },
        { 0 } } },
    { "mechanism-broken",
      NULL,
      { { FACT_LOST_HEARTBEAT, 1, NULL },
        { FACT_HBD_ASLEEP, 1, "vmnixhbd" },
        { FACT_RING_UNHEARD, 30, NULL },
        { 0 } } },
    { "rpc-hang",
      "vmware-hostd",
      { { FACT_LOST_HEARTBEAT, 1, NULL },
        { FACT_HBD_IN_RPC, 1, "vmnixhbd" },
        { FACT_RPC_WAITS, 1900, "vmware-hostd" },
        { 0 } } },
    { "vmkernel-scheduling",
      "helper0-1",
      { { FACT_LOST_HEARTBEAT, 1, NULL },
        { FACT_COS_LAG, 1800, NULL },
        { FACT_WORLD_KEEPS_PCPU0, 1, "helper0-1" },
        { 0 } } },
    { "storage-hang",
      NULL,
      { { FACT_LOST_HEARTBEAT, 1, NULL },
        { FACT_HBD_IN_IO, 1, "vmnixhbd" },
        { FACT_DISK_WAITS, 1900, NULL },
        { FACT_SERIAL_LOST, 12, NULL },
        { 0 } } },
    { "not-lost-heartbeat", NULL, { { FACT_OTHER_SCREEN, 1, "Oops" }, { 0 } } },
};

static void test_verdict_finds_each_cause_by_its_marks(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof stories / sizeof stories[0]; i++) {
        judge(stories[i].set);
        assert_string_equal(verdict_cause_name(&verdict), stories[i].cause);
        assert_true(verdict.confidence >= VERDICT_SURE);
        if (stories[i].who == NULL) {
            assert_null(verdict.culprit);
        } else {
            assert_non_null(verdict.culprit);
            assert_string_equal(verdict.culprit->who, stories[i].who);
        }
        assert_null(strchr(verdict.headline, '{'));
    }
}

static void test_verdict_without_facts_is_unknown_and_asks_for_artefacts(void **state)
{
    static const struct set none[] = { { 0 } };
    (void)state;
    judge(none);
    assert_null(verdict.best);
    assert_true(verdict.missing_count >= 4);
}

static void test_verdict_on_the_screen_alone_is_unknown(void **state)
{
    static const struct set screen[] = { { FACT_LOST_HEARTBEAT, 1, NULL },
                                         { FACT_ALERT_COMM, 30, "VMap" },
                                         { 0 } };
    (void)state;
    judge(screen);
    assert_null(verdict.best);
}

/* The comm of the alert is whoever ran: it is evidence for nothing. */
static void test_verdict_has_no_rule_on_the_comm_of_the_alert(void **state)
{
    (void)state;
    for (const struct hypothesis *const *h = hypotheses; *h != NULL; h++)
        for (const struct rule *r = (*h)->rule; r->says != NULL; r++)
            assert_int_not_equal(r->fact, FACT_ALERT_COMM);
}

static void test_verdict_turns_when_the_daemon_is_dead_although_memory_leaked(void **state)
{
    static const struct set leak_but_dead[] = {
        { FACT_LOST_HEARTBEAT, 1, NULL },       { FACT_GROWER_GAIN, 30, "VMap" },
        { FACT_SWAP_USED, 98, NULL },           { FACT_HBD_GONE, 1, "vmnixhbd" },
        { FACT_OOM_KILLED_HBD, 1, "vmnixhbd" }, { 0 },
    };
    (void)state;
    judge(leak_but_dead);
    assert_string_equal(verdict_cause_name(&verdict), "daemon-failed");
}

static void test_verdict_probabilities_are_shares(void **state)
{
    (void)state;
    judge(stories[0].set);
    double sum = 0;
    for (uint32_t i = 0; i < verdict.count; i++) {
        sum += verdict.cause[i].probability;
        assert_true(i == 0 || verdict.cause[i - 1].score >= verdict.cause[i].score);
    }
    assert_true(sum <= 1.0);
    assert_true(verdict.confidence <= VERDICT_MOST);
}

static void test_fact_of_the_first_source_stays(void **state)
{
    (void)state;
    memset(&facts, 0, sizeof facts);
    fact_set(&facts, FACT_TASKS, 137, NULL, "core", 0, "");
    fact_set(&facts, FACT_TASKS, 99, NULL, "zdump", 0, "");
    assert_int_equal((int)facts.fact[FACT_TASKS].value, 137);
    assert_string_equal(facts.fact[FACT_TASKS].file, "core");
}

static void test_hypothesis_format_fills_every_placeholder(void **state)
{
    char text[64];
    const struct fact fact = { .known = true, .value = 2.5, .who = "VMap", .pid = 9173 };
    (void)state;
    (void)hypothesis_format(text, sizeof text, "{who} ({pid}): {value} %", &fact);
    assert_string_equal(text, "VMap (9173): 2.5 %");
    (void)hypothesis_format(text, 8, "{who} is too long", &fact);
    assert_string_equal(text, "VMap is");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdict_finds_each_cause_by_its_marks),
        cmocka_unit_test(test_verdict_without_facts_is_unknown_and_asks_for_artefacts),
        cmocka_unit_test(test_verdict_on_the_screen_alone_is_unknown),
        cmocka_unit_test(test_verdict_has_no_rule_on_the_comm_of_the_alert),
        cmocka_unit_test(test_verdict_turns_when_the_daemon_is_dead_although_memory_leaked),
        cmocka_unit_test(test_verdict_probabilities_are_shares),
        cmocka_unit_test(test_fact_of_the_first_source_stays),
        cmocka_unit_test(test_hypothesis_format_fills_every_placeholder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
