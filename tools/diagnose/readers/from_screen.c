/* from_screen.c - facts that a purple screen tells, of whatever release. It names victims and not
 * causes; but it says whether the heartbeat was lost at all. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/diagnose/readers/from.h"
#include "tools/parse/purple.h"

static const char *line_at(const struct text *t, uint32_t line)
{
    return line > 0 && line <= t->count ? t->lines[line - 1].at : "";
}

static void keep_head(struct diagnosis *d, const struct purple *p, const char *shown)
{
    if (p->build != 0) {
        (void)snprintf(d->screen.build, sizeof d->screen.build, "%llu",
                       (unsigned long long)p->build);
        if (d->host.build[0] == '\0')
            (void)snprintf(d->host.build, sizeof d->host.build, "%s", d->screen.build);
    }
    if (d->host.profile[0] == '\0' && p->layout != PURPLE_NO_LAYOUT)
        (void)snprintf(d->host.profile, sizeof d->host.profile, "%s",
                       purple_layout_name(p->layout));
    if (p->has_uptime) {
        d->screen.uptime_ns = (int64_t)p->uptime_ms * 1000000;
        if (d->host.uptime_ns <= 0)
            d->host.uptime_ns = d->screen.uptime_ns;
    }
    (void)snprintf(d->screen.file, sizeof d->screen.file, "%s", shown);
}

static void keep_alert(struct diagnosis *d, const struct purple *p, const struct text *t,
                       const char *shown)
{
    const struct purple_log *last = purple_last_alert(p);
    if (last == NULL || last->alert.comm[0] == '\0')
        return;
    fact_set(&d->facts, FACT_ALERT_COMM, (double)last->alert.t, last->alert.comm, shown,
             last->place.line, line_at(t, last->place.line));
}

void from_screen(struct diagnosis *d, const struct text *t, const char *shown,
                 struct diagnosis_source *source)
{
    struct purple p;
    purple_parse(t, &p);
    if (p.is_screen) {
        keep_head(d, &p, shown);
        if (p.class == PURPLE_LOST_HEARTBEAT)
            fact_set(&d->facts, FACT_LOST_HEARTBEAT, 1, NULL, shown, p.headline_place.line,
                     line_at(t, p.headline_place.line));
        else if (p.class != PURPLE_UNKNOWN && p.class != PURPLE_INTERIM)
            fact_set(&d->facts, FACT_OTHER_SCREEN, 1, p.headline, shown, p.headline_place.line,
                     line_at(t, p.headline_place.line));
        keep_alert(d, &p, t, shown);
    }
    if (source != NULL)
        diagnosis_note_unparsed(source, t, &p.unparsed, 0);
    purple_free(&p);
}
