/* ring.c - see ring.h for the protocol. What is shared is read and written by relaxed atomics of
 * the word's own size: one load is one copy, which a compiler may neither repeat nor split, and the
 * fences give the order. */
#include "shared/ring.h"

#include <assert.h>
#include <string.h>

/* A slot as words, for copying. */
enum { SLOT_WORDS = sizeof(struct ring_slot) / sizeof(uint32_t) };
enum { WORD_BEGIN = 0, WORD_END = SLOT_WORDS - 1 };

static uint32_t load32(const uint32_t *word)
{
    return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static void store32(uint32_t *word, uint32_t value)
{
    __atomic_store_n(word, value, __ATOMIC_RELAXED);
}

uint32_t ring_slot_crc(const struct ring_slot *slot)
{
    const uint8_t *byte = (const uint8_t *)slot;
    uint32_t crc = 0xffffffffu;
    /* 48 bytes once a minute: a table would cost more cache than it saves time. */
    for (size_t i = offsetof(struct ring_slot, generation); i < offsetof(struct ring_slot, crc);
         i++) {
        crc ^= byte[i];
        for (unsigned bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (0xedb88320u & (0u - (crc & 1u)));
    }
    return ~crc;
}

const char *ring_kind_name(enum ring_kind kind)
{
#define RING_KIND_NAME(value, name) [value] = name,
    static const char *const names[RING_KINDS] = { RING_KIND_LIST(RING_KIND_NAME) };
#undef RING_KIND_NAME
    return (unsigned)kind < RING_KINDS ? names[kind] : "?";
}

/* --- producer --- */

void ring_producer_init(struct ring_producer *p, struct ring *ring, uint32_t generation)
{
    assert(p != NULL && ring != NULL);
    *p = (struct ring_producer){ .ring = ring, .generation = generation };
    /* The magic goes first and comes back last: in between the consumer sees a front that is none.
     */
    store32(&ring->magic, 0);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    __atomic_store_n(&ring->head, 0, __ATOMIC_RELAXED);
    store32(&ring->slots, RING_SLOTS);
    store32(&ring->generation, generation);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    store32(&ring->magic, RING_MAGIC);
}

uint64_t ring_put(struct ring_producer *p, const struct ring_beat *beat)
{
    assert(p != NULL && beat != NULL);
    const uint64_t seq = p->seq + 1;
    struct ring_slot record = { .begin = (uint32_t)seq,
                                .generation = p->generation,
                                .seq = seq,
                                .time_ns = beat->time_ns,
                                .latency_ns = beat->latency_ns,
                                .end = (uint32_t)seq };
    record.crc = ring_slot_crc(&record);

    uint32_t from[SLOT_WORDS];
    memcpy(from, &record, sizeof from);
    uint32_t *to = (uint32_t *)&p->ring->slot[seq % RING_SLOTS];

    store32(&to[WORD_BEGIN], from[WORD_BEGIN]);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    for (unsigned i = WORD_BEGIN + 1; i < WORD_END; i++)
        store32(&to[i], from[i]);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    store32(&to[WORD_END], from[WORD_END]);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    __atomic_store_n(&p->ring->head, seq, __ATOMIC_RELAXED);

    p->seq = seq;
    return seq;
}

/* --- consumer --- */

void ring_consumer_init(struct ring_consumer *c, uint32_t generation)
{
    assert(c != NULL);
    c->seq = 0;
    c->generation = generation;
    c->refusing = false;
    c->seen = (struct ring_front){ 0 };
}

static struct ring_front copy_front(const struct ring *ring)
{
    struct ring_front f = { 0 };
    f.magic = load32(&ring->magic);
    f.slots = load32(&ring->slots);
    f.generation = load32(&ring->generation);
    f.head = __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE);
    return f;
}

static struct ring_slot copy_slot(const struct ring_slot *slot)
{
    const uint32_t *from = (const uint32_t *)slot;
    uint32_t to[SLOT_WORDS];

    to[WORD_END] = __atomic_load_n(&from[WORD_END], __ATOMIC_ACQUIRE);
    for (unsigned i = WORD_BEGIN + 1; i < WORD_END; i++)
        to[i] = load32(&from[i]);
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    to[WORD_BEGIN] = load32(&from[WORD_BEGIN]);

    struct ring_slot copy;
    memcpy(&copy, to, sizeof copy);
    return copy;
}

static bool same_front(const struct ring_front *a, const struct ring_front *b)
{
    return a->magic == b->magic && a->slots == b->slots && a->generation == b->generation &&
           a->head == b->head;
}

/* Count one oddity. */
static int refuse(struct ring_consumer *c, enum ring_kind kind)
{
    c->counts[kind]++;
    return RING_ERROR(kind);
}

/* Judge a front that was not seen before. @return RING_BEAT: there are beats to look for;
 * RING_EMPTY; or a refusal. */
static int check_front(struct ring_consumer *c, const struct ring_front *f)
{
    if (f->magic != RING_MAGIC || f->slots != RING_SLOTS)
        return refuse(c, RING_BAD_FRONT);
    if (f->generation != c->generation)
        return refuse(c, RING_BAD_GENERATION);
    if (c->refusing)
        return refuse(c, RING_REFUSED);

    const uint64_t ahead = f->head - c->seq;
    if (ahead == 0)
        return RING_EMPTY;
    if (ahead < RING_SLOTS)
        return RING_BEAT;
    c->refusing = true;
    return refuse(c, ahead > UINT64_MAX / 2 ? RING_BACKWARD : RING_JUMP);
}

/* Judge a copied record that should be beat `seq`. @return RING_BEAT or a refusal */
static int check_slot(struct ring_consumer *c, const struct ring_slot *s, uint64_t seq)
{
    if (s->begin != s->end)
        return refuse(c, RING_TORN);
    if (s->seq == 0 && s->begin == 0)
        return refuse(c, RING_MISSING); /* never written */
    if (s->crc != ring_slot_crc(s))
        return refuse(c, RING_BAD_CRC);
    if (s->generation != c->generation)
        return refuse(c, RING_BAD_GENERATION);
    if (s->seq != seq || s->begin != (uint32_t)seq)
        return refuse(
            c, RING_MISSING); /* what is there is another beat: older, or newer by whole laps */
    return RING_BEAT;
}

static void take(struct ring_consumer *c, const struct ring_slot *s, struct ring_beat *ret)
{
    const uint64_t gap = s->seq - c->seq - 1;
    assert(gap < RING_SLOTS - 1);
    c->seq = s->seq;
    c->beats++;
    c->counts[RING_GAP] += gap;
    *ret = (struct ring_beat){ .seq = s->seq,
                               .time_ns = s->time_ns,
                               .latency_ns = s->latency_ns,
                               .generation = s->generation,
                               .gap = (uint32_t)gap };
}

int ring_poll(struct ring_consumer *c, const struct ring *ring, struct ring_beat *ret)
{
    assert(c != NULL && ring != NULL && ret != NULL);
    const struct ring_front front = copy_front(ring);
    if (same_front(&front, &c->seen))
        return RING_EMPTY;

    int result = check_front(c, &front);
    if (result == RING_BEAT) {
        /* A slot that is refused does not end the search: a later beat is as good a sign of life.
         * The cursor moves over what was refused only with a beat behind it, so a head that lied
         * costs nothing once it tells the truth again. */
        for (uint64_t seq = c->seq + 1; seq != front.head + 1; seq++) {
            const struct ring_slot slot = copy_slot(&ring->slot[seq % RING_SLOTS]);
            result = check_slot(c, &slot, seq);
            if (result != RING_BEAT)
                continue;
            take(c, &slot, ret);
            if (seq == front.head)
                c->seen = front;
            return RING_BEAT;
        }
    }
    c->seen = front;
    return result;
}

bool ring_log_next(struct ring_log *log, const struct ring_consumer *c, uint64_t now_ns,
                   struct ring_log_line *ret)
{
    assert(log != NULL && c != NULL && ret != NULL);
    for (unsigned kind = 0; kind < RING_KINDS; kind++) {
        if (c->counts[kind] == log->logged[kind] || now_ns < log->next_ns[kind])
            continue;
        *ret = (struct ring_log_line){ .kind = (enum ring_kind)kind,
                                       .new_count = c->counts[kind] - log->logged[kind],
                                       .count = c->counts[kind] };
        log->logged[kind] = c->counts[kind];
        log->next_ns[kind] = now_ns + RING_LOG_PERIOD_NS;
        return true;
    }
    return false;
}
