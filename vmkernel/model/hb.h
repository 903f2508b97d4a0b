/* hb.h - heartbeat watchdog: decides when the service console is lost, remembers the last beats.
 *
 * A pure state machine: no I/O, no clock, no allocation. The caller feeds it events in the order of
 * virtual time and carries out the actions.
 *
 *     ARMED --(check with t == to-1)--> LATE --(check with t >= to)--> EXPIRED   (absorbing)
 *       ^-------------beat---------------'
 *
 * Checks come once a minute: check number k is due at armed_ns + k minutes and is carried out up to
 * 10 ms later (timer latency, a pure function of the seed and k: hb_check_ns). `t` counts the whole
 * minutes from the last beat to the instant at which the check was due, so it goes up by one from
 * check to check.
 *
 * A check can do something only at t >= to-1. So the caller need not wake for the others:
 * hb_next_check() tells the first check that could act if no further beat came. Beats that arrive
 * meanwhile only move it away; that is why skipping is the same as looking each minute.
 *
 * Sources (docs/sources.md):
 *   [KB308590/Resolution] the timeout is 30 minutes and not configurable. It is a constant here
 *                         and nothing else: no option, variable or file.
 *   [KB308590/Screen]     "t=29 to=30", then "t=30 to=30" 59.994 s later. That t counts whole
 *                         minutes is INFERRED from this; the latency is OUR CHOICE. */
#ifndef VMK_HB_H
#define VMK_HB_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/units.h"

#define HB_TIMEOUT_MIN \
    30u /* minutes [KB308590/Resolution]; a check each minute [KB308590/Screen] */
#define HB_LATENCY_MAX_NS (10 * NS_PER_MS) /* a check is less than this late: OUR CHOICE */
#define HB_HISTORY 64u /* beats that are remembered for the dump: OUR CHOICE, a ring's worth */

#define HB_STATE_LIST(X) X(HB_ARMED, "armed") X(HB_LATE, "late") X(HB_EXPIRED, "expired")
#define HB_STATE_ENUM(state, name) state,
enum hb_state { HB_STATE_LIST(HB_STATE_ENUM) HB_STATES };
#undef HB_STATE_ENUM

enum hb_event_type { HB_EV_CHECK, HB_EV_BEAT };

struct hb_beat {
    uint64_t seq;
    uint64_t beat_ns;    /* when it was put into the ring, ns since VMkernel boot */
    uint64_t latency_ns; /* how late it was, as vmnixhbd says */
    uint32_t gap;        /* beats missing before it */
    uint32_t pad;
};

struct hb_event {
    uint64_t now_ns; /* never decreases */
    enum hb_event_type type;
    struct hb_beat beat; /* HB_EV_BEAT: seq increases; now_ns counts, not beat_ns */
};

/* What the caller must do after hb_step(). All fields are always set. */
struct hb_actions {
    bool alert;       /* log the "Lost heartbeat" line */
    bool stun_cos;    /* stop the console world and start the dump sequence; at most once */
    uint32_t age_min; /* "t=" of that line */
};

struct hb {
    uint64_t root; /* of the latencies */
    uint64_t armed_ns;
    uint64_t last_event_ns;
    uint64_t last_beat_ns;
    uint64_t last_seq;
    uint64_t last_check; /* number of the last check that was carried out, not skipped */
    uint64_t beats;
    uint64_t alerts;
    enum hb_state state;
    struct hb_beat history[HB_HISTORY]; /* beat number n, from 0, at n % HB_HISTORY */
};

/** Arm the watchdog. `now_ns` counts as a beat, so a COS that never starts expires 30 minutes
 * later. */
void hb_init(struct hb *hb, uint64_t seed, uint64_t now_ns);

/**
 * Advance by one event.
 * @param ret [out] actions; untouched on failure
 * @return 0, ERR_ORDER when the event is earlier than the one before it, ERR_PROTOCOL for a beat
 * whose sequence number does not advance; *hb is then unchanged
 * A beat before the expiring check wins, however late it is. Beats after EXPIRED are accepted and
 * ignored: a stunned COS cannot be revived.
 */
int hb_step(struct hb *hb, const struct hb_event *event, struct hb_actions *ret);

/** Instant at which check number `check` (from 1) is carried out. Strictly increasing. */
uint64_t hb_check_ns(const struct hb *hb, uint64_t check);

/** The first check that could act if no further beat came, and has not been carried out yet. Never
 * 0. */
uint64_t hb_next_check(const struct hb *hb);

/** A new generation of beats: sequence numbers start again. The age of the last beat stays. */
void hb_new_generation(struct hb *hb);

/** "armed" and so on; "?" for no state. */
const char *hb_state_name(enum hb_state state);

/** Beat number i from the oldest that is remembered, i < hb_history_count(). */
const struct hb_beat *hb_history_at(const struct hb *hb, uint32_t i);
uint32_t hb_history_count(const struct hb *hb);

#endif /* VMK_HB_H */
