/* read_logs.c - what the host's logs say of the boot that failed: lines of other boots are passed
 * over by their stamps. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/parse/scan.h"
#include "tools/parse/text.h"
#include "tools/verify/logline.h"
#include "tools/verify/verify.h"

#define SLACK_S 5 /* between a stamp and the instant that it tells of */

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

static bool is_in(const struct window *w, int64_t epoch_s)
{
    return w->to_s == 0 || (epoch_s >= w->from_s - SLACK_S && epoch_s <= w->to_s);
}

/* ---- vmkernel, vmkwarning -------------------------------------------------------------------- */
/* "Nov 13 04:08:46 esxhostname vmkernel: 42:14:03:29.508 cpu0:1024)..." */
static void put_line(struct verify *v, struct logline_set *set, struct window *w,
                     const struct claim_place *at, const char *line, const char *prefix)
{
    struct scan_stamp stamp;
    char host[64];
    uint64_t ms;
    const char *text = line;
    if (!scan_stamp(&text, &stamp) || !scan_blanks(&text) || !scan_word(&text, host, sizeof host))
        return;
    const char *body = strstr(text, "vmkernel: ");
    if (body == NULL || !logline_uptime(body + 10, &ms) || !is_in(w, epoch_of(w, &stamp)))
        return;
    (void)logline_put(v, set, at, body + 10, prefix);
    claim_text(&v->claims, at, host, "%s.host", prefix);
    if (w->to_s == 0)
        return;
    const unsigned long long key = (unsigned long long)ms;
    claim_number(&v->claims, at, epoch_of(w, &stamp), "%s.stamp.%llu.%u", prefix, key, set->same);
    claim_number(&v->claims, at, w->from_s + (int64_t)(ms / 1000), "derived.stamp.%llu.%u", key,
                 set->same);
}

static void read_vmklog(struct verify *v, struct window *w, const char *name, const char *prefix)
{
    const char *const names[] = { name, NULL };
    struct claim_place at = { .file = verify_find(v, names), .section = "" };
    struct logline_set set = { 0 };
    struct text t;
    char err[512];
    if (at.file[0] == '\0' || text_load(at.file, &t, err, sizeof err) != 0)
        return;
    for (uint32_t i = 0; i < t.count; i++) {
        at.line = i + 1;
        put_line(v, &set, w, &at, t.lines[i].at, prefix);
    }
    text_free(&t);
}

/* ---- messages -------------------------------------------------------------------------------- */
static void put_message(struct verify *v, struct window *w, const struct claim_place *at,
                        const char *line, uint32_t *kills)
{
    struct scan_stamp stamp;
    char host[64];
    const char *text = line;
    if (!scan_stamp(&text, &stamp) || !scan_blanks(&text) || !scan_word(&text, host, sizeof host) ||
        !is_in(w, epoch_of(w, &stamp)))
        return;
    claim_text(&v->claims, at, host, "messages.host");
    const char *kill = strstr(text, "Out of Memory: Killed process");
    if (kill != NULL)
        claim_text(&v->claims, at, kill, "messages.oom.%u", (*kills)++);
}

static void read_messages(struct verify *v, struct window *w)
{
    static const char *const names[] = { "var/log/messages", NULL };
    struct claim_place at = { .file = verify_find(v, names), .section = "" };
    struct text t;
    char err[512];
    uint32_t kills = 0;
    if (at.file[0] == '\0' || text_load(at.file, &t, err, sizeof err) != 0)
        return;
    for (uint32_t i = 0; i < t.count; i++) {
        at.line = i + 1;
        put_message(v, w, &at, t.lines[i].at, &kills);
    }
    text_free(&t);
}

void verify_read_logs(struct verify *v)
{
    struct window w = the_window(v);
    /* A start rotates: the older file may hold the boot that failed. */
    read_vmklog(v, &w, "var/log/vmkernel.1", "vmkernel");
    read_vmklog(v, &w, "var/log/vmkernel", "vmkernel");
    read_vmklog(v, &w, "var/log/vmkwarning.1", "vmkwarning");
    read_vmklog(v, &w, "var/log/vmkwarning", "vmkwarning");
    read_messages(v, &w);
}
