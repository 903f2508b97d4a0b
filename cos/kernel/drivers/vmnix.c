/* vmnix.c - see vmnix.h. */
#include "cos/kernel/drivers/vmnix.h"

#include "cos/kernel/arch/cost.h"
#include "cos/kernel/arch/hypervisor.h"
#include "cos/kernel/errno.h"
#include "cos/kernel/sched/semaphore.h"

/* A slot of calls as its callers see it. Those about storage have a slot of their own, so that an
 * array that is gone hangs who asks for it and nobody else. */
static struct call_slot {
    uint32_t slot;
    uint32_t seq;         /* of the call that is under way */
    uint32_t answered;    /* seq whose completion interrupt has come */
    struct semaphore sem; /* who may use it */
    struct wait_queue done;
    struct ktimer timer; /* stands for the completion interrupt */
} call_slots[] = { { .slot = VMNIX_RPC }, { .slot = VMNIX_STORAGE } };
#define for_each_call_slot(c) \
    for (struct call_slot *c = call_slots; c < call_slots + ARRAY_SIZE(call_slots); c++)

static const struct {
    uint64_t service_ns;
    bool storage;
    bool aborts; /* what it does depends on another request: never by rule */
} ops[VMNIX_OPS] = {
#define OP_ROW(id, value, name, ns, storage) [id] = { ns, storage, id == VMNIX_OP_ABORT },
    VMNIX_OP_LIST(OP_ROW)
#undef OP_ROW
};

/* ---- the answer ------------------------------------------------------------------------------ */
static void vmnix_completion(kptr slot)
{
    struct call_slot *c = PTR(struct call_slot, slot);
    c->answered = c->seq;
    wake_up(&c->done);
}

static void complete_at(struct call_slot *c, uint64_t at_ns)
{
    ktimer_add(&c->timer, at_ns > cos_clock.now_ns ? at_ns : cos_clock.now_ns, vmnix_completion,
               kptr_of(c));
}

/* Does its call wait for an answer? */
static bool is_open(const struct call_slot *c)
{
    const struct vmnix_request *r = &the_vmnix()->request[c->slot];
    return r->closed != r->seq && c->answered != r->seq && c->timer.slot == 0;
}

static void vmnix_interrupt(uint32_t irqs)
{
    (void)irqs;
    for_each_call_slot(c)
    {
        const struct vmnix_answer *a = &the_vmnix()->answer[c->slot];
        if (is_open(c) && a->seq == c->seq && a->status != VMNIX_OPEN)
            complete_at(c, a->status == VMNIX_DONE ? a->at_ns : 0);
    }
    scsi_answered(VMNIX_SWAP);
    scsi_answered(VMNIX_ROOT);
}

void vmnix_init(void)
{
    for_each_call_slot(c)
    {
        sema_init(&c->sem, 1);
        wait_queue_init(&c->done);
    }
    hypervisor_on_irq(0, vmnix_interrupt);
}

static __attribute__((noinline)) void vmnix_wait(struct call_slot *c)
{
    while (c->answered != c->seq)
        sleep_on(&c->done, TASK_UNINTERRUPTIBLE);
}

/* ---- the call -------------------------------------------------------------------------------- */
static void post(struct call_slot *c, enum vmnix_op op, uint64_t arg, bool by_rule)
{
    struct vmnix_request *r = &the_vmnix()->request[c->slot];
    r->op = (uint32_t)op;
    r->pid = current->pid;
    strcopy(r->comm, current->comm, sizeof r->comm);
    r->by_rule = by_rule;
    r->posted_ns = cos_clock.now_ns;
    r->arg = arg;
    r->service_ns = ops[op].service_ns;
    c->seq = r->seq + 1;
    __atomic_store_n(&r->seq, c->seq, __ATOMIC_RELEASE);
}

/* The VMkernel hears of a beat when it gets the baton; at once if it asked for that. */
static void ring_doorbell(void)
{
    the_gate()->yield.doorbells++;
    if (the_gate()->grant.attention != 0)
        hypervisor_call();
}

/* What the rule says: done after the usual time. */
static void carry_out(struct call_slot *c, enum vmnix_op op)
{
    if (ops[op].service_ns == 0)
        return;
    complete_at(c, cos_clock.now_ns + ops[op].service_ns);
    vmnix_wait(c);
}

__attribute__((noinline)) int vmnix_rpc(enum vmnix_op op, uint64_t arg)
{
    ASSERT(op > VMNIX_OP_NONE && op < VMNIX_OPS);
    struct call_slot *c = &call_slots[ops[op].storage];
    const struct vmnix_answer *a = &the_vmnix()->answer[c->slot];
    int error = 0;
    down(&c->sem);
    cpu_charge(COST_VMNIX_CALL);
    const bool plain = the_vmnix()->rules.plain[c->slot] != 0 && !ops[op].aborts;
    post(c, op, arg, plain);
    if (plain) {
        carry_out(c, op);
    } else {
        hypervisor_call();
        vmnix_wait(c);
        error = a->seq == c->seq && a->status == VMNIX_REFUSED ? -ENOSYS : 0;
    }
    if (op == VMNIX_OP_HEARTBEAT && error == 0)
        ring_doorbell();
    the_vmnix()->request[c->slot].closed = c->seq;
    up(&c->sem);
    return error;
}
