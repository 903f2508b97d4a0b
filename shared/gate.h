/* gate.h - the baton and the gate: whose turn it is, and what is asked of whom.
 *
 * Exactly one of three parties runs at any time: the one that holds the baton.
 *
 *      VMkernel --grant(now, until)--> COS --reply--> vmnixhbd
 *      VMkernel <--yield(reason, now)- COS <--call--- vmnixhbd
 *
 * A grant lets the COS run its virtual clock from now_ns up to until_ns. It hands the baton back
 * when it gets there or when it has nothing to do before then. While vmnixhbd holds the baton, its
 * user-mode code runs; each of its gate calls is a system call to the COS. Nobody else writes the
 * record that belongs to a direction.
 *
 * The baton is one 32-bit futex word (not private: the memory is shared) with one wake bit per
 * party. Futexes do not notice a death. The VMkernel is the parent of both others; its SIGCHLD
 * handler calls gate_note_life(), which stores the new state and then takes the baton away from the
 * party that can no longer pass it on:
 *      vmnixhbd died or was stopped holding it  -> the COS gets it
 *      the COS died holding it                  -> the VMkernel gets it
 * Whoever passes the baton looks at the taker's state afterwards too (gate_pass), so that a death
 * between look and pass is seen by one of both. A vmnixhbd that goes on after a stop finds the
 * baton gone; its call is posted all the same (call.seq), and the COS answers it when pid 20 runs
 * again.
 *
 * These functions are freestanding (raw system calls, no libc), since `cos` links them.
 */
#ifndef SHARED_GATE_H
#define SHARED_GATE_H

#include <stdbool.h>
#include <stdint.h>

enum gate_party { GATE_VMKERNEL = 0, GATE_COS = 1, GATE_VMNIXHBD = 2, GATE_PARTIES = 3 };
enum gate_life { GATE_ALIVE = 0, GATE_STOPPED = 1, GATE_DEAD = 2 };

/* Interrupts that a grant delivers to the COS (bits of grant.irqs). */
#define GATE_IRQ_HBD_DEAD 0x1u /* vmnixhbd died while it did not hold the baton: end pid 20 now */
#define GATE_IRQ_HBD_STOP 0x2u /* likewise stopped */
#define GATE_IRQ_HBD_CONT 0x4u /* likewise continued */
#define GATE_IRQ_POWER 0x8u    /* the power button: halt */
#define GATE_IRQ_REBOOT 0x10u  /* likewise, and start again */

enum gate_yield {
    GATE_YIELD_NONE = 0,
    GATE_YIELD_END = 1,   /* until_ns reached while a task was running */
    GATE_YIELD_IDLE = 2,  /* until_ns reached, the COS was idle; its next own event is at next_ns */
    GATE_YIELD_PANIC = 3, /* the COS kernel panicked; `text` says why */
    GATE_YIELD_OOPS = 4,  /* the COS kernel oopsed with panic_on_oops; `text` says where */
    GATE_YIELD_BUG = 5,   /* an assertion of the model failed: our bug, never a simulated failure */
    GATE_YIELD_CALL = 6,  /* before until_ns: the VMkernel is to look at once (doorbell, vmnix.h) */
    GATE_YIELD_HALT = 7,  /* the COS has shut down: power off */
    GATE_YIELD_REBOOT = 8, /* the COS has shut down: start again */
};

/* System calls of vmnixhbd (call.nr). Unknown numbers get -38 (ENOSYS). */
enum gate_call_nr {
    /* arg[0]: sleep until this instant (ns); arg[1]: 1 = ring the doorbell first. -> 0 */
    GATE_CALL_WAIT = 1,
    /* arg[0]: length, one page. One anonymous page, made present (GFP_HIGHUSER 0x1d2) and pinned
     * until it is freed. -> its physical address in COS RAM, or -12 (ENOMEM) */
    GATE_CALL_PAGE_ALLOC = 2,
    /* arg[0]: physical address from PAGE_ALLOC; arg[1]: length. -> 0 or -22 (EINVAL) */
    GATE_CALL_PAGE_FREE = 3,
    /* arg[0]: exit status; does not return */
    GATE_CALL_EXIT = 4,
    /* text: one line for syslogd as vmnixhbd[20]. -> 0 */
    GATE_CALL_SYSLOG = 5,
};
#define GATE_TEXT_MAX 128u

struct gate {
    uint32_t baton; /* enum gate_party; the futex word */
    uint32_t pad0[15];
    uint32_t
        life[GATE_PARTIES]; /* enum gate_life; written by the VMkernel's SIGCHLD handler only */
    uint32_t pad1[13];
    struct gate_grant {     /* VMkernel -> COS */
        uint64_t now_ns;    /* virtual ns since VMkernel boot */
        uint64_t until_ns;  /* >= now_ns */
        uint32_t irqs;      /* GATE_IRQ_* */
        uint32_t attention; /* 1 = hand the baton back at each doorbell (GATE_YIELD_CALL) */
        uint32_t pad[2];
    } grant;
    struct gate_return {    /* COS -> VMkernel */
        uint64_t now_ns;    /* where the COS's clock stands; grant.now_ns <= it <= until_ns, or the
                               VMkernel clamps */
        uint64_t next_ns;   /* GATE_YIELD_IDLE: next event of the COS, UINT64_MAX if none */
        uint32_t reason;    /* enum gate_yield */
        uint32_t doorbells; /* free-running count of beats announced */
        uint64_t hbd_event_ns; /* when the COS met a dead/stopped vmnixhbd at the gate by itself; 0
                                  = never */
        uint32_t hbd_event;    /* enum gate_life met then */
        uint32_t pad;
        char text[GATE_TEXT_MAX]; /* reason of PANIC, OOPS, BUG; not trusted to be terminated */
    } yield;
    struct gate_call { /* vmnixhbd -> COS */
        uint32_t seq;  /* +1 per call, written last */
        uint32_t nr;   /* enum gate_call_nr */
        uint64_t arg[4];
        char text[GATE_TEXT_MAX];
    } call;
    struct gate_reply { /* COS -> vmnixhbd */
        uint32_t seq;   /* of the call that is answered; 0 = "start": the first turn of vmnixhbd */
        uint32_t pad;
        int64_t ret;
        uint64_t now_ns; /* virtual time at the return to user mode */
    } reply;
};
_Static_assert(sizeof(struct gate) <= 4096, "the gate is one page");

/** True when `me` holds the baton. Never blocks. */
bool gate_holds(const struct gate *g, enum gate_party me);

/** Give the baton to `to` and wake it. Must be called by the holder `me`. If `to` turns out to be
 * dead or stopped the baton is taken back. @return 0 when passed, 1 when it was taken back (then
 * `me` still holds it). The VMkernel as taker always counts as alive. */
int gate_pass(struct gate *g, enum gate_party me, enum gate_party to);

/** Like gate_pass from vmnixhbd to the COS, but harmless when the baton was taken away meanwhile
 * (after SIGSTOP). */
void gate_pass_if_held(struct gate *g, enum gate_party me, enum gate_party to);

/** Sleep until `me` holds the baton. timeout_ns of wall time, 0 = for ever.
 *  @return 0 held; 1 timed out; 2 interrupted by a signal (look around and call again). */
int gate_wait(struct gate *g, enum gate_party me, uint64_t timeout_ns);

/** From the SIGCHLD handler (async-signal-safe): `who` is now `life`; moves the baton as told
 * above. */
void gate_note_life(struct gate *g, enum gate_party who, enum gate_life life);

#endif /* SHARED_GATE_H */
