/* test_hb.c - the watchdog's claims: what it says when, and that skipping checks that cannot act
 * changes nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "shared/err.h"
#include "shared/rng.h"
#include "shared/units.h"
#include "vmkernel/model/hb.h"

#define MINUTES(n) (NS_PER_MIN * (uint64_t)(n))
#define SECONDS(n) (1000000000u * (uint64_t)(n))

struct fixture {
    struct hb hb;
    char trace[4096];
    size_t trace_len;
};

static int setup(void **state)
{
    static struct fixture f; /* static: cmocka longjmps out of failing tests */
    memset(&f, 0, sizeof f);
    hb_init(&f.hb, 1, 0);
    *state = &f;
    return 0;
}

/* Step, and append one line to the trace for every visible action. */
static void step(struct fixture *f, const struct hb_event *ev)
{
    struct hb_actions act;
    assert_int_equal(hb_step(&f->hb, ev, &act), 0);
    if (act.alert || act.stun_cos)
        f->trace_len +=
            (size_t)snprintf(f->trace + f->trace_len, sizeof f->trace - f->trace_len,
                             "[%4" PRIu64 " min] %s t=%" PRIu32 "\n", ev->now_ns / NS_PER_MIN,
                             act.stun_cos ? "stun" : "alert", act.age_min);
    assert_true(f->trace_len < sizeof f->trace);
}

static void check(struct fixture *f, uint64_t number)
{
    const struct hb_event ev = { .now_ns = hb_check_ns(&f->hb, number), .type = HB_EV_CHECK };
    step(f, &ev);
}

static void beat(struct fixture *f, uint64_t now_ns, uint64_t seq)
{
    const struct hb_event ev = { .now_ns = now_ns, .type = HB_EV_BEAT, .beat = { .seq = seq } };
    step(f, &ev);
}

static void test_hb_alerts_at_29_and_stuns_once_at_30(void **state)
{
    struct fixture *f = *state;
    for (uint64_t n = 1; n <= 33; n++)
        check(f, n);
    assert_string_equal(f->trace, "[  29 min] alert t=29\n"
                                  "[  30 min] stun t=30\n");
    assert_int_equal(f->hb.alerts, 2);
}

static void test_hb_beat_between_the_alerts_rearms(void **state)
{
    struct fixture *f = *state;
    check(f, 29);
    beat(f, MINUTES(30) - 1, 1);
    check(f, 30);
    check(f, 58);
    check(f, 59);
    check(f, 60);
    assert_string_equal(f->trace, "[  29 min] alert t=29\n"
                                  "[  59 min] alert t=29\n"
                                  "[  60 min] stun t=30\n");
}

static void test_hb_beat_between_due_and_execution_wins(void **state)
{
    struct fixture *f = *state;
    const uint64_t late_ns = hb_check_ns(&f->hb, 30);
    assert_true(late_ns > MINUTES(30));
    beat(f, late_ns, 1); /* the same instant, delivered first */
    check(f, 30);
    assert_string_equal(f->trace, "");
}

static void test_hb_expires_even_when_the_alert_minute_was_skipped(void **state)
{
    struct fixture *f = *state;
    check(f, 28);
    check(f, 33);
    assert_string_equal(f->trace, "[  33 min] stun t=33\n");
}

static void test_hb_a_beat_does_not_revive_a_stunned_cos(void **state)
{
    struct fixture *f = *state;
    check(f, 30);
    beat(f, MINUTES(31), 1);
    check(f, 70);
    assert_string_equal(f->trace, "[  30 min] stun t=30\n");
    assert_int_equal(f->hb.beats, 0);
    assert_int_equal(f->hb.state, HB_EXPIRED);
}

static void test_hb_bad_events_change_nothing(void **state)
{
    struct fixture *f = *state;
    beat(f, MINUTES(5), 7);
    static const struct {
        struct hb_event ev;
        int want;
    } bad[] = {
        { { .now_ns = MINUTES(5) - 1, .type = HB_EV_CHECK }, ERR_ORDER },
        { { .now_ns = MINUTES(5) - 1, .type = HB_EV_BEAT, .beat = { .seq = 8 } }, ERR_ORDER },
        { { .now_ns = MINUTES(6), .type = HB_EV_BEAT, .beat = { .seq = 7 } }, ERR_PROTOCOL },
        { { .now_ns = MINUTES(6), .type = HB_EV_BEAT, .beat = { .seq = 0 } }, ERR_PROTOCOL },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const struct hb before = f->hb;
        struct hb_actions act;
        memset(&act, 0x5a, sizeof act);
        const struct hb_actions act_before = act;
        assert_int_equal(hb_step(&f->hb, &bad[i].ev, &act), bad[i].want);
        assert_memory_equal(&before, &f->hb, sizeof before);
        assert_memory_equal(&act_before, &act, sizeof act);
    }
}

static void test_hb_new_generation_starts_the_numbers_again(void **state)
{
    struct fixture *f = *state;
    beat(f, MINUTES(1), 9);
    hb_new_generation(&f->hb);
    beat(f, MINUTES(2), 1);
    assert_int_equal(f->hb.last_seq, 1);
    assert_int_equal(f->hb.last_beat_ns, MINUTES(2));
}

static void test_hb_remembers_the_last_beats_in_order(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(hb_history_count(&f->hb), 0);
    for (uint64_t seq = 1; seq <= HB_HISTORY + 3; seq++)
        beat(f, SECONDS(seq), seq);
    assert_int_equal(hb_history_count(&f->hb), HB_HISTORY);
    for (uint32_t i = 0; i < HB_HISTORY; i++) {
        assert_int_equal(hb_history_at(&f->hb, i)->seq, i + 4);
        assert_int_equal(hb_history_at(&f->hb, i)->beat_ns, SECONDS(i + 4));
    }
}

static void test_hb_checks_are_a_minute_apart_and_a_little_late(void **state)
{
    struct fixture *f = *state;
    bool varies = false;
    for (uint64_t n = 1; n < 1000; n++) {
        const uint64_t late_ns = hb_check_ns(&f->hb, n) - MINUTES(n);
        assert_true(late_ns < HB_LATENCY_MAX_NS);
        varies |= hb_check_ns(&f->hb, n + 1) - hb_check_ns(&f->hb, n) != NS_PER_MIN;
    }
    assert_true(varies);
}

/* Random beats, some of them far apart. One watchdog looks each minute, the other only at
 * hb_next_check(); they must say the same. */
static void run_random(uint64_t seed, bool each_minute, struct fixture *f)
{
    struct rng r;
    rng_init(&r, seed, "test");
    hb_init(&f->hb, seed, SECONDS(3));
    f->trace_len = 0;
    f->trace[0] = '\0';
    uint64_t beat_ns = 0, seq = 0, done = 0;
    while (f->hb.state != HB_EXPIRED && f->hb.beats < 400) {
        uint64_t gap_ns = rng_below(&r, MINUTES(2));
        if (rng_below(&r, 20) == 0)
            gap_ns = MINUTES(27) + rng_below(&r, MINUTES(5));
        beat_ns = (beat_ns == 0 ? f->hb.armed_ns : beat_ns) + gap_ns;
        for (;;) { /* the checks before that beat */
            const uint64_t next = each_minute ? done + 1 : hb_next_check(&f->hb);
            if (hb_check_ns(&f->hb, next) >= beat_ns || f->hb.state == HB_EXPIRED)
                break;
            check(f, next);
            done = next;
        }
        beat(f, beat_ns, ++seq);
    }
}

static void test_hb_skipping_idle_checks_changes_nothing(void **state)
{
    struct fixture *f = *state;
    static struct fixture skipping;
    unsigned expired = 0, rearmed = 0;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        run_random(seed, true, f);
        run_random(seed, false, &skipping);
        assert_string_equal(f->trace, skipping.trace);
        expired += f->hb.state == HB_EXPIRED;
        rearmed += f->hb.alerts > 2;
    }
    assert_true(expired > 50); /* the campaign meets what it is about */
    assert_true(rearmed > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_hb_alerts_at_29_and_stuns_once_at_30, setup),
        cmocka_unit_test_setup(test_hb_beat_between_the_alerts_rearms, setup),
        cmocka_unit_test_setup(test_hb_beat_between_due_and_execution_wins, setup),
        cmocka_unit_test_setup(test_hb_expires_even_when_the_alert_minute_was_skipped, setup),
        cmocka_unit_test_setup(test_hb_a_beat_does_not_revive_a_stunned_cos, setup),
        cmocka_unit_test_setup(test_hb_bad_events_change_nothing, setup),
        cmocka_unit_test_setup(test_hb_new_generation_starts_the_numbers_again, setup),
        cmocka_unit_test_setup(test_hb_remembers_the_last_beats_in_order, setup),
        cmocka_unit_test_setup(test_hb_checks_are_a_minute_apart_and_a_little_late, setup),
        cmocka_unit_test_setup(test_hb_skipping_idle_checks_changes_nothing, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
