/* ring.h - the heartbeat ring: how a beat gets from vmnixhbd to the VMkernel.
 *
 * Two pages of the machine memory (machine.h): a header page and 64 slots of 64 bytes. One producer
 * (vmnixhbd), one consumer (VMkernel), no lock and no system call. The doorbell (gate.h) only tells
 * the consumer when to look.
 *
 *     page 0   front: magic, slots, generation, head            written by the producer
 *     page 1   slot[seq % 64]: one record per beat              written by the producer
 *     (VMkernel's own memory)  cursor, counters                 written by the consumer
 *
 * The consumer never writes, so the producer never waits: it overwrites the oldest record. A beat
 * older than 64 others is of no interest to a watchdog that asks for the last one.
 *
 * Numbers. `head` is the sequence number of the newest beat, 0 before the first. Sequence numbers
 * start at 1 in each generation, run freely and are compared by difference only, so there is no
 * index that could be out of range: a slot is always found by `seq % 64`. While the producer writes
 * beat head+1 it overwrites beat head-63, so the beats head-62..head are whole: a consumer that is
 * less than 64 behind finds all that it missed.
 *
 * The producer publishes a beat in four steps; x86 keeps stores in order, and the fences keep the
 * compiler from moving them:
 *     1. slot.begin = low 32 bits of seq
 *        fence (store-store): a reader that sees a byte of the new body also sees the new begin
 *     2. the body and its CRC
 *        fence (store-store): the end word stands only behind a whole body
 *     3. slot.end = slot.begin
 *        fence (store-store): nobody finds by head what is not yet whole
 *     4. front.head = seq
 * The consumer copies in the opposite order: head; slot.end; fence (load-load); body; fence
 * (load-load); slot.begin. When end and begin of the copy are equal, nobody wrote between
 * (Lamport's two counters). A producer that died between two steps leaves a head that does not
 * announce the torn slot, or a torn slot that the next generation overwrites.
 *
 * The consumer trusts nothing: the ring is memory of a machine that may have gone mad. Everything
 * is copied once (each word by one load), the copy is checked and only the copy is used. It takes a
 * record when begin and end agree, the CRC fits, and it carries the very generation and sequence
 * number that were looked for. The CRC finds wild writes; it does not stop a forger, and need not:
 * a forged beat can do no more than an honest one.
 *
 *     head - last beat         what it is
 *     0                        nothing new
 *     1..63                    beats; those whose slot does not hold them are the gap, counted
 *     64.. and "negative"      refused, and all that follows, until a new generation
 *
 * Each oddity is counted by kind (RING_KIND_LIST); the VMkernel logs each kind at most once a
 * minute (ring_log_next).
 *
 * Sources: OUR CHOICE throughout; the product's ring is not documented. The style is Concurrency
 * Kit's ck_ring. */
#ifndef SHARED_RING_H
#define SHARED_RING_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/machine.h"
#include "shared/units.h"

#define RING_MAGIC 0x474e4952u /* "RING" */
#define RING_SLOTS 64u         /* power of two, so that seq % RING_SLOTS survives the wrap of seq */
#define RING_LOG_PERIOD_NS NS_PER_MIN /* one line per kind and minute of virtual time */

/* What a poll can meet besides a beat and an empty ring: value, name for logs and reports. */
#define RING_KIND_LIST(X)                                                                         \
    X(RING_GAP, "gap")                       /* beats that never came; the one after them did */  \
    X(RING_BAD_FRONT, "bad-front")           /* magic or number of slots is wrong */              \
    X(RING_BAD_GENERATION, "bad-generation") /* the front or a record is of another generation */ \
    X(RING_BACKWARD, "backward")             /* head moved backward */                            \
    X(RING_JUMP, "jump")                     /* head moved forward by RING_SLOTS or more */       \
    X(RING_REFUSED, "refused") /* a change after one of the last two, before a new generation */  \
    X(RING_TORN, "torn") /* begin and end differ: written while it was read, or half written */   \
    X(RING_BAD_CRC, "bad-crc") /* whole, but the checksum does not fit */                         \
    X(RING_MISSING, "missing") /* head announces a beat that its slot does not hold */

#define RING_KIND_ENUM(kind, name) kind,
enum ring_kind { RING_KIND_LIST(RING_KIND_ENUM) RING_KINDS };
#undef RING_KIND_ENUM

/* Results of ring_poll(); a refusal is -1 - enum ring_kind (RING_ERROR). */
#define RING_BEAT 0
#define RING_EMPTY 1
#define RING_ERROR(kind) (-1 - (int)(kind))
#define RING_ERROR_KIND(result) ((enum ring_kind)(-1 - (result)))

/* One beat as the two sides hand it over. */
struct ring_beat {
    uint64_t seq;        /* 1, 2, ... in its generation */
    uint64_t time_ns;    /* ns since VMkernel boot, as vmnixhbd has it: not to be trusted */
    uint64_t latency_ns; /* from when it was due to having given its page back: not to be trusted */
    uint32_t generation; /* of the producer */
    uint32_t gap;        /* beats missing before this one, 0..62; the producer's is ignored */
};

/* A slot as it lies in memory. */
struct ring_slot {
    uint32_t begin; /* written first: low 32 bits of seq */
    uint32_t generation;
    uint64_t seq;
    uint64_t time_ns;
    uint64_t latency_ns;
    uint64_t zero[2]; /* reserved; covered by the CRC */
    uint32_t pad;     /* reserved; covered by the CRC */
    uint32_t crc;     /* CRC-32 (IEEE 802.3) of bytes 4..51: generation..pad */
    uint32_t pad_end; /* reserved, zero, not looked at: `end` is then the last word */
    uint32_t end;     /* written last: equals begin */
};
_Static_assert(sizeof(struct ring_slot) == 64, "a slot is a cache line");
_Static_assert(offsetof(struct ring_slot, crc) == 52, "the CRC covers bytes 4..51");
_Static_assert(offsetof(struct ring_slot, end) == 60, "end is the last word");

/* The ring as it lies in memory. `head` has a cache line of its own: it is what the consumer reads
 * when there is nothing to read. */
struct ring {
    uint32_t magic; /* RING_MAGIC; 0 before the first producer */
    uint32_t slots; /* RING_SLOTS */
    uint32_t generation;
    uint32_t pad0[13];
    uint64_t head; /* seq of the newest beat */
    uint64_t pad1[7];
    uint8_t pad2[MACHINE_PAGE_SIZE - 128];
    struct ring_slot slot[RING_SLOTS];
};
_Static_assert(offsetof(struct ring, head) == 64, "head has its own cache line");
_Static_assert(offsetof(struct ring, slot) == MACHINE_PAGE_SIZE, "the slots are the second page");
_Static_assert(sizeof(struct ring) == MACHINE_GATE_OFFSET - MACHINE_RING_OFFSET,
               "ring fits its two pages");

/* The producer's own state. */
struct ring_producer {
    struct ring *ring;
    uint64_t seq; /* of the last beat put */
    uint32_t generation;
};

/* What the front said at a poll. */
struct ring_front {
    uint32_t magic, slots, generation, pad;
    uint64_t head;
};

/* The consumer's own state, in memory of its own. */
struct ring_consumer {
    uint64_t seq;           /* of the last beat taken */
    uint32_t generation;    /* the only one that is taken */
    bool refusing;          /* after a jump or a step backward: until ring_consumer_init() */
    struct ring_front seen; /* a front that was dealt with whole: nothing new while it stays */
    uint64_t beats;         /* taken */
    uint64_t counts[RING_KINDS];
};

/* What the VMkernel has logged of the counters. Zero-initialise. */
struct ring_log {
    uint64_t logged[RING_KINDS];  /* counts[kind] at its last line */
    uint64_t next_ns[RING_KINDS]; /* earliest time of its next line */
};
struct ring_log_line {
    enum ring_kind kind;
    uint64_t new_count; /* since the kind's last line, at least 1 */
    uint64_t count;     /* in all */
};

/** Become the producer of `ring` for `generation`: head 0, first beat will be 1. Slots keep what
 * they hold; their generation or number is wrong, so nobody takes them. `ring` must outlive *p. */
void ring_producer_init(struct ring_producer *p, struct ring *ring, uint32_t generation);

/** Publish the next beat (seq = last + 1; beat->seq, generation and gap are ignored). Never waits,
 * never fails.
 *  @return the beat's sequence number */
uint64_t ring_put(struct ring_producer *p, const struct ring_beat *beat);

/** Start to consume `generation`, and nothing else, from its beginning. The counters go on, so zero
 * *c before the first use. A ring that no producer ever opened is empty, not an error. */
void ring_consumer_init(struct ring_consumer *c, uint32_t generation);

/**
 * Take the next beat.
 *
 * Call it again until it returns RING_EMPTY; that comes after at most RING_SLOTS calls while the
 * producer is honest, and a dishonest one that writes meanwhile should not keep the VMkernel busy,
 * so stop after RING_SLOTS calls anyway.
 *
 * @param ring  shared memory with any content; only read
 * @param ret   [out] the beat; untouched unless RING_BEAT
 * @return RING_BEAT, RING_EMPTY, or RING_ERROR(kind): something was refused (told once per change
 * of the front, and counted; so is what does not keep a later beat from being taken)
 */
int ring_poll(struct ring_consumer *c, const struct ring *ring, struct ring_beat *ret);

/** The next line to log: a kind whose counter moved since its last line, which is at least a minute
 * ago. Kinds come in their order.
 *  @return false when there is none (*ret untouched) */
bool ring_log_next(struct ring_log *log, const struct ring_consumer *c, uint64_t now_ns,
                   struct ring_log_line *ret);

/** The name of a kind as in logs and reports, e.g. "torn"; "?" for a number that is none. */
const char *ring_kind_name(enum ring_kind kind);

/** The checksum that `slot->crc` must have. */
uint32_t ring_slot_crc(const struct ring_slot *slot);

#endif /* SHARED_RING_H */
