/* read_zdump.c - what the zdump says: of the slot while it holds one, else of the file that a start
 * made of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/units.h"
#include "shared/units.h"
#include "tools/parse/dumptext.h"
#include "tools/parse/scan.h"
#include "tools/verify/read.h"

#define TRACE_MAX 320u
#define RING_BYTES (256u * 1024) /* what the VMkernel's log ring holds (docs/FORMATS.md) */
#define RING_LINE_MAX \
    1024u /* no line is longer: a ring with less room than that may have
                                    wrapped, since it holds whole lines */

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

/* Each field of the record as "PREFIXfield", and as "PREFIXfield.ITEM" with `item`, the name of the
 * field that identifies the record. */
static void put_fields(struct source *s, const char *prefix, const char *item)
{
    for (uint32_t i = 0; i < s->d.field_count; i++)
        claim_text(s->c, place(s), s->d.field[i].value, "%s%s%s%s", prefix, s->d.field[i].key,
                   item != NULL ? "." : "", item != NULL ? text_of(&s->d, item) : "");
}

/* ---- state, heartbeats, ring ----------------------------------------------------------------- */
/* Instants are printed twice, as `KEY_ns` and as an uptime `KEY`. */
static void put_ms(struct source *s, const char *prefix, const char *key, const char *value)
{
    uint64_t ms;
    const size_t n = strlen(key);
    if (n > 3 && strcmp(key + n - 3, "_ns") == 0)
        claim_number(s->c, place(s), strtoll(value, NULL, 10) / (int64_t)NS_PER_MS, "%s%.*s_ms",
                     prefix, (int)(n - 3), key);
    else if (scan_uptime(&value, &ms, NULL))
        claim_number(s->c, place(s), (int64_t)ms, "%s%s_text_ms", prefix, key);
}

static void put_last_beat(struct source *s)
{
    struct claim_place at = { 0 };
    int64_t ns = 0, seq = 0;
    for (dumptext_begin(&s->d, s->z, s->d.section); dumptext_next(&s->d);) {
        if (!dumptext_is(&s->d, "beat") || !dumptext_number(&s->d, "ns", &ns) ||
            !dumptext_number(&s->d, "seq", &seq))
            continue;
        at = place(s);
    }
    if (at.line == 0)
        return;
    claim_number(s->c, at, ns, "zdump.beat.last_ns");
    claim_number(s->c, at, seq, "zdump.beat.last_seq");
}

static void put_values(struct source *s)
{
    static const char error[] = "COS Error: ";
    char prefix[CLAIM_KEY_MAX];
    (void)snprintf(prefix, sizeof prefix, "zdump.%s.", zdump_type_name(s->d.section));
    while (dumptext_next(&s->d)) {
        if (dumptext_is(&s->d, "front"))
            put_fields(s, "zdump.ring.seen_", NULL);
        if (dumptext_is(&s->d, "memory"))
            put_fields(s, "zdump.ring.memory_", NULL);
        if (!dumptext_is_value(&s->d))
            continue;
        const char *key = s->d.field[0].key, *value = s->d.field[0].value;
        put_fields(s, prefix, NULL);
        put_ms(s, prefix, key, value);
        if (strcmp(key, "reason") == 0) {
            (void)scan_text(&value, error);
            claim_text(s->c, place(s), value, "%sheadline", prefix);
        }
    }
    put_last_beat(s);
}

/* ---- worlds ---------------------------------------------------------------------------------- */
static void put_pcpus(struct source *s)
{
    int64_t count = 0;
    for (; dumptext_next(&s->d); count++) {
        const char *name = text_of(&s->d, "name");
        char short_name[10];
        (void)snprintf(short_name, sizeof short_name, "%.9s", name);
        put_fields(s, "zdump.pcpu.", "pcpu");
        claim_text(s->c, place(s), short_name, "zdump.pcpu.short.%s", text_of(&s->d, "pcpu"));
        claim_text(s->c, place(s), name, "zdump.running.name.%s", text_of(&s->d, "world"));
    }
    if (count > 0)
        claim_number(s->c, place(s), count, "zdump.pcpus");
}

static void put_worlds(struct source *s)
{
    int64_t count = 0, vms = 0, vm, last_vm = -1;
    for (; dumptext_next(&s->d); count++) {
        put_fields(s, "zdump.world.", "world");
        if (dumptext_number(&s->d, "vm", &vm) && vm != last_vm) {
            last_vm = vm;
            vms++;
        }
    }
    if (count == 0)
        return;
    claim_number(s->c, place(s), count, "zdump.worlds.count");
    claim_number(s->c, place(s), vms, "zdump.worlds.vms");
}

/* ---- tasks ----------------------------------------------------------------------------------- */
struct task {
    struct claim_place at; /* of its first line */
    int64_t pid;           /* -1 = none */
    bool current, has_ip;
    char trace[TRACE_MAX];
};

static void end_task(struct source *s, struct task *t)
{
    if (t->pid >= 0)
        claim_text(s->c, t->at, t->trace, "zdump.task.trace.%lld", (long long)t->pid);
    *t = (struct task){ .pid = -1 };
}

static void begin_task(struct source *s, struct task *t)
{
    t->at = place(s);
    t->current = strcmp(text_of(&s->d, "current"), "1") == 0;
    put_fields(s, "zdump.task.", "pid");
    if (t->current)
        put_fields(s, "zdump.current.", NULL);
    (void)dumptext_number(&s->d, "pid", &t->pid);
}

static void add_frame(struct source *s, struct task *t)
{
    const size_t used = strlen(t->trace);
    uint64_t ip = 0;
    if (!t->has_ip && dumptext_hex(&s->d, "ip", &ip)) {
        claim_number(s->c, t->at, (int64_t)ip, "zdump.task.ip.%lld", (long long)t->pid);
        if (t->current)
            claim_number(s->c, t->at, (int64_t)ip, "zdump.current.ip");
        t->has_ip = true;
    }
    if (used + 2 < sizeof t->trace)
        (void)snprintf(t->trace + used, sizeof t->trace - used, "%s%s", used > 0 ? " " : "",
                       text_of(&s->d, "function"));
}

static void put_tasks(struct source *s)
{
    struct task t = { .pid = -1 };
    while (dumptext_next(&s->d)) {
        if (dumptext_is_value(&s->d)) {
            put_fields(s, "zdump.", NULL);
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
    while (dumptext_next(&s->d))
        claim_text(s->c, place(s), s->d.text, "zdump.%s.line.%u", zdump_type_name(s->d.section),
                   s->d.line);
}

static void put_log(struct source *s)
{
    const size_t bytes = zdump_find(s->z, s->d.section)->data_len;
    struct text t;
    if (!dumptext_load(s->z, s->d.section, s->file, &t))
        return;
    read_vmklog(s->v, &t, place(s), "zdump.log");
    if (bytes + RING_LINE_MAX <= RING_BYTES)
        claim_number(s->c, claim_line(place(s), t.count), (int64_t)bytes, "zdump.log.bytes");
    text_free(&t);
}

/* ---- all of it ------------------------------------------------------------------------------- */
static void put_slot(struct verify *v, const char *file, const struct zdump_slot *slot)
{
    const struct claim_place at = { .file = file, .section = "slot" };
    struct claims *c = &v->claims;
    claim_text(c, at, slot->build, "zdump.slot.build");
    claim_text(c, at, slot->host, "zdump.slot.host");
    claim_text(c, at, slot->reason, "zdump.slot.reason");
    claim_number(c, at, (int64_t)slot->uptime_ns, "zdump.slot.uptime_ns");
    claim_number(c, at, slot->epoch_s, "zdump.slot.epoch_s");
}

static const struct {
    enum zdump_type section;
    void (*put)(struct source *s);
} parts[] = {
    { ZDUMP_STATE, put_values }, { ZDUMP_HEARTBEATS, put_values }, { ZDUMP_RING, put_values },
    { ZDUMP_PCPUS, put_pcpus },  { ZDUMP_WORLDS, put_worlds },     { ZDUMP_COS_TASKS, put_tasks },
    { ZDUMP_SCREEN, put_lines }, { ZDUMP_COS_LOG, put_lines },     { ZDUMP_LOG, put_log },
};

/* @return true when there is a dump in it */
static bool read_one(struct verify *v, const char *file)
{
    static struct zdump z;
    struct err err;
    if (file[0] == '\0')
        return false;
    if (zdump_load(file, 0, &z, &err) != 0) {
        verify_problem(v, "%s", err.text);
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
    static const char *const slot[] = { PATH_DUMP_PARTITION, NULL };
    static const char *const files[] = { PATH_DUMPS "/vmkernel-zdump-*",
                                         PATH_DUMPS_4 "/vmkernel-zdump-*",
                                         PATH_OLD_CORES "/vmkernel-zdump-*", NULL };
    if (!read_one(v, verify_find(v, slot)))
        (void)read_one(v, verify_find(v, files));
}
