/* logline.c - see logline.h. */
#include "tools/verify/logline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool logline_uptime(const char *text, uint64_t *ret_ms)
{
    unsigned d, h, m, s, ms;
    int end = 0;
    if (sscanf(text, "%8u:%2u:%2u:%2u.%3u%n", &d, &h, &m, &s, &ms, &end) != 5 || end < 12)
        return false;
    *ret_ms = (((uint64_t)d * 24 + h) * 60 + m) * 60000 + s * 1000u + ms;
    return true;
}

/* The word behind `phrase` up to one of `stop`. */
static bool word(const char *text, const char *phrase, const char *stop, char *ret, size_t size)
{
    const char *at = strstr(text, phrase);
    if (at == NULL)
        return false;
    at += strlen(phrase);
    const size_t length = strcspn(at, stop);
    (void)snprintf(ret, size, "%.*s", (int)(length < size ? length : size - 1), at);
    return true;
}

static void put_alert(struct verify *v, struct logline_set *set, const struct claim_place *at,
                      uint64_t ms, const char *body, const char *prefix)
{
    char comm[32], pid[16], t[16], to[16];
    if (!word(body, "Lost heartbeat (comm=", " ", comm, sizeof comm) ||
        !word(body, " pid=", " ", pid, sizeof pid) || !word(body, " t=", " ", t, sizeof t) ||
        !word(body, " to=", " ", to, sizeof to))
        return;
    const long long n = set->alerts++;
    claim_text(&v->claims, at, body, "%s.alert.text.%llu", prefix, (unsigned long long)ms);
    claim_number(&v->claims, at, (int64_t)ms, "%s.alert.at_ms.%lld", prefix, n);
    claim_number(&v->claims, at, strtoll(t, NULL, 10), "%s.alert.t.%lld", prefix, n);
    claim_number(&v->claims, at, strtoll(to, NULL, 10), "%s.alert.to.%lld", prefix, n);
    if (strtoll(t, NULL, 10) < strtoll(to, NULL, 10))
        return;
    claim_number(&v->claims, at, (int64_t)ms, "%s.last-alert.at_ms", prefix);
    claim_text(&v->claims, at, comm, "%s.last-alert.comm", prefix);
    claim_number(&v->claims, at, strtoll(pid, NULL, 10), "%s.last-alert.pid", prefix);
}

static void put_dump(struct verify *v, const struct claim_place *at, const char *body,
                     const char *prefix)
{
    char uuid[64], name[128], headline[128];
    if (word(body, "COS Error: ", "", headline, sizeof headline))
        claim_text(&v->claims, at, headline, "%s.cos-error", prefix);
    if (!word(body, "Dumping core to '/volumes/", "/", uuid, sizeof uuid) ||
        !word(strstr(body, uuid), "/", "'", name, sizeof name))
        return;
    claim_text(&v->claims, at, uuid, "%s.core-uuid", prefix);
    claim_text(&v->claims, at, name, "%s.core-name", prefix);
}

bool logline_put(struct verify *v, struct logline_set *set, const struct claim_place *at,
                 const char *text, const char *prefix)
{
    uint64_t ms;
    const char *body = strchr(text, ')');
    if (!logline_uptime(text, &ms) || strstr(text, " cpu") == NULL || body == NULL)
        return false;
    body++;
    set->same = ms == set->last_ms ? set->same + 1 : 0;
    set->last_ms = ms;
    claim_text(&v->claims, at, text, "%s.line.%llu.%u", prefix, (unsigned long long)ms, set->same);
    if (strstr(body, "WARNING: ") != NULL || strstr(body, "ALERT: ") != NULL) {
        set->same_warning = ms == set->last_warning_ms ? set->same_warning + 1 : 0;
        set->last_warning_ms = ms;
        claim_text(&v->claims, at, text, "%s.warning.%llu.%u", prefix, (unsigned long long)ms,
                   set->same_warning);
    }
    put_alert(v, set, at, ms, body, prefix);
    put_dump(v, at, body, prefix);
    return true;
}
