/* hbd.h - vmnixhbd, the heartbeat daemon of the service console: what its parts share.
 *
 * A real process. To the COS it is an ordinary user process (pid 20) whose system calls come
 * through the gate (shared/gate.h):
 *
 *     main.c    looks at its surroundings, owns the signals (libevent), runs the loop
 *     call.c    one system call: post it, hand the baton to the COS, sleep until it is answered
 *     arena.c   jemalloc arena whose extents are pages of the COS: extent hooks are system calls
 *     beat.c    one beat: allocate a page, write it, check it, free it; then tell the ring
 *
 * It knows no other clock than the virtual time in each answer, and reads no file, no environment
 * and no host name, so that every byte that it writes into the machine memory follows from what the
 * COS answered.
 *
 * Per beat it makes three calls, six hand-overs: WAIT (which also rings the doorbell for the last
 * beat), PAGE_ALLOC, PAGE_FREE; and no system call of the host but the two futex calls in each.
 *
 * Sources: [KB308590] "heartbeats the VMkernel as long as it is able to allocate and free a page of
 * memory". All else OUR CHOICE. */
#ifndef COS_VMNIXHBD_HBD_H
#define COS_VMNIXHBD_HBD_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/gate.h"
#include "shared/machine.h"
#include "shared/ring.h"

/* Exit statuses. */
enum hbd_exit {
    HBD_EXIT_TERMINATED = 0,   /* SIGTERM or SIGINT */
    HBD_EXIT_SURROUNDINGS = 2, /* not started as a VMkernel starts it; nothing was touched */
    HBD_EXIT_GATE = 3,         /* the COS answers calls that were not made */
};

/* --- call.c --- */

struct hbd_call {
    struct gate *gate;
    uint32_t seq;            /* of the last call posted */
    uint64_t now_ns;         /* virtual time at the last answer */
    uint64_t calls;          /* made so far */
    void (*on_signal)(void); /* called whenever a signal interrupted the wait; may not return */
};

/** Wait for the first turn (answer number 0). */
void hbd_call_start(struct hbd_call *c, struct gate *gate, void (*on_signal)(void));
/** Make the call `nr` and return its result (negative: -errno). c->now_ns is then the time of the
 * answer. Exits with HBD_EXIT_GATE when the COS keeps answering something else. */
int64_t hbd_call(struct hbd_call *c, enum gate_call_nr nr, uint64_t arg0, uint64_t arg1);
/** Send one line to the COS's syslog. Cut to GATE_TEXT_MAX - 1 bytes. */
void hbd_call_syslog(struct hbd_call *c, const char *line);
/** End the process: by a call when it is our turn, else by just dying, which the VMkernel sees.
 * `why` goes to stderr. */
_Noreturn void hbd_quit(struct hbd_call *c, enum hbd_exit status, const char *why);

/* --- arena.c --- */

struct hbd_arena {
    struct hbd_call *call;
    uint8_t *ram; /* COS RAM in our address space */
    uint64_t ram_bytes;
    int flags; /* for mallocx and dallocx */
    /* what the hooks did since hbd_arena_reset() */
    unsigned allocs;     /* calls of the alloc hook */
    unsigned frees;      /* calls of the dalloc hook */
    unsigned others;     /* calls of another size or another hook: options are not as thought */
    uint64_t physical;   /* address that the last PAGE_ALLOC returned */
    int64_t alloc_error; /* 0, PAGE_ALLOC's result, or -EFAULT: its address is no page of the RAM */
    int64_t free_error;  /* 0, or the last PAGE_FREE's result */
};

/** Check jemalloc's options and make the arena. @return 0; -1 with one line in err */
int hbd_arena_init(struct hbd_arena *a, struct hbd_call *call, uint8_t *ram, uint64_t ram_bytes,
                   char *err, unsigned err_size);
/** Forget what the hooks did. */
void hbd_arena_reset(struct hbd_arena *a);
/** One page of the COS, or NULL. */
void *hbd_arena_page_alloc(struct hbd_arena *a);
void hbd_arena_page_free(struct hbd_arena *a, void *page);

/* --- beat.c --- */

/* How an attempt ended: value, text for syslog. A beat goes out for the first alone. */
#define HBD_OUTCOME_LIST(X)                                                               \
    X(HBD_BEAT, "memory is back; heartbeats resume")                                      \
    X(HBD_NO_PAGE, "no page of memory to be had; no heartbeat")                           \
    X(HBD_BAD_PAGE, "a page of memory did not keep what was written to it; no heartbeat") \
    X(HBD_NOT_FREED, "a page of memory could not be given back; no heartbeat")            \
    X(HBD_NOT_ASKED, "the allocator did not ask the kernel for the page; no heartbeat")
#define HBD_OUTCOME_ENUM(value, text) value,
enum hbd_outcome { HBD_OUTCOME_LIST(HBD_OUTCOME_ENUM) HBD_OUTCOMES };
#undef HBD_OUTCOME_ENUM

struct hbd_beater {
    struct hbd_call *call;
    struct hbd_arena *arena;
    struct ring_producer ring;
    uint64_t interval_ns;
    uint64_t grid_ns;      /* the first beat's time: beats are due at grid_ns + k * interval_ns */
    uint64_t due_ns;       /* of the attempt at hand: its latency counts from here */
    enum hbd_outcome last; /* of the last attempt */
    uint64_t counts[HBD_OUTCOMES];
};

/** The first attempt is due now (call->now_ns), and one every interval_ns after it. */
void hbd_beater_init(struct hbd_beater *b, struct hbd_call *call, struct hbd_arena *arena,
                     struct ring *ring, uint32_t generation, uint64_t interval_ns);
/** One attempt, and the sleep until the next is due. */
void hbd_beater_step(struct hbd_beater *b);
/** The first instant of the grid after now_ns. Attempts that were missed are not made up for. */
uint64_t hbd_beater_due_ns(const struct hbd_beater *b, uint64_t now_ns);

#endif /* COS_VMNIXHBD_HBD_H */
