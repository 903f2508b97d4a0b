/* why.c - see why.h. */
#include "tools/diagnose/reports/why.h"

#include <stdio.h>

static bool about_ram(const struct diagnosis *d, char *to, size_t size)
{
    const struct diagnosis_process *p = &d->memory.top[0];
    if (d->memory.top_count == 0 || d->memory.total_kb <= 0)
        return false;
    (void)snprintf(to, size,
                   "%s is %.1f %% of RAM: %lld kB of the %lld kB that MemTotal says, swap included "
                   "in the first and not in the second.",
                   p->name, diagnosis_pct_of_ram(d, (double)p->kb), (long long)p->kb,
                   (long long)d->memory.total_kb);
    return true;
}

/* The article divides one by the other; who compares our figure with its 69 % must find out why. */
static bool about_swap_by_ram(const struct diagnosis *d, char *to, size_t size)
{
    if (d->memory.total_kb <= 0 || d->memory.swap_total_kb <= 0 || d->memory.top_count == 0)
        return false;
    (void)snprintf(to, size,
                   "%.1f %% is another figure: all swap (%lld kB) divided by RAM (%lld kB). "
                   "KB 308590 prints 69 %% for the share of RAM of its VMap, which is that "
                   "quotient; 586196 of 799732 kB are 73.3 %%.",
                   100.0 * (double)d->memory.swap_total_kb / (double)d->memory.total_kb,
                   (long long)d->memory.swap_total_kb, (long long)d->memory.total_kb);
    return true;
}

static bool about_swap(const struct diagnosis *d, char *to, size_t size)
{
    if (d->memory.swap_used_kb < 0 || d->memory.swap_total_kb <= 0)
        return false;
    (void)snprintf(to, size, "Swap is %.1f %% full: %lld of %lld kB.",
                   100.0 * (double)d->memory.swap_used_kb / (double)d->memory.swap_total_kb,
                   (long long)d->memory.swap_used_kb, (long long)d->memory.swap_total_kb);
    return true;
}

static bool about_growth(const struct diagnosis *d, char *to, size_t size)
{
    const struct fact *rate = &d->facts.fact[FACT_GROWER_RATE];
    if (!rate->known)
        return false;
    (void)snprintf(
        to, size,
        "%s grows by %.0f kB an hour: %s. Hourly lines are not exactly an hour apart, so "
        "the difference of two lines and the growth per hour differ a little.",
        rate->who, rate->value, rate->text);
    return true;
}

static bool about_confidence(const struct diagnosis *d, char *to, size_t size)
{
    const struct verdict_cause *c = &d->verdict.cause[0];
    (void)snprintf(
        to, size,
        "Confidence: the weights for %s add up to %+d decibans (prior %+d included); its "
        "share of the odds of all causes and of 'unknown' (0) is %.2f.",
        c->hypothesis->cause, c->score, c->hypothesis->prior, c->probability);
    return true;
}

bool why_sentence(const struct diagnosis *d, uint32_t i, char *to, size_t size)
{
    static bool (*const about[])(const struct diagnosis *, char *,
                                 size_t) = { about_ram, about_swap_by_ram, about_swap, about_growth,
                                             about_confidence };
    for (uint32_t n = 0; n < sizeof about / sizeof about[0]; n++)
        if (about[n](d, to, size) && i-- == 0)
            return true;
    return false;
}
