/* pace.h - holds the virtual clock back to the wall clock's pace.
 *
 *     virtual   never waits
 *     real      one virtual second per second
 *     xN        N virtual seconds per second
 *
 * Pacing decides when something happens to the reader, never what happens: events have their order
 * from the event queue, and how long the grants are leaves no trace in an artefact. libevent does
 * the waiting, for the sake of what else is to be served meanwhile (a child's signal; later a
 * control socket). */
#ifndef VMK_PACE_H
#define VMK_PACE_H

#include <stdbool.h>
#include <stdint.h>

#define PACE_FACTOR_MAX 1000000000u

struct event;
struct event_base;

struct pace {
    uint64_t factor;        /* virtual ns per wall ns; 0 = virtual */
    uint64_t start_wall_ns; /* wall time of virtual 0 */
    struct event_base *base;
    struct event *timer;
    struct event *child;
    bool child_changed; /* since the wait began */
};

/** Read "virtual", "real" or "xN". @return 0 and the factor, or -1 with *ret untouched */
int pace_parse(const char *text, uint64_t *ret_factor);

/** Start the clock at virtual time 0. @param child_fd readable when a child changed. @return 0 or
 * -1 */
int pace_init(struct pace *pace, uint64_t factor, int child_fd);
void pace_fini(struct pace *pace);

/** The longest grant: one virtual second or 10 ms of wall time, whichever is longer; UINT64_MAX
 * when nothing waits. OUR CHOICE: the live view is then never further than that from the truth, and
 * hand-overs stay cheap. */
uint64_t pace_quantum_ns(const struct pace *pace);

/** Sleep until the wall clock has reached virtual time `now_ns`. @return true when it has; false
 * when a child changed before (call again) */
bool pace_wait(struct pace *pace, uint64_t now_ns);

/** Monotonic wall time, ns. For pacing, supervision and progress; nothing of a simulation may
 * depend on it. */
uint64_t pace_wall_ns(void);

#endif /* VMK_PACE_H */
