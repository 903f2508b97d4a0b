/* read_logs.c - what logs say of the boot that failed: lines of other boots are passed over by
 * their stamps. Lines of the VMkernel's log are known by their uptime and, within one instant,
 * by their order. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/parse/messages.h"
#include "tools/parse/vmklog.h"
#include "tools/verify/read.h"

#define SLACK_S 5 /* between a stamp and the instant that it means */

struct window { /* of the boot that failed, epoch seconds; both 0 = everything */
    int64_t from_s, to_s, zone_s;
};

static struct window the_window(struct verify *v)
{
    struct window w = { 0 };
    int64_t dump_end_ms;
    if (!claim_get(&v->claims, "zdump.state.boot_epoch_s", &w.from_s) ||
        !claim_get(&v->claims, "zdump.state.dump_end_ms", &dump_end_ms) ||
        !claim_get(&v->claims, "zdump.state.utc_offset_s", &w.zone_s))
        return (struct window){ 0 };
    w.to_s = w.from_s + dump_end_ms / 1000 + SLACK_S;
    return w;
}

/* The epoch of a stamp in the host's zone, in the year that brings it nearest to the window. */
static int64_t epoch_of(const struct window *w, const struct scan_stamp *stamp)
{
    return scan_stamp_near(stamp, w->to_s + w->zone_s) - w->zone_s;
}

static bool is_in(const struct window *w, const struct scan_stamp *stamp)
{
    const int64_t epoch_s = epoch_of(w, stamp);
    return w->to_s == 0 || (epoch_s >= w->from_s - SLACK_S && epoch_s <= w->to_s);
}

/* ---- vmkernel, vmkwarning, the zdump's ring -------------------------------------------------- */
/* Lines of one instant are numbered from 0, and warnings and alerts alone once more, since
 * vmkwarning has no others. */
struct numbering {
    uint64_t last_ms;
    uint32_t number;
};

static uint32_t next_number(struct numbering *n, uint64_t ms)
{
    n->number = ms == n->last_ms ? n->number + 1 : 0;
    n->last_ms = ms;
    return n->number;
}

static void put_alert(struct verify *v, struct claim_place at, const struct vmklog_line *l,
                      int64_t n, const char *prefix)
{
    struct claims *c = &v->claims;
    const int64_t ms = (int64_t)l->uptime_ms;
    claim_text(c, at, l->body, "%s.alert.text.%lld", prefix, (long long)ms);
    claim_number(c, at, ms, "%s.alert.at_ms.%lld", prefix, (long long)n);
    claim_number(c, at, l->alert.t, "%s.alert.t.%lld", prefix, (long long)n);
    claim_number(c, at, l->alert.to, "%s.alert.to.%lld", prefix, (long long)n);
    if (l->alert.t < l->alert.to)
        return;
    claim_number(c, at, ms, "%s.last-alert.at_ms", prefix);
    claim_text(c, at, l->alert.comm, "%s.last-alert.comm", prefix);
    claim_number(c, at, l->alert.pid, "%s.last-alert.pid", prefix);
}

static bool is_whole(const struct vmklog_alert *a)
{
    return a->comm[0] != '\0' && a->pid >= 0 && a->t >= 0 && a->to >= 0;
}

/* "COS Error: Lost heartbeat"; "Dumping core to '/volumes/UUID/cos-core-HOST'". */
static void put_dump(struct verify *v, struct claim_place at, const struct vmklog_line *l,
                     const char *prefix)
{
    static const char error[] = "COS Error: ", dump[] = "Dumping core to '/volumes/";
    const char *headline = strstr(l->body, error), *path = strstr(l->body, dump);
    char uuid[64], name[128];
    if (headline != NULL)
        claim_text(&v->claims, at, headline + strlen(error), "%s.cos-error", prefix);
    if (path == NULL)
        return;
    path += strlen(dump);
    if (!scan_until(&path, "/", uuid, sizeof uuid) || !scan_text(&path, "/") ||
        !scan_until(&path, "'", name, sizeof name))
        return;
    claim_text(&v->claims, at, uuid, "%s.core-uuid", prefix);
    claim_text(&v->claims, at, name, "%s.core-name", prefix);
}

static void put_stamp(struct verify *v, const struct window *w, struct claim_place at,
                      const struct vmklog_line *l, uint32_t number, const char *prefix)
{
    const unsigned long long ms = l->uptime_ms;
    claim_text(&v->claims, at, l->host, "%s.host", prefix);
    if (w->to_s == 0)
        return;
    claim_number(&v->claims, at, epoch_of(w, &l->stamp), "%s.stamp.%llu.%u", prefix, ms, number);
    claim_number(&v->claims, at, w->from_s + (int64_t)(ms / 1000), "%s.epoch_s.%llu.%u", prefix, ms,
                 number);
}

void read_vmklog(struct verify *v, const struct text *t, struct claim_place at, const char *prefix)
{
    const struct window w = the_window(v);
    struct numbering lines = { 0 }, warnings = { 0 };
    struct vmklog log;
    int64_t alerts = 0;
    vmklog_parse(t, 1, &log);
    for (uint32_t i = 0; i < log.line_count; i++) {
        const struct vmklog_line *l = &log.line[i];
        const unsigned long long ms = l->uptime_ms;
        if (l->class == VMKLOG_REPEATED || (l->has_stamp && !is_in(&w, &l->stamp)))
            continue;
        at.line = l->line;
        const uint32_t number = next_number(&lines, ms);
        claim_text(&v->claims, at, l->head, "%s.line.%llu.%u", prefix, ms, number);
        if (l->severity != VMKLOG_INFO)
            claim_text(&v->claims, at, l->head, "%s.warning.%llu.%u", prefix, ms,
                       next_number(&warnings, ms));
        if (l->class == VMKLOG_LOST_HEARTBEAT && is_whole(&l->alert))
            put_alert(v, at, l, alerts++, prefix);
        put_dump(v, at, l, prefix);
        if (l->has_stamp)
            put_stamp(v, &w, at, l, number, prefix);
    }
    at.line = t->count;
    if (t->count > 0)
        claim_number(&v->claims, at, alerts, "%s.alerts", prefix);
    vmklog_free(&log);
}

/* ---- messages -------------------------------------------------------------------------------- */
static void put_messages(struct verify *v, const struct verify_logs *logs)
{
    const struct window w = the_window(v);
    struct messages m;
    uint32_t kills = 0;
    messages_parse(logs->text, logs->count, &m);
    for (uint32_t i = 0; i < m.line_count; i++) {
        const struct messages_line *l = &m.line[i];
        if (!l->has_stamp || !is_in(&w, &l->stamp))
            continue;
        const struct claim_place at = claim_line(logs->at[l->file], l->line);
        claim_text(&v->claims, at, l->host, "messages.host");
        if (l->class == MESSAGES_OOM_KILL)
            claim_text(&v->claims, at, l->text, "messages.oom.%u", kills++);
    }
    messages_free(&m);
}

void read_logs(struct verify *v)
{
    static const struct {
        const char *name, *prefix;
    } of_vmkernel[] = {
        { PATH_VMKERNEL_LOG, "vmkernel" },
        { PATH_VMKWARNING_LOG, "vmkwarning" },
    };
    struct verify_logs logs;
    for (size_t i = 0; i < sizeof of_vmkernel / sizeof of_vmkernel[0]; i++) {
        verify_load_logs(v, of_vmkernel[i].name, &logs);
        for (uint32_t k = 0; k < logs.count; k++)
            read_vmklog(v, &logs.text[k], logs.at[k], of_vmkernel[i].prefix);
        verify_free_logs(&logs);
    }
    verify_load_logs(v, PATH_MESSAGES_LOG, &logs);
    put_messages(v, &logs);
    verify_free_logs(&logs);
}
