/* evidence.c - see evidence.h. */
#include "tools/diagnose/reports/evidence.h"

#include <stdio.h>
#include <stdlib.h>

static uint32_t add(const struct facts *f, const struct rule *rules,
                    struct evidence ret[EVIDENCE_MAX], uint32_t count)
{
    for (const struct rule *r = rules; r != NULL && r->says != NULL; r++) {
        if (!rule_holds(r, f) || count == EVIDENCE_MAX)
            continue;
        struct evidence *e = &ret[count];
        e->fact = &f->fact[r->fact];
        e->weight = r->weight;
        (void)hypothesis_format(e->says, sizeof e->says, r->says, e->fact);
        /* A fact that passes two bounds is one line with both weights. */
        uint32_t same = 0;
        while (same < count && ret[same].fact != e->fact)
            same++;
        if (same < count)
            ret[same].weight += e->weight;
        else
            count++;
    }
    return count;
}

static void sort_by_strength(struct evidence *e, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        const struct evidence moved = e[i];
        uint32_t at = i;
        for (; at > 0 && abs(e[at - 1].weight) < abs(moved.weight); at--)
            e[at] = e[at - 1];
        e[at] = moved;
    }
}

static const struct hypothesis *in_question(const struct diagnosis *d)
{
    return d->verdict.best != NULL ? d->verdict.best : d->verdict.cause[0].hypothesis;
}

uint32_t evidence_list(const struct diagnosis *d, struct evidence ret[EVIDENCE_MAX])
{
    const struct hypothesis *h = in_question(d);
    uint32_t count = add(&d->facts, h->rule, ret, 0);
    count = add(&d->facts, h->shared, ret, count);
    sort_by_strength(ret, count);
    return count;
}

char *evidence_against(const struct diagnosis *d, uint32_t i, char *to, size_t size)
{
    const struct verdict_cause *c = &d->verdict.cause[i];
    if (c->against != NULL)
        return hypothesis_format(to, size, c->against->says, &d->facts.fact[c->against->fact]);
    /* That a mark is absent can be said only where it would stand. */
    const bool looked = d->facts.seen[ARTEFACT_CORE] || d->facts.seen[ARTEFACT_ZDUMP];
    (void)snprintf(to, size, "%s",
                   looked ? c->hypothesis->not_because : "nothing that was read speaks for it");
    return to;
}

bool evidence_action(const struct diagnosis *d, uint32_t i, char *to, size_t size)
{
    static const struct fact nobody = { .who = "the program" };
    static const char *const unknown[] = { ACTION_TOP, ACTION_CORE_FILE, NULL };
    const char *const *action = d->verdict.best != NULL ? d->verdict.best->action : unknown;
    for (uint32_t n = 0; action[n] != NULL; n++) {
        if (n == i) {
            (void)hypothesis_format(to, size, action[n],
                                    d->verdict.culprit != NULL ? d->verdict.culprit : &nobody);
            return true;
        }
    }
    return false;
}
