/* test_vmnixhbd.c - the real vmnixhbd against a stand-in for VMkernel and COS
 * (tests/lib/hbd_host.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/lib/hbd_host.h"

#define INTERVAL HBD_HOST_INTERVAL_NS

static struct hbd_host host; /* static: cmocka longjmps out of failing tests */

static int setup(void **state)
{
    hbd_host_init(&host, 32, INTERVAL);
    *state = &host;
    return 0;
}

static int teardown(void **state)
{
    hbd_host_fini(*state);
    return 0;
}

static void spawn(struct hbd_host *h)
{
    hbd_host_spawn(h, hbd_host_program(), NULL);
}

/* All beats that lie in the ring, oldest first. */
static unsigned take_beats(struct hbd_host *h, struct ring_beat *beats, unsigned count_max)
{
    struct ring_consumer c = { 0 };
    unsigned count = 0;
    ring_consumer_init(&c, 1);
    while (count < count_max && ring_poll(&c, h->ring, &beats[count]) == RING_BEAT)
        count++;
    return count;
}

static void assert_exit(struct hbd_host *h, int status, const char *says)
{
    char text[512];
    assert_true(hbd_host_await_death(h));
    hbd_host_stderr(h, text, sizeof text);
    if (strstr(text, says) == NULL)
        fail_msg("stderr is \"%s\", should have \"%s\"", text, says);
    assert_true(WIFEXITED(h->status));
    assert_int_equal(WEXITSTATUS(h->status), status);
}

/* --- beats --- */

static void test_hbd_beats_with_three_calls_each(void **state)
{
    struct hbd_host *h = *state;
    spawn(h);
    assert_int_equal(hbd_host_run(h, 20), 0);

    assert_int_equal(h->calls[GATE_CALL_PAGE_ALLOC], 20);
    assert_int_equal(h->calls[GATE_CALL_PAGE_FREE], 20);
    assert_int_equal(h->calls[GATE_CALL_WAIT], 20);
    assert_int_equal(h->calls[GATE_CALL_SYSLOG], 0);
    assert_int_equal(h->doorbells, 20);
}

static void test_hbd_tells_virtual_time_and_latency(void **state)
{
    struct hbd_host *h = *state;
    struct ring_beat beats[8];
    h->alloc_takes_ns = 7000;
    h->free_takes_ns = 300;
    spawn(h);
    assert_int_equal(hbd_host_run(h, 3), 0);

    assert_int_equal(take_beats(h, beats, 8), 3);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(beats[i].seq, i + 1);
        assert_int_equal(beats[i].time_ns, 1000000000u + i * INTERVAL + 7300);
        assert_int_equal(beats[i].latency_ns, 7300);
        assert_int_equal(beats[i].gap, 0);
    }
}

static void test_hbd_keeps_to_its_grid_however_late_it_wakes(void **state)
{
    struct hbd_host *h = *state;
    spawn(h);
    h->wait_late_ns = 250000000;
    assert_int_equal(hbd_host_run(h, 100), 0);
    assert_int_equal(h->last.arg[0], 1000000000u + 100 * INTERVAL);
}

static void test_hbd_does_not_make_up_for_missed_beats(void **state)
{
    struct hbd_host *h = *state;
    spawn(h);
    assert_int_equal(hbd_host_run(h, 1), 0);
    h->alloc_takes_ns = 5 * INTERVAL / 2;
    assert_int_equal(hbd_host_run(h, 1), 0);
    assert_int_equal(h->last.arg[0], 1000000000u + 4 * INTERVAL); /* asked at 1, answered at 3.5 */
    assert_int_equal(h->doorbells, 2);
}

/* --- pages --- */

static void look_at_page(struct hbd_host *h)
{
    const uint64_t *page = (const uint64_t *)(h->memory + MACHINE_RAM_OFFSET + HBD_HOST_PAGE);
    if (h->last.nr != GATE_CALL_PAGE_FREE)
        return;
    for (unsigned i = 0; i < MACHINE_PAGE_SIZE / 8; i++)
        assert_true(page[i] >> 63 == 1);
}

static void test_hbd_writes_the_whole_page_and_nothing_beside_it(void **state)
{
    struct hbd_host *h = *state;
    const uint64_t *before = (const uint64_t *)(h->memory + MACHINE_RAM_OFFSET + HBD_HOST_PAGE) - 1;
    const uint64_t *after = before + 1 + MACHINE_PAGE_SIZE / 8;
    h->before_answer = look_at_page;
    spawn(h);
    assert_int_equal(hbd_host_run(h, 2), 0);
    assert_int_equal(*before, 0);
    assert_int_equal(*after, 0);
}

static void test_hbd_without_a_page_sends_no_beat_and_one_line(void **state)
{
    struct hbd_host *h = *state;
    h->alloc_result = -ENOMEM;
    spawn(h);
    assert_int_equal(hbd_host_run(h, 5), 0);
    assert_int_equal(h->doorbells, 0);
    assert_int_equal(h->ring->head, 0);
    assert_int_equal(h->calls[GATE_CALL_SYSLOG], 1);
    assert_string_equal(h->syslog, "no page of memory to be had; no heartbeat");

    h->alloc_result = 0;
    assert_int_equal(hbd_host_run(h, 2), 0);
    assert_int_equal(h->doorbells, 2);
    assert_int_equal(h->ring->head, 2);
    assert_int_equal(h->calls[GATE_CALL_SYSLOG], 2);
    assert_string_equal(h->syslog, "memory is back; heartbeats resume");
}

static void test_hbd_refuses_addresses_that_are_no_page_of_the_ram(void **state)
{
    struct hbd_host *h = *state;
    const int64_t bad[] = { 0x1234001, 32 << 20, (32 << 20) - 1, INT64_MAX, INT64_MIN, -1 };
    spawn(h);
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        h->alloc_result = bad[i];
        assert_int_equal(hbd_host_run(h, 1), 0);
    }
    assert_int_equal(h->doorbells, 0);
    assert_int_equal(h->calls[GATE_CALL_PAGE_FREE], 0);
}

static void test_hbd_takes_first_and_last_page(void **state)
{
    struct hbd_host *h = *state;
    spawn(h);
    h->alloc_result = (32 << 20) - 4096;
    assert_int_equal(hbd_host_run(h, 1), 0);
    assert_int_equal(h->doorbells, 1);
}

static void test_hbd_page_not_taken_back_is_no_beat(void **state)
{
    struct hbd_host *h = *state;
    h->free_result = -EINVAL;
    spawn(h);
    assert_int_equal(hbd_host_run(h, 3), 0);
    assert_int_equal(h->doorbells, 0);
    assert_int_equal(h->calls[GATE_CALL_PAGE_ALLOC], 3); /* no page is kept for the next time */
    assert_string_equal(h->syslog, "a page of memory could not be given back; no heartbeat");
}

/* --- surroundings --- */

static void test_hbd_refuses_other_allocator_options(void **state)
{
    struct hbd_host *h = *state;
    const char *const settings[] = {
        "MALLOC_CONF=retain:true",
        "MALLOC_CONF=dirty_decay_ms:1000",
        "MALLOC_CONF=muzzy_decay_ms:1000",
        "MALLOC_CONF=tcache:true",
        "MALLOC_CONF=junk:true",
        "MALLOC_CONF=zero:true",
        "MALLOC_CONF=background_thread:true",
    };
    for (unsigned i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        hbd_host_spawn(h, hbd_host_program(), settings[i]);
        assert_exit(h, 2, "jemalloc: opt.");
        assert_int_equal(h->ring->magic, 0);
        hbd_host_fini(h);
        hbd_host_init(h, 32, INTERVAL);
    }
}

static void test_hbd_refuses_a_machine_that_is_none(void **state)
{
    struct hbd_host *h = *state;
    h->info->magic++;
    spawn(h);
    assert_exit(h, 2, "no magic number");
}

static void test_hbd_refuses_another_version(void **state)
{
    struct hbd_host *h = *state;
    h->info->version++;
    spawn(h);
    assert_exit(h, 2, "version 2");
}

static void test_hbd_refuses_sizes_that_lie(void **state)
{
    struct hbd_host *h = *state;
    h->info->ram_bytes += 4096;
    spawn(h);
    assert_exit(h, 2, "other sizes");
}

static void test_hbd_refuses_missing_boot_parameters(void **state)
{
    struct hbd_host *h = *state;
    h->boot->bytes--;
    spawn(h);
    assert_exit(h, 2, "no boot parameters");
}

static void test_hbd_refuses_an_interval_of_nothing(void **state)
{
    struct hbd_host *h = *state;
    h->boot->hbd_interval_ns = 0;
    spawn(h);
    assert_exit(h, 2, "a beat each 0 ns");
}

/* --- life --- */

static void test_hbd_sigterm_while_it_waits_ends_it(void **state)
{
    struct hbd_host *h = *state;
    spawn(h);
    assert_int_equal(hbd_host_run(h, 2), 0);
    (void)kill(h->pid, SIGTERM);
    assert_exit(h, 0, "ended by SIGTERM");
}

/* Whether the signal meets it before, in or after its wait is up to the machine; it must die each
 * time. */
static void test_hbd_sigterm_at_any_instant_ends_it(void **state)
{
    struct hbd_host *h = *state;
    for (unsigned i = 0; i < 50; i++) {
        spawn(h);
        assert_int_equal(hbd_host_run(h, i % 3 + 1), 0);
        assert_int_equal(gate_pass(h->gate, GATE_COS, GATE_VMNIXHBD), 0);
        for (volatile unsigned spin = 0; spin < i * 997; spin++)
            ;
        (void)kill(h->pid, SIGTERM);
        assert_true(hbd_host_await_death(h));
        assert_true(WIFEXITED(h->status) && WEXITSTATUS(h->status) == 0);
        assert_true(gate_holds(h->gate, GATE_COS));
        hbd_host_fini(h);
        hbd_host_init(h, 32, INTERVAL);
    }
}

static void test_hbd_other_signals_change_nothing(void **state)
{
    struct hbd_host *h = *state;
    char text[512] = "";
    spawn(h);
    assert_int_equal(hbd_host_run(h, 2), 0);
    (void)kill(h->pid, SIGUSR1);
    assert_int_equal(hbd_host_run(h, 3), 0);
    for (unsigned i = 0; i < 100 && strstr(text, "beats") == NULL; i++) {
        assert_int_equal(hbd_host_run(h, 1), 0);
        hbd_host_stderr(h, text, sizeof text);
    }
    assert_non_null(strstr(text, " beats, 0 failed"));
    assert_int_equal(h->calls[GATE_CALL_WAIT], h->ring->head);
}

static void test_hbd_killed_in_a_call_leaves_the_baton(void **state)
{
    struct hbd_host *h = *state;
    spawn(h);
    assert_int_equal(hbd_host_run(h, 2), 0);
    (void)kill(h->pid, SIGKILL);
    assert_true(hbd_host_await_death(h));
    assert_int_equal(hbd_host_turn(h), HBD_HOST_DIED);
    assert_true(gate_holds(h->gate, GATE_COS));
}

static void test_hbd_stopped_and_continued_goes_on_beating(void **state)
{
    struct hbd_host *h = *state;
    struct ring_beat beats[64];
    spawn(h);
    assert_int_equal(hbd_host_run(h, 2), 0);
    for (unsigned i = 0; i < 10; i++) {
        (void)kill(h->pid, SIGSTOP);
        assert_true(hbd_host_await_life(h, GATE_STOPPED));
        assert_int_equal(hbd_host_turn(h), HBD_HOST_STOPPED);
        assert_true(gate_holds(h->gate, GATE_COS));
        (void)kill(h->pid, SIGCONT);
        assert_true(hbd_host_await_life(h, GATE_ALIVE));
        assert_int_equal(hbd_host_run(h, 2), 0);
    }
    assert_int_equal(take_beats(h, beats, 64), 22);
}

static void test_hbd_gives_up_on_a_cos_that_answers_other_calls(void **state)
{
    struct hbd_host *h = *state;
    spawn(h);
    assert_int_equal(hbd_host_run(h, 1), 0);
    assert_true(hbd_host_turn(h) > 0);
    for (unsigned i = 0; i < 20 && gate_pass(h->gate, GATE_COS, GATE_VMNIXHBD) == 0; i++) {
        while (gate_wait(h->gate, GATE_COS, 0) != 0)
            ;
        if (h->gate->call.nr == GATE_CALL_EXIT)
            break;
    }
    assert_exit(h, 3, "answers other calls");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_hbd_beats_with_three_calls_each),
        T(test_hbd_tells_virtual_time_and_latency),
        T(test_hbd_keeps_to_its_grid_however_late_it_wakes),
        T(test_hbd_does_not_make_up_for_missed_beats),
        T(test_hbd_writes_the_whole_page_and_nothing_beside_it),
        T(test_hbd_without_a_page_sends_no_beat_and_one_line),
        T(test_hbd_refuses_addresses_that_are_no_page_of_the_ram),
        T(test_hbd_takes_first_and_last_page),
        T(test_hbd_page_not_taken_back_is_no_beat),
        T(test_hbd_refuses_other_allocator_options),
        T(test_hbd_refuses_a_machine_that_is_none),
        T(test_hbd_refuses_another_version),
        T(test_hbd_refuses_sizes_that_lie),
        T(test_hbd_refuses_missing_boot_parameters),
        T(test_hbd_refuses_an_interval_of_nothing),
        T(test_hbd_sigterm_while_it_waits_ends_it),
        T(test_hbd_sigterm_at_any_instant_ends_it),
        T(test_hbd_other_signals_change_nothing),
        T(test_hbd_killed_in_a_call_leaves_the_baton),
        T(test_hbd_stopped_and_continued_goes_on_beating),
        T(test_hbd_gives_up_on_a_cos_that_answers_other_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
