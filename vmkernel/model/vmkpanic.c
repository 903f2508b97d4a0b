/* vmkpanic.c - see vmkpanic.h. */
#include "vmkernel/model/vmkpanic.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "shared/rng.h"

#define MCE_BANKS 5u          /* of the processors of the time: OUR CHOICE */
#define STACK_BASE 0x1c00000u /* where worlds have their VMkernel stacks: OUR CHOICE */
#define STACK_BYTES 0x2000u

/* A piece of VMkernel text: callers first, the one that fails last. */
struct function {
    const char *name;
    uint32_t address, bytes;
};
#define FRAMES 5u
static const struct function chains[][FRAMES] = {
    { { "CpuSched_StartWorld", 0x624a10, 0x1e8 },
      { "HelperLoop", 0x60c5d4, 0x2a0 },
      { "SCSI_CompletionTask", 0x672f48, 0x31c },
      { "SCSI_DoneRequest", 0x6741e0, 0x1f4 },
      { "Async_TokenCallback", 0x67ef60, 0x218 } },
    { { "BH_Check", 0x60a1c8, 0x15c },
      { "Net_TxComplete", 0x6932a0, 0x23c },
      { "Portset_Complete", 0x69b7c4, 0x1a0 },
      { "Pkt_ReleaseList", 0x6a10e8, 0x1cc },
      { "Heap_Free", 0x6188b0, 0x2f8 } },
    { { "Timer_BHHandler", 0x61f2ec, 0x268 },
      { "FS3_HeartbeatTick", 0x6c4a90, 0x1fc },
      { "FS3_UpdateHB", 0x6c5f3c, 0x2d4 },
      { "FDS_AsyncIO", 0x6b28d8, 0x194 },
      { "SCSI_QueueCommand", 0x675a60, 0x2ac } },
};
#define CHAINS (sizeof chains / sizeof chains[0])

static uint32_t draw_below(struct rng *rng, uint32_t bound)
{
    return (uint32_t)rng_below(rng, bound);
}

static uint32_t draw_inside(struct rng *rng, const struct function *f)
{
    return 1 + draw_below(rng, f->bytes - 1);
}

/* Newest first, each frame above the one that it called. */
static void draw_frames(struct rng *rng, struct vmkpanic *p)
{
    const struct function *chain = chains[draw_below(rng, CHAINS)];
    uint32_t ebp = STACK_BASE + p->world->id * STACK_BYTES % 0x400000u + STACK_BYTES -
                   4 * (0x120 + draw_below(rng, 0x40));
    for (uint32_t i = 0; i < FRAMES; i++) {
        const struct function *f = chain + (FRAMES - 1 - i);
        struct screen_frame *to = &p->frame[i];
        (void)snprintf(to->name, sizeof to->name, "%s", f->name);
        to->ebp = ebp;
        to->offset = draw_inside(rng, f);
        to->ip = f->address + to->offset;
        to->stack[0] = draw_below(rng, 0x100);
        to->stack[1] = STACK_BASE + 4 * draw_below(rng, 0x200000);
        to->stack[2] = ebp + 4 * draw_below(rng, 0x20);
        ebp += 4 * (8 + draw_below(rng, 0x18));
    }
    p->frame_count = FRAMES;
}

/* Registers of code that followed a bad pointer: one of them holds it. */
static void draw_regs(struct rng *rng, struct vmkpanic *p)
{
    struct screen_regs *r = &p->regs;
    const uint32_t bad = draw_below(rng, 2) == 0 ? 0 : 0x5a5a0000u | draw_below(rng, 0x10000);
    r->ebp = p->frame[0].ebp;
    r->ip = p->frame[0].ip;
    r->frame = p->frame[0].ebp - 4 * (0x18 + draw_below(rng, 0x10));
    r->cr2 = bad + 4 * draw_below(rng, 0x20);
    r->cr3 = 0x1000 * (0x2000 + draw_below(rng, 0x1000));
    r->cr4 = 0x6f0;
    r->es = r->ds = r->fs = 0x4028;
    r->gs = 0x4028;
    r->eax = bad;
    r->ebx = STACK_BASE + 4 * draw_below(rng, 0x200000);
    r->ecx = draw_below(rng, 0x1000);
    r->edx = p->frame[0].stack[0];
    r->esi = r->ebx + 0x40;
    r->edi = draw_below(rng, 0x100);
    r->err = 2 * (int32_t)draw_below(rng, 2); /* a read or a write of a page that is not there */
    r->eflags = 0x10246;
}

static void page_fault(struct rng *rng, struct vmkpanic *p)
{
    draw_frames(rng, p);
    draw_regs(rng, p);
    (void)snprintf(p->headline, sizeof p->headline,
                   "#PF Exception type 14 in world %" PRIu32 ":%.9s @ 0x%" PRIx32, p->world->id,
                   p->world->name, p->regs.ip);
}

/* An uncorrected error of a bank: valid, uncorrected, enabled, with an address. */
static void machine_check(struct rng *rng, struct vmkpanic *p)
{
    const uint32_t bank = draw_below(rng, MCE_BANKS);
    const uint64_t code = draw_below(rng, 0x1000);
    const uint64_t status = 0xb600000000000000u | code << 16 | 0x0e0f;
    const uint64_t address = (rng_next(rng) & 0x3ffffffc0u);
    page_fault(rng, p);
    p->regs.cr2 = 0;
    p->regs.err = 0;
    (void)snprintf(p->headline, sizeof p->headline, "Hardware (Machine) Error");
    (void)snprintf(p->line[0], sizeof p->line[0],
                   "ALERT: MCE: 171: Machine Check Exception: Bank %" PRIu32 ", Status 0x%" PRIx64,
                   bank, status);
    (void)snprintf(p->line[1], sizeof p->line[1],
                   "ALERT: MC:PCPU%" PRIu32 " B:%" PRIu32 " S:0x%" PRIx64 " M:0x0 A:0x%" PRIx64
                   " 7",
                   p->pcpu, bank, status, address);
    p->line_count = 2;
}

void vmkpanic_make(uint32_t type, const struct worlds *worlds, uint64_t seed, uint64_t now_ns,
                   struct vmkpanic *ret)
{
    assert(type == FAULT_VMKERNEL_PF || type == FAULT_MACHINE_CHECK);
    struct rng rng;
    memset(ret, 0, sizeof *ret);
    rng_init(&rng, seed ^ now_ns, "vmkernel panic");
    ret->pcpu = draw_below(&rng, worlds->pcpus);
    ret->world = worlds_on_pcpu(worlds, ret->pcpu, now_ns);
    if (type == FAULT_VMKERNEL_PF)
        page_fault(&rng, ret);
    else
        machine_check(&rng, ret);
}
