/* derive.c - what follows from several artefacts together, as claims of its own: the age of the
 * last beat at each alert, the date of each uptime. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/units.h"
#include "tools/verify/read.h"

static const int64_t minute_ns = (int64_t)NS_PER_MIN;
#define COS_LEAD_MS 12200 /* the COS has been up that much longer (docs/fidelity.md) */

static struct claim_place place_of(struct verify *v, const char *key)
{
    const struct claim *c = claim_find(&v->claims, key);
    return c != NULL ? c->place : (struct claim_place){ .file = "", .section = "" };
}

/* t counts whole minutes from the last beat to the instant at which the check was due, a whole
 * minute since the watchdog was armed. The check itself comes up to 10 ms late. */
static void derive_alerts(struct verify *v)
{
    int64_t last_beat_ns, timeout, at_ms, armed_ns;
    char key[CLAIM_KEY_MAX];
    const struct claim_place at = place_of(v, "zdump.heartbeats.last_beat_ns");
    const struct claim_place to = place_of(v, "zdump.heartbeats.timeout_min");
    if (!claim_get(&v->claims, "zdump.heartbeats.last_beat_ns", &last_beat_ns) ||
        !claim_get(&v->claims, "zdump.heartbeats.timeout_min", &timeout) ||
        !claim_get(&v->claims, "zdump.heartbeats.armed_ns", &armed_ns))
        return;
    for (int i = 0; i < 64; i++) {
        (void)snprintf(key, sizeof key, "zdump.log.alert.at_ms.%d", i);
        if (!claim_get(&v->claims, key, &at_ms))
            return;
        const int64_t checks = (at_ms * 1000000 - armed_ns) / minute_ns;
        claim_number(&v->claims, at, (armed_ns + checks * minute_ns - last_beat_ns) / minute_ns,
                     "derived.alert.t.%d", i);
        claim_number(&v->claims, to, timeout, "derived.alert.to.%d", i);
    }
}

/* For each hourly line what its date, its builds and its lead must be. */
static void derive_hours(struct verify *v)
{
    static const char prefix[] = "vmksummary.vmk_ms.";
    int64_t boot_s = 0;
    const bool has_boot = claim_get(&v->claims, "zdump.state.boot_epoch_s", &boot_s);
    const struct claim *build = claim_find(&v->claims, "zdump.state.build");
    char text[64] = "";
    struct claim_place build_at = { .file = "", .section = "" };
    if (build != NULL) {
        (void)snprintf(text, sizeof text, "%s", build->value);
        build_at = build->place;
    }
    const struct claim_place boot_at = place_of(v, "zdump.state.boot_epoch_s");
    const uint32_t count = v->claims.count;
    for (uint32_t i = 0; i < count; i++) {
        char item[CLAIM_KEY_MAX];
        if (strncmp(v->claims.claim[i].key, prefix, sizeof prefix - 1) != 0)
            continue;
        const int64_t ms = strtoll(v->claims.claim[i].value, NULL, 10);
        const struct claim_place at = v->claims.claim[i].place;
        (void)snprintf(item, sizeof item, "%s", v->claims.claim[i].key + sizeof prefix - 1);
        if (has_boot)
            claim_number(&v->claims, boot_at, boot_s + ms / 1000, "derived.summary_epoch_s.%s",
                         item);
        if (text[0] != '\0')
            claim_text(&v->claims, build_at, text, "derived.build.%s", item);
        claim_number(&v->claims, at, COS_LEAD_MS, "derived.lead_ms.%s", item);
        claim_number(&v->claims, at, 0, "derived.zero.%s", item);
    }
}

/* Numbers of beats start anew with each generation; the last beat that was taken counts in the one
 * before when the generation went stale. */
static void derive_ring(struct verify *v)
{
    int64_t listens, front, seq;
    const struct claim_place at = place_of(v, "zdump.ring.seq");
    if (claim_get(&v->claims, "zdump.ring.generation", &listens) &&
        claim_get(&v->claims, "zdump.ring.seen_generation", &front) &&
        claim_get(&v->claims, "zdump.ring.seq", &seq) && listens == front)
        claim_number(&v->claims, at, seq, "derived.ring.seq");
}

void derive(struct verify *v)
{
    int64_t boot_s, end_ms;
    const struct claim_place boot_at = place_of(v, "zdump.state.boot_epoch_s");
    derive_alerts(v);
    derive_ring(v);
    if (claim_get(&v->claims, "zdump.state.boot_epoch_s", &boot_s) &&
        claim_get(&v->claims, "zdump.state.dump_end_ms", &end_ms))
        claim_number(&v->claims, boot_at, boot_s + end_ms / 1000, "derived.dump_end_epoch_s");
    derive_hours(v);
    const struct claim_place nowhere = { .file = "", .section = "" };
    claim_number(&v->claims, nowhere, 0, "derived.zero");
}
