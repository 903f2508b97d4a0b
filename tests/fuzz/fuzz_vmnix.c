/* fuzz_vmnix.c - the VMNIX channel written by a COS that went mad: the VMkernel must neither crash
 * nor believe anything.
 *
 * The input is written over the channel, some bytes at a time, between hand-overs; after each the
 * VMkernel serves it, with faults on or off. What must hold after each: an open call is one that
 * the fault or the serial number explains, texts are printable, and a slot is answered at most as
 * often as it was served. */
#include "tests/fuzz/fuzz.h"
#include "vmkernel/calls/rpc.h"
#include "vmkernel/host/vmk.h"

#define CHUNK 96u

static struct vmk vmk;
static struct vmnix channel;
static struct fault plan[3];

static int append(void *context, enum log_file file, const char *text, size_t bytes)
{
    (void)context;
    (void)file;
    (void)text;
    (void)bytes;
    return 0;
}

static void start(uint8_t which)
{
    memset(&channel, 0, sizeof channel);
    vmk.machine.vmnix = &channel;
    vmk.profile = profile_find("esx-3.5");
    vmk.now_ns = 1;
    vmk.cos = VMK_COS_RUNS;
    memset(&vmk.rpc, 0, sizeof vmk.rpc);
    const struct log_effects effects = { .append = append };
    log_init(&vmk.log, &effects, "h", 0, 0);
    if (vmk.worlds.count == 0)
        (void)worlds_init(&vmk.worlds, vmk.profile, 1, 4, 0, NULL);
    plan[0] = (struct fault){ .type = FAULT_RPC_HANG, .for_ns = 50, .every_ns = 100 };
    plan[1] = (struct fault){ .type = FAULT_IO_HANG, .probability = 50, .for_ns = 70 };
    plan[2] = (struct fault){ .type = FAULT_DATASTORE_LOSS, .at_ns = 30 };
    fault_queue_init(&vmk.faults, plan, which % 4, FAULT_SIDE_VMKERNEL);
}

static void check(void)
{
    for (uint32_t slot = 0; slot < VMNIX_SLOTS; slot++) {
        const struct rpc_call *c = &vmk.rpc.call[slot];
        CHECK(memchr(c->comm, '\0', sizeof c->comm) != NULL);
        CHECK(c->posted_ns <= vmk.now_ns);
        if (!c->open)
            continue;
        CHECK(c->op > VMNIX_OP_NONE && c->op < VMNIX_OPS);
        CHECK((slot == VMNIX_RPC) == (c->op != VMNIX_OP_READ && c->op != VMNIX_OP_WRITE));
        CHECK(c->world < vmk.worlds.count);
        CHECK(vmk.worlds.world[c->world].kind == WORLD_HELPER);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fault_event ev;
    if (size < 1)
        return 0;
    start(data[0]);
    for (size_t at = 1; at + 2 < size; at += CHUNK) {
        const size_t offset = (size_t)(data[at] << 8 | data[at + 1]) % sizeof channel;
        size_t n = size - at - 2 < CHUNK - 2 ? size - at - 2 : CHUNK - 2;
        n = n < sizeof channel - offset ? n : sizeof channel - offset;
        memcpy((uint8_t *)&channel + offset, data + at + 2, n);
        vmk.now_ns += 10;
        while (fault_queue_take(&vmk.faults, vmk.now_ns, NULL, NULL, &ev))
            rpc_reconsider(&vmk);
        rpc_publish(&vmk);
        (void)rpc_serve(&vmk);
        check();
        (void)rpc_warn(&vmk, data[at] % 5, channel.request[0].seq);
    }
    return 0;
}
