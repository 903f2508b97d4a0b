/* read_zdump.c - what the zdump says: of the slot while it holds one, else of the file that a start
 * made of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/units.h"
#include "tools/parse/dumptext.h"
#include "tools/parse/scan.h"
#include "tools/verify/read.h"

#define TRACE_MAX 320u
#define RING_BYTES (256u * 1024) /* what the VMkernel's log ring holds (docs/FORMATS.md) */

struct source {
    struct verify *v;
    struct claims *c;
    const char *file;
    const struct zdump *z;
    struct dumptext d; /* at the record that is read */
};

static struct claim_place place(const struct source *s)
{
    return (struct claim_place){ .file = s->file,
                                 .section = zdump_type_name(s->d.section),
                                 .line = s->d.line };
}

/* A field as a number; 0 when the record lacks it, as a hand may have made it. */
static int64_t number_of(const struct dumptext *d, const char *key)
{
    int64_t value = 0;
    (void)dumptext_number(d, key, &value);
    return value;
}

static const char *text_of(const struct dumptext *d, const char *key)
{
    const char *value = dumptext_value(d, key);
    return value != NULL ? value : "";
}

static bool is_whole(const struct zdump *z, enum zdump_type type)
{
    const struct zdump_section *section = zdump_find(z, type);
    return section != NULL && section->health == ZDUMP_WHOLE && section->data != NULL;
}

/* ---- lines key=value ------------------------------------------------------------------------- */
/* Instants are printed twice, as `KEY_ns` and as an uptime `KEY`. */
static void put_ms(struct source *s, const struct claim_place *at, const char *key,
                   const char *value)
{
    uint64_t ms;
    const size_t n = strlen(key);
    if (n > 3 && strcmp(key + n - 3, "_ns") == 0)
        claim_number(s->c, at, number_of(&s->d, key) / (int64_t)NS_PER_MS, "zdump.%s.%.*s_ms",
                     at->section, (int)(n - 3), key);
    else if (scan_uptime(&value, &ms, NULL))
        claim_number(s->c, at, (int64_t)ms, "zdump.%s.%s_text_ms", at->section, key);
}

static void put_values(struct source *s)
{
    static const char error[] = "COS Error: ";
    while (dumptext_next(&s->d)) {
        if (!dumptext_is_value(&s->d))
            continue;
        const char *key = s->d.field[0].key, *value = s->d.field[0].value;
        const struct claim_place at = place(s);
        claim_text(s->c, &at, value, "zdump.%s.%s", at.section, key);
        put_ms(s, &at, key, value);
        if (strcmp(key, "reason") == 0) {
            (void)scan_text(&value, error);
            claim_text(s->c, &at, value, "zdump.%s.headline", at.section);
        }
    }
}

/* ---- records --------------------------------------------------------------------------------- */
/* The world that a pCPU runs, as the list of worlds has it. */
static void put_running_world(const struct source *s, int64_t pcpu, int64_t world)
{
    struct source worlds = { .file = s->file };
    if (!is_whole(s->z, ZDUMP_WORLDS))
        return;
    for (dumptext_begin(&worlds.d, s->z, ZDUMP_WORLDS); dumptext_next(&worlds.d);) {
        const struct claim_place at = place(&worlds);
        if (number_of(&worlds.d, "world") == world)
            claim_text(s->c, &at, text_of(&worlds.d, "name"), "zdump.world.on.%lld.%lld",
                       (long long)pcpu, (long long)world);
    }
}

static void put_pcpus(struct source *s)
{
    int64_t count = 0;
    char short_name[10];
    while (dumptext_next(&s->d)) {
        const struct claim_place at = place(s);
        const long long pcpu = number_of(&s->d, "pcpu"), world = number_of(&s->d, "world");
        const char *name = dumptext_value(&s->d, "name");
        if (name == NULL)
            continue;
        (void)snprintf(short_name, sizeof short_name, "%.9s", name);
        claim_number(s->c, &at, world, "zdump.pcpu.world.%lld", pcpu);
        claim_text(s->c, &at, short_name, "zdump.pcpu.short.%lld", pcpu);
        claim_text(s->c, &at, name, "zdump.pcpu.name.%lld.%lld", pcpu, world);
        put_running_world(s, pcpu, world);
        count++;
    }
    const struct claim_place at = place(s);
    if (count > 0)
        claim_number(s->c, &at, count, "zdump.pcpus");
}

static void put_worlds(struct source *s)
{
    int64_t count = 0, vms = 0, vm, last_vm = -1;
    while (dumptext_next(&s->d)) {
        count += dumptext_value(&s->d, "name") != NULL;
        if (dumptext_number(&s->d, "vm", &vm) && vm != last_vm) {
            last_vm = vm;
            vms++;
        }
    }
    if (count == 0)
        return;
    const struct claim_place at = place(s);
    claim_number(s->c, &at, count, "zdump.worlds.count");
    claim_number(s->c, &at, vms, "zdump.worlds.vms");
}

static void put_beats(struct source *s)
{
    struct claim_place at = { 0 };
    int64_t ns = 0, seq = 0;
    while (dumptext_next(&s->d)) {
        if (!dumptext_is(&s->d, "beat"))
            continue;
        ns = number_of(&s->d, "ns");
        seq = number_of(&s->d, "seq");
        at = place(s);
    }
    if (at.line == 0)
        return;
    claim_number(s->c, &at, ns, "zdump.beat.last_ns");
    claim_number(s->c, &at, seq, "zdump.beat.last_seq");
}

static void put_ring(struct source *s)
{
    while (dumptext_next(&s->d)) {
        const bool seen = dumptext_is(&s->d, "front");
        if (!seen && !dumptext_is(&s->d, "memory"))
            continue;
        const struct claim_place at = place(s);
        const char *which = seen ? "seen" : "memory";
        claim_number(s->c, &at, number_of(&s->d, "generation"), "zdump.ring.%s_generation", which);
        claim_number(s->c, &at, number_of(&s->d, "head"), "zdump.ring.%s_head", which);
    }
}

/* ---- tasks ----------------------------------------------------------------------------------- */
struct task {
    struct claim_place at; /* of its first line */
    long long pid;         /* -1 = none */
    bool current, has_ip;
    char trace[TRACE_MAX];
};

static void end_task(struct source *s, struct task *t)
{
    if (t->pid >= 0)
        claim_text(s->c, &t->at, t->trace, "zdump.task.trace.%lld", t->pid);
    t->pid = -1;
}

static void begin_task(struct source *s, struct task *t)
{
    const char *comm = text_of(&s->d, "comm");
    *t = (struct task){ .at = place(s),
                        .pid = number_of(&s->d, "pid"),
                        .current = number_of(&s->d, "current") == 1 };
    claim_number(s->c, &t->at, number_of(&s->d, "ppid"), "zdump.task.ppid.%lld", t->pid);
    claim_text(s->c, &t->at, text_of(&s->d, "state"), "zdump.task.state.%lld", t->pid);
    claim_text(s->c, &t->at, comm, "zdump.task.comm.%lld", t->pid);
    if (t->current) {
        claim_number(s->c, &t->at, t->pid, "zdump.current.pid");
        claim_text(s->c, &t->at, comm, "zdump.current.comm");
    }
}

static void add_frame(struct source *s, struct task *t)
{
    const char *function = dumptext_value(&s->d, "function");
    const size_t used = strlen(t->trace);
    uint64_t ip = 0;
    (void)dumptext_hex(&s->d, "ip", &ip);
    if (!t->has_ip) {
        claim_number(s->c, &t->at, (int64_t)ip, "zdump.task.ip.%lld", t->pid);
        if (t->current)
            claim_number(s->c, &t->at, (int64_t)ip, "zdump.current.ip");
        t->has_ip = true;
    }
    if (function != NULL && used + 2 < sizeof t->trace)
        (void)snprintf(t->trace + used, sizeof t->trace - used, "%s%s", used > 0 ? " " : "",
                       function);
}

static void put_tasks(struct source *s)
{
    struct task t = { .pid = -1 };
    while (dumptext_next(&s->d)) {
        const struct claim_place at = place(s);
        int64_t tasks;
        if (dumptext_is_value(&s->d) && dumptext_number(&s->d, "tasks", &tasks)) {
            claim_number(s->c, &at, tasks, "zdump.tasks");
        } else if (dumptext_is(&s->d, "task")) {
            end_task(s, &t);
            begin_task(s, &t);
        } else if (dumptext_is(&s->d, "#") && t.pid >= 0) {
            add_frame(s, &t);
        }
    }
    end_task(s, &t);
}

/* ---- texts ----------------------------------------------------------------------------------- */
static void put_lines(struct source *s)
{
    while (dumptext_next(&s->d)) {
        const struct claim_place at = place(s);
        claim_text(s->c, &at, s->d.text, "zdump.%s.line.%u", at.section, at.line);
    }
}

static void put_log(struct source *s)
{
    struct claim_place at = place(s);
    struct text t;
    if (!dumptext_load(s->z, s->d.section, s->file, &t))
        return;
    read_vmklog(s->v, &t, at, "zdump.log");
    const size_t bytes = zdump_find(s->z, s->d.section)->data_len;
    at.line = t.count;
    if (bytes < RING_BYTES)
        claim_number(s->c, &at, (int64_t)bytes, "zdump.log.bytes");
    text_free(&t);
}

/* ---- all of it ------------------------------------------------------------------------------- */
static void put_slot(struct verify *v, const char *file, const struct zdump_slot *slot)
{
    const struct claim_place at = { .file = file, .section = "slot" };
    claim_text(&v->claims, &at, slot->build, "zdump.slot.build");
    claim_text(&v->claims, &at, slot->host, "zdump.slot.host");
    claim_text(&v->claims, &at, slot->reason, "zdump.slot.reason");
    claim_number(&v->claims, &at, (int64_t)slot->uptime_ns, "zdump.slot.uptime_ns");
    claim_number(&v->claims, &at, slot->epoch_s, "zdump.slot.epoch_s");
}

static const struct {
    enum zdump_type section;
    void (*put)(struct source *s);
} parts[] = {
    { ZDUMP_STATE, put_values },  { ZDUMP_HEARTBEATS, put_values }, { ZDUMP_RING, put_values },
    { ZDUMP_PCPUS, put_pcpus },   { ZDUMP_WORLDS, put_worlds },     { ZDUMP_HEARTBEATS, put_beats },
    { ZDUMP_RING, put_ring },     { ZDUMP_COS_TASKS, put_tasks },   { ZDUMP_SCREEN, put_lines },
    { ZDUMP_COS_LOG, put_lines }, { ZDUMP_LOG, put_log },
};

/* @return true when there is a dump in it */
static bool read_one(struct verify *v, const char *file)
{
    static struct zdump z;
    char err[512];
    if (file[0] == '\0')
        return false;
    if (zdump_load(file, 0, &z, err, sizeof err) != 0) {
        verify_problem(v, "%s", err);
        return false;
    }
    const bool there = z.slot_ok && z.slot.state != ZDUMP_EMPTY && z.count > 0;
    if (there && !z.complete)
        verify_problem(v, "%s: the dump is not whole; what is left of it is compared", file);
    if (there)
        put_slot(v, file, &z.slot);
    for (size_t i = 0; there && i < sizeof parts / sizeof parts[0]; i++) {
        struct source s = { .v = v, .c = &v->claims, .file = file, .z = &z };
        dumptext_begin(&s.d, &z, parts[i].section);
        if (is_whole(&z, parts[i].section))
            parts[i].put(&s);
    }
    zdump_free(&z);
    return there;
}

void read_zdump(struct verify *v)
{
    static const char *const slot[] = { "dev/vmkcore", NULL };
    static const char *const files[] = { "root/vmkernel-zdump-*", "var/core/vmkernel-zdump-*",
                                         "root/old_cores/vmkernel-zdump-*", NULL };
    if (!read_one(v, verify_find(v, slot)))
        (void)read_one(v, verify_find(v, files));
}
