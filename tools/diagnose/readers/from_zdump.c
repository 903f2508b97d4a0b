/* from_zdump.c - facts that a vmkernel-zdump or a slot of the dump partition shows. A section that
 * is cut is used as far as it goes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/units.h"
#include "tools/diagnose/readers/extract.h"
#include "tools/parse/dumptext.h"

#define RETRY_S 60.0 /* a lost command is sent again within that: a timer of 30 s. INFERRED */

static bool has(const struct zdump *z, enum zdump_type section)
{
    const struct zdump_section *s = zdump_find(z, section);
    return s != NULL && s->data != NULL;
}

/* ---- the ring -------------------------------------------------------------------------------- */
static void extract_ring(const struct zdump *z, const char *file, struct facts *ret)
{
    struct dumptext t;
    int64_t n, refused = 0, seq = 0, head = -1;
    char first[FACT_TEXT_MAX] = "";
    for (dumptext_begin(&t, z, ZDUMP_RING); dumptext_next(&t);) {
        const char *kind = dumptext_value(&t, "kind");
        if (dumptext_is(&t, "memory"))
            (void)dumptext_number(&t, "head", &head);
        if (!dumptext_is(&t, "count") || kind == NULL || !dumptext_number(&t, "n", &n) || n <= 0)
            continue;
        if (strcmp(kind, "bad-generation") != 0)
            refused += strcmp(kind, "gap") != 0 && strcmp(kind, "missing") != 0 ? n : 0;
        else if (!ret->fact[FACT_RING_STALE].known)
            fact_set(ret, FACT_RING_STALE, (double)n, NULL, file, 0, "%s", t.text);
        if (first[0] == '\0')
            (void)snprintf(first, sizeof first, "%.200s", t.text);
    }
    if (refused > 0)
        fact_set(ret, FACT_RING_REFUSED, (double)refused, NULL, file, 0, "%s", first);
    if (dumptext_find_number(z, ZDUMP_RING, "seq", &seq) && head > seq)
        fact_set(ret, FACT_RING_UNHEARD, (double)(head - seq), NULL, file, 0,
                 "ring: the last beat taken is %lld, the ring holds %lld", (long long)seq,
                 (long long)head);
}

/* ---- tasks ----------------------------------------------------------------------------------- */
static void add_task(struct seen_tasks *s, const struct dumptext *t)
{
    int64_t pid, ppid;
    const char *state = dumptext_value(t, "state"), *comm = dumptext_value(t, "comm");
    if (state == NULL || !dumptext_number(t, "pid", &pid) || !dumptext_number(t, "ppid", &ppid))
        return;
    struct seen_task *to = PARSE_ADD(s->task, s->count, s->room);
    to->pid = (uint32_t)pid;
    to->ppid = (uint32_t)ppid;
    to->state = state[0];
    (void)snprintf(to->comm, sizeof to->comm, "%.16s", comm != NULL ? comm : "");
}

static void extract_tasks(const struct diagnosis *d, const struct zdump *z, const char *file,
                          struct facts *ret)
{
    struct dumptext t;
    if (!has(z, ZDUMP_COS_TASKS))
        return;
    struct seen_tasks s = { .whole = zdump_find(z, ZDUMP_COS_TASKS)->health == ZDUMP_WHOLE };
    for (dumptext_begin(&t, z, ZDUMP_COS_TASKS); dumptext_next(&t);) {
        if (dumptext_is(&t, "task"))
            add_task(&s, &t);
        else if (dumptext_is(&t, "#") && s.count > 0)
            task_add_frame(&s.task[s.count - 1], dumptext_value(&t, "function"));
    }
    tasks_extract(d, &s, file, ret);
    free(s.task);
}

/* ---- calls and commands that are outstanding ------------------------------------------------- */
struct waiting {
    int64_t
        ns; /* how long the one without an answer waits that waits longest; -1 = there is none */
    int64_t pid;
    char comm[FACT_WHO_MAX], text[FACT_TEXT_MAX];
};

static void find_waiting(const struct zdump *z, enum zdump_type section, int64_t stun_ns,
                         const char *file, struct waiting *ret_waiting, struct facts *ret)
{
    struct dumptext t;
    *ret_waiting = (struct waiting){ .ns = -1 };
    for (dumptext_begin(&t, z, section); dumptext_next(&t);) {
        int64_t posted_ns, answered = 0;
        const char *op = dumptext_value(&t, "op"), *comm = dumptext_value(&t, "comm");
        const char *slot = dumptext_value(&t, "slot");
        if (!dumptext_is(&t, "outstanding") || !dumptext_number(&t, "posted_ns", &posted_ns))
            continue;
        if (slot != NULL && strcmp(slot, "storage") == 0)
            continue; /* such a call holds up nobody but its caller */
        if (dumptext_number(&t, "answered", &answered) && answered != 0)
            continue;                                 /* its end is known and near */
        if (op != NULL && strcmp(op, "abort") == 0) { /* the console's way to end a disk command */
            if (!ret->fact[FACT_DISK_RECOVERS].known)
                fact_set(ret, FACT_DISK_RECOVERS, 1, NULL, file, 0, "%s", t.text);
            continue;
        }
        if (stun_ns - posted_ns <= ret_waiting->ns)
            continue;
        *ret_waiting = (struct waiting){ .ns = stun_ns - posted_ns };
        (void)dumptext_number(&t, "pid", &ret_waiting->pid);
        (void)snprintf(ret_waiting->comm, sizeof ret_waiting->comm, "%s", comm != NULL ? comm : "");
        (void)snprintf(ret_waiting->text, sizeof ret_waiting->text, "%.255s", t.text);
    }
}

static void set_waiting(struct facts *ret, enum fact_id id, const struct waiting *w,
                        const char *file)
{
    if (w->ns < 0)
        fact_set(ret, id, 0, NULL, file, 0, "nothing was outstanding");
    else
        fact_set(ret, id, (double)w->ns / NS_PER_S, w->comm, file, 0, "%s", w->text)->pid =
            (uint32_t)w->pid;
}

static void extract_outstanding(const struct parsed_zdump *from, const char *file,
                                struct facts *ret)
{
    const struct zdump *z = &from->z;
    struct waiting w;
    int64_t lost = 0;
    if (has(z, ZDUMP_VMNIX)) {
        find_waiting(z, ZDUMP_VMNIX, from->stun_ns, file, &w, ret);
        set_waiting(ret, FACT_RPC_WAITS, &w, file);
    }
    if (!has(z, ZDUMP_SCSI))
        return;
    find_waiting(z, ZDUMP_SCSI, from->stun_ns, file, &w, ret);
    (void)dumptext_find_number(z, ZDUMP_SCSI, "lost_completions", &lost);
    /* A command that does not end is given up and sent again: then the age of what is outstanding
     * says nothing. */
    if ((double)w.ns / NS_PER_S >= RETRY_S || (lost == 0 && !ret->fact[FACT_DISK_RECOVERS].known))
        set_waiting(ret, FACT_DISK_WAITS, &w, file);
    if (lost > 0)
        fact_set(ret, FACT_SERIAL_LOST, (double)lost, NULL, file, 0,
                 "scsi: completions that found no command");
}

/* ---- all of it ------------------------------------------------------------------------------- */
void from_zdump(const struct diagnosis *d, const struct parsed *p, struct facts *ret)
{
    int64_t beats;
    if (dumptext_find_number(&p->zdump.z, ZDUMP_HEARTBEATS, "beats", &beats) && beats == 0)
        fact_set(ret, FACT_NEVER_BEAT, 1, "vmnixhbd", p->path, 0, "heartbeats: beats=0");
    extract_ring(&p->zdump.z, p->path, ret);
    extract_tasks(d, &p->zdump.z, p->path, ret);
    extract_outstanding(&p->zdump, p->path, ret);
}
