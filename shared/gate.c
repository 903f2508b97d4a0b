/* gate.c - see gate.h. All words are read and written with seq_cst atomics: the cost is one locked
 * instruction per hand-over of several microseconds, and the two-word argument in gate_pass() needs
 * the total order. */
#include "shared/gate.h"

#include <stddef.h>

#include "shared/rawsys.h"
#include "shared/units.h"

#define FUTEX_WAIT_BITSET 9
#define FUTEX_WAKE_BITSET 10
#define EINTR_RAW (-4)
#define ETIMEDOUT_RAW (-110)

static uint32_t load(const uint32_t *word)
{
    return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

static bool swap_if(uint32_t *word, uint32_t from, uint32_t to)
{
    return __atomic_compare_exchange_n(word, &from, to, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static void wake(struct gate *g, enum gate_party who)
{
    (void)rawsys6(RAWSYS_futex, (long)(uintptr_t)&g->baton, FUTEX_WAKE_BITSET, 1, 0, 0, 1L << who);
}

bool gate_holds(const struct gate *g, enum gate_party me)
{
    return load(&g->baton) == (uint32_t)me;
}

int gate_pass(struct gate *g, enum gate_party me, enum gate_party to)
{
    __atomic_store_n(&g->baton, (uint32_t)to, __ATOMIC_SEQ_CST);
    /* The handler stores life, then looks at the baton; we store the baton, then look at life. One
     * of both sees the other. */
    if (to != GATE_VMKERNEL && load(&g->life[to]) != GATE_ALIVE && swap_if(&g->baton, to, me))
        return 1;
    wake(g, to);
    return 0;
}

void gate_pass_if_held(struct gate *g, enum gate_party me, enum gate_party to)
{
    if (swap_if(&g->baton, me, to))
        wake(g, to);
}

int gate_wait(struct gate *g, enum gate_party me, uint64_t timeout_ns)
{
    /* FUTEX_WAIT_BITSET takes an absolute CLOCK_MONOTONIC time. This is pacing and supervision,
     * never simulation. */
    struct rawsys_timespec end = { 0, 0 };
    if (timeout_ns != 0) {
        (void)rawsys6(RAWSYS_clock_gettime, 1, (long)(uintptr_t)&end, 0, 0, 0, 0);
        const uint64_t ns = (uint64_t)end.nsec + timeout_ns % NS_PER_S;
        end.sec += (int64_t)(timeout_ns / NS_PER_S + ns / NS_PER_S);
        end.nsec = (int64_t)(ns % NS_PER_S);
    }
    for (;;) {
        const uint32_t seen = load(&g->baton);
        if (seen == (uint32_t)me)
            return 0;
        const long got =
            rawsys6(RAWSYS_futex, (long)(uintptr_t)&g->baton, FUTEX_WAIT_BITSET, (long)seen,
                    timeout_ns != 0 ? (long)(uintptr_t)&end : 0, 0, 1L << me);
        if (got == ETIMEDOUT_RAW)
            return gate_holds(g, me) ? 0 : 1;
        if (got == EINTR_RAW)
            return gate_holds(g, me) ? 0 : 2;
    }
}

void gate_note_life(struct gate *g, enum gate_party who, enum gate_life life)
{
    __atomic_store_n(&g->life[who], (uint32_t)life, __ATOMIC_SEQ_CST);
    if (life == GATE_ALIVE)
        return;
    const enum gate_party heir = who == GATE_VMNIXHBD ? GATE_COS : GATE_VMKERNEL;
    if (swap_if(&g->baton, who, heir))
        wake(g, heir);
}
