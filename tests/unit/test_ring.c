/* test_ring.c - the heartbeat ring: honest producers, dying ones, lying ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/ring.h"
#include "shared/rng.h"

#define GENERATION 7u
#define HOSTILE_ROUNDS 1000000u
#define RACE_BEATS 5000u

struct fixture {
    struct ring *ring;
    struct ring_producer producer;
    struct ring_consumer consumer;
};

static int setup(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    f.ring = mmap(NULL, sizeof *f.ring, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (f.ring == MAP_FAILED)
        return -1;
    ring_consumer_init(&f.consumer, GENERATION);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    return munmap(f->ring, sizeof *f->ring);
}

static void open_ring(struct fixture *f)
{
    ring_producer_init(&f->producer, f->ring, GENERATION);
}

/* Put `count` beats whose time is 1000 times their number. */
static void put(struct fixture *f, unsigned count)
{
    for (; count > 0; count--) {
        const struct ring_beat beat = { .time_ns = (f->producer.seq + 1) * 1000,
                                        .latency_ns = f->producer.seq + 2 };
        (void)ring_put(&f->producer, &beat);
    }
}

/* A name for a result, since cmocka prints numbers as unsigned. */
static const char *result_name(int result)
{
    if (result == RING_BEAT)
        return "beat";
    return result == RING_EMPTY ? "empty" : ring_kind_name(RING_ERROR_KIND(result));
}

static struct ring_beat expect(struct fixture *f, const char *what)
{
    struct ring_beat beat = { 0 };
    assert_string_equal(result_name(ring_poll(&f->consumer, f->ring, &beat)), what);
    return beat;
}

static void expect_beat(struct fixture *f, uint64_t seq, uint32_t gap)
{
    const struct ring_beat beat = expect(f, "beat");
    assert_int_equal(beat.seq, seq);
    assert_int_equal(beat.gap, gap);
    assert_int_equal(beat.time_ns, seq * 1000);
    assert_int_equal(beat.latency_ns, seq + 1);
    assert_int_equal(beat.generation, GENERATION);
}

static void expect_counts_are_zero_but(struct fixture *f, enum ring_kind kind, uint64_t count)
{
    for (unsigned k = 0; k < RING_KINDS; k++)
        assert_int_equal(f->consumer.counts[k], k == kind ? count : 0);
}

/* Give slot of `seq` the checksum that fits its present content. */
static void forge(struct ring_slot *slot)
{
    slot->crc = ring_slot_crc(slot);
}

static struct ring_slot *slot_of(struct fixture *f, uint64_t seq)
{
    return &f->ring->slot[seq % RING_SLOTS];
}

/* --- honest --- */

static void test_ring_crc_is_the_common_one(void **state)
{
    (void)state;
    struct ring_slot slot = { 0 };
    memcpy((char *)&slot + 4, "123456789", 9);
    /* CRC-32 of "123456789" and 39 zeros, by zlib's crc32() */
    assert_int_equal(ring_slot_crc(&slot), 0xd868eb58u);
}

static void test_ring_never_opened_is_empty(void **state)
{
    struct fixture *f = *state;
    (void)expect(f, "empty");
    expect_counts_are_zero_but(f, RING_GAP, 0);
}

static void test_ring_opened_is_empty(void **state)
{
    struct fixture *f = *state;
    open_ring(f);
    (void)expect(f, "empty");
    expect_counts_are_zero_but(f, RING_GAP, 0);
}

static void test_ring_delivers_each_beat_once_in_order(void **state)
{
    struct fixture *f = *state;
    open_ring(f);
    for (uint64_t seq = 1; seq <= 1000; seq++) {
        put(f, 1);
        expect_beat(f, seq, 0);
        (void)expect(f, "empty");
    }
    assert_int_equal(f->consumer.beats, 1000);
    expect_counts_are_zero_but(f, RING_GAP, 0);
}

static void test_ring_63_behind_loses_nothing(void **state)
{
    struct fixture *f = *state;
    open_ring(f);
    put(f, 10);
    for (uint64_t seq = 1; seq <= 10; seq++)
        expect_beat(f, seq, 0);
    put(f, 63);
    for (uint64_t seq = 11; seq <= 73; seq++)
        expect_beat(f, seq, 0);
    (void)expect(f, "empty");
    expect_counts_are_zero_but(f, RING_GAP, 0);
}

static void test_ring_out_is_untouched_without_a_beat(void **state)
{
    struct fixture *f = *state;
    struct ring_beat beat, before;
    memset(&beat, 0xa5, sizeof beat);
    before = beat;
    assert_int_equal(ring_poll(&f->consumer, f->ring, &beat), RING_EMPTY);
    f->ring->magic = 1;
    assert_int_equal(ring_poll(&f->consumer, f->ring, &beat), RING_ERROR(RING_BAD_FRONT));
    assert_memory_equal(&beat, &before, sizeof beat);
}

static void test_ring_consumer_only_reads(void **state)
{
    struct fixture *f = *state;
    open_ring(f);
    put(f, 3);
    assert_int_equal(mprotect(f->ring, sizeof *f->ring, PROT_READ), 0);
    expect_beat(f, 1, 0);
    expect_beat(f, 2, 0);
    expect_beat(f, 3, 0);
    (void)expect(f, "empty");
}

static void test_ring_same_beats_same_bytes(void **state)
{
    struct fixture *f = *state;
    static struct ring copy;
    open_ring(f);
    put(f, 100);
    memcpy(&copy, f->ring, sizeof copy);
    memset(f->ring, 0, sizeof *f->ring);
    open_ring(f);
    put(f, 100);
    assert_memory_equal(&copy, f->ring, sizeof copy);
}

/* --- gaps, jumps, steps backward --- */

static void test_ring_jump_below_its_size_is_a_beat_with_a_gap(void **state)
{
    struct fixture *f = *state;
    open_ring(f);
    put(f, 1);
    expect_beat(f, 1, 0);
    f->producer.seq += 62; /* 62 beats that were never put */
    put(f, 1);
    expect_beat(f, 64, 62);
    assert_int_equal(f->consumer.counts[RING_GAP], 62);
    assert_int_equal(f->consumer.counts[RING_JUMP], 0);
    put(f, 1);
    expect_beat(f, 65, 0);
}

static void test_ring_jump_of_its_size_is_refused_for_good(void **state)
{
    struct fixture *f = *state;
    open_ring(f);
    put(f, 1);
    expect_beat(f, 1, 0);
    put(f, 64);
    (void)expect(f, "jump");
    (void)expect(f, "empty"); /* told once */
    put(f, 1);
    (void)expect(f, "refused");
    (void)expect(f, "empty");
    assert_int_equal(f->consumer.counts[RING_JUMP], 1);
    assert_int_equal(f->consumer.counts[RING_REFUSED], 1);
    assert_int_equal(f->consumer.beats, 1);
}

static void test_ring_step_backward_is_refused_for_good(void **state)
{
    struct fixture *f = *state;
    open_ring(f);
    put(f, 5);
    for (uint64_t seq = 1; seq <= 5; seq++)
        expect_beat(f, seq, 0);
    f->ring->head = 4;
    (void)expect(f, "backward");
    f->ring->head = 5;
    put(f, 1);
    (void)expect(f, "refused");
    assert_int_equal(f->consumer.counts[RING_BACKWARD], 1);
}

static void test_ring_new_generation_starts_anew(void **state)
{
    struct fixture *f = *state;
    open_ring(f);
    put(f, 200);
    (void)expect(f, "jump");
    ring_consumer_init(&f->consumer, GENERATION + 1);
    (void)expect(f, "bad-generation"); /* the old producer is still the one of the ring */
    ring_producer_init(&f->producer, f->ring, GENERATION + 1);
    (void)expect(f, "empty");
    put(f, 1);
    assert_int_equal(expect(f, "beat").generation, GENERATION + 1);
    assert_int_equal(f->consumer.counts[RING_JUMP], 1); /* counters go on */
}

static void test_ring_sequence_wraps(void **state)
{
    struct fixture *f = *state;
    open_ring(f);
    f->producer.seq = UINT64_MAX - 2;
    f->consumer.seq = UINT64_MAX - 2;
    put(f, 5);
    for (unsigned i = 0; i < 5; i++) {
        /* number 0 is what an untouched slot says, so it alone is lost */
        if (i == 2)
            continue;
        assert_int_equal(expect(f, "beat").seq, UINT64_MAX - 1 + i);
    }
    (void)expect(f, "empty");
}

/* --- records --- */

static void test_ring_torn_record_is_counted_and_the_next_taken(void **state)
{
    struct fixture *f = *state;
    open_ring(f);
    put(f, 1);
    slot_of(f, 1)->begin = 99;
    (void)expect(f, "torn");
    (void)expect(f, "empty");
    put(f, 1);
    expect_beat(f, 2, 1);
    assert_int_equal(f->consumer.counts[RING_TORN], 2); /* looked at twice */
    assert_int_equal(f->consumer.counts[RING_GAP], 1);
}

static void test_ring_record_finished_late_is_taken_with_the_next(void **state)
{
    struct fixture *f = *state;
    open_ring(f);
    put(f, 1);
    slot_of(f, 1)->end = 0;
    (void)expect(f, "torn");
    slot_of(f, 1)->end = 1;
    put(f, 1);
    expect_beat(f, 1, 0);
    expect_beat(f, 2, 0);
    (void)expect(f, "empty");
}

static void test_ring_every_flipped_bit_of_a_record_is_noticed(void **state)
{
    struct fixture *f = *state;
    const unsigned pad_end = offsetof(struct ring_slot, pad_end);
    open_ring(f);
    put(f, 1);
    for (unsigned bit = 0; bit < sizeof(struct ring_slot) * 8; bit++) {
        struct ring_consumer c = { 0 };
        struct ring_beat beat;
        ring_consumer_init(&c, GENERATION);
        if (bit / 8 >= pad_end && bit / 8 < pad_end + 4)
            continue; /* reserved; not looked at */
        uint8_t *byte = (uint8_t *)slot_of(f, 1) + bit / 8;
        *byte ^= (uint8_t)(1u << bit % 8);
        assert_true(ring_poll(&c, f->ring, &beat) < 0);
        *byte ^= (uint8_t)(1u << bit % 8);
    }
}

static void test_ring_every_flipped_bit_of_the_front_is_noticed(void **state)
{
    struct fixture *f = *state;
    open_ring(f);
    put(f, 1);
    for (unsigned bit = 0; bit < 12 * 8; bit++) { /* magic, slots, generation */
        struct ring_consumer c = { 0 };
        struct ring_beat beat;
        ring_consumer_init(&c, GENERATION);
        uint8_t *byte = (uint8_t *)f->ring + bit / 8;
        *byte ^= (uint8_t)(1u << bit % 8);
        assert_true(ring_poll(&c, f->ring, &beat) < 0);
        *byte ^= (uint8_t)(1u << bit % 8);
    }
}

static void test_ring_forged_records_pass_only_as_the_next_beat(void **state)
{
    struct fixture *f = *state;
    struct ring_slot *slot = slot_of(f, 1);
    open_ring(f);
    put(f, 1);
    slot->seq = 65; /* right slot, a lap ahead */
    slot->begin = slot->end = 65;
    forge(slot);
    (void)expect(f, "missing");
    /* As above, and the short begin and end words do not show it. */
    slot->seq = (UINT64_C(1) << 32) + 1;
    slot->begin = slot->end = 1;
    forge(slot);
    f->ring->head = 1;
    f->consumer.seen.head = 0;
    (void)expect(f, "missing");
    slot->seq = 1;
    slot->generation = GENERATION + 1;
    forge(slot);
    f->ring->head = 2;
    (void)expect(f, "missing"); /* the last one that was looked at: slot 2 is untouched */
    assert_int_equal(f->consumer.counts[RING_BAD_GENERATION], 1);
    assert_int_equal(f->consumer.beats, 0);
}

static void test_ring_head_that_lied_costs_nothing_afterwards(void **state)
{
    struct fixture *f = *state;
    open_ring(f);
    put(f, 1);
    expect_beat(f, 1, 0);
    f->ring->head = 40;
    (void)expect(f, "missing");
    f->ring->head = 1;
    (void)expect(f, "empty");
    put(f, 1);
    expect_beat(f, 2, 0);
}

/* --- hostile --- */

/* Random damage to a ring that is now and then honest: each poll returns, and what it takes rises
 * without end. */
static void test_ring_survives_a_million_rounds_of_random_bytes(void **state)
{
    struct fixture *f = *state;
    struct rng r;
    struct ring_beat beat;
    uint64_t last = 0;
    uint64_t beats = 0;

    rng_init(&r, 1, "hostile");
    open_ring(f);
    for (unsigned round = 0; round < HOSTILE_ROUNDS; round++) {
        const uint64_t draw = rng_next(&r);
        switch (draw % 8) {
        case 0: { /* any word of the used part of the ring */
            uint32_t *words = (uint32_t *)(draw % 3 == 0 ? (void *)f->ring : (void *)f->ring->slot);
            const uint64_t where = rng_below(&r, draw % 3 == 0 ? 32 : sizeof f->ring->slot / 4);
            words[where] = (uint32_t)rng_next(&r);
            break;
        }
        case 1: /* a head near the truth */
            f->ring->head = f->consumer.seq + rng_below(&r, 130) - 3;
            break;
        case 2: /* a forged record */
            forge(&f->ring->slot[rng_below(&r, RING_SLOTS)]);
            break;
        case 3: /* repair */
            f->ring->magic = RING_MAGIC;
            f->ring->slots = RING_SLOTS;
            f->ring->generation = f->consumer.generation;
            f->producer.seq = f->consumer.seq;
            break;
        case 4:
            if (f->consumer.refusing) {
                ring_consumer_init(&f->consumer, GENERATION);
                open_ring(f);
                last = 0;
            }
            break;
        default:
            put(f, (unsigned)(draw >> 32) % 3 + 1);
        }
        if (ring_poll(&f->consumer, f->ring, &beat) == RING_BEAT) {
            assert_true(beat.seq > last && beat.seq - last <= 63);
            assert_int_equal(beat.gap, beat.seq - last - 1);
            assert_int_equal(beat.generation, GENERATION);
            last = beat.seq;
            beats++;
        }
    }
    assert_int_equal(f->consumer.beats, beats);
    assert_true(beats > HOSTILE_ROUNDS / 100); /* the damage did not simply stop it */
    for (unsigned kind = 0; kind < RING_KINDS; kind++)
        assert_true(f->consumer.counts[kind] > 0);
}

static _Noreturn void produce_without_end(struct fixture *f)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;)
        put(f, 1);
}

/* A second process writes at full speed while the ring is read: it laps the reader again and again.
 * Whatever is taken must be one of the records that were put, whole. Goes on until enough was both
 * taken and refused, however the machine shares out its processors. */
static void test_ring_producer_that_writes_while_being_read(void **state)
{
    struct fixture *f = *state;
    struct ring_consumer *c = &f->consumer;
    struct ring_beat beat;

    open_ring(f);
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        produce_without_end(f);
    while (c->beats < RACE_BEATS || c->counts[RING_JUMP] == 0) {
        if (c->refusing) {
            /* Lapped, as it must be. Take up the trail close to the head: what a new generation
             * would do, without stopping the producer. */
            ring_consumer_init(c, GENERATION);
            c->seq = __atomic_load_n(&f->ring->head, __ATOMIC_ACQUIRE) - RING_SLOTS / 2;
        }
        const int result = ring_poll(c, f->ring, &beat);
        if (result == RING_EMPTY)
            (void)sched_yield();
        if (result != RING_BEAT)
            continue;
        if (beat.time_ns != beat.seq * 1000 || beat.latency_ns != beat.seq + 1) {
            (void)kill(pid, SIGKILL);
            fail_msg("a mixed record was taken: %llu", (unsigned long long)beat.seq);
        }
    }
    (void)kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* Killed at any step, a producer leaves a ring that the next generation can use. */
static void test_ring_producer_killed_while_writing(void **state)
{
    struct fixture *f = *state;
    struct ring_beat beat;
    for (uint32_t generation = 1; generation <= 40; generation++) {
        ring_consumer_init(&f->consumer, generation);
        const pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            ring_producer_init(&f->producer, f->ring, generation);
            produce_without_end(f);
        }
        while (__atomic_load_n(&f->ring->head, __ATOMIC_ACQUIRE) < generation * 37 ||
               f->ring->generation != generation)
            ;
        (void)kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, NULL, 0), pid);

        f->consumer.seq = f->ring->head > 63 ? f->ring->head - 63 : 0;
        while (ring_poll(&f->consumer, f->ring, &beat) == RING_BEAT)
            assert_int_equal(beat.time_ns, beat.seq * 1000);
        assert_int_equal(f->consumer.seq, f->ring->head);
        expect_counts_are_zero_but(f, RING_GAP, 0);
    }
}

/* --- the log of it --- */

static void test_ring_logs_each_kind_once_a_minute(void **state)
{
    struct fixture *f = *state;
    struct ring_log log = { 0 };
    struct ring_log_line line;
    const uint64_t minute = RING_LOG_PERIOD_NS;

    assert_false(ring_log_next(&log, &f->consumer, minute, &line));

    f->consumer.counts[RING_TORN] = 3;
    f->consumer.counts[RING_GAP] = 1;
    assert_true(ring_log_next(&log, &f->consumer, minute, &line));
    assert_int_equal(line.kind, RING_GAP);
    assert_true(ring_log_next(&log, &f->consumer, minute, &line));
    assert_int_equal(line.kind, RING_TORN);
    assert_int_equal(line.new_count, 3);
    assert_false(ring_log_next(&log, &f->consumer, minute, &line));

    f->consumer.counts[RING_TORN] = 10;
    assert_false(ring_log_next(&log, &f->consumer, 2 * minute - 1, &line));
    assert_true(ring_log_next(&log, &f->consumer, 2 * minute, &line));
    assert_int_equal(line.new_count, 7);
    assert_int_equal(line.count, 10);
}

static void test_ring_kinds_have_names(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < RING_KINDS; kind++)
        assert_string_not_equal(ring_kind_name((enum ring_kind)kind), "?");
    assert_string_equal(ring_kind_name(RING_KINDS), "?");
    assert_string_equal(ring_kind_name((enum ring_kind) - 1), "?");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_ring_crc_is_the_common_one),
        T(test_ring_never_opened_is_empty),
        T(test_ring_opened_is_empty),
        T(test_ring_delivers_each_beat_once_in_order),
        T(test_ring_63_behind_loses_nothing),
        T(test_ring_out_is_untouched_without_a_beat),
        T(test_ring_consumer_only_reads),
        T(test_ring_same_beats_same_bytes),
        T(test_ring_jump_below_its_size_is_a_beat_with_a_gap),
        T(test_ring_jump_of_its_size_is_refused_for_good),
        T(test_ring_step_backward_is_refused_for_good),
        T(test_ring_new_generation_starts_anew),
        T(test_ring_sequence_wraps),
        T(test_ring_torn_record_is_counted_and_the_next_taken),
        T(test_ring_record_finished_late_is_taken_with_the_next),
        T(test_ring_every_flipped_bit_of_a_record_is_noticed),
        T(test_ring_every_flipped_bit_of_the_front_is_noticed),
        T(test_ring_forged_records_pass_only_as_the_next_beat),
        T(test_ring_head_that_lied_costs_nothing_afterwards),
        T(test_ring_survives_a_million_rounds_of_random_bytes),
        T(test_ring_producer_that_writes_while_being_read),
        T(test_ring_producer_killed_while_writing),
        T(test_ring_logs_each_kind_once_a_minute),
        T(test_ring_kinds_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
