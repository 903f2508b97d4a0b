/* verdict.c - see verdict.h. */
#include "tools/diagnose/verdict.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define DECISIVE 5 /* decibans */
#define DEAD (-20) /* a cause below that is out */

bool rule_holds(const struct rule *r, const struct facts *f)
{
    const struct fact *fact = &f->fact[r->fact];
    if (!fact->known)
        return false;
    return r->test == AT_LEAST ? fact->value >= r->bound : fact->value < r->bound;
}

/* ---- words ----------------------------------------------------------------------------------- */
static size_t put_value(char *to, size_t size, const char *key, size_t length,
                        const struct fact *fact)
{
    int n = 0;
    if (length == 3 && strncmp(key, "who", 3) == 0)
        n = snprintf(to, size, "%s", fact->who);
    else if (length == 3 && strncmp(key, "pid", 3) == 0)
        n = snprintf(to, size, "%u", fact->pid);
    else if (length == 5 && strncmp(key, "value", 5) == 0)
        n = snprintf(to, size, "%.*f", fact->value < 10 && fact->value != floor(fact->value),
                     fact->value);
    else
        assert(!"a placeholder of cause_*.c is who, pid or value");
    return n < 0 ? 0 : (size_t)n < size ? (size_t)n : size - 1;
}

char *hypothesis_format(char *to, size_t size, const char *form, const struct fact *fact)
{
    size_t used = 0;
    while (*form != '\0' && used + 1 < size) {
        const char *end = *form == '{' && fact != NULL ? strchr(form, '}') : NULL;
        if (end == NULL) {
            to[used++] = *form++;
            continue;
        }
        used += put_value(to + used, size - used, form + 1, (size_t)(end - form - 1), fact);
        form = end + 1;
    }
    to[used] = '\0';
    return to;
}

/* ---- scores ---------------------------------------------------------------------------------- */
static void weigh(const struct rule *rules, const struct facts *f, struct verdict_cause *c)
{
    for (const struct rule *r = rules; r != NULL && r->says != NULL; r++) {
        if (!rule_holds(r, f))
            continue;
        c->score += r->weight;
        if (r->weight < 0 && (c->against == NULL || r->weight < c->against->weight))
            c->against = r;
    }
}

static void score(const struct hypothesis *h, const struct facts *f, struct verdict_cause *ret)
{
    *ret = (struct verdict_cause){ .hypothesis = h, .score = h->prior };
    weigh(h->rule, f, ret);
    weigh(h->shared, f, ret);
}

/* Insertion keeps the order of the list among equals. */
static void insert(struct verdict *v, const struct verdict_cause *c)
{
    assert(v->count < VERDICT_CAUSES_MAX);
    uint32_t at = v->count++;
    for (; at > 0 && v->cause[at - 1].score < c->score; at--)
        v->cause[at] = v->cause[at - 1];
    v->cause[at] = *c;
}

static double odds(int score)
{
    return pow(10, score / 10.0);
}

static void share(struct verdict *v)
{
    double sum = 1; /* "unknown" */
    for (uint32_t i = 0; i < v->count; i++)
        sum += odds(v->cause[i].score);
    for (uint32_t i = 0; i < v->count; i++)
        v->cause[i].probability = fmin(odds(v->cause[i].score) / sum, VERDICT_MOST);
}

const struct fact *hypothesis_culprit(const struct hypothesis *h, const struct facts *f)
{
    for (const enum fact_id *id = h->culprit; *id != FACTS; id++)
        if (f->fact[*id].known)
            return f->fact[*id].who[0] != '\0' ? &f->fact[*id] : NULL;
    return NULL;
}

/* ---- what would decide ----------------------------------------------------------------------- */
static struct verdict_missing *missing_entry(struct verdict *v, enum artefact a)
{
    for (uint32_t i = 0; i < v->missing_count; i++)
        if (v->missing[i].artefact == a)
            return &v->missing[i];
    if (v->missing_count == VERDICT_MISSING_MAX)
        return NULL;
    v->missing[v->missing_count].artefact = a;
    return &v->missing[v->missing_count++];
}

static void ask_for(struct verdict *v, const struct facts *f, const struct rule *rules)
{
    for (const struct rule *r = rules; r != NULL && r->says != NULL; r++) {
        const enum artefact a = fact_artefact(r->fact);
        if (f->fact[r->fact].known || f->seen[a] || (r->weight < DECISIVE && r->weight > -DECISIVE))
            continue;
        struct verdict_missing *m = missing_entry(v, a);
        if (m != NULL)
            m->would_tell = artefact_would_tell(a);
    }
}

/* Rules that could still move a cause by a factor of three or more, where it is not dead yet, and
 * whose fact nobody has told, say which artefact would decide. */
static void find_missing(struct verdict *v, const struct facts *f)
{
    for (uint32_t i = 0; i < v->count; i++) {
        if (v->cause[i].score < DEAD)
            continue;
        ask_for(v, f, v->cause[i].hypothesis->rule);
        ask_for(v, f, v->cause[i].hypothesis->shared);
    }
}

/* ---- the verdict ----------------------------------------------------------------------------- */
static void name_best(struct verdict *v, const struct facts *f)
{
    const struct verdict_cause *first = &v->cause[0];
    assert(v->count > 0 && first->probability <= VERDICT_MOST);
    if (first->probability < VERDICT_UNKNOWN) {
        double rest = 1;
        for (uint32_t i = 0; i < v->count; i++)
            rest -= v->cause[i].probability;
        v->confidence = fmax(rest, 0);
        (void)snprintf(v->headline, sizeof v->headline,
                       "the evidence does not decide; most likely of all is %s (%.0f %%)",
                       first->hypothesis->cause, 100 * first->probability);
        return;
    }
    v->best = first->hypothesis;
    v->confidence = first->probability;
    v->culprit = hypothesis_culprit(v->best, f);
    static const struct fact nobody = { .who = "a process that is not named" };
    const struct fact *about = v->culprit;
    for (const enum fact_id *id = v->best->about; about == NULL && id != NULL && *id != FACTS; id++)
        if (f->fact[*id].known)
            about = &f->fact[*id];
    (void)hypothesis_format(v->headline, sizeof v->headline, v->best->headline,
                            about != NULL ? about : &nobody);
}

void verdict_reach(const struct facts *facts, struct verdict *ret)
{
    *ret = (struct verdict){ 0 };
    for (const struct hypothesis *const *h = hypotheses; *h != NULL; h++) {
        struct verdict_cause c;
        score(*h, facts, &c);
        insert(ret, &c);
    }
    share(ret);
    name_best(ret, facts);
    find_missing(ret, facts);
}

const char *verdict_cause_name(const struct verdict *v)
{
    return v->best != NULL ? v->best->cause : "unknown";
}
