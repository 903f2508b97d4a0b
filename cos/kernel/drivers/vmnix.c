/* vmnix.c - see vmnix.h. */
#include "cos/kernel/drivers/vmnix.h"

#include "cos/kernel/arch/cost.h"
#include "cos/kernel/arch/hypervisor.h"
#include "cos/kernel/errno.h"
#include "cos/kernel/sched/semaphore.h"

static struct semaphore vmnix_sem; /* who may use the slot of calls */
static struct wait_queue vmnix_done;
static struct ktimer vmnix_timer; /* stands for the completion interrupt */
static uint32_t vmnix_answered;   /* seq whose completion interrupt has come */

static const struct {
    uint64_t service_ns;
    bool aborts; /* what it does depends on another request: never by rule */
} ops[VMNIX_OPS] = {
#define OP_ROW(id, value, name, ns, storage) [id] = { ns, id == VMNIX_OP_ABORT },
    VMNIX_OP_LIST(OP_ROW)
#undef OP_ROW
};

/* ---- the answer ------------------------------------------------------------------------------ */
static void vmnix_completion(kptr seq)
{
    vmnix_answered = seq;
    wake_up(&vmnix_done);
}

static void complete_at(uint32_t seq, uint64_t at_ns)
{
    ktimer_add(&vmnix_timer, at_ns > cos_clock.now_ns ? at_ns : cos_clock.now_ns, vmnix_completion,
               seq);
}

/* @return the seq of the call that waits for its answer; 0 = none */
static uint32_t open_call(void)
{
    const struct vmnix_request *r = &the_vmnix()->request[VMNIX_RPC];
    return r->closed != r->seq && vmnix_answered != r->seq && vmnix_timer.slot == 0 ? r->seq : 0;
}

static void vmnix_interrupt(uint32_t irqs)
{
    (void)irqs;
    const struct vmnix_answer *a = &the_vmnix()->answer[VMNIX_RPC];
    const uint32_t seq = open_call();
    if (seq != 0 && a->seq == seq && a->status != VMNIX_OPEN)
        complete_at(seq, a->status == VMNIX_DONE ? a->at_ns : 0);
    scsi_answered(VMNIX_SWAP);
    scsi_answered(VMNIX_ROOT);
}

void vmnix_init(void)
{
    sema_init(&vmnix_sem, 1);
    wait_queue_init(&vmnix_done);
    hypervisor_on_irq(0, vmnix_interrupt);
}

static __attribute__((noinline)) void vmnix_wait(uint32_t seq)
{
    while (vmnix_answered != seq)
        sleep_on(&vmnix_done, TASK_UNINTERRUPTIBLE);
}

/* ---- the call -------------------------------------------------------------------------------- */
static uint32_t post(enum vmnix_op op, uint64_t arg, bool by_rule)
{
    struct vmnix_request *r = &the_vmnix()->request[VMNIX_RPC];
    r->op = (uint32_t)op;
    r->pid = current->pid;
    strcopy(r->comm, current->comm, sizeof r->comm);
    r->by_rule = by_rule;
    r->posted_ns = cos_clock.now_ns;
    r->arg = arg;
    r->service_ns = ops[op].service_ns;
    const uint32_t seq = r->seq + 1;
    __atomic_store_n(&r->seq, seq, __ATOMIC_RELEASE);
    return seq;
}

/* The VMkernel hears of a beat when it gets the baton; at once if it asked for that. */
static void ring_doorbell(void)
{
    the_gate()->yield.doorbells++;
    if (the_gate()->grant.attention != 0)
        hypervisor_call();
}

/* What the rule says: done after the usual time. */
static void carry_out(enum vmnix_op op, uint32_t seq)
{
    if (ops[op].service_ns == 0)
        return;
    complete_at(seq, cos_clock.now_ns + ops[op].service_ns);
    vmnix_wait(seq);
}

__attribute__((noinline)) int vmnix_rpc(enum vmnix_op op, uint64_t arg)
{
    const struct vmnix_answer *a = &the_vmnix()->answer[VMNIX_RPC];
    int error = 0;
    ASSERT(op > VMNIX_OP_NONE && op < VMNIX_OPS);
    down(&vmnix_sem);
    cpu_charge(COST_VMNIX_CALL);
    const bool plain = the_vmnix()->rules.plain[VMNIX_RPC] != 0 && !ops[op].aborts;
    const uint32_t seq = post(op, arg, plain);
    if (plain) {
        carry_out(op, seq);
    } else {
        hypervisor_call();
        vmnix_wait(seq);
        error = a->seq == seq && a->status == VMNIX_REFUSED ? -ENOSYS : 0;
    }
    if (op == VMNIX_OP_HEARTBEAT && error == 0)
        ring_doorbell();
    the_vmnix()->request[VMNIX_RPC].closed = seq;
    up(&vmnix_sem);
    return error;
}
