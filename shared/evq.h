/* evq.h - the event queue: what happens next, in an order that nothing but the simulation decides.
 *
 * A binary heap of fixed capacity, ordered by (deadline, sequence number): of two events with one
 * deadline the one that was added first comes first. A library's timers do not promise that
 * (libevent's fire equal deadlines in heap order), so they pace and never order. The queue holds no
 * pointers into anything; what an event means is the caller's affair (kind, arg). */
#ifndef SHARED_EVQ_H
#define SHARED_EVQ_H

#include <stdbool.h>
#include <stdint.h>

/* Events at once: the VMkernel has a handful of kinds, each at most once. */
#define EVQ_CAPACITY 64u

struct evq_event {
    uint64_t deadline_ns;
    uint64_t seq;  /* given by evq_add(): 1, 2, ...; names the event */
    uint32_t kind; /* the caller's */
    uint32_t pad;
    uint64_t arg; /* the caller's */
};

struct evq {
    uint32_t count;
    uint32_t pad;
    uint64_t last_seq;
    struct evq_event heap[EVQ_CAPACITY];
};

/** Make the queue empty. */
void evq_init(struct evq *q);

/** Add an event. @return its sequence number, or 0 when the queue is full (nothing changed) */
uint64_t evq_add(struct evq *q, uint64_t deadline_ns, uint32_t kind, uint64_t arg);

/** The first event without taking it; NULL when there is none. Valid until the next change. */
const struct evq_event *evq_peek(const struct evq *q);

/** Take the first event if its deadline is not after `now_ns`. @return true and *ret, or false with
 * *ret untouched */
bool evq_take(struct evq *q, uint64_t now_ns, struct evq_event *ret);

/** Take event number `seq` out. @return false when it is not in the queue */
bool evq_cancel(struct evq *q, uint64_t seq);

#endif /* SHARED_EVQ_H */
