/* extract.c - see extract.h. */
#include "tools/diagnose/readers/extract.h"

#include <assert.h>

/* Whom to believe: of two that show the same fact, the one with the lower number. What a zdump
 * holds of screen and logs is of the stun; logs beside it go on, and are rotated away. */
static const struct extractor {
    enum artefact artefact;
    bool in_zdump;
    unsigned priority;
    void (*extract)(const struct diagnosis *d, const struct parsed *p, struct facts *ret);
} extractors[] = {
    { ARTEFACT_SCREEN, false, 1, from_screen },      { ARTEFACT_ZDUMP, false, 2, from_zdump },
    { ARTEFACT_SCREEN, true, 3, from_screen },       { ARTEFACT_VMKLOG, true, 4, from_vmklog },
    { ARTEFACT_MESSAGES, true, 5, from_messages },   { ARTEFACT_CORE, false, 6, from_core },
    { ARTEFACT_VMKSUMMARY, false, 7, from_summary }, { ARTEFACT_VMKLOG, false, 8, from_vmklog },
    { ARTEFACT_MESSAGES, false, 9, from_messages },  { ARTEFACT_TOP, false, 10, from_top },
};
#define EXTRACTORS (sizeof extractors / sizeof extractors[0])

void extract_line(struct facts *ret, enum fact_id id, const char *who, const struct parsed *p,
                  uint32_t line)
{
    if (!ret->fact[id].known)
        fact_set(ret, id, 1, who, p->path, line, "%s", reading_line(&p->text, line));
}

static void extract(struct diagnosis *d, const struct extractor *x)
{
    const struct parsed *p = NULL;
    while ((p = reading_next(d->reading, x->artefact, p)) != NULL) {
        struct facts own = { 0 };
        if (!p->is_of_failure || (p->within != NULL) != x->in_zdump)
            continue;
        x->extract(d, p, &own);
        facts_merge(&d->facts, &own, x->artefact);
    }
}

void extract_facts(struct diagnosis *d)
{
    for (int id = 0; id < FACTS; id++)
        assert(!d->facts.fact[id].known); /* the phases run once, in order */
    for (unsigned priority = 1; priority <= EXTRACTORS; priority++) {
        unsigned found = 0;
        for (size_t i = 0; i < EXTRACTORS; i++) {
            if (extractors[i].priority != priority)
                continue;
            extract(d, &extractors[i]);
            found++;
        }
        assert(found == 1); /* no two extractors are believed alike */
    }
}
