/* test_evq.c - the event queue: order, capacity, and agreement with a plain sort. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "shared/evq.h"
#include "shared/rng.h"

static void test_evq_equal_deadlines_come_in_the_order_of_adding(void **state)
{
    (void)state;
    struct evq q;
    struct evq_event ev;
    evq_init(&q);
    for (uint64_t i = 0; i < 20; i++)
        assert_int_equal(evq_add(&q, 1000, (uint32_t)i, i), i + 1);
    for (uint64_t i = 0; i < 20; i++) {
        assert_true(evq_take(&q, 1000, &ev));
        assert_int_equal(ev.kind, i);
    }
    assert_null(evq_peek(&q));
}

static void test_evq_takes_nothing_before_its_time(void **state)
{
    (void)state;
    struct evq q;
    evq_init(&q);
    (void)evq_add(&q, 500, 1, 0);
    struct evq_event ev = { .kind = 77 };
    assert_false(evq_take(&q, 499, &ev));
    assert_int_equal(ev.kind, 77);
    assert_int_equal(evq_peek(&q)->deadline_ns, 500);
    assert_true(evq_take(&q, 500, &ev));
    assert_int_equal(ev.kind, 1);
}

static void test_evq_a_full_queue_refuses_and_stays_as_it_is(void **state)
{
    (void)state;
    struct evq q;
    evq_init(&q);
    for (uint32_t i = 0; i < EVQ_CAPACITY; i++)
        assert_true(evq_add(&q, i, i, 0) != 0);
    const struct evq before = q;
    assert_int_equal(evq_add(&q, 0, 0, 0), 0);
    assert_memory_equal(&before, &q, sizeof q);
}

/* Adds, takes and cancels at random; after each step the queue's first event is the least of a
 * plain array. */
static void test_evq_agrees_with_a_plain_array(void **state)
{
    (void)state;
    struct rng r;
    struct evq q;
    struct evq_event model[EVQ_CAPACITY];
    uint32_t n = 0, cancelled = 0;
    rng_init(&r, 1, "evq");
    evq_init(&q);
    for (uint32_t i = 0; i < 100000; i++) {
        const uint64_t action = rng_below(&r, 100);
        const uint64_t deadline_ns = rng_below(&r, 50);
        if (action < 50 && n < EVQ_CAPACITY) {
            const uint64_t seq = evq_add(&q, deadline_ns, (uint32_t)i, i);
            assert_true(seq != 0);
            model[n++] =
                (struct evq_event){ .deadline_ns = deadline_ns, .seq = seq, .kind = i, .arg = i };
        } else if (n > 0) {
            uint32_t least = 0;
            for (uint32_t j = 1; j < n; j++)
                if (model[j].deadline_ns < model[least].deadline_ns ||
                    (model[j].deadline_ns == model[least].deadline_ns &&
                     model[j].seq < model[least].seq))
                    least = j;
            uint32_t gone = least;
            if (action < 60) {
                gone = (uint32_t)rng_below(&r, n);
                assert_true(evq_cancel(&q, model[gone].seq));
                assert_false(evq_cancel(&q, model[gone].seq));
                cancelled++;
            } else {
                struct evq_event ev;
                assert_true(evq_take(&q, UINT64_MAX, &ev));
                assert_int_equal(ev.seq, model[least].seq);
                assert_int_equal(ev.arg, model[least].arg);
            }
            model[gone] = model[--n];
        }
        assert_int_equal(q.count, n);
    }
    assert_true(cancelled > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_evq_equal_deadlines_come_in_the_order_of_adding),
        cmocka_unit_test(test_evq_takes_nothing_before_its_time),
        cmocka_unit_test(test_evq_a_full_queue_refuses_and_stays_as_it_is),
        cmocka_unit_test(test_evq_agrees_with_a_plain_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
