/* test_gate.c - the baton: one holder at a time, and none is lost with a party that dies or stops.
 * Processes are real. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/gate.h"
#include "shared/units.h"

#define DEADLINE_NS (10 * NS_PER_S)
#define LAPS 3000u

struct fixture {
    struct gate *gate;
    uint32_t *turns;  /* how many turns were had; only the holder writes */
    uint32_t *inside; /* 1 while somebody has a turn */
    pid_t pid[GATE_PARTIES];
};
static struct fixture fix;

static int setup(void **state)
{
    memset(&fix, 0, sizeof fix);
    uint8_t *shared = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return -1;
    fix.gate = (struct gate *)shared;
    fix.turns = (uint32_t *)(shared + 4096);
    fix.inside = fix.turns + 16;
    *state = &fix;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    (void)signal(SIGCHLD, SIG_DFL);
    for (unsigned i = 0; i < GATE_PARTIES; i++) {
        if (f->pid[i] != 0) {
            (void)kill(f->pid[i], SIGKILL);
            (void)waitpid(f->pid[i], NULL, 0);
        }
    }
    return munmap(f->gate, 8192);
}

static bool holds_soon(struct fixture *f, enum gate_party who)
{
    int got;
    while ((got = gate_wait(f->gate, who, DEADLINE_NS)) == 2)
        ;
    return got == 0;
}

/* As the VMkernel's handler. */
static void on_child(int number)
{
    const int saved = errno;
    (void)number;
    for (unsigned i = 1; i < GATE_PARTIES; i++) {
        int status;
        if (fix.pid[i] == 0 || waitpid(fix.pid[i], &status, WNOHANG | WUNTRACED | WCONTINUED) <= 0)
            continue;
        const enum gate_life life = WIFSTOPPED(status)     ? GATE_STOPPED
                                    : WIFCONTINUED(status) ? GATE_ALIVE
                                                           : GATE_DEAD;
        gate_note_life(fix.gate, (enum gate_party)i, life);
        if (life == GATE_DEAD)
            fix.pid[i] = 0;
    }
    errno = saved;
}

static void watch_children(void)
{
    struct sigaction action = { .sa_handler = on_child };
    (void)sigaction(SIGCHLD, &action, NULL);
}

static void start(struct fixture *f, enum gate_party who, void (*body)(struct fixture *f))
{
    sigset_t block, old;
    (void)sigemptyset(&block);
    (void)sigaddset(&block, SIGCHLD);
    (void)sigprocmask(SIG_BLOCK, &block, &old);
    const pid_t pid = fork();
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)signal(SIGCHLD, SIG_DFL);
        (void)sigprocmask(SIG_SETMASK, &old, NULL);
        body(f);
        _exit(0);
    }
    f->pid[who] = pid;
    (void)sigprocmask(SIG_SETMASK, &old, NULL);
    assert_true(pid > 0);
}

/* One turn: nobody else may be inside. @return false when somebody was */
static bool turn(struct fixture *f)
{
    if (__atomic_exchange_n(f->inside, 1, __ATOMIC_SEQ_CST) != 0)
        return false;
    (*f->turns)++;
    __atomic_store_n(f->inside, 0, __ATOMIC_SEQ_CST);
    return true;
}

static void relay(struct fixture *f, enum gate_party me, enum gate_party next)
{
    for (unsigned lap = 0; lap < LAPS; lap++) {
        if (!holds_soon(f, me) || !turn(f))
            _exit(1);
        (void)gate_pass(f->gate, me, next);
    }
}

static void relay_cos(struct fixture *f)
{
    relay(f, GATE_COS, GATE_VMNIXHBD);
}

static void relay_hbd(struct fixture *f)
{
    relay(f, GATE_VMNIXHBD, GATE_VMKERNEL);
}

static void hold_for_ever(struct fixture *f)
{
    (void)f;
    for (;;)
        (void)pause();
}

static void hold_baton_then_die(struct fixture *f)
{
    (void)holds_soon(f, GATE_COS);
    _exit(0);
}

/* --- one holder --- */

static void test_gate_wait_times_out(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(gate_wait(f->gate, GATE_COS, 1000), 1);
    assert_int_equal(gate_wait(f->gate, GATE_VMKERNEL, 1000), 0);
}

static void test_gate_pass_if_held_moves_only_its_own_baton(void **state)
{
    struct fixture *f = *state;
    gate_pass_if_held(f->gate, GATE_VMNIXHBD, GATE_COS);
    assert_true(gate_holds(f->gate, GATE_VMKERNEL));
    f->gate->baton = GATE_VMNIXHBD;
    gate_pass_if_held(f->gate, GATE_VMNIXHBD, GATE_COS);
    assert_true(gate_holds(f->gate, GATE_COS));
}

static void test_gate_three_processes_never_run_together(void **state)
{
    struct fixture *f = *state;
    start(f, GATE_COS, relay_cos);
    start(f, GATE_VMNIXHBD, relay_hbd);
    for (unsigned lap = 0; lap < LAPS; lap++) {
        assert_true(holds_soon(f, GATE_VMKERNEL));
        assert_true(turn(f));
        assert_int_equal(gate_pass(f->gate, GATE_VMKERNEL, GATE_COS), 0);
    }
    assert_true(holds_soon(f, GATE_VMKERNEL));
    assert_int_equal(*f->turns, 3 * LAPS);
}

static void interrupt(int number)
{
    (void)number;
}

static void test_gate_wait_tells_of_a_signal(void **state)
{
    struct fixture *f = *state;
    struct sigaction action = { .sa_handler = interrupt };
    (void)sigaction(SIGALRM, &action, NULL);
    /* Again and again, since the first may come before the wait. */
    const struct itimerval often = { { 0, 5000 }, { 0, 5000 } }, never = { { 0, 0 }, { 0, 0 } };
    (void)setitimer(ITIMER_REAL, &often, NULL);
    const int got = gate_wait(f->gate, GATE_COS, DEADLINE_NS);
    (void)setitimer(ITIMER_REAL, &never, NULL);
    assert_int_equal(got, 2);
}

/* --- death and stop --- */

static void test_gate_dead_taker_gives_the_baton_back(void **state)
{
    struct fixture *f = *state;
    gate_note_life(f->gate, GATE_COS, GATE_DEAD);
    assert_int_equal(gate_pass(f->gate, GATE_VMKERNEL, GATE_COS), 1);
    assert_true(gate_holds(f->gate, GATE_VMKERNEL));
}

static void test_gate_stopped_taker_gives_the_baton_back(void **state)
{
    struct fixture *f = *state;
    f->gate->baton = GATE_COS;
    gate_note_life(f->gate, GATE_VMNIXHBD, GATE_STOPPED);
    assert_int_equal(gate_pass(f->gate, GATE_COS, GATE_VMNIXHBD), 1);
    assert_true(gate_holds(f->gate, GATE_COS));
    gate_note_life(f->gate, GATE_VMNIXHBD, GATE_ALIVE);
    assert_int_equal(gate_pass(f->gate, GATE_COS, GATE_VMNIXHBD), 0);
}

static void test_gate_holder_that_dies_loses_it_to_its_heir(void **state)
{
    struct fixture *f = *state;
    f->gate->baton = GATE_VMNIXHBD;
    gate_note_life(f->gate, GATE_VMNIXHBD, GATE_DEAD);
    assert_true(gate_holds(f->gate, GATE_COS));
    gate_note_life(f->gate, GATE_COS, GATE_DEAD);
    assert_true(gate_holds(f->gate, GATE_VMKERNEL));
}

static void test_gate_death_of_who_does_not_hold_moves_nothing(void **state)
{
    struct fixture *f = *state;
    gate_note_life(f->gate, GATE_COS, GATE_DEAD);
    gate_note_life(f->gate, GATE_VMNIXHBD, GATE_STOPPED);
    assert_true(gate_holds(f->gate, GATE_VMKERNEL));
}

/* The waiter sleeps in the futex while the holder dies at some instant around the pass. */
static void test_gate_holder_killed_at_any_instant_wakes_the_vmkernel(void **state)
{
    struct fixture *f = *state;
    watch_children();
    for (unsigned i = 0; i < 200; i++) {
        f->gate->life[GATE_COS] = GATE_ALIVE;
        start(f, GATE_COS, i % 2 == 0 ? hold_baton_then_die : hold_for_ever);
        (void)gate_pass(f->gate, GATE_VMKERNEL, GATE_COS);
        for (volatile unsigned spin = 0; spin < i * 300; spin++)
            ;
        const pid_t pid = f->pid[GATE_COS];
        if (pid != 0)
            (void)kill(pid, SIGKILL);
        assert_true(holds_soon(f, GATE_VMKERNEL));
        while (f->gate->life[GATE_COS] != GATE_DEAD)
            (void)gate_wait(f->gate, GATE_COS, 1000000);
        f->gate->baton = GATE_VMKERNEL;
    }
}

static void test_gate_stopped_holder_loses_it_and_goes_on_without_harm(void **state)
{
    struct fixture *f = *state;
    watch_children();
    f->gate->baton = GATE_VMNIXHBD;
    start(f, GATE_VMNIXHBD, hold_for_ever);
    (void)kill(f->pid[GATE_VMNIXHBD], SIGSTOP);
    assert_true(holds_soon(f, GATE_COS));
    assert_int_equal(f->gate->life[GATE_VMNIXHBD], GATE_STOPPED);
    (void)kill(f->pid[GATE_VMNIXHBD], SIGCONT);
    while (__atomic_load_n(&f->gate->life[GATE_VMNIXHBD], __ATOMIC_SEQ_CST) != GATE_ALIVE)
        (void)gate_wait(f->gate, GATE_VMKERNEL, 1000000);
    assert_true(gate_holds(f->gate, GATE_COS));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_gate_wait_times_out),
        T(test_gate_pass_if_held_moves_only_its_own_baton),
        T(test_gate_three_processes_never_run_together),
        T(test_gate_wait_tells_of_a_signal),
        T(test_gate_dead_taker_gives_the_baton_back),
        T(test_gate_stopped_taker_gives_the_baton_back),
        T(test_gate_holder_that_dies_loses_it_to_its_heir),
        T(test_gate_death_of_who_does_not_hold_moves_nothing),
        T(test_gate_holder_killed_at_any_instant_wakes_the_vmkernel),
        T(test_gate_stopped_holder_loses_it_and_goes_on_without_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
