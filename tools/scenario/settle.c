/* settle.c - see settle.h. */
#include "tools/scenario/settle.h"

#include <stdio.h>
#include <string.h>

#include "shared/rng.h"

#define PPM_WHOLE 1000000

int64_t settle_step(const int64_t *steps, int64_t from, int64_t to)
{
    while (*steps != 1 && (from % *steps != 0 || to % *steps != 0))
        steps++;
    return *steps;
}

int64_t settle_between(uint64_t root, const char *stream, int64_t step, int64_t from, int64_t to)
{
    struct rng r;

    if (from >= to)
        return from;
    rng_init(&r, root, stream);
    return from + step * (int64_t)rng_below(&r, (uint64_t)((to - from) / step) + 1);
}

/* ---- keys ------------------------------------------------------------------------------------ */

/* Sizes in whole pages, times in seconds, milliseconds or microseconds, clocks and counts as they
 * come. */
static const int64_t *steps_of(const struct schema_key *k)
{
    static const int64_t time[] = { NS_PER_S, 1000000, 1000, 1 }, pages[] = { 4, 1 },
                         ones[] = { 1 };

    if (k->kind == SCHEMA_DURATION)
        return time;
    return k->kind == SCHEMA_QUANTITY && k->units == quantity_kb ? pages : ones;
}

struct settling {
    uint64_t root;    /* of the streams */
    const char *name; /* of what has the keys */
    int64_t vary_ppm; /* how far sizes and times that are no range vary */
    bool spread;      /* a range of `data` stays one: it is spread over many processes */
};

/* A share of 1000000 in which this key's value is varied; 1000000 = not at all. */
static int64_t factor_ppm(const struct settling *s, const struct schema_key *k, const char *stream)
{
    if (k->kind != SCHEMA_QUANTITY && k->kind != SCHEMA_DURATION)
        return PPM_WHOLE;
    return settle_between(s->root, stream, 1, PPM_WHOLE - s->vary_ppm, PPM_WHOLE + s->vary_ppm);
}

/* The value in that share, in whole pages or microseconds, and never less than the key allows. */
static int64_t varied(const struct schema_key *k, int64_t value, int64_t ppm)
{
    const int64_t step = k->kind == SCHEMA_DURATION ? 1000 : settle_step(steps_of(k), value, value);
    /* In two parts, as a time of a year times a million is more than 63 bits. */
    const int64_t whole = value / PPM_WHOLE * ppm + value % PPM_WHOLE * ppm / PPM_WHOLE;

    if (ppm == PPM_WHOLE || value < step)
        return value;
    const int64_t rounded = whole / step * step < step ? step : whole / step * step;
    if (rounded < k->least)
        return k->least;
    return rounded > k->most ? k->most : rounded;
}

static void settle_key(const struct settling *s, const struct schema_key *k, unsigned char *at)
{
    int64_t from = schema_number(k, at), to = schema_number(k, at + k->second);
    char stream[96];

    (void)snprintf(stream, sizeof stream, "%s.%s", s->name, k->name);
    if (from < to && !(s->spread && strcmp(k->name, "data") == 0)) {
        from = settle_between(s->root, stream, settle_step(steps_of(k), from, to), from, to);
        to = from;
    } else {
        const int64_t ppm = factor_ppm(s, k, stream);
        from = varied(k, from, ppm);
        to = varied(k, to, ppm);
    }
    schema_put_number(k, from, at);
    schema_put_number(k, to, at + k->second);
}

static void settle_keys(const struct settling *s, const struct schema_key *k, void *record)
{
    for (; k->name != NULL; k++) {
        unsigned char *at = (unsigned char *)record + k->offset;
        if (k->kind == SCHEMA_MAP) {
            const struct settling inner = { s->root, k->name, s->vary_ppm, s->spread };
            settle_keys(&inner, k->table, at);
        } else if (k->spread == SCHEMA_ONE_OR_TWO) {
            settle_key(s, k, at);
        }
    }
}

/* ---- a scenario ------------------------------------------------------------------------------ */

static const struct schema_key *key_named(const char *name)
{
    const struct schema_key *k = scenario_keys();

    while (strcmp(k->name, name) != 0)
        k++;
    return k;
}

void scenario_settle(struct scenario *s, uint64_t seed)
{
    const uint64_t root = rng_derive(seed, "scenario");
    const struct settling host = { .root = root, .name = "host" };

    settle_keys(&host, key_named("host")->table, s);
    for (int64_t i = 0; i < s->program_count; i++) {
        struct scenario_program *p = &s->program[i];
        char name[sizeof p->boot.name + 16];
        (void)snprintf(name, sizeof name, "program.%s", p->boot.name);
        if (p->per_vm != 0)
            p->count = p->count_to = s->plan.vms;
        const struct settling program = { root, name, p->vary_ppm, p->count_to > 1 };
        settle_keys(&program, key_named("programs")->list->table, p);
    }
}
