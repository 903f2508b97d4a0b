/* rpc.c - see rpc.h. */
#include "vmkernel/calls/rpc.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "shared/rng.h"
#include "shared/units.h"
#include "vmkernel/calls/scsi.h"
#include "vmkernel/host/vmk.h"

static const struct {
    uint64_t service_ns;
    bool storage; /* about storage: needs the datastore */
} ops[VMNIX_OPS] = {
#define OP_ROW(id, value, text, ns, needs) [id] = { ns, needs },
    VMNIX_OP_LIST(OP_ROW)
#undef OP_ROW
};

/* ---- what is plain -------------------------------------------------------------------------- */
static bool rpc_is_plain(const struct vmk *vmk)
{
    return fault_queue_on(&vmk->faults, FAULT_RPC_HANG, NULL) == NULL;
}

static bool storage_is_plain(const struct vmk *vmk)
{
    return rpc_is_plain(vmk) && fault_queue_on(&vmk->faults, FAULT_DATASTORE_LOSS, NULL) == NULL;
}

static void hold_log(struct vmk *vmk)
{
    const uint64_t serial = __atomic_load_n(&vmk->machine.vmnix->serial, __ATOMIC_RELAXED);
    const bool dead = scsi_is_dead(&vmk->faults, VMNIX_ROOT, serial);
    const bool runs = vmk->worlds.keeper == 0 && vmk->cos == VMK_COS_RUNS;
    if (dead && !vmk->log.holding)
        log_files_hold(&vmk->log);
    else if (!dead && runs && vmk->log.holding)
        log_files_resume(&vmk->log, vmk->now_ns);
}

void rpc_publish(struct vmk *vmk)
{
    struct vmnix_rules *rules = &vmk->machine.vmnix->rules;
    rules->plain[VMNIX_RPC] = rpc_is_plain(vmk);
    rules->plain[VMNIX_STORAGE] = storage_is_plain(vmk);
    rules->plain[VMNIX_SWAP] = scsi_is_plain(&vmk->faults, VMNIX_SWAP);
    rules->plain[VMNIX_ROOT] = scsi_is_plain(&vmk->faults, VMNIX_ROOT);
    rules->serial_max = VMNIX_SERIAL_MAX;
    hold_log(vmk);
}

/* ---- taking a request ----------------------------------------------------------------------- */
static void make_printable(char *text, size_t size)
{
    text[size - 1] = '\0';
    for (char *c = text; *c != '\0'; c++)
        if (*c <= ' ' || *c > '~')
            *c = '?';
}

static bool is_of_slot(uint32_t op, uint32_t slot)
{
    if (op <= VMNIX_OP_NONE || op >= VMNIX_OPS)
        return false;
    if (op == VMNIX_OP_READ || op == VMNIX_OP_WRITE)
        return slot == VMNIX_SWAP || slot == VMNIX_ROOT;
    return slot == (ops[op].storage ? VMNIX_STORAGE : VMNIX_RPC);
}

/* Copy and check. @return false when the request makes no sense */
static bool take(const struct vmk *vmk, uint32_t slot, uint32_t seq, struct rpc_call *ret)
{
    struct vmnix_request r;
    memcpy(&r, &vmk->machine.vmnix->request[slot], sizeof r);
    make_printable(r.comm, sizeof r.comm);
    *ret = (struct rpc_call){ .seq = seq,
                              .op = r.op,
                              .pid = r.pid,
                              .block = r.block,
                              .pages = r.pages,
                              .posted_ns = r.posted_ns < vmk->now_ns ? r.posted_ns : vmk->now_ns,
                              .arg = r.arg,
                              .service_ns = r.service_ns };
    memcpy(ret->comm, r.comm, sizeof ret->comm);
    /* Any helper but the one that writes dumps: it must be free then. */
    const struct worlds *w = &vmk->worlds;
    uint32_t helpers = 0;
    for (uint32_t i = 0; i < w->count; i++)
        helpers += w->world[i].kind == WORLD_HELPER && i != w->dump_world;
    uint64_t n = helpers == 0 ? 0 : rng_hash(vmk->plan.seed, seq) % helpers;
    for (uint32_t i = 0; i < w->count; i++)
        if (w->world[i].kind == WORLD_HELPER && i != w->dump_world && n-- == 0)
            ret->world = i;
    return is_of_slot(r.op, slot) && r.service_ns <= VMNIX_SERVICE_NS_MAX &&
           r.pages <= VMNIX_PAGES_MAX;
}

/* ---- deciding ------------------------------------------------------------------------------- */
static void answer(struct vmk *vmk, uint32_t slot, enum vmnix_status status, uint64_t at_ns)
{
    struct vmnix_answer *a = &vmk->machine.vmnix->answer[slot];
    struct rpc_call *c = &vmk->rpc.call[slot];
    a->status = (uint32_t)status;
    a->at_ns = at_ns;
    __atomic_store_n(&a->seq, c->seq, __ATOMIC_RELEASE);
    c->open = false;
    vmk->rpc.answered[slot]++;
    vmk->rpc.refused += status == VMNIX_REFUSED;
}

/* A fault on a caller's calls: never, or later by its delay. */
static bool hangs(const struct vmk *vmk, const struct rpc_call *c, uint64_t *delay_ns)
{
    const struct fault *f = fault_queue_on(&vmk->faults, FAULT_RPC_HANG, c->comm);
    if (ops[c->op].storage && fault_queue_on(&vmk->faults, FAULT_DATASTORE_LOSS, NULL) != NULL)
        return true;
    if (c->op == VMNIX_OP_ABORT &&
        (vmk->rpc.call[VMNIX_SWAP].open || vmk->rpc.call[VMNIX_ROOT].open))
        return true; /* there is nothing to be found that could be aborted */
    *delay_ns = f != NULL ? f->delay_ns : 0;
    return f != NULL && f->delay_ns == 0;
}

static void decide_call(struct vmk *vmk, uint32_t slot)
{
    struct rpc_call *c = &vmk->rpc.call[slot];
    uint64_t delay_ns = 0;
    c->open = true;
    if (!hangs(vmk, c, &delay_ns))
        answer(vmk, slot, VMNIX_DONE, vmk->now_ns + ops[c->op].service_ns + delay_ns);
}

static void log_lost(struct vmk *vmk, const struct rpc_call *c)
{
    const struct profile_value serial = { "serial", NULL, (uint32_t)c->arg };
    log_form(&vmk->log, LOG_WARNING, vmk->now_ns, vmk->worlds.dump_pcpu % vmk->worlds.pcpus,
             vmk->worlds.world[c->world].id, vmk->profile->form_lost_serial, &serial, 1);
}

static void decide_command(struct vmk *vmk, uint32_t slot)
{
    struct rpc_call *c = &vmk->rpc.call[slot];
    uint64_t at_ns = 0;
    const uint64_t root = rng_derive(vmk->plan.seed, "io-hang");
    const enum scsi_fate fate = scsi_decide(&vmk->faults, root, slot, c, vmk->now_ns, &at_ns);
    c->open = true;
    if (fate == SCSI_COMPLETES)
        answer(vmk, slot, VMNIX_DONE, at_ns);
    if (fate == SCSI_LOST && !c->lost) {
        c->lost = true;
        vmk->rpc.lost++;
        log_lost(vmk, c);
    }
}

static bool is_of_calls(uint32_t slot)
{
    return slot == VMNIX_RPC || slot == VMNIX_STORAGE;
}

static void decide(struct vmk *vmk, uint32_t slot)
{
    if (is_of_calls(slot))
        decide_call(vmk, slot);
    else
        decide_command(vmk, slot);
}

uint32_t rpc_serve(struct vmk *vmk)
{
    struct vmnix *channel = vmk->machine.vmnix;
    uint32_t opened = 0;
    /* Disks first: an abort asks how they stand. */
    for (uint32_t slot = VMNIX_SLOTS; slot-- > 0;) {
        const uint32_t seq = __atomic_load_n(&channel->request[slot].seq, __ATOMIC_ACQUIRE);
        if (seq == vmk->rpc.seen[slot])
            continue;
        vmk->rpc.seen[slot] = seq;
        if (channel->request[slot].by_rule != 0)
            continue;
        hold_log(vmk);
        struct rpc_call call;
        const bool good = take(vmk, slot, seq, &call);
        vmk->rpc.call[slot] = call;
        if (good)
            decide(vmk, slot);
        else
            answer(vmk, slot, VMNIX_REFUSED, 0);
        opened |= vmk->rpc.call[slot].open ? 1u << slot : 0;
    }
    return opened;
}

void rpc_reconsider(struct vmk *vmk)
{
    for (uint32_t slot = VMNIX_SLOTS; slot-- > 0;)
        if (vmk->rpc.call[slot].open)
            decide(vmk, slot);
}

bool rpc_warn(struct vmk *vmk, uint32_t slot, uint32_t seq)
{
    if (slot >= VMNIX_SLOTS)
        return false;
    const struct rpc_call *c = &vmk->rpc.call[slot];
    if (!c->open || c->seq != seq)
        return false;
    const struct world *w = &vmk->worlds.world[c->world];
    const struct profile_value values[] = {
        { "op", rpc_op_name(c->op), 0 }, { "slot", rpc_slot_name(slot), 0 },
        { "seq", NULL, c->seq },         { "comm", c->comm, 0 },
        { "pid", NULL, c->pid },         { "serial", NULL, c->arg },
        { "world", w->name, 0 },         { "age_s", NULL, (vmk->now_ns - c->posted_ns) / NS_PER_S },
    };
    const char *form =
        is_of_calls(slot) ? vmk->profile->form_rpc_open : vmk->profile->form_command_open;
    log_form(&vmk->log, LOG_WARNING, vmk->now_ns, vmk->worlds.dump_pcpu % vmk->worlds.pcpus, w->id,
             form, values, sizeof values / sizeof values[0]);
    return true;
}
