/* test_verdict.c - from facts to a verdict: each cause is found by its own marks, little evidence
 * gives no verdict, contrary evidence turns one over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
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
        (void)fact_set(&facts, set->id, set->value, set->who, "file", 1, "text");
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
    static const struct set screen[] = { { FACT_LOST_HEARTBEAT, 1, NULL }, { 0 } };
    (void)state;
    judge(screen);
    assert_null(verdict.best);
}

static void test_every_cause_stands_under_its_name_in_the_list(void **state)
{
    static const char *const names[] = { CAUSE_LIST(CAUSE_NAME) };
    (void)state;
    assert_true(sizeof names / sizeof names[0] <= VERDICT_CAUSES_MAX);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_string_equal(hypotheses[i]->cause, names[i]);
}

/* A fact that no rule uses would be read for nobody. */
static bool is_used(const struct hypothesis *h, enum fact_id id)
{
    bool used = false;
    for (const struct rule *r = h->rule; r->says != NULL; r++)
        used |= r->fact == id;
    for (const struct rule *r = h->shared; r != NULL && r->says != NULL; r++)
        used |= r->fact == id;
    for (const enum fact_id *c = h->culprit; *c != FACTS; c++)
        used |= *c == id;
    return used;
}

static void test_verdict_uses_every_fact(void **state)
{
    (void)state;
    for (int id = 0; id < FACTS; id++) {
        bool used = false;
        for (const struct hypothesis *const *h = hypotheses; *h != NULL; h++)
            used |= is_used(*h, (enum fact_id)id);
        if (!used)
            fail_msg("no rule uses the fact %s", fact_name((enum fact_id)id));
    }
}

static int score_of(const char *cause)
{
    for (uint32_t i = 0; i < verdict.count; i++)
        if (strcmp(verdict.cause[i].hypothesis->cause, cause) == 0)
            return verdict.cause[i].score;
    fail_msg("no cause %s", cause);
    return 0;
}

/* Whatever the weights are fitted to, these speak for or against. */
static void test_verdict_weighs_in_the_right_direction(void **state)
{
    static const struct {
        const char *cause;
        struct set set[2];
        int sign;
    } cases[] = {
        { "memory-leak", { { FACT_NO_GROWER, 1, NULL } }, -1 },
        { "memory-leak", { { FACT_CAME_WHOLE, 50, "agent" } }, -1 },
        { "memory-leak", { { FACT_GROWER_GAIN, 30, "VMap" } }, 1 },
        { "memory-spike", { { FACT_NO_GROWER, 1, NULL } }, 1 },
        { "memory-spike", { { FACT_GROWER_GAIN, 30, "VMap" } }, -1 },
        { "under-provisioned", { { FACT_NO_GROWER, 1, NULL } }, 1 },
        { "under-provisioned", { { FACT_TOP_NOW, 50, "agent" } }, -1 },
        { "large-footprint", { { FACT_TOP_NOW, 50, "agent" } }, 1 },
        { "too-many-processes", { { FACT_TASKS, 100, NULL } }, -1 },
        { "daemon-failed", { { FACT_OOM_KILLED_HBD, 1, "vmnixhbd" } }, 1 },
        { "not-lost-heartbeat", { { FACT_LOST_HEARTBEAT, 1, NULL } }, -1 },
    };
    static const struct set none[] = { { 0 } };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        judge(none);
        const int before = score_of(cases[i].cause);
        judge(cases[i].set);
        assert_true((score_of(cases[i].cause) - before) * cases[i].sign > 0);
    }
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

/* Shares of all causes and of "unknown", whose score is 0. */
static void test_verdict_probabilities_are_shares(void **state)
{
    static const struct set none[] = { { 0 } };
    (void)state;
    judge(none);
    double odds = 1, shares = 0;
    for (uint32_t i = 0; i < verdict.count; i++) {
        odds += pow(10, verdict.cause[i].score / 10.0);
        shares += verdict.cause[i].probability;
    }
    const double first = pow(10, verdict.cause[0].score / 10.0) / odds;
    assert_true(fabs(verdict.cause[0].probability - first) < 1e-9);
    assert_true(fabs(verdict.confidence - 1 / odds) < 1e-9); /* "unknown" has the rest */
    assert_true(fabs(verdict.confidence + shares - 1) < 1e-9);
    judge(stories[0].set);
    for (uint32_t i = 1; i < verdict.count; i++)
        assert_true(verdict.cause[i - 1].score >= verdict.cause[i].score);
    assert_true(verdict.confidence <= VERDICT_MOST);
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
        cmocka_unit_test(test_every_cause_stands_under_its_name_in_the_list),
        cmocka_unit_test(test_verdict_uses_every_fact),
        cmocka_unit_test(test_verdict_weighs_in_the_right_direction),
        cmocka_unit_test(test_verdict_turns_when_the_daemon_is_dead_although_memory_leaked),
        cmocka_unit_test(test_verdict_probabilities_are_shares),
        cmocka_unit_test(test_hypothesis_format_fills_every_placeholder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
