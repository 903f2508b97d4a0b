/* fact.c - see fact.h. */
#include "tools/diagnose/facts/fact.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

static const struct {
    const char *name, *unit;
    enum artefact ask;
    unsigned also;
} facts[FACTS] = {
#define FACT_ROW(id, text, in, artefact, also) [id] = { text, in, ARTEFACT_##artefact, also },
    FACT_LIST(FACT_ROW)
#undef FACT_ROW
};

static const struct {
    const char *name, *tells;
} artefacts[ARTEFACTS] = {
#define ARTEFACT_ROW(id, text, would_tell) [ARTEFACT_##id] = { text, would_tell },
    ARTEFACT_LIST(ARTEFACT_ROW)
#undef ARTEFACT_ROW
};

struct fact *fact_set(struct facts *f, enum fact_id id, double value, const char *who,
                      const char *file, uint32_t line, const char *text, ...)
{
    assert(id < FACTS);
    struct fact *to = &f->fact[id];
    va_list args;
    assert(!to->known); /* nothing is written twice */
    assert(isfinite(value));
    to->known = true;
    to->value = value;
    to->line = line;
    (void)snprintf(to->who, sizeof to->who, "%s", who != NULL ? who : "");
    (void)snprintf(to->file, sizeof to->file, "%s", file);
    va_start(args, text);
    (void)vsnprintf(to->text, sizeof to->text, text, args);
    va_end(args);
    return to;
}

static bool is_state_of_daemon(int id)
{
    return id >= FACT_HBD_GONE && id <= FACT_HBD_ASLEEP;
}

void facts_merge(struct facts *f, const struct facts *from, enum artefact by)
{
    bool is_decided = false;
    for (int id = FACT_HBD_GONE; id <= FACT_HBD_ASLEEP; id++)
        is_decided |= f->fact[id].known;
    for (int id = 0; id < FACTS; id++) {
        if (!from->fact[id].known)
            continue;
        assert(fact_is_shown_by((enum fact_id)id, by));
        if (!f->fact[id].known && !(is_decided && is_state_of_daemon(id)))
            f->fact[id] = from->fact[id];
    }
}

const char *fact_name(enum fact_id id)
{
    return facts[id].name;
}

const char *fact_unit(enum fact_id id)
{
    return facts[id].unit;
}

enum artefact fact_artefact(enum fact_id id)
{
    return facts[id].ask;
}

bool fact_is_shown_by(enum fact_id id, enum artefact a)
{
    return facts[id].ask == a || (facts[id].also & 1u << a) != 0;
}

const char *artefact_name(enum artefact a)
{
    return artefacts[a].name;
}

const char *artefact_would_tell(enum artefact a)
{
    return artefacts[a].tells;
}
