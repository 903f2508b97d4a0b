/* call.c - system calls of vmnixhbd through the gate; see hbd.h and shared/gate.h. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cos/vmnixhbd/hbd.h"

/* How often the baton may come back without the answer. Once is ordinary: after SIGSTOP and SIGCONT
 * the COS hands a turn to a process that has just posted its call but could not pass a baton that
 * it no longer held. OUR CHOICE. */
#define STRAY_TURNS_MAX 8u

static void await_turn(struct hbd_call *c)
{
    while (gate_wait(c->gate, GATE_VMNIXHBD, 0) != 0)
        c->on_signal();
}

static uint32_t answered(const struct hbd_call *c)
{
    return __atomic_load_n(&c->gate->reply.seq, __ATOMIC_ACQUIRE);
}

void hbd_call_start(struct hbd_call *c, struct gate *gate, void (*on_signal)(void))
{
    *c = (struct hbd_call){ .gate = gate, .on_signal = on_signal };
    await_turn(c);
    if (answered(c) != 0)
        hbd_quit(c, HBD_EXIT_GATE, "the first turn does not come with answer 0");
    c->now_ns = gate->reply.now_ns;
}

/* Post a call whose text is already in place. The number goes last: the COS takes a call by it. */
static void post(struct hbd_call *c, enum gate_call_nr nr, uint64_t arg0, uint64_t arg1)
{
    struct gate_call *call = &c->gate->call;
    call->nr = (uint32_t)nr;
    call->arg[0] = arg0;
    call->arg[1] = arg1;
    call->arg[2] = 0;
    call->arg[3] = 0;
    c->seq++;
    c->calls++;
    __atomic_store_n(&call->seq, c->seq, __ATOMIC_RELEASE);
}

static int64_t finish(struct hbd_call *c)
{
    for (unsigned turn = 0; turn < STRAY_TURNS_MAX; turn++) {
        gate_pass_if_held(c->gate, GATE_VMNIXHBD, GATE_COS);
        await_turn(c);
        if (answered(c) == c->seq) {
            c->now_ns = c->gate->reply.now_ns;
            return c->gate->reply.ret;
        }
    }
    hbd_quit(c, HBD_EXIT_GATE, "the COS answers other calls than were made");
}

int64_t hbd_call(struct hbd_call *c, enum gate_call_nr nr, uint64_t arg0, uint64_t arg1)
{
    post(c, nr, arg0, arg1);
    return finish(c);
}

void hbd_call_syslog(struct hbd_call *c, const char *line)
{
    char *text = c->gate->call.text;
    const size_t length = strnlen(line, GATE_TEXT_MAX - 1);
    memset(text, 0, GATE_TEXT_MAX);
    memcpy(text, line, length);
    post(c, GATE_CALL_SYSLOG, 0, 0);
    (void)finish(c); /* a syslog that does not answer is no reason to stop beating */
    memset(text, 0, GATE_TEXT_MAX);
}

void hbd_quit(struct hbd_call *c, enum hbd_exit status, const char *why)
{
    (void)dprintf(STDERR_FILENO, "vmnixhbd: %s\n", why);
    if (c != NULL && c->gate != NULL && gate_holds(c->gate, GATE_VMNIXHBD)) {
        post(c, GATE_CALL_EXIT, (uint64_t)status, 0);
        gate_pass_if_held(c->gate, GATE_VMNIXHBD, GATE_COS);
    }
    /* No exit handlers: we may stand in a hook of the allocator, and there is nothing to flush. */
    _exit((int)status);
}
