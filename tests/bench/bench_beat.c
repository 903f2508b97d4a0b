/* bench_beat.c - what a beat costs against the bare hand-overs that it needs.
 *
 * A beat needs eight hand-overs: the VMkernel grants time to the COS, vmnixhbd makes three calls
 * (alloc, free, wait), and the COS yields.
 *
 *     VMkernel -> COS ->  vmnixhbd -> COS ->  vmnixhbd -> COS ->  vmnixhbd -> COS -> VMkernel
 *                         (alloc)             (free)              (wait)
 *
 * Both sides run on one core, as the VMkernel pins them:
 *     beat   the real vmnixhbd; the COS and the VMkernel are stand-ins that do nothing but answer
 * (tests/lib/hbd_host.h) bare   three processes that wake each other in the same order by futexes,
 * and do nothing else They are measured in turns, and the median of the rounds counts. The goal is
 * a ratio of no more than 2.5 (issue of the pair). */
#include <errno.h>
#include <inttypes.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/lib/hbd_host.h"

#define ROUNDS 9u
#define BEATS 4000u /* per round; 4,000 beats of 8 hand-overs at 3.4 us are a tenth of a second */
#define HAND_OVERS 8u
#define RATIO_GOAL_PERCENT 250u

static uint64_t wall_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void pin(void)
{
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET((size_t)sched_getcpu(), &one);
    if (sched_setaffinity(0, sizeof one, &one) != 0)
        fprintf(stderr, "bench_beat: not pinned: %s\n", strerror(errno));
}

static pid_t start(void (*body)(void *), void *context)
{
    const pid_t pid = fork();
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)signal(SIGCHLD, SIG_DFL);
        body(context);
        _exit(0);
    }
    if (pid < 0)
        exit(99);
    return pid;
}

static void end(pid_t pid)
{
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
}

/* --- bare --- */

struct bare {
    uint32_t turn[GATE_PARTIES][16]; /* a cache line each; 1 = go */
};

static void bare_pass(struct bare *b, enum gate_party to)
{
    __atomic_store_n(&b->turn[to][0], 1, __ATOMIC_SEQ_CST);
    (void)syscall(SYS_futex, &b->turn[to][0], FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void bare_wait(struct bare *b, enum gate_party me)
{
    while (__atomic_load_n(&b->turn[me][0], __ATOMIC_SEQ_CST) == 0)
        (void)syscall(SYS_futex, &b->turn[me][0], FUTEX_WAIT, 0, NULL, NULL, 0);
    __atomic_store_n(&b->turn[me][0], 0, __ATOMIC_SEQ_CST);
}

static void bare_cos(void *context)
{
    for (;;) {
        bare_wait(context, GATE_COS);
        for (unsigned call = 0; call < 3; call++) {
            bare_pass(context, GATE_VMNIXHBD);
            bare_wait(context, GATE_COS);
        }
        bare_pass(context, GATE_VMKERNEL);
    }
}

static void bare_hbd(void *context)
{
    for (;;) {
        bare_wait(context, GATE_VMNIXHBD);
        bare_pass(context, GATE_COS);
    }
}

static uint64_t bare_round(struct bare *b)
{
    const uint64_t from_ns = wall_ns();
    for (unsigned beat = 0; beat < BEATS; beat++) {
        bare_pass(b, GATE_COS);
        bare_wait(b, GATE_VMKERNEL);
    }
    return wall_ns() - from_ns;
}

/* --- beat --- */

static void beat_cos(void *context)
{
    struct hbd_host *h = context;
    for (;;) {
        while (gate_wait(h->gate, GATE_COS, 0) != 0)
            ;
        if (hbd_host_run(h, 1) != 0)
            _exit(1);
        (void)gate_pass(h->gate, GATE_COS, GATE_VMKERNEL);
    }
}

static uint64_t beat_round(struct hbd_host *h)
{
    const uint64_t from_ns = wall_ns();
    for (unsigned beat = 0; beat < BEATS; beat++) {
        (void)gate_pass(h->gate, GATE_VMKERNEL, GATE_COS);
        while (gate_wait(h->gate, GATE_VMKERNEL, 0) != 0)
            ;
    }
    return wall_ns() - from_ns;
}

/* --- report --- */

static int by_size(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static uint64_t median_per_beat_ns(uint64_t *rounds)
{
    qsort(rounds, ROUNDS, sizeof rounds[0], by_size);
    return rounds[ROUNDS / 2] / BEATS;
}

int main(void)
{
    static struct hbd_host host;
    uint64_t beat_ns[ROUNDS], bare_ns[ROUNDS];

    pin();
    struct bare *bare =
        mmap(NULL, sizeof *bare, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (bare == MAP_FAILED)
        return 99;
    hbd_host_init(&host, 32, HBD_HOST_INTERVAL_NS);
    host.patient = true;
    host.gate->baton = GATE_VMKERNEL;
    hbd_host_spawn(&host, hbd_host_program(), NULL);
    const pid_t cos = start(beat_cos, &host);
    const pid_t bare_pids[] = { start(bare_cos, bare), start(bare_hbd, bare) };

    for (unsigned round = 0; round < ROUNDS; round++) {
        beat_ns[round] = beat_round(&host);
        bare_ns[round] = bare_round(bare);
    }
    const uint64_t beats = host.ring->head;
    end(cos);
    end(bare_pids[0]);
    end(bare_pids[1]);
    hbd_host_fini(&host);
    if (beats < ROUNDS * BEATS) {
        fprintf(stderr, "bench_beat: only %" PRIu64 " beats came\n", beats);
        return 1;
    }

    const uint64_t beat = median_per_beat_ns(beat_ns), floor_ns = median_per_beat_ns(bare_ns);
    const uint64_t percent = beat * 100 / floor_ns;
    printf("beat: %" PRIu64 " ns each; %u bare hand-overs: %" PRIu64 " ns; ratio %" PRIu64
           ".%02" PRIu64 " (goal: at most %u.%02u)\n",
           beat, HAND_OVERS, floor_ns, percent / 100, percent % 100, RATIO_GOAL_PERCENT / 100,
           RATIO_GOAL_PERCENT % 100);
    return 0;
}
