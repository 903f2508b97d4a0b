/* read_zdump.c - what the zdump says: of the slot while it holds one, else of the file that a start
 * made of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/zdump.h"
#include "tools/verify/logline.h"
#include "tools/verify/verify.h"

#define NS_PER_MS 1000000
#define TRACE_MAX 320u

/* One section as lines. */
struct lines {
    const char *at;
    uint32_t line;
    char text[1024];
};

static bool next_line(struct lines *l)
{
    if (l->at == NULL || *l->at == '\0')
        return false;
    const size_t length = strcspn(l->at, "\n");
    (void)snprintf(l->text, sizeof l->text, "%.*s",
                   (int)(length < sizeof l->text ? length : sizeof l->text - 1), l->at);
    l->at += length + (l->at[length] == '\n');
    l->line++;
    return true;
}

/* The value of a record's key, up to the next blank or, with `rest`, to the end. */
static bool value_of(const char *line, const char *key, bool rest, char *ret, size_t size)
{
    const size_t n = strlen(key);
    for (const char *at = line; (at = strstr(at, key)) != NULL; at++) {
        if ((at != line && at[-1] != ' ') || at[n] != '=')
            continue;
        const char *value = at + n + 1;
        const size_t length = rest ? strlen(value) : strcspn(value, " ");
        (void)snprintf(ret, size, "%.*s", (int)(length < size ? length : size - 1), value);
        return true;
    }
    return false;
}

static int64_t number_of(const char *line, const char *key, int base)
{
    char text[64] = "";
    (void)value_of(line, key, false, text, sizeof text);
    return (int64_t)strtoull(text, NULL, base);
}

static struct claim_place place(const char *file, const char *section, uint32_t line)
{
    return (struct claim_place){ .file = file, .section = section, .line = line };
}

/* ---- key=value sections ---------------------------------------------------------------------- */
static void put_ms(struct verify *v, const struct claim_place *at, const char *section,
                   const char *key, const char *value)
{
    uint64_t ms;
    const size_t n = strlen(key);
    if (n > 3 && strcmp(key + n - 3, "_ns") == 0)
        claim_number(&v->claims, at, strtoll(value, NULL, 10) / NS_PER_MS, "zdump.%s.%.*s_ms",
                     section, (int)(n - 3), key);
    else if (logline_uptime(value, &ms))
        claim_number(&v->claims, at, (int64_t)ms, "zdump.%s.%s_text_ms", section, key);
}

static void put_keys(struct verify *v, const char *file, const char *section, const char *data)
{
    struct lines l = { .at = data };
    while (next_line(&l)) {
        char *equals = strchr(l.text, '=');
        if (equals == NULL || strcspn(l.text, " ") < (size_t)(equals - l.text))
            continue; /* a record */
        *equals = '\0';
        const struct claim_place at = place(file, section, l.line);
        claim_text(&v->claims, &at, equals + 1, "zdump.%s.%s", section, l.text);
        put_ms(v, &at, section, l.text, equals + 1);
        if (strcmp(l.text, "reason") == 0)
            claim_text(&v->claims, &at,
                       equals + 1 + (strncmp(equals + 1, "COS Error: ", 11) == 0 ? 11 : 0),
                       "zdump.%s.headline", section);
    }
}

/* ---- records --------------------------------------------------------------------------------- */
static void put_pcpus(struct verify *v, const char *file, const char *data)
{
    struct lines l = { .at = data };
    int64_t count = 0;
    char name[64], short_name[10];
    while (next_line(&l)) {
        const struct claim_place at = place(file, "pcpus", l.line);
        const int64_t pcpu = number_of(l.text, "pcpu", 10), world = number_of(l.text, "world", 10);
        if (!value_of(l.text, "name", true, name, sizeof name))
            continue;
        (void)snprintf(short_name, sizeof short_name, "%.9s", name);
        claim_number(&v->claims, &at, world, "zdump.pcpu.world.%lld", (long long)pcpu);
        claim_text(&v->claims, &at, short_name, "zdump.pcpu.short.%lld", (long long)pcpu);
        claim_text(&v->claims, &at, name, "zdump.pcpu.name.%lld.%lld", (long long)pcpu,
                   (long long)world);
        count++;
    }
    if (count > 0) {
        const struct claim_place at = place(file, "pcpus", l.line);
        claim_number(&v->claims, &at, count, "zdump.pcpus");
    }
}

/* "zdump.world.on.PCPU.WORLD": each world under each pCPU, so that a pCPU's claim finds its own. */
static void put_worlds(struct verify *v, const char *file, const char *data, int64_t pcpus)
{
    struct lines l = { .at = data };
    int64_t count = 0, vms = 0, last_vm = -1;
    char name[64];
    while (next_line(&l)) {
        const struct claim_place at = place(file, "worlds", l.line);
        const int64_t world = number_of(l.text, "world", 10);
        if (!value_of(l.text, "name", true, name, sizeof name))
            continue;
        for (int64_t pcpu = 0; pcpu < pcpus; pcpu++) {
            char key[CLAIM_KEY_MAX];
            (void)snprintf(key, sizeof key, "zdump.pcpu.name.%lld.%lld", (long long)pcpu,
                           (long long)world);
            if (claim_find(&v->claims, key) != NULL)
                claim_text(&v->claims, &at, name, "zdump.world.on.%lld.%lld", (long long)pcpu,
                           (long long)world);
        }
        count++;
        if (strstr(l.text, " vm=") != NULL && number_of(l.text, "vm", 10) != last_vm) {
            last_vm = number_of(l.text, "vm", 10);
            vms++;
        }
    }
    if (count == 0)
        return;
    const struct claim_place at = place(file, "worlds", l.line);
    claim_number(&v->claims, &at, count, "zdump.worlds.count");
    claim_number(&v->claims, &at, vms, "zdump.worlds.vms");
}

static void put_beats(struct verify *v, const char *file, const char *data)
{
    struct lines l = { .at = data };
    struct claim_place at = place(file, "heartbeats", 0);
    int64_t ns = -1, seq = 0;
    while (next_line(&l)) {
        if (strncmp(l.text, "beat ", 5) != 0)
            continue;
        ns = number_of(l.text, "ns", 10);
        seq = number_of(l.text, "seq", 10);
        at.line = l.line;
    }
    if (ns < 0)
        return;
    claim_number(&v->claims, &at, ns, "zdump.beat.last_ns");
    claim_number(&v->claims, &at, seq, "zdump.beat.last_seq");
}

static void put_ring(struct verify *v, const char *file, const char *data)
{
    struct lines l = { .at = data };
    while (next_line(&l)) {
        const bool seen = strncmp(l.text, "front ", 6) == 0;
        if (!seen && strncmp(l.text, "memory ", 7) != 0)
            continue;
        const struct claim_place at = place(file, "ring", l.line);
        const char *which = seen ? "seen" : "memory";
        claim_number(&v->claims, &at, number_of(l.text, "generation", 10),
                     "zdump.ring.%s_generation", which);
        claim_number(&v->claims, &at, number_of(l.text, "head", 10), "zdump.ring.%s_head", which);
    }
}

/* ---- tasks ----------------------------------------------------------------------------------- */
struct task_reader {
    struct verify *v;
    struct claim_place at; /* of its first line */
    int64_t pid;
    bool current, has_ip;
    char trace[TRACE_MAX];
};

static void end_task(struct task_reader *r)
{
    if (r->pid >= 0)
        claim_text(&r->v->claims, &r->at, r->trace, "zdump.task.trace.%lld", (long long)r->pid);
    r->pid = -1;
}

static void begin_task(struct task_reader *r, const char *line)
{
    struct claims *c = &r->v->claims;
    char text[64] = "";
    r->pid = number_of(line, "pid", 10);
    r->trace[0] = '\0';
    r->has_ip = false;
    r->current = number_of(line, "current", 10) == 1;
    claim_number(c, &r->at, number_of(line, "ppid", 10), "zdump.task.ppid.%lld", (long long)r->pid);
    (void)value_of(line, "state", false, text, sizeof text);
    claim_text(c, &r->at, text, "zdump.task.state.%lld", (long long)r->pid);
    (void)value_of(line, "comm", true, text, sizeof text);
    claim_text(c, &r->at, text, "zdump.task.comm.%lld", (long long)r->pid);
    if (r->current) {
        claim_number(c, &r->at, r->pid, "zdump.current.pid");
        claim_text(c, &r->at, text, "zdump.current.comm");
    }
}

static void add_frame(struct task_reader *r, const char *line)
{
    const char *sp = strstr(line, " sp=");
    const char *name = sp != NULL ? strchr(sp + 1, ' ') : NULL;
    const size_t used = strlen(r->trace);
    if (!r->has_ip) {
        claim_number(&r->v->claims, &r->at, number_of(line, "ip", 16), "zdump.task.ip.%lld",
                     (long long)r->pid);
        if (r->current)
            claim_number(&r->v->claims, &r->at, number_of(line, "ip", 16), "zdump.current.ip");
        r->has_ip = true;
    }
    if (name != NULL && used + 2 < sizeof r->trace)
        (void)snprintf(r->trace + used, sizeof r->trace - used, "%s%.*s", used > 0 ? " " : "",
                       (int)strcspn(name + 1, "+\n"), name + 1);
}

static void put_tasks(struct verify *v, const char *file, const char *data)
{
    struct lines l = { .at = data };
    struct task_reader r = { .v = v, .pid = -1 };
    while (next_line(&l)) {
        if (strncmp(l.text, "tasks=", 6) == 0) {
            const struct claim_place at = place(file, "cos-tasks", l.line);
            claim_number(&v->claims, &at, number_of(l.text, "tasks", 10), "zdump.tasks");
        } else if (strncmp(l.text, "task ", 5) == 0) {
            end_task(&r);
            r.at = place(file, "cos-tasks", l.line);
            begin_task(&r, l.text);
        } else if (strncmp(l.text, " #", 2) == 0 && r.pid >= 0) {
            add_frame(&r, l.text);
        }
    }
    end_task(&r);
}

/* ---- texts ----------------------------------------------------------------------------------- */
static void put_lines(struct verify *v, const char *file, const char *section, const char *data,
                      const char *key)
{
    struct lines l = { .at = data };
    while (next_line(&l)) {
        const struct claim_place at = place(file, section, l.line);
        claim_text(&v->claims, &at, l.text, "%s.%u", key, l.line);
    }
}

static void put_log(struct verify *v, const char *file, const char *data)
{
    struct lines l = { .at = data };
    struct logline_set set = { 0 };
    while (next_line(&l)) {
        const struct claim_place at = place(file, "vmkernel-log", l.line);
        logline_put(v, &set, &at, l.text, "zdump.log");
    }
    const struct claim_place at = place(file, "vmkernel-log", l.line);
    if (data != NULL && strlen(data) < LOGLINE_RING_BYTES)
        claim_number(&v->claims, &at, (int64_t)strlen(data), "zdump.log.bytes");
    if (l.line > 0)
        claim_number(&v->claims, &at, set.alerts, "zdump.log.alerts");
}

static void put_slot(struct verify *v, const char *file, const struct zdump_slot *s)
{
    const struct claim_place at = { .file = file, .section = "slot" };
    claim_text(&v->claims, &at, s->build, "zdump.slot.build");
    claim_text(&v->claims, &at, s->host, "zdump.slot.host");
    claim_text(&v->claims, &at, s->reason, "zdump.slot.reason");
    claim_number(&v->claims, &at, (int64_t)s->uptime_ns, "zdump.slot.uptime_ns");
    claim_number(&v->claims, &at, s->epoch_s, "zdump.slot.epoch_s");
}

static const char *section(const struct zdump *z, enum zdump_type type)
{
    const struct zdump_section *s = zdump_find(z, type);
    return s != NULL && s->health == ZDUMP_WHOLE ? s->data : NULL;
}

static void put_all(struct verify *v, const char *file, const struct zdump *z)
{
    int64_t pcpus = 0;
    put_slot(v, file, &z->slot);
    put_keys(v, file, "state", section(z, ZDUMP_STATE));
    put_keys(v, file, "heartbeats", section(z, ZDUMP_HEARTBEATS));
    put_keys(v, file, "ring", section(z, ZDUMP_RING));
    put_pcpus(v, file, section(z, ZDUMP_PCPUS));
    (void)claim_get(&v->claims, "zdump.pcpus", &pcpus);
    put_worlds(v, file, section(z, ZDUMP_WORLDS), pcpus);
    put_beats(v, file, section(z, ZDUMP_HEARTBEATS));
    put_ring(v, file, section(z, ZDUMP_RING));
    put_tasks(v, file, section(z, ZDUMP_COS_TASKS));
    put_lines(v, file, "screen", section(z, ZDUMP_SCREEN), "zdump.screen.line");
    put_lines(v, file, "cos-log", section(z, ZDUMP_COS_LOG), "zdump.cos-log.line");
    put_log(v, file, section(z, ZDUMP_LOG));
}

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
    if (there) {
        if (!z.complete)
            verify_problem(v, "%s: the dump is not whole; what is left of it is compared", file);
        put_all(v, file, &z);
    }
    zdump_free(&z);
    return there;
}

void verify_read_zdump(struct verify *v)
{
    static const char *const slot[] = { "dev/vmkcore", NULL };
    static const char *const files[] = { "root/vmkernel-zdump-*", "var/core/vmkernel-zdump-*",
                                         "root/old_cores/vmkernel-zdump-*", NULL };
    if (!read_one(v, verify_find(v, slot)))
        (void)read_one(v, verify_find(v, files));
}
