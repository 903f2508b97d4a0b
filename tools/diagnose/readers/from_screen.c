/* from_screen.c - facts that a purple screen shows, of whatever release. It names victims and not
 * causes; but it says whether the heartbeat was lost at all. */
#include "tools/diagnose/readers/extract.h"

void from_screen(const struct diagnosis *d, const struct parsed *p, struct facts *ret)
{
    const struct purple *s = &p->screen;
    const uint32_t line = s->headline_place.line;
    (void)d;
    if (s->class == PURPLE_LOST_HEARTBEAT)
        fact_set(ret, FACT_LOST_HEARTBEAT, 1, NULL, p->path, line, "%s",
                 reading_line(&p->text, line));
    else if (s->class != PURPLE_UNKNOWN && s->class != PURPLE_INTERIM)
        fact_set(ret, FACT_OTHER_SCREEN, 1, s->headline, p->path, line, "%s",
                 reading_line(&p->text, line));
}
