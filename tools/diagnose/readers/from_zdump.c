/* from_zdump.c - facts that a vmkernel-zdump or a slot of the dump partition tells.
 *
 * Its sections are text, `key=value` or one record a line (docs/FORMATS.md). A section that is cut
 * is
 * used as far as it goes. */
#include "shared/units.h"
#include "tools/diagnose/readers/from.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/zdump.h"
#include "tools/diagnose/readers/tasks.h"

#define RETRY_S 60.0 /* a lost command is sent again within that: a timer of 30 s. INFERRED */

/* ---- lines of a section ---------------------------------------------------------------------- */
struct lines {
    const char *at;
    char line[1024];
};

static bool next_line(struct lines *l)
{
    if (l->at == NULL || *l->at == '\0')
        return false;
    const size_t length = strcspn(l->at, "\n");
    (void)snprintf(l->line, sizeof l->line, "%.*s",
                   (int)(length < sizeof l->line ? length : sizeof l->line - 1), l->at);
    l->at += length + (l->at[length] == '\n');
    return true;
}

/* The value of " key=" or of a line that begins with it; up to the next blank, or to the end when
 * `rest`. @return false when there is none */
static bool value_of(const char *line, const char *key, char *ret, size_t size, bool rest)
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

static bool number_of(const char *line, const char *key, double *ret)
{
    char text[64], *end;
    if (!value_of(line, key, text, sizeof text, false))
        return false;
    const double value = strtod(text, &end);
    if (end == text)
        return false;
    *ret = value;
    return true;
}

/* A `key=value` of its own line anywhere in the section. */
static bool section_value(const char *data, const char *key, char *ret, size_t size)
{
    struct lines l = { data, "" };
    const size_t n = strlen(key);
    while (next_line(&l)) {
        if (strncmp(l.line, key, n) == 0 && l.line[n] == '=') {
            (void)snprintf(ret, size, "%.*s", (int)(size - 1), l.line + n + 1);
            return true;
        }
    }
    return false;
}

static bool section_number(const char *data, const char *key, double *ret)
{
    char text[64];
    if (!section_value(data, key, text, sizeof text))
        return false;
    *ret = strtod(text, NULL);
    return true;
}

static const char *section(const struct zdump *z, enum zdump_type type)
{
    const struct zdump_section *s = zdump_find(z, type);
    return s != NULL ? s->data : NULL;
}

/* ---- state ----------------------------------------------------------------------------------- */
static void keep(char *to, size_t size, const char *data, const char *key)
{
    if (to[0] == '\0')
        (void)section_value(data, key, to, size);
}

static double read_state(struct diagnosis *d, const char *data)
{
    double stun_ns = 0, number;
    if (data == NULL)
        return 0;
    keep(d->host.name, sizeof d->host.name, data, "host");
    keep(d->host.build, sizeof d->host.build, data, "build");
    keep(d->host.profile, sizeof d->host.profile, data, "profile");
    if (section_number(data, "stun_ns", &stun_ns) && d->host.uptime_ns <= 0)
        d->host.uptime_ns = (int64_t)stun_ns;
    if (section_number(data, "boot_epoch_s", &number) && d->host.end_s < 0)
        d->host.end_s = (int64_t)(number + stun_ns / NS_PER_S);
    if (section_number(data, "vms", &number) && d->host.vms < 0)
        d->host.vms = (int64_t)number;
    if (section_number(data, "cos_swap_kb", &number) && d->memory.swap_total_kb <= 0)
        d->memory.swap_total_kb = (int64_t)number;
    return stun_ns;
}

/* ---- heartbeats and ring --------------------------------------------------------------------- */
static void read_beats(struct diagnosis *d, const char *data, const char *file)
{
    struct lines l = { data, "" };
    double beats, ns, latency_ns;
    d->beat_count = 0;
    while (next_line(&l)) {
        if (strncmp(l.line, "beat ", 5) != 0 || !number_of(l.line, "ns", &ns) ||
            !number_of(l.line, "latency_ns", &latency_ns) || d->beat_count == DIAGNOSIS_BEATS_MAX)
            continue;
        d->beat[d->beat_count++] = (struct diagnosis_beat){ (int64_t)ns, (int64_t)latency_ns };
        fact_set(&d->facts, FACT_BEAT_LATENCY, latency_ns / 1e6, "vmnixhbd", file, 0, l.line);
    }
    if (data != NULL && section_number(data, "beats", &beats) && beats == 0)
        fact_set(&d->facts, FACT_NEVER_BEAT, 1, "vmnixhbd", file, 0, "heartbeats: beats=0");
}

static void read_ring(struct diagnosis *d, const char *data, const char *file)
{
    struct lines l = { data, "" };
    double refused = 0, n, seq = 0, head;
    char kind[32], text[FACT_TEXT_MAX] = "";
    if (data == NULL)
        return;
    while (next_line(&l)) {
        if (strncmp(l.line, "count ", 6) != 0 || !number_of(l.line, "n", &n) || n <= 0 ||
            !value_of(l.line, "kind", kind, sizeof kind, false))
            continue;
        if (strcmp(kind, "bad-generation") == 0)
            fact_set(&d->facts, FACT_RING_STALE, n, NULL, file, 0, l.line);
        else if (strcmp(kind, "gap") != 0 && strcmp(kind, "missing") != 0)
            refused += n;
        if (text[0] == '\0')
            (void)snprintf(text, sizeof text, "%.200s", l.line);
    }
    if (refused > 0)
        fact_set(&d->facts, FACT_RING_REFUSED, refused, NULL, file, 0, text);
    l.at = data;
    bool has_head = false;
    while (next_line(&l))
        if (strncmp(l.line, "memory ", 7) == 0 && number_of(l.line, "head", &head))
            has_head = true;
    if (section_number(data, "seq", &seq) && has_head && head > seq) {
        (void)snprintf(text, sizeof text, "ring: the last beat taken is %.0f, the ring holds %.0f",
                       seq, head);
        fact_set(&d->facts, FACT_RING_UNHEARD, head - seq, NULL, file, 0, text);
    }
}

/* ---- tasks ----------------------------------------------------------------------------------- */
static void add_frame(struct seen_task *t, const char *line)
{
    const char *name = strstr(line, " sp=");
    if (name == NULL || (name = strchr(name + 1, ' ')) == NULL || t->frames == TASK_FRAMES_MAX)
        return;
    (void)snprintf(t->function[t->frames++], TASK_FUNCTION_MAX, "%.*s",
                   (int)strcspn(name + 1, "+\n"), name + 1);
}

static bool add_task(struct seen_tasks *s, uint32_t room, const char *line)
{
    double pid, ppid;
    char state[4];
    if (s->count == room || !number_of(line, "pid", &pid) || !number_of(line, "ppid", &ppid) ||
        !value_of(line, "state", state, sizeof state, false))
        return false;
    struct seen_task *t = &s->task[s->count++];
    t->pid = (uint32_t)pid;
    t->ppid = (uint32_t)ppid;
    t->state = state[0];
    (void)value_of(line, "comm", t->comm, sizeof t->comm, true);
    return true;
}

static uint32_t count_tasks(const char *data)
{
    uint32_t count = 0;
    for (const char *at = data; (at = strstr(at, "task pid=")) != NULL; at++)
        count++;
    return count;
}

static void read_tasks(struct diagnosis *d, const struct zdump *z, const char *file)
{
    const struct zdump_section *part = zdump_find(z, ZDUMP_COS_TASKS);
    if (part == NULL || part->data == NULL)
        return;
    struct lines l = { part->data, "" };
    const uint32_t room = count_tasks(part->data);
    struct seen_tasks s = { .task = calloc(room + 1, sizeof *s.task),
                            .whole = part->health == ZDUMP_WHOLE };
    while (s.task != NULL && next_line(&l)) {
        if (strncmp(l.line, "task pid=", 9) == 0)
            (void)add_task(&s, room, l.line);
        else if (strncmp(l.line, " #", 2) == 0 && s.count > 0)
            add_frame(&s.task[s.count - 1], l.line);
    }
    tasks_conclude(d, &s, file);
    free(s.task);
}

/* ---- calls and commands that are outstanding ------------------------------------------------- */
static double lost_commands(const char *data)
{
    double lost = 0;
    return section_number(data, "lost_completions", &lost) ? lost : 0;
}

/* "outstanding ... posted_ns=N ...": the one without an answer that waits longest. */
static void read_outstanding(struct diagnosis *d, const char *data, enum fact_id id, double stun_ns,
                             const char *file)
{
    struct lines l = { data, "" };
    struct fact *f = &d->facts.fact[id];
    char comm[FACT_WHO_MAX];
    double posted_ns, answered = 0, pid, longest = -1;
    if (data == NULL || f->known)
        return;
    while (next_line(&l)) {
        if (strncmp(l.line, "outstanding ", 12) != 0 || !number_of(l.line, "posted_ns", &posted_ns))
            continue;
        if (number_of(l.line, "answered", &answered) && answered != 0)
            continue; /* its end is known and near */
        const double waits_s = (stun_ns - posted_ns) / NS_PER_S;
        if (strstr(l.line, " op=abort ") != NULL) { /* the console's way to end a disk command */
            fact_set(&d->facts, FACT_DISK_RECOVERS, 1, NULL, file, 0, l.line);
            continue;
        }
        if (waits_s <= longest)
            continue;
        longest = waits_s;
        comm[0] = '\0';
        (void)value_of(l.line, "comm", comm, sizeof comm, false);
        f->known = false;
        fact_set(&d->facts, id, waits_s, comm, file, 0, l.line);
        f->pid = number_of(l.line, "pid", &pid) ? (uint32_t)pid : 0;
    }
    /* A command that does not end is given up and sent again: then the age of what is
     * outstanding says nothing. */
    if (id == FACT_DISK_WAITS && longest < RETRY_S &&
        (lost_commands(data) > 0 || d->facts.fact[FACT_DISK_RECOVERS].known))
        fact_forget(&d->facts, id);
    else if (longest < 0)
        fact_set(&d->facts, id, 0, NULL, file, 0, "nothing was outstanding");
}

static void read_lost(struct diagnosis *d, const char *data, const char *file)
{
    if (data != NULL && lost_commands(data) > 0)
        fact_set(&d->facts, FACT_SERIAL_LOST, lost_commands(data), NULL, file, 0,
                 "scsi: completions that found no command");
}

/* ---- all of it ------------------------------------------------------------------------------- */
static void read_text(struct diagnosis *d, const char *data,
                      void (*reader)(struct diagnosis *d, const struct text *t, const char *shown,
                                     struct diagnosis_source *source),
                      const char *shown)
{
    struct text t;
    if (data == NULL)
        return;
    text_from(shown, data, strlen(data), &t);
    reader(d, &t, shown, NULL);
    text_free(&t);
}

/* When a dump was taken: the end of its failure, and the uptime then. */
static void read_end(const char *data, double *ret_stun_s, int64_t *ret_epoch_s)
{
    double stun_ns = 0, boot_s = 0;
    if (data == NULL)
        return;
    (void)section_number(data, "stun_ns", &stun_ns);
    *ret_stun_s = stun_ns / NS_PER_S;
    if (section_number(data, "boot_epoch_s", &boot_s))
        *ret_epoch_s = (int64_t)(boot_s + *ret_stun_s);
}

static void name_earlier(struct diagnosis *d, const char *shown, int64_t epoch_s, double stun_s)
{
    char when[DIAGNOSIS_WHEN_ROOM] = "an unknown time", uptime[DIAGNOSIS_WHEN_ROOM];
    if (epoch_s > 0)
        diagnosis_when(epoch_s, when);
    diagnosis_uptime((int64_t)(stun_s * NS_PER_S), uptime);
    diagnosis_remark(&d->earlier, "%s (UTC), after an uptime of %s: %s", when, uptime, shown);
}

/* Of several dumps of one host the last one counts. @return false when this one is older */
static bool is_the_last(struct diagnosis *d, const struct zdump *z, const char *shown)
{
    double stun_s = 0;
    int64_t epoch_s = 0;
    read_end(section(z, ZDUMP_STATE), &stun_s, &epoch_s);
    if (d->zdump.file[0] != '\0' && epoch_s <= d->zdump.end_s) {
        if (epoch_s < d->zdump.end_s)
            name_earlier(d, shown, epoch_s, stun_s);
        return epoch_s == d->zdump.end_s; /* the same dump again adds nothing wrong */
    }
    if (d->zdump.file[0] != '\0') {
        name_earlier(d, d->zdump.file, d->zdump.end_s, (double)d->zdump.uptime_ns / NS_PER_S);
        facts_forget_file(&d->facts, d->zdump.file);
        d->host.uptime_ns = d->host.end_s = d->host.vms = -1;
        d->loss.file[0] = '\0';
    }
    (void)snprintf(d->zdump.file, sizeof d->zdump.file, "%s", shown);
    d->zdump.end_s = epoch_s;
    d->zdump.uptime_ns = (int64_t)(stun_s * NS_PER_S);
    return true;
}

int from_zdump(struct diagnosis *d, const char *path, const char *shown,
               struct diagnosis_source *source, char *err, size_t err_size)
{
    struct zdump *z = calloc(1, sizeof *z);
    if (z == NULL || zdump_load(path, 0, z, err, err_size) != 0) {
        free(z);
        return -1;
    }
    if (!z->slot_ok && z->count == 0) {
        zdump_free(z);
        free(z);
        return 0;
    }
    if (!z->complete)
        diagnosis_note(source, "cut: %u sections could be read", z->count);
    if (!is_the_last(d, z, shown)) {
        diagnosis_note(source, "of an earlier failure");
        zdump_free(z);
        free(z);
        return 1;
    }
    const double stun_ns = read_state(d, section(z, ZDUMP_STATE));
    read_beats(d, section(z, ZDUMP_HEARTBEATS), shown);
    read_ring(d, section(z, ZDUMP_RING), shown);
    read_tasks(d, z, shown);
    read_outstanding(d, section(z, ZDUMP_VMNIX), FACT_RPC_WAITS, stun_ns, shown);
    read_outstanding(d, section(z, ZDUMP_SCSI), FACT_DISK_WAITS, stun_ns, shown);
    read_lost(d, section(z, ZDUMP_SCSI), shown);
    read_text(d, section(z, ZDUMP_SCREEN), from_screen, shown);
    read_text(d, section(z, ZDUMP_LOG), from_vmklog, shown);
    read_text(d, section(z, ZDUMP_COS_LOG), from_messages, shown);
    zdump_free(z);
    free(z);
    return 1;
}
