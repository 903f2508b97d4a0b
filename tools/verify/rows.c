/* rows.c - see rows.h. The table first. */
#include "tools/verify/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT (-1)

const struct row rows[] = {
    /* --- the screen and what it was made of --------------------------------------------------- */
    { "product and build line", "screen.product", "zdump.state.product", TEXT, "" },
    { "build on the screen", "screen.build", "zdump.state.build", 0, "" },
    { "headline", "screen.headline", "zdump.state.headline", TEXT, "" },
    { "headline and the log's COS Error line", "screen.headline", "zdump.log.cos-error", TEXT, "" },
    { "the screen's text and the zdump's copy", "screen.line.*", "zdump.screen.line.*", TEXT, "" },
    { "register ip", "screen.ip", "core.regs.ip", 0, "low 32 bits of the first NT_PRSTATUS" },
    { "register eax", "screen.eax", "core.regs.eax", 0, "" },
    { "register ebx", "screen.ebx", "core.regs.ebx", 0, "" },
    { "register ecx", "screen.ecx", "core.regs.ecx", 0, "" },
    { "register edx", "screen.edx", "core.regs.edx", 0, "" },
    { "register ebp", "screen.ebp", "core.regs.ebp", 0, "" },
    { "register esi", "screen.esi", "core.regs.esi", 0, "" },
    { "register edi", "screen.edi", "core.regs.edi", 0, "" },
    { "segment es", "screen.es", "core.regs.es", 0, "" },
    { "segment ds", "screen.ds", "core.regs.ds", 0, "" },
    { "cr2 and the last fault address", "screen.cr2", "core.last_fault", 0, "" },
    { "cr3 and the size of the console", "screen.cr3.ram_kb", "zdump.state.cos_ram_kb", 0,
      "cr3 - 0x2401000" },
    { "backtrace: ebp", "screen.frame0.bp", "screen.ebp", 0, "" },
    { "backtrace: ip", "screen.frame0.ip", "screen.ip", 0, "" },
    { "backtrace and the stack of the current task", "screen.frame0.ip", "zdump.current.ip", 0,
      "" },
    { "uptime of the screen and the end of the dump", "screen.uptime_ms", "zdump.state.dump_end_ms",
      0, "" },
    { "TSC by uptime and the CPU's clock", "screen.tsc_khz", "zdump.state.cpu_khz", 2, "" },
    { "pCPUs: world", "screen.pcpu.world.*", "zdump.pcpu.world.*", 0, "" },
    { "pCPUs: name", "screen.pcpu.name.*", "zdump.pcpu.short.*", TEXT, "cut at 9 bytes" },
    { "pCPUs: how many on the screen", "screen.pcpus", "zdump.state.pcpus", 0, "" },
    { "pCPUs: how many in the list", "zdump.pcpus", "zdump.state.pcpus", 0, "" },
    { "the running worlds exist", "zdump.running.name.*", "zdump.world.name.*", TEXT, "" },
    /* --- alerts ------------------------------------------------------------------------------- */
    { "alerts: screen and zdump's log", "screen.alert.text.*", "zdump.log.alert.text.*", TEXT, "" },
    { "alerts: screen and vmkernel log", "screen.alert.text.*", "vmkernel.alert.text.*", TEXT, "" },
    { "alerts: vmkernel log and vmkwarning", "vmkernel.alert.text.*", "vmkwarning.alert.text.*",
      TEXT, "" },
    { "last alert: instant", "screen.last-alert.at_ms", "zdump.log.last-alert.at_ms", 0, "" },
    { "alerts: how many", "zdump.log.alerts", "zdump.heartbeats.alerts", 0, "" },
    { "alerts: t and the age of the last beat", "zdump.log.alert.t.*", "derived.alert.t.*", 0,
      "whole minutes since last_beat" },
    { "alerts: to and the timeout", "zdump.log.alert.to.*", "derived.alert.to.*", 0, "" },
    { "last alert: comm", "zdump.log.last-alert.comm", "core.current.comm", TEXT, "" },
    { "last alert: pid", "zdump.log.last-alert.pid", "core.current.pid", 0, "" },
    { "last alert and the zdump's current task: comm", "zdump.log.last-alert.comm",
      "zdump.current.comm", TEXT, "" },
    { "last alert and the zdump's current task: pid", "zdump.log.last-alert.pid",
      "zdump.current.pid", 0, "" },
    /* --- logs --------------------------------------------------------------------------------- */
    { "vmkernel log and the zdump's ring", "vmkernel.line.*", "zdump.log.line.*", TEXT, "" },
    { "vmkwarning and vmkernel log", "vmkwarning.warning.*", "vmkernel.warning.*", TEXT, "" },
    { "stamps and uptimes of the vmkernel log", "vmkernel.stamp.*", "vmkernel.epoch_s.*", 1, "" },
    { "host name in the vmkernel log", "vmkernel.host", "zdump.state.host", TEXT, "" },
    { "host name in messages", "messages.host", "zdump.state.host", TEXT, "" },
    { "host name in vmksummary", "vmksummary.host", "zdump.state.host", TEXT, "" },
    { "host name in esx.conf", "esxconf.host", "zdump.state.host", TEXT, "" },
    { "where the core lies and the Dump line", "core.name", "zdump.log.core-name", TEXT, "" },
    { "datastore in the Dump line", "zdump.log.core-uuid", "zdump.state.datastore", TEXT, "" },
    { "kernel log: zdump and core", "zdump.cos-log.line.*", "core.log.line.*", TEXT, "" },
    { "kernel log and messages: OOM kills", "messages.oom.*", "core.oom.*", TEXT, "" },
    { "bytes ever logged", "zdump.log.bytes", "zdump.state.log_bytes_ever", 0,
      "while the ring has not wrapped" },
    /* --- heartbeats --------------------------------------------------------------------------- */
    { "beats: watchdog and ring", "zdump.heartbeats.beats", "zdump.ring.beats", 0, "" },
    { "last beat: record and summary", "zdump.beat.last_ns", "zdump.heartbeats.last_beat_ns", 0,
      "" },
    { "last beat's number and the ring's", "zdump.beat.last_seq", "derived.ring.seq", 0,
      "of the generation that the VMkernel listens to" },
    { "generation: the last look and memory", "zdump.ring.seen_generation",
      "zdump.ring.memory_generation", 0, "" },
    { "head at the last look and the last beat", "zdump.ring.seen_head", "derived.ring.seq", 0,
      "" },
    { "uptimes printed twice: last beat", "zdump.heartbeats.last_beat_text_ms",
      "zdump.heartbeats.last_beat_ms", 0, "" },
    /* --- the dumps ---------------------------------------------------------------------------- */
    { "instant of the stun", "zdump.state.stun_ns", "core.time_ns", 0, "" },
    { "uptimes printed twice: stun", "zdump.state.stun_text_ms", "zdump.state.stun_ms", 0, "" },
    { "stunned or not", "zdump.state.cos_stunned", "core.stunned", 0, "" },
    { "kernel release", "zdump.state.cos_release", "core.release", TEXT, "" },
    { "RAM of the console", "zdump.state.cos_ram_kb", "core.ram_kb", 0, "" },
    { "swap of the console", "zdump.state.cos_swap_kb", "core.swap_kb", 0, "" },
    { "slot: build", "zdump.slot.build", "zdump.state.build", TEXT, "" },
    { "slot: host", "zdump.slot.host", "zdump.state.host", TEXT, "" },
    { "slot: uptime", "zdump.slot.uptime_ns", "zdump.state.dump_end_ns", 0, "" },
    { "slot: date", "zdump.slot.epoch_s", "derived.dump_end_epoch_s", 0, "" },
    { "slot: reason", "zdump.slot.reason", "zdump.state.reason", TEXT, "" },
    { "tasks: how many", "zdump.tasks", "core.tasks", 0, "" },
    { "tasks: how many NT_PRSTATUS", "core.threads", "core.tasks", 0, "" },
    { "tasks: comm", "zdump.task.comm.*", "core.task.comm.*", TEXT, "" },
    { "tasks: parent", "zdump.task.ppid.*", "core.task.ppid.*", 0, "" },
    { "tasks: state", "zdump.task.state.*", "core.task.state.*", TEXT, "" },
    { "tasks: instruction pointer", "zdump.task.ip.*", "core.task.ip.*", 0, "" },
    { "tasks: stack", "zdump.task.trace.*", "core.task.trace.*", TEXT,
      "functions, innermost first" },
    { "current task: pid", "zdump.current.pid", "core.current.pid", 0, "" },
    { "first NT_PRSTATUS and CURRENT", "core.first_pid", "core.current.pid", 0, "" },
    { "swap map and counter", "core.swap.map_used_kb", "core.swap.used_kb", 0, "" },
    { "free pages: counter and lists", "core.free_pages", "core.free_list_pages", 0, "" },
    { "virtual machines: state and worlds", "zdump.state.vms", "zdump.worlds.vms", 0,
      "those that have been powered on" },
    { "worlds: state and list", "zdump.state.worlds", "zdump.worlds.count", 0,
      "those that exist by then" },
    /* --- the console's own figures ------------------------------------------------------------ */
    { "MemTotal", "meminfo.MemTotal", "core.mem_total_kb", 0, "" },
    { "SwapTotal", "meminfo.SwapTotal", "core.swap_kb", 0, "" },
    { "SwapTotal and the host's setting", "meminfo.SwapTotal", "zdump.state.cos_swap_kb", 0, "" },
    { "swap size in /proc/swaps", "swaps.size_kb", "core.swap_kb", 0, "" },
    { "SwapFree: /proc/meminfo and /proc/swaps", "meminfo.swap_used_kb", "swaps.used_kb", 0, "" },
    { "vmksummary: build of the VMkernel", "vmksummary.vmk_build.*", "derived.build.*", TEXT, "" },
    { "vmksummary: build of the VMM", "vmksummary.vmm_build.*", "derived.build.*", TEXT, "" },
    { "vmksummary: epoch and uptime", "vmksummary.epoch_s.*", "derived.summary_epoch_s.*", 2, "" },
    { "vmksummary: epoch and stamp", "vmksummary.stamp_gap_s.*", "derived.zero.*", 120,
      "the script may have to wait" },
    { "vmksummary: the COS's uptime and the VMkernel's", "vmksummary.lead_ms.*",
      "derived.lead_ms.*", 2000, "12.2 s, and the time between two reads" },
    { "vmksummary: virtual machines and the core's", "vmksummary.last.vms", "core.vmx", 0, "" },
    { "vmksummary: swap and the most that there is", "vmksummary.last.swap_over_kb", "derived.zero",
      0, "" },
};
const uint32_t rows_count = sizeof rows / sizeof rows[0];

/* ---- the judge ------------------------------------------------------------------------------- */
static bool agree(const struct row *row, const struct claim *a, const struct claim *b)
{
    if (row->apart < 0)
        return strcmp(a->value, b->value) == 0;
    const int64_t x = strtoll(a->value, NULL, 10), y = strtoll(b->value, NULL, 10);
    return (x > y ? x - y : y - x) <= row->apart;
}

static void compare(const struct claim *a, const struct claim *b, struct row_result *r)
{
    const bool same = agree(r->row, a, b);
    r->compared++;
    r->differing += !same;
    if (r->a == NULL || (!same && r->differing == 1)) {
        r->a = a;
        r->b = b;
    }
}

static void compare_items(struct claims *c, struct row_result *r)
{
    char key[CLAIM_KEY_MAX];
    const size_t a_length = strlen(r->row->a) - 1, b_length = strlen(r->row->b) - 1;
    (void)claim_find(c, ""); /* sorts */
    for (uint32_t i = 0; i < c->count; i++) {
        const struct claim *a = &c->claim[i];
        if (strncmp(a->key, r->row->a, a_length) != 0)
            continue;
        (void)snprintf(key, sizeof key, "%.*s%s", (int)b_length, r->row->b, a->key + a_length);
        const struct claim *b = claim_find(c, key);
        if (b != NULL)
            compare(a, b, r);
    }
}

void row_judge(struct claims *c, const struct row *row, struct row_result *ret)
{
    *ret = (struct row_result){ .row = row };
    if (row->a[strlen(row->a) - 1] == '*') {
        compare_items(c, ret);
    } else {
        const struct claim *a = claim_find(c, row->a), *b = claim_find(c, row->b);
        if (a != NULL && b != NULL)
            compare(a, b, ret);
    }
    ret->verdict = ret->compared == 0 ? ROW_ABSENT : ret->differing == 0 ? ROW_AGREES : ROW_DIFFERS;
}
