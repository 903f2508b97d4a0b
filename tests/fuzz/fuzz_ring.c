/* fuzz_ring.c - libFuzzer target: the ring's consumer against any content of the ring.
 *
 * The input is a list of steps; each byte that is no argument is an operation on the ring, and
 * after each the consumer polls. 0 off16 len8 bytes   write bytes at an offset         3 slot8 make
 * a record's checksum fit 1 count8             put honest beats                 4 gen8          new
 * generation on both sides 2 delta16            head = last taken + delta        5..255 just poll
 * Checked: what is taken carries rising numbers less than a ring apart, the counters never fall,
 * and the ring is only read. */
#include "shared/ring.h"
#include "tests/fuzz/fuzz.h"

struct input {
    const uint8_t *at, *end;
};

/* The next byte, 0 behind the end. */
static uint8_t next8(struct input *in)
{
    return in->at < in->end ? *in->at++ : 0;
}

static uint16_t next16(struct input *in)
{
    const uint16_t low = next8(in);
    return (uint16_t)(low | next8(in) << 8);
}

static struct ring ring, before;
static struct ring_producer producer;
static struct ring_consumer consumer;

static void write_bytes(struct input *in)
{
    /* offsets 0..127 are the front, the rest the slots: the gap between them is not used */
    const size_t at = next16(in) % (128 + sizeof ring.slot);
    size_t length = next8(in);
    uint8_t *to = at < 128 ? (uint8_t *)&ring + at : (uint8_t *)ring.slot + (at - 128);
    const uint8_t *end = at < 128 ? (uint8_t *)&ring + 128 : (uint8_t *)(&ring + 1);
    for (; length > 0 && to < end; length--)
        *to++ = next8(in);
}

static void put(unsigned count)
{
    for (; count > 0; count--) {
        const struct ring_beat beat = { .time_ns = producer.seq, .latency_ns = 1 };
        (void)ring_put(&producer, &beat);
    }
}

static void step(struct input *in)
{
    switch (next8(in)) {
    case 0:
        write_bytes(in);
        break;
    case 1:
        put(next8(in));
        break;
    case 2:
        ring.head = consumer.seq + (uint64_t)(int64_t)(int16_t)next16(in);
        break;
    case 3: {
        struct ring_slot *slot = &ring.slot[next8(in) % RING_SLOTS];
        slot->crc = ring_slot_crc(slot);
        break;
    }
    case 4: {
        const uint32_t generation = next8(in);
        ring_consumer_init(&consumer, generation);
        ring_producer_init(&producer, &ring, generation);
        break;
    }
    default:
        break;
    }
}

static void poll_and_check(void)
{
    const struct ring_consumer was = consumer;
    struct ring_beat beat;
    memcpy(&before, &ring, sizeof before);
    const int result = ring_poll(&consumer, &ring, &beat);

    CHECK(memcmp(&before, &ring, sizeof ring) == 0);
    CHECK(result <= RING_EMPTY && result >= RING_ERROR(RING_KINDS - 1));
    CHECK(consumer.beats == was.beats + (result == RING_BEAT));
    for (unsigned kind = 0; kind < RING_KINDS; kind++)
        CHECK(consumer.counts[kind] >= was.counts[kind]);
    if (result == RING_BEAT) {
        CHECK(beat.seq - was.seq >= 1 && beat.seq - was.seq < RING_SLOTS);
        CHECK(beat.gap == beat.seq - was.seq - 1 && beat.generation == was.generation);
        CHECK(!was.refusing && consumer.seq == beat.seq);
    } else {
        CHECK(consumer.seq == was.seq);
        CHECK(ring_poll(&consumer, &ring, &beat) == RING_EMPTY); /* told once */
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = { data, data + size };
    memset(&ring, 0, sizeof ring);
    memset(&consumer, 0, sizeof consumer);
    ring_consumer_init(&consumer, 1);
    ring_producer_init(&producer, &ring, 1);
    while (in.at < in.end) {
        step(&in);
        poll_and_check();
    }
    return 0;
}
