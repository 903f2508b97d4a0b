/* console.c - see console.h. */
#include "vmkernel/run/console.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/evq.h"
#include "shared/progress.h"
#include "shared/units.h"
#include "vmkernel/host/vmk.h"
#include "vmkernel/calls/rpc.h"
#include "vmkernel/run/children.h"
#include "vmkernel/run/glance.h"
#include "vmkernel/dump/dump.h"
#include "vmkernel/host/hostdir.h"
#include "vmkernel/dump/storeio.h"
#include "vmkernel/run/inject.h"

#define SLICE_WALL_NS (250 * NS_PER_MS)    /* how often a waiting VMkernel looks around */
#define PROGRESS_WALL_NS (100 * NS_PER_MS) /* distance of two progress lines */
#define BEATS_PER_GRANT 48u /* of 63 that the ring keeps: vmnixhbd may be a little fast */
#define CALM_LATENCY_NS \
    (20 * NS_PER_MS) /* a beat that is later tells of page-ins or reclaim. OUR CHOICE */
/* Longer than the 60 s between beats: a grant of just 60 s that begins at a beat ends at one, when
 * a task runs and memory looks short, and so would each one after it. */
#define PRESSED_GRANT_NS (61 * NS_PER_S)
#define STARVED_WARN_NS (5 * NS_PER_MIN) /* a warning each five minutes. OUR CHOICE */
#define LATE_BEATS_MAX 128u              /* under way because of ring-delay */
#define STUCK_GRANTS_MAX 1000u           /* grants in a row that moved no clock. OUR CHOICE */

enum event_kind {
    EV_COS_START,
    EV_VM_START,
    EV_FAULT,
    EV_BEAT,
    EV_STARVED,
    EV_OPEN_CALL,
    EV_HB_CHECK,
    EV_POWER,
    EV_END
};

struct console {
    struct vmk *vmk;
    struct pace *pace;
    struct glance view;
    struct evq evq;
    uint64_t check;            /* number of the check that is in the queue */
    uint64_t check_seq;        /* its event; 0 = none */
    uint64_t hbd_event_ns;     /* yield.hbd_event_ns as it was seen last */
    enum gate_life hbd_told;   /* what the COS knows of vmnixhbd's life */
    uint64_t granted_until_ns; /* end of the present or last grant */
    bool started;              /* the COS has booted, the watchdog is armed */
    uint32_t power_irqs;       /* the power button was pressed: for the next grant */
    bool pressed;              /* see console.h: grants of a minute */
    uint32_t stuck_grants;
    uint32_t doorbells;  /* rung, when the ring was looked at last */
    bool attentive;      /* the ring is odd: look at it at each doorbell */
    uint64_t late_first; /* beats that are under way: number of the oldest, free-running */
    uint64_t late_next;
    struct ring_beat late[LATE_BEATS_MAX];
    uint64_t next_progress_wall_ns;
    struct vmkpanic panic; /* how the VMkernel itself ends */
    const char *lost;      /* headline by which the host is to end; NULL while it lives */
    enum vmk_outcome lost_as;
    bool bug;
};

/* ---- log lines ------------------------------------------------------------------------------ */
static void log_on_pcpu0(struct vmk *vmk, enum log_level level, const char *form,
                         const struct profile_value *values, size_t count)
{
    log_form(&vmk->log, level, vmk->now_ns, 0, worlds_on_pcpu(&vmk->worlds, 0, vmk->now_ns)->id,
             form, values, count);
}
#define LOG_FORM(vmk, level, form, ...)                                              \
    do {                                                                             \
        const struct profile_value values_[] = { __VA_ARGS__ };                      \
        log_on_pcpu0(vmk, level, form, values_, sizeof values_ / sizeof values_[0]); \
    } while (0)

static void log_alert(struct vmk *vmk, uint32_t age_min)
{
    char comm[16];
    uint32_t pid;
    if (dump_current_task(vmk, comm, &pid) != 0) {
        (void)snprintf(comm, sizeof comm, "?"); /* senseless memory is no reason to be silent */
        pid = 0;
    }
    LOG_FORM(vmk, LOG_ALERT, vmk->profile->form_lost_heartbeat, { "comm", comm, 0 },
             { "pid", NULL, pid }, { "t", NULL, age_min }, { "to", NULL, HB_TIMEOUT_MIN },
             { "clt", NULL, vmk->profile->clt });
}

/* The five worlds of a virtual machine. Flags are OUR CHOICE: 4 for user worlds, else 8. */
static void log_vm_start(struct vmk *vmk, uint32_t vm)
{
    for (uint32_t i = 0; i < vmk->worlds.count; i++) {
        const struct world *w = &vmk->worlds.world[i];
        if (w->vm == vm)
            LOG_FORM(vmk, LOG_INFO, vmk->profile->form_world_start, { "id", NULL, w->id },
                     { "name", w->name, 0 },
                     { "flags", NULL, strchr(w->name, ':') == NULL ? 4 : 8 });
    }
}

/* What the VMkernel had to say of its own work up to now, each line at its instant. Whoever logs
 * something else logs it after this. */
static void log_routine(struct vmk *vmk)
{
    struct routine_line line;
    while (routine_next(&vmk->routine, vmk->now_ns, &line))
        log_put(&vmk->log, line.level, line.at_ns, line.pcpu,
                worlds_on_pcpu(&vmk->worlds, line.pcpu, line.at_ns)->id, line.text);
}

/* ---- beats ---------------------------------------------------------------------------------- */
/* The instant of a beat is the word of a machine that may be mad: it cannot lie before what was
 * handled nor after now. */
static uint64_t sane_beat_ns(const struct vmk *vmk, uint64_t beat_ns)
{
    if (beat_ns < vmk->hb.last_event_ns)
        return vmk->hb.last_event_ns;
    return beat_ns < vmk->now_ns ? beat_ns : vmk->now_ns;
}

static void take_beat(struct console *c, const struct ring_beat *beat, uint64_t arrived_ns)
{
    struct vmk *vmk = c->vmk;
    struct hb_actions act;
    const struct hb_event ev = {
        .now_ns = sane_beat_ns(vmk, arrived_ns),
        .type = HB_EV_BEAT,
        .beat = { .seq = beat->seq, .latency_ns = beat->latency_ns, .gap = beat->gap },
    };
    const int bad = hb_step(&vmk->hb, &ev, &act);
    assert(bad == 0); /* the ring hands out increasing numbers only */
    assert(!act.stun_cos);
    vmk->beats_gap += beat->gap;
    if (beat->latency_ns > CALM_LATENCY_NS)
        c->pressed = true;
}

static void add_event(struct console *c, uint64_t at_ns, enum event_kind kind, uint64_t arg);

/* ring-delay: the beat stays under way; EV_BEAT brings it. */
static void delay_beat(struct console *c, const struct ring_beat *beat, uint64_t delay_ns)
{
    const uint64_t now_ns = c->vmk->now_ns, put_ns = sane_beat_ns(c->vmk, beat->time_ns);
    const uint64_t due_ns = delay_ns > UINT64_MAX - put_ns ? UINT64_MAX : put_ns + delay_ns;
    if (c->late_next - c->late_first == LATE_BEATS_MAX)
        return; /* lost: the next one shows as a gap */
    c->late[c->late_next++ % LATE_BEATS_MAX] = *beat;
    add_event(c, due_ns > now_ns ? due_ns : now_ns, EV_BEAT, 0);
}

static void on_late_beat(struct console *c)
{
    assert(c->late_first != c->late_next);
    take_beat(c, &c->late[c->late_first++ % LATE_BEATS_MAX], c->vmk->now_ns);
}

/* Beats that lie in the ring are found when the doorbell says so, and not before: the ring itself
 * makes no noise. @return true when there is reason to look */
static bool doorbell_rang(struct console *c)
{
    const struct gate_return *yield = &c->vmk->machine.gate->yield;
    const uint32_t rung = __atomic_load_n(&yield->doorbells, __ATOMIC_RELAXED);
    uint32_t heard = 0;
    /* The count is a machine's that may be mad; it only says whether to look. */
    for (uint32_t i = 0; i < RING_SLOTS && c->doorbells != rung; i++)
        heard += inject_doorbell_lost(c->vmk, ++c->doorbells) ? 0 : 1;
    c->doorbells = rung;
    c->vmk->doorbells += heard;
    return heard != 0;
}

static void poll_ring(struct console *c)
{
    struct vmk *vmk = c->vmk;
    struct ring_beat beat;
    /* Bounded, because a producer that writes while it is read could keep us here. */
    for (uint32_t i = 0; i < RING_SLOTS; i++) {
        const int got = ring_poll(&vmk->ring, vmk->machine.ring, &beat);
        if (got == RING_EMPTY)
            break;
        const struct fault *delay = fault_queue_on(&vmk->faults, FAULT_RING_DELAY, NULL);
        if (got != RING_BEAT)
            c->attentive = true;
        else if (delay != NULL)
            delay_beat(c, &beat, delay->delay_ns);
        else
            take_beat(c, &beat, beat.time_ns);
    }
}

static void take_beats(struct console *c)
{
    struct vmk *vmk = c->vmk;
    if (!doorbell_rang(c))
        return;
    inject_ring_drop(vmk);
    poll_ring(c);
    struct ring_log_line line;
    while (ring_log_next(&vmk->ring_log, &vmk->ring, vmk->now_ns, &line))
        LOG_FORM(vmk, LOG_WARNING, vmk->profile->form_ring,
                 { "what", ring_kind_name(line.kind), 0 }, { "new", NULL, line.new_count },
                 { "all", NULL, line.count });
}

/* ---- events --------------------------------------------------------------------------------- */
static void add_event(struct console *c, uint64_t at_ns, enum event_kind kind, uint64_t arg)
{
    const uint64_t seq = evq_add(&c->evq, at_ns, kind, arg);
    assert(seq != 0);
    if (kind == EV_HB_CHECK)
        c->check_seq = seq;
}

/* Keep the first check that could act in the queue: beats move it away. */
static void arm_check(struct console *c)
{
    const struct hb *hb = &c->vmk->hb;
    const uint64_t next = hb_next_check(hb);
    if (c->check_seq != 0 && next == c->check)
        return;
    if (c->check_seq != 0)
        (void)evq_cancel(&c->evq, c->check_seq);
    c->check = next;
    add_event(c, hb_check_ns(hb, next), EV_HB_CHECK, next);
}

/* The next virtual machine to power on after (now, vm): one event at a time, in the order of
 * (instant, number). */
static void arm_vm_start(struct console *c, uint64_t after_ns, uint32_t after_vm)
{
    const struct worlds *w = &c->vmk->worlds;
    const struct world *next = NULL;
    for (uint32_t i = 0; i < w->count; i++) {
        const struct world *vm = &w->world[i];
        if (vm->kind != WORLD_VM || vm->created_ns < after_ns ||
            (vm->created_ns == after_ns && after_vm != UINT32_MAX && vm->vm <= after_vm))
            continue;
        if (next == NULL || vm->created_ns < next->created_ns)
            next = vm;
    }
    if (next != NULL)
        add_event(c, next->created_ns, EV_VM_START, next->vm);
}

static void lose(struct console *c, const char *headline, enum vmk_outcome outcome)
{
    if (c->lost != NULL)
        return;
    c->lost = headline;
    c->lost_as = outcome;
}

static void on_check(struct console *c)
{
    struct vmk *vmk = c->vmk;
    const struct hb_event ev = { .now_ns = vmk->now_ns, .type = HB_EV_CHECK };
    struct hb_actions act;
    c->check_seq = 0;
    const int bad = hb_step(&vmk->hb, &ev, &act);
    assert(bad == 0);
    if (act.alert)
        log_alert(vmk, act.age_min);
    if (act.stun_cos)
        lose(c, vmk->profile->headline_lost_heartbeat, VMK_LOST_HEARTBEAT);
}

static void on_cos_start(struct console *c)
{
    struct vmk *vmk = c->vmk;
    hb_init(&vmk->hb, vmk->plan.seed, vmk->now_ns);
    ring_consumer_init(&vmk->ring, vmk->machine.info->generation);
    c->started = true;
}

/* ---- faults --------------------------------------------------------------------------------- */
static void arm_fault(struct console *c)
{
    const uint64_t next_ns = fault_queue_next_ns(&c->vmk->faults);
    if (next_ns != UINT64_MAX)
        add_event(c, next_ns > c->vmk->now_ns ? next_ns : c->vmk->now_ns, EV_FAULT, 0);
}

static void end_vmkernel(struct console *c, uint32_t type)
{
    struct vmk *vmk = c->vmk;
    if (c->lost != NULL)
        return;
    vmkpanic_make(type, &vmk->worlds, vmk->plan.seed, vmk->now_ns, &c->panic);
    lose(c, c->panic.headline, VMK_VMKERNEL_PSOD);
}

static void on_fault(struct console *c)
{
    struct vmk *vmk = c->vmk;
    struct fault_event ev;
    while (inject_next(vmk, &c->view, &ev)) {
        const uint32_t type = vmk->plan.boot.fault[ev.index].type;
        if (ev.kind == FAULT_NOTE_SKIPPED)
            continue;
        c->attentive = c->attentive || fault_is(type, FAULT_BREAKS_RING);
        if (fault_is(type, FAULT_ENDS_VMKERNEL))
            end_vmkernel(c, type);
        if (ev.kind == FAULT_NOTE_BEGINS && type == FAULT_WORLD_STARVE)
            add_event(c, vmk->now_ns + STARVED_WARN_NS, EV_STARVED, vmk->starved_since_ns);
    }
    rpc_reconsider(vmk);
    arm_fault(c);
}

/* A call or command that has no answer is told of again and again. */
#define CALL_ARG(slot, seq) ((uint64_t)(slot) << 32 | (seq))

static void serve_calls(struct console *c)
{
    const uint32_t opened = rpc_serve(c->vmk);
    for (uint32_t slot = 0; slot < VMNIX_SLOTS; slot++)
        if ((opened & 1u << slot) != 0)
            add_event(c, c->vmk->now_ns + RPC_WARN_FIRST_NS, EV_OPEN_CALL,
                      CALL_ARG(slot, c->vmk->rpc.call[slot].seq));
}

static void on_open_call(struct console *c, uint64_t arg)
{
    if (rpc_warn(c->vmk, (uint32_t)(arg >> 32), (uint32_t)arg))
        add_event(c, c->vmk->now_ns + RPC_WARN_AGAIN_NS, EV_OPEN_CALL, arg);
}

/* The scheduler's own watch over worlds that are ready and do not run. */
static void on_starved(struct console *c, uint64_t since_ns)
{
    struct vmk *vmk = c->vmk;
    const struct worlds *w = &vmk->worlds;
    if (w->keeper == 0 || vmk->starved_since_ns != since_ns)
        return;
    LOG_FORM(
        vmk, LOG_WARNING, vmk->profile->form_starve, { "id", NULL, w->world[0].id },
        { "name", w->world[0].name, 0 }, { "ready_s", NULL, (vmk->now_ns - since_ns) / NS_PER_S },
        { "keeper", NULL, w->world[w->keeper].id }, { "keeper_name", w->world[w->keeper].name, 0 });
    add_event(c, vmk->now_ns + STARVED_WARN_NS, EV_STARVED, since_ns);
}

static void run_event(struct console *c, const struct evq_event *ev)
{
    struct vmk *vmk = c->vmk;
    assert(ev->deadline_ns == vmk->now_ns);
    switch ((enum event_kind)ev->kind) {
    case EV_COS_START:
        on_cos_start(c);
        break;
    case EV_VM_START:
        log_vm_start(vmk, (uint32_t)ev->arg);
        arm_vm_start(c, vmk->now_ns, (uint32_t)ev->arg);
        break;
    case EV_FAULT:
        on_fault(c);
        break;
    case EV_BEAT:
        on_late_beat(c);
        break;
    case EV_OPEN_CALL:
        on_open_call(c, ev->arg);
        break;
    case EV_STARVED:
        on_starved(c, ev->arg);
        break;
    case EV_HB_CHECK:
        on_check(c);
        break;
    case EV_POWER:
        c->power_irqs = vmk->plan.reboot != 0 ? GATE_IRQ_REBOOT : GATE_IRQ_POWER;
        break;
    case EV_END:
        vmk->outcome = VMK_SURVIVED;
        vmk->end = vmk->plan.power_ns == 0 ? VMK_END_RUNNING : VMK_END_OFF;
        break;
    }
}

static void run_events(struct console *c)
{
    struct evq_event ev;
    while (c->lost == NULL && c->vmk->outcome == VMK_RUNNING &&
           evq_take(&c->evq, c->vmk->now_ns, &ev))
        run_event(c, &ev);
}

/* ---- life and death ------------------------------------------------------------------------- */
/* For result.json: how a process ended. */
static void note_end(struct vmk *vmk, const char *name, int status)
{
    if (WIFEXITED(status))
        (void)snprintf(vmk->note, sizeof vmk->note, "%s ended with status %d", name,
                       WEXITSTATUS(status));
    else
        (void)snprintf(vmk->note, sizeof vmk->note, "%s was ended by signal %d", name,
                       WTERMSIG(status));
}

static void journal_hbd(struct console *c, uint64_t at_ns, enum gate_life life)
{
    static const char *const events[] = {
        [GATE_ALIVE] = "cont", [GATE_STOPPED] = "stop", [GATE_DEAD] = "death"
    };
    struct vmk *vmk = c->vmk;
    hostdir_journal(vmk, at_ns, events[life], "vmnixhbd");
    c->hbd_told = life;
    if (life == GATE_DEAD)
        note_end(vmk, "vmnixhbd", children_status(GATE_VMNIXHBD));
}

/* The COS met a dead or stopped vmnixhbd by itself: it knows already, and knows when. */
static void note_hbd_met(struct console *c)
{
    const struct gate_return *yield = &c->vmk->machine.gate->yield;
    const uint64_t at_ns = __atomic_load_n(&yield->hbd_event_ns, __ATOMIC_RELAXED);
    const uint32_t life = __atomic_load_n(&yield->hbd_event, __ATOMIC_RELAXED);
    if (at_ns == c->hbd_event_ns || life == GATE_ALIVE || life > GATE_DEAD)
        return;
    c->hbd_event_ns = at_ns;
    journal_hbd(c, at_ns < c->vmk->now_ns ? at_ns : c->vmk->now_ns, (enum gate_life)life);
}

/* What the next grant must tell the COS of vmnixhbd. */
static uint32_t hbd_irqs(struct console *c)
{
    static const uint32_t irqs[] = { [GATE_ALIVE] = GATE_IRQ_HBD_CONT,
                                     [GATE_STOPPED] = GATE_IRQ_HBD_STOP,
                                     [GATE_DEAD] = GATE_IRQ_HBD_DEAD };
    const enum gate_life life = children_life(GATE_VMNIXHBD);
    if (life == c->hbd_told)
        return 0;
    journal_hbd(c, c->vmk->now_ns, life);
    return irqs[life];
}

static bool is_crash(int status)
{
    static const int signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS, SIGTRAP };
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        if (WIFSIGNALED(status) && WTERMSIG(status) == signals[i])
            return true;
    return false;
}

/* A COS that died or ran away did not say how far its clock had come. Ask its memory, within the
 * grant. */
static void guess_now(struct console *c)
{
    struct vmk *vmk = c->vmk;
    uint64_t clock_ns;
    if (glance_clock(&c->view, &clock_ns) && clock_ns > vmk->now_ns &&
        clock_ns <= c->granted_until_ns)
        vmk->now_ns = clock_ns;
}

/* The process of the COS is gone. Killed from outside it is a fault like others; ended by itself or
 * crashed it is our bug, and still worth a dump. */
static void on_cos_death(struct console *c)
{
    struct vmk *vmk = c->vmk;
    const int status = children_status(GATE_COS);
    vmk->cos = VMK_COS_NOT_STUNNED;
    guess_now(c);
    note_end(vmk, "cos", status);
    if (WIFEXITED(status) || is_crash(status))
        c->bug = true;
    else
        hostdir_journal(vmk, vmk->now_ns, "death", "cos");
    lose(c, vmk->profile->headline_dead, VMK_COS_PANIC);
}

/* Look at the COS's process; it may be stopped and go on again at any time. */
static void note_cos_life(struct console *c)
{
    struct vmk *vmk = c->vmk;
    if (vmk->cos != VMK_COS_RUNS && vmk->cos != VMK_COS_STOPPED)
        return;
    const enum gate_life life = children_life(GATE_COS);
    if (life == GATE_DEAD) {
        on_cos_death(c);
    } else if ((life == GATE_STOPPED) != (vmk->cos == VMK_COS_STOPPED)) {
        vmk->cos = life == GATE_STOPPED ? VMK_COS_STOPPED : VMK_COS_RUNS;
        if (vmk->cos == VMK_COS_STOPPED)
            log_files_hold(&vmk->log);
        else if (vmk->worlds.keeper == 0)
            log_files_resume(&vmk->log, vmk->now_ns);
        hostdir_journal(vmk, vmk->now_ns, life == GATE_STOPPED ? "stop" : "cont", "cos");
    }
}

/* ---- the baton ------------------------------------------------------------------------------ */
/* Whoever holds the baton had it for 10 s. @return true to go on waiting */
static bool on_overdue(struct console *c)
{
    struct vmk *vmk = c->vmk;
    if (gate_holds(vmk->machine.gate, GATE_VMNIXHBD)) {
        hostdir_journal(vmk, vmk->now_ns, "runaway", "vmnixhbd");
        children_kill(vmk->hbd_pid);
        return true;
    }
    if (children_is_halted(vmk->cos_pid))
        return true; /* somebody debugs it: patience */
    (void)snprintf(vmk->note, sizeof vmk->note, "cos kept the baton for too long");
    guess_now(c);
    hostdir_journal(vmk, vmk->now_ns, "runaway", "cos");
    lose(c, vmk->profile->headline_runaway, VMK_COS_PANIC);
    return false;
}

/* Supervision of one grant. */
struct watch {
    uint64_t start_wall_ns; /* when it became worth watching */
    uint64_t since_wall_ns; /* when its clock was last seen to move */
    uint64_t clock_ns;
};

/* A grant that takes long may simply be much work (half an hour of reclaim, an instrumented build,
 * a busy machine); then the COS's clock moves. A COS that only pretends it does is given five
 * minutes. @return true when the holder of the baton has had its time */
static bool is_overdue(const struct console *c, struct watch *w)
{
    const uint64_t wall_ns = pace_wall_ns();
    uint64_t clock_ns = 0;
    if (w->start_wall_ns == 0) {
        w->start_wall_ns = w->since_wall_ns = wall_ns - SLICE_WALL_NS;
        (void)glance_clock(&c->view, &w->clock_ns);
        return false;
    }
    if (glance_clock(&c->view, &clock_ns) && clock_ns != w->clock_ns) {
        w->clock_ns = clock_ns;
        w->since_wall_ns = wall_ns;
    }
    return wall_ns - w->since_wall_ns >= CONSOLE_RUNAWAY_NS ||
           wall_ns - w->start_wall_ns >= CONSOLE_GRANT_MAX_NS;
}

/* @return true when the baton came back, whatever the reason */
static bool wait_for_baton(struct console *c)
{
    struct vmk *vmk = c->vmk;
    struct watch watch = { 0 };
    for (;;) {
        const int got = gate_wait(vmk->machine.gate, GATE_VMKERNEL, SLICE_WALL_NS);
        if (got == 0)
            return true;
        if (got != 1)
            continue; /* a signal; most likely the baton is here now */
        children_look_for_debugger(vmk);
        if (is_overdue(c, &watch)) {
            if (!on_overdue(c))
                return false;
            watch = (struct watch){ 0 };
        }
    }
}

/* How far the COS may run. */
static uint64_t grant_until_ns(const struct console *c)
{
    const struct vmk *vmk = c->vmk;
    uint64_t most_ns = pace_quantum_ns(c->pace);
    const uint64_t interval_ns = vmk->plan.boot.hbd_interval_ns;
    if (interval_ns > 0 && interval_ns < UINT64_MAX / BEATS_PER_GRANT &&
        interval_ns * BEATS_PER_GRANT < most_ns)
        most_ns = interval_ns * BEATS_PER_GRANT;
    if (c->pressed && most_ns > PRESSED_GRANT_NS)
        most_ns = PRESSED_GRANT_NS;
    const struct evq_event *next = evq_peek(&c->evq);
    const uint64_t event_ns = next != NULL ? next->deadline_ns : UINT64_MAX;
    return event_ns - vmk->now_ns < most_ns ? event_ns : vmk->now_ns + most_ns;
}

/* A COS that hands the baton back without having used any time does so a thousand times and no
 * more. */
static void note_progress(struct console *c, uint64_t before_ns)
{
    c->stuck_grants = c->vmk->now_ns > before_ns ? 0 : c->stuck_grants + 1;
    if (c->stuck_grants <= STUCK_GRANTS_MAX)
        return;
    (void)snprintf(c->vmk->note, sizeof c->vmk->note,
                   "cos returned the baton %u times without using any time", STUCK_GRANTS_MAX);
    lose(c, c->vmk->profile->headline_runaway, VMK_COS_PANIC);
}

/* The COS's last words into the note: copied once, then made printable. */
static void note_text(struct vmk *vmk, const char *untrusted)
{
    char text[GATE_TEXT_MAX];
    memcpy(text, untrusted, sizeof text);
    size_t n = 0;
    for (; n < sizeof text - 1 && text[n] != '\0'; n++)
        if (text[n] < ' ' || text[n] > '~')
            text[n] = '?';
    text[n] = '\0';
    (void)snprintf(vmk->note, sizeof vmk->note, "%s", text);
}

/* What the COS says at the end of a grant. */
static void read_yield(struct console *c, uint64_t until_ns)
{
    struct vmk *vmk = c->vmk;
    const struct gate_return *yield = &vmk->machine.gate->yield;
    const uint64_t before_ns = vmk->now_ns;
    /* Each word once: it may change under us. */
    const uint64_t now_ns = __atomic_load_n(&yield->now_ns, __ATOMIC_RELAXED);
    const uint32_t reason = __atomic_load_n(&yield->reason, __ATOMIC_RELAXED);
    vmk->now_ns = now_ns < before_ns ? before_ns : now_ns > until_ns ? until_ns : now_ns;
    c->pressed =
        reason != GATE_YIELD_IDLE && reason != GATE_YIELD_CALL; /* take_beats() may say so too */
    note_progress(c, before_ns);
    note_hbd_met(c);
    switch (reason) {
    case GATE_YIELD_PANIC:
    case GATE_YIELD_OOPS:
        note_text(vmk, yield->text);
        lose(c,
             reason == GATE_YIELD_OOPS ? vmk->profile->headline_oops : vmk->profile->headline_panic,
             reason == GATE_YIELD_OOPS ? VMK_COS_OOPS : VMK_COS_PANIC);
        break;
    case GATE_YIELD_BUG:
        c->bug = true;
        note_text(vmk, yield->text);
        lose(c, vmk->profile->headline_panic, VMK_COS_PANIC);
        break;
    case GATE_YIELD_HALT:
    case GATE_YIELD_REBOOT:
        vmk->outcome = VMK_SURVIVED;
        vmk->end = reason == GATE_YIELD_HALT ? VMK_END_HALT : VMK_END_REBOOT;
        break;
    default:
        break;
    }
}

/* Let the COS run. */
static void grant(struct console *c, uint64_t until_ns)
{
    struct vmk *vmk = c->vmk;
    struct gate *g = vmk->machine.gate;
    assert(gate_holds(g, GATE_VMKERNEL));
    c->granted_until_ns = until_ns;
    g->grant.now_ns = vmk->now_ns;
    g->grant.until_ns = until_ns;
    g->grant.irqs = hbd_irqs(c) | c->power_irqs;
    rpc_publish(vmk);
    g->grant.attention = c->attentive ? 1 : 0;
    c->power_irqs = 0;
    vmk->grants++;
    const bool back = gate_pass(g, GATE_VMKERNEL, GATE_COS) != 0 || wait_for_baton(c);
    if (!back)
        return; /* runaway: c->lost is set */
    note_cos_life(c);
    if (vmk->cos == VMK_COS_RUNS)
        read_yield(c, until_ns);
}

/* ---- the whole ------------------------------------------------------------------------------ */
static void tell_progress(struct console *c, enum progress_phase phase)
{
    struct vmk *vmk = c->vmk;
    if (vmk->progress_fd < 0)
        return;
    const uint64_t wall_ns = pace_wall_ns();
    if (phase == PROGRESS_RUNNING && wall_ns < c->next_progress_wall_ns)
        return;
    c->next_progress_wall_ns = wall_ns + PROGRESS_WALL_NS;
    const struct glance_memory memory = glance_memory(&c->view);
    const struct progress p = {
        .now_ns = vmk->now_ns,
        .beats = vmk->hb.beats,
        .alarm_min = vmk->now_ns > vmk->hb.last_beat_ns
                         ? (vmk->now_ns - vmk->hb.last_beat_ns) / NS_PER_MIN
                         : 0,
        .swap_kb = memory.swap_kb,
        .swap_free_kb = memory.swap_free_kb,
        .free_kb = memory.free_kb,
        .phase = phase,
    };
    char line[PROGRESS_LINE_MAX];
    const size_t bytes = progress_format(&p, line);
    if (write(vmk->progress_fd, line, bytes) != (ssize_t)bytes)
        vmk->progress_fd = -1; /* nobody listens any more */
}

/* One round: time for the COS up to the next event, then what became due. */
static void run_once(struct console *c)
{
    struct vmk *vmk = c->vmk;
    const uint64_t until_ns = grant_until_ns(c);
    note_cos_life(c);
    if (children_debugged())
        children_look_for_debugger(vmk); /* no signal tells that the debugger has left */
    const bool has_cpu = vmk->cos == VMK_COS_RUNS && vmk->worlds.keeper == 0;
    if (c->lost == NULL && c->started && has_cpu && until_ns > vmk->now_ns)
        grant(c, until_ns);
    else if (c->lost == NULL)
        vmk->now_ns = until_ns; /* nobody uses the time */
    log_routine(vmk);
    inject_drain_notes(vmk);
    if (c->started) {
        serve_calls(c);
        take_beats(c);
    }
    run_events(c);
    if (c->started && c->lost == NULL)
        arm_check(c);
}

/* The note says first why the COS was lost, then what could not be written. */
static void keep_note(struct vmk *vmk, const char *why, int bad)
{
    char both[2 * sizeof vmk->note + 2] = "";
    (void)snprintf(both, sizeof both, "%s%s%s", why, bad != 0 ? "; " : "",
                   bad != 0 ? vmk->note : "");
    both[sizeof vmk->note - 1] = '\0';
    memcpy(vmk->note, both, sizeof vmk->note);
}

/* The end of a COS: nothing of it runs from here on, so its syslogd writes no more lines, and its
 * processes belong to the dump. */
static int end_lost(struct console *c)
{
    struct vmk *vmk = c->vmk;
    tell_progress(c, PROGRESS_DUMPING_COS);
    vmk->outcome = c->lost_as;
    log_files_stop(&vmk->log);
    children_quiesce(vmk);
    char why[sizeof vmk->note];
    (void)snprintf(why, sizeof why, "%s", vmk->note);
    const int bad = vmk->outcome == VMK_VMKERNEL_PSOD ? dump_vmkernel_error(vmk, &c->panic)
                                                      : dump_cos_error(vmk, c->lost);
    if (why[0] != '\0')
        keep_note(vmk, why, bad);
    return storeio_may_fail(vmk) ? 0 : bad;
}

int console_run(struct vmk *vmk, struct pace *pace)
{
    static struct console c; /* half a page of events */
    c = (struct console){ .vmk = vmk, .pace = pace, .hbd_told = GATE_ALIVE };
    glance_init(&c.view, vmk);
    evq_init(&c.evq);
    add_event(&c, vmk->plan.boot.cos_start_ns, EV_COS_START, 0);
    if (vmk->plan.power_ns != 0)
        add_event(&c, vmk->plan.power_ns, EV_POWER, 0);
    add_event(&c, vmk->plan.duration_ns, EV_END, 0);
    arm_vm_start(&c, 0, UINT32_MAX);
    arm_fault(&c);
    while (vmk->outcome == VMK_RUNNING && c.lost == NULL) {
        run_once(&c);
        tell_progress(&c, PROGRESS_RUNNING);
        while (c.lost == NULL && !pace_wait(pace, vmk->now_ns))
            note_cos_life(&c);
    }
    int bad = 0;
    if (c.lost != NULL)
        bad = end_lost(&c);
    children_quiesce(vmk);
    tell_progress(&c, PROGRESS_ENDED);
    glance_fini(&c.view);
    return c.bug ? -1 : bad;
}
