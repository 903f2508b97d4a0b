/* fault_clock.h - when a fault is on: the one rule of at, every, times, for, within and hold.
 *
 *                          begins (at, and again each `every`, `times` times in all)
 *     waiting or over  --------------------------------------------------------->  on
 *                      <---------------------------------------------------------
 *                          ends (`for` is over, or `within` and `hold` are)
 *
 * One that STRIKES begins and is never on. One that begins while it is still on (its times overlap)
 * is on anew: its end is that of the last time. A time that `unless` skips changes nothing.
 *
 * Pure: instants in, what happens out. The VMkernel's events, the console's timer, `then` of a
 * scenario and the plan of the next start all step these clocks. A queue steps all clocks of one
 * side in order: at equal instants ends come before beginnings, and within both the plan's order
 * counts. */
#ifndef SHARED_FAULT_CLOCK_H
#define SHARED_FAULT_CLOCK_H

#include "shared/fault.h"

#define FAULT_NEVER UINT64_MAX /* ns */

/* All zero before the first time. Instants and durations in virtual ns. */
struct fault_clock {
    uint32_t times;     /* how often its instant came; those that were skipped count */
    uint32_t on;        /* 0 or 1 */
    uint64_t began_ns;  /* while on */
    uint64_t ends_ns;   /* while on; FAULT_NEVER = never */
    uint64_t before_ns; /* how long it was on before the present time */
};

/** How long `f` is on at a time: 0 = it strikes, FAULT_NEVER = to the end. */
uint64_t fault_length_ns(const struct fault *f);
/** When time number n (from 0) of `f` begins; FAULT_NEVER when it does not come that often. */
uint64_t fault_begins_ns(const struct fault *f, uint32_t n);
/** How many times of `f` begin before that instant. */
uint32_t fault_times_before(const struct fault *f, uint64_t ns);
/** When the last time of `f` is over; FAULT_NEVER when it has no last one, or that has no end. */
uint64_t fault_over_ns(const struct fault *f);

/** When `f` begins or ends next, FAULT_NEVER = never. @param ret_begins whether it begins then */
uint64_t fault_clock_next_ns(const struct fault_clock *c, const struct fault *f, bool *ret_begins);
/** Carry out the next beginning or end. @param prevented `unless` holds: a beginning is skipped
 * @return FAULT_NOTE_BEGINS, _ENDS or _SKIPPED */
enum fault_note_kind fault_clock_step(struct fault_clock *c, const struct fault *f, bool prevented);
/** How long the present time has lasted at `now_ns`; 0 while it is off. */
uint64_t fault_clock_lasts_ns(const struct fault_clock *c, uint64_t now_ns);

struct fault_queue {
    const struct fault *fault; /* of the run, by index; outlives the queue */
    uint64_t ours;             /* bit n: fault[n] is carried out by this side */
    struct fault_clock clock[FAULTS_MAX];
};
struct fault_event {
    uint64_t at_ns;
    uint32_t index; /* of the fault in the run */
    enum fault_note_kind kind;
};
/* Fills in the world in which the `unless` of `f` is judged. */
typedef void fault_look(const struct fault *f, void *context, struct fault_world *ret);

/** Start the clocks of those of fault[0..count) that `side` carries out. */
void fault_queue_init(struct fault_queue *q, const struct fault *fault, uint32_t count,
                      enum fault_side side);
/** When something begins or ends next; FAULT_NEVER = never. */
uint64_t fault_queue_next_ns(const struct fault_queue *q);
/** Carry out the next step that is due at `now_ns`. @param look called for an `unless`; may be NULL
 * when no fault has one. @return false when nothing is due (*ret untouched) */
bool fault_queue_take(struct fault_queue *q, uint64_t now_ns, fault_look *look, void *context,
                      struct fault_event *ret);
/** The first fault of `type` that is on, and whose target is `target` or none; NULL = there is
 * none. @param target NULL = whatever its target */
const struct fault *fault_queue_on(const struct fault_queue *q, uint32_t type, const char *target);

#endif /* SHARED_FAULT_CLOCK_H */
