/* dump_text.c - see dump_text.h. */
#include "vmkernel/dump/dump_text.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "shared/calendar.h"
#include "vmkernel/foreign/costrace.h"
#include "vmkernel/host/vmk.h"

static void print_time(FILE *to, const char *key, uint64_t ns)
{
    char text[CALENDAR_UPTIME_SIZE];
    (void)calendar_format_uptime(ns, text);
    (void)fprintf(to, "%s_ns=%" PRIu64 "\n%s=%s\n", key, ns, key, text);
}

static void print_state(FILE *to, const struct dump_text *d)
{
    const struct vmk *vmk = d->vmk;
    const struct plan *plan = &vmk->plan;
    (void)fprintf(to, "product=%s\nbuild=%s\nprofile=%s\nhost=%s\n", vmk->profile->product,
                  vmk->profile->build, vmk->profile->name, plan->host);
    (void)fprintf(to, "reason=%s%s\n",
                  vmk->outcome == VMK_VMKERNEL_PSOD ? "" : "COS Error: ", d->headline);
    (void)fprintf(to, "boot_epoch_s=%" PRId64 "\nutc_offset_s=%" PRId32 "\n", plan->epoch_boot_s,
                  plan->utc_offset_s);
    print_time(to, "stun", d->stun_ns);
    print_time(to, "dump_end", vmk->now_ns);
    (void)fprintf(to,
                  "pcpus=%" PRIu32 "\ncpu_khz=%" PRIu32 "\nvms=%" PRIu32 "\nworlds=%" PRIu32 "\n",
                  plan->pcpus, plan->cpu_khz, plan->vms, vmk->worlds.count);
    (void)fprintf(
        to, "cos_release=%s\ncos_ram_kb=%" PRIu64 "\ncos_swap_kb=%" PRIu32 "\ncos_stunned=%d\n",
        plan->boot.release, vmk->machine.ram_bytes / 1024, plan->swap_kb,
        vmk->cos == VMK_COS_STUNNED ? 1 : 0);
    (void)fprintf(to, "datastore=%s\n", plan->datastore_uuid);
    (void)fprintf(to, "log_bytes_ever=%" PRIu64 "\n", vmk->log.written);
}

static void print_pcpus(FILE *to, const struct dump_text *d)
{
    const struct vmk *vmk = d->vmk;
    const struct world *running[WORLDS_PCPUS_MAX];
    worlds_snapshot(&vmk->worlds, d->stun_ns, running);
    for (uint32_t i = 0; i < vmk->worlds.pcpus; i++)
        (void)fprintf(to, "pcpu=%" PRIu32 " world=%" PRIu32 " name=%s\n", i, running[i]->id,
                      running[i]->name);
}

/* Those that exist when the COS is stunned. */
static void print_worlds(FILE *to, const struct dump_text *d)
{
    const struct vmk *vmk = d->vmk;
    static const char *const kinds[] = { "console", "idle", "helper", "driver", "vm" };
    for (uint32_t i = 0; i < vmk->worlds.count; i++) {
        const struct world *w = &vmk->worlds.world[i];
        if (w->created_ns > d->stun_ns)
            continue;
        (void)fprintf(to, "world=%" PRIu32 " kind=%s created_ns=%" PRIu64, w->id, kinds[w->kind],
                      w->created_ns);
        if (w->kind == WORLD_VM)
            (void)fprintf(to, " vm=%" PRIu32, w->vm);
        (void)fprintf(to, " name=%s\n", w->name);
    }
}

/* The watchdog's figures, then the last beats, oldest first. */
static void print_heartbeats(FILE *to, const struct dump_text *d)
{
    const struct vmk *vmk = d->vmk;
    const struct hb *hb = &vmk->hb;
    (void)fprintf(to,
                  "state=%s\ntimeout_min=%u\nbeats=%" PRIu64 "\nbeats_gap=%" PRIu64
                  "\nalerts=%" PRIu64 "\n",
                  hb_state_name(hb->state), HB_TIMEOUT_MIN, hb->beats, vmk->beats_gap, hb->alerts);
    print_time(to, "armed", hb->armed_ns);
    print_time(to, "last_beat", hb->last_beat_ns);
    for (uint32_t i = 0; i < hb_history_count(hb); i++) {
        const struct hb_beat *b = hb_history_at(hb, i);
        char text[CALENDAR_UPTIME_SIZE];
        (void)calendar_format_uptime(b->beat_ns, text);
        (void)fprintf(to,
                      "beat seq=%" PRIu64 " ns=%" PRIu64 " latency_ns=%" PRIu64 " gap=%" PRIu32
                      " at=%s\n",
                      b->seq, b->beat_ns, b->latency_ns, b->gap, text);
    }
}

static void print_ring(FILE *to, const struct dump_text *d)
{
    const struct vmk *vmk = d->vmk;
    const struct ring_consumer *c = &vmk->ring;
    (void)fprintf(to, "generation=%" PRIu32 "\nseq=%" PRIu64 "\nbeats=%" PRIu64 "\nrefusing=%d\n",
                  c->generation, c->seq, c->beats, c->refusing ? 1 : 0);
    (void)fprintf(
        to, "front magic=%08" PRIx32 " slots=%" PRIu32 " generation=%" PRIu32 " head=%" PRIu64 "\n",
        c->seen.magic, c->seen.slots, c->seen.generation, c->seen.head);
    /* The same words as they stand in memory now: what was put and never heard of shows. */
    const struct ring *ring = vmk->machine.ring;
    (void)fprintf(to,
                  "memory magic=%08" PRIx32 " slots=%" PRIu32 " generation=%" PRIu32
                  " head=%" PRIu64 "\n",
                  ring->magic, ring->slots, ring->generation, ring->head);
    (void)fprintf(to, "doorbells=%" PRIu64 "\n", vmk->doorbells);
    for (int kind = 0; kind < RING_KINDS; kind++)
        (void)fprintf(to, "count kind=%s n=%" PRIu64 "\n", ring_kind_name((enum ring_kind)kind),
                      c->counts[kind]);
}

static void print_call(FILE *to, const struct vmk *vmk, uint32_t slot)
{
    const struct rpc_call *c = &vmk->rpc.call[slot];
    if (!c->open)
        return;
    const struct world *w = &vmk->worlds.world[c->world];
    char since[CALENDAR_UPTIME_SIZE];
    (void)calendar_format_uptime(c->posted_ns, since);
    (void)fprintf(to,
                  "outstanding call=%" PRIu32 " slot=%s op=%s pid=%" PRIu32
                  " comm=%s posted_ns=%" PRIu64 " posted=%s world=%" PRIu32 " name=%s\n",
                  c->seq, rpc_slot_name(slot), rpc_op_name(c->op), c->pid, c->comm, c->posted_ns,
                  since, w->id, w->name);
}

static void print_vmnix(FILE *to, const struct dump_text *d)
{
    const struct vmk *vmk = d->vmk;
    const struct vmnix_request *r = vmk->machine.vmnix->request;
    (void)fprintf(
        to, "posted=%" PRIu32 "\nclosed=%" PRIu32 "\nanswered=%" PRIu64 "\nrefused=%" PRIu64 "\n",
        r[VMNIX_RPC].seq, r[VMNIX_RPC].closed, vmk->rpc.answered[VMNIX_RPC], vmk->rpc.refused);
    (void)fprintf(to, "slot=storage posted=%" PRIu32 " closed=%" PRIu32 " answered=%" PRIu64 "\n",
                  r[VMNIX_STORAGE].seq, r[VMNIX_STORAGE].closed, vmk->rpc.answered[VMNIX_STORAGE]);
    print_call(to, vmk, VMNIX_RPC);
    print_call(to, vmk, VMNIX_STORAGE);
}

/* What the COS says is under way; by_rule=0 was handed over and has no answer. */
static void print_command(FILE *to, const struct vmk *vmk, uint32_t slot)
{
    struct vmnix_request r = vmk->machine.vmnix->request[slot];
    char since[CALENDAR_UPTIME_SIZE];
    (void)fprintf(to, "partition=%s posted=%" PRIu32 " closed=%" PRIu32 " answered=%" PRIu64 "\n",
                  rpc_slot_name(slot), r.seq, r.closed, vmk->rpc.answered[slot]);
    if (r.seq == r.closed)
        return;
    (void)calendar_format_uptime(r.posted_ns, since);
    (void)fprintf(to,
                  "outstanding partition=%s op=%s serial=%" PRIu64 " block=%" PRIu32
                  " pages=%" PRIu32 " posted_ns=%" PRIu64 " posted=%s answered=%d\n",
                  rpc_slot_name(slot), rpc_op_name(r.op), r.arg, r.block, r.pages, r.posted_ns,
                  since, r.by_rule != 0 || !vmk->rpc.call[slot].open);
}

static void print_scsi(FILE *to, const struct dump_text *d)
{
    const struct vmk *vmk = d->vmk;
    (void)fprintf(to, "serial_next=%" PRIu64 "\nlost_completions=%" PRIu64 "\n",
                  vmk->machine.vmnix->serial, vmk->rpc.lost);
    print_command(to, vmk, VMNIX_SWAP);
    print_command(to, vmk, VMNIX_ROOT);
}

static void print_trace(FILE *to, const struct cosview *v, const struct cos_trace *t)
{
    for (uint32_t i = 0; i < t->count; i++) {
        uint64_t offset = 0;
        const char *f = cos_trace_function(v, t, i, &offset);
        (void)fprintf(to, " #%-2" PRIu32 " ip=%08" PRIx64 " sp=%08" PRIx64 " %s", i, t->frame[i].ip,
                      t->frame[i].sp, f != NULL ? f : "?");
        if (f != NULL)
            (void)fprintf(to, "+0x%" PRIx64, offset);
        (void)fputc('\n', to);
    }
    if (t->end != COS_TRACE_WHOLE)
        (void)fprintf(to, " (%s)\n", cos_trace_end_name(t->end));
}

static void print_tasks(FILE *to, const struct dump_text *d)
{
    if (d->view == NULL)
        return;
    (void)fprintf(to, "tasks=%" PRIu32 "\n", d->tasks->count);
    for (uint32_t i = 0; i < d->tasks->count; i++) {
        const struct cos_task *t = &d->tasks->task[i];
        (void)fprintf(to,
                      "task pid=%" PRIu32 " ppid=%" PRIu32 " state=%c current=%d task=%08" PRIx64
                      " frame=%08" PRIx32 " comm=%s\n",
                      t->pid, t->ppid, cos_state_letter(t->state), t->current ? 1 : 0, t->address,
                      t->frame, t->comm);
        if (d->traces != NULL)
            print_trace(to, d->view, &d->traces[i]);
    }
}

static void print_notes(FILE *to, const struct dump_text *d)
{
    for (uint32_t i = 0; i < d->notes->count; i++)
        (void)fprintf(to, "%s\n", d->notes->line[i]);
    if (d->notes->dropped > 0)
        (void)fprintf(to, "%" PRIu32 " more notes did not fit\n", d->notes->dropped);
}

static void print_screen(FILE *to, const struct dump_text *d)
{
    (void)fputs(d->screen, to);
}

static void print_log(FILE *to, const struct dump_text *d)
{
    char *text = malloc(LOG_RING_BYTES);
    if (text != NULL)
        (void)fwrite(text, 1, log_copy(&d->vmk->log, text, LOG_RING_BYTES), to);
    free(text);
}

/* An Oops has printed its own trace. */
static void print_cos_log(FILE *to, const struct dump_text *d)
{
    if (d->view == NULL)
        return;
    char *text = cosview_log(d->view);
    const size_t len = text != NULL ? strlen(text) : 0;
    const struct cos_task *current = cos_task_current(d->tasks);
    if (len > 0)
        (void)fprintf(to, "%s%s", text, text[len - 1] != '\n' ? "\n" : "");
    free(text);
    if (current != NULL && d->vmk->outcome != VMK_COS_OOPS)
        costrace_print(to, d->view, current, d->vmk->plan.boot.release);
}

void dump_text_print(FILE *to, enum zdump_type type, const struct dump_text *d)
{
    static void (*const print[])(FILE * to, const struct dump_text *d) = {
        [ZDUMP_NOTES] = print_notes,   [ZDUMP_SCREEN] = print_screen,
        [ZDUMP_LOG] = print_log,       [ZDUMP_COS_LOG] = print_cos_log,
        [ZDUMP_STATE] = print_state,   [ZDUMP_PCPUS] = print_pcpus,
        [ZDUMP_WORLDS] = print_worlds, [ZDUMP_HEARTBEATS] = print_heartbeats,
        [ZDUMP_RING] = print_ring,     [ZDUMP_COS_TASKS] = print_tasks,
        [ZDUMP_VMNIX] = print_vmnix,   [ZDUMP_SCSI] = print_scsi,
    };
    assert(type < sizeof print / sizeof print[0] && print[type] != NULL);
    print[type](to, d);
}
