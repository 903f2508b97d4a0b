/* forecast.c - see forecast.h. */
#include "tools/forecast/forecast.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GRID 4000u             /* steps of the distribution of what is left */
#define TIMEOUT_H 0.5          /* [KB308590/Resolution] */
#define FULL 0.985             /* of swap: a few slots come and go */
#define ASSUMED_RAM_KB 799732  /* [KB308590]: what administrators set */
#define ASSUMED_SWAP_KB 554168 /* [KB308590]: the default of 3.x */
#define SETTLED_H 12           /* hours in which swap grows after every boot: OUR CHOICE */
#define HORIZON_H (30 * 24)    /* what swap alone foretells beyond is no forecast: OUR CHOICE */
#define SAME_HOUR 0.1          /* part of swap by which a meminfo of the same hour may differ */

/* Fitted to simulated hosts (tests/tools/forecast.sh); see docs/fidelity.md. */
#define UNUSABLE 0.04        /* part of RAM that is left when nothing can be had */
#define VM_KB 7060.0         /* of a virtual machine's process */
#define VM_SD_KB 700.0       /* by which consoles differ in it */
#define OTHERS_KB 102000.0   /* all programs that no line names */
#define OTHERS_SD_KB 24000.0 /* by which consoles differ in it */
#define CACHE_PART 0.16      /* of RAM: median of what there is to take when swap is full */
#define CACHE_SIGMA 0.8      /* of its logarithm */
#define LATE_S 10            /* behind hh:01:01 with full swap: the console thrashes; OUR CHOICE */
#define THRASHING_H \
    4.0 /* then mean of what is left (exponential); INFERRED from the one case [KB308590] */
#define MEMINFO_KB 4000.0     /* of what a meminfo calls free or cached nobody can have */
#define MEMINFO_SD_KB 14000.0 /* how well it shows what is left: 22 snapshots of simulated hosts */

struct work {
    const struct vmksummary *v;
    struct forecast *f;
};

static void assume(struct forecast *f, const char *what)
{
    if (f->assumed_count < FORECAST_ASSUMED_MAX)
        f->assumed[f->assumed_count++] = what;
}

/* ---- the present ----------------------------------------------------------------------------- */

static bool find_present(const struct vmksummary *v, struct forecast *f)
{
    uint32_t i = v->record_count;
    while (i > 0 && v->record[i - 1].kind != VMKSUMMARY_HOURLY)
        i--;
    if (i == 0)
        return false;
    f->last = i - 1;
    for (uint32_t j = i; j < v->record_count && !f->over; j++) {
        f->over = v->record[j].boot != v->record[f->last].boot;
        f->end = j;
    }
    for (uint32_t j = 0; j < i; j++)
        f->hourly_count +=
            v->record[j].kind == VMKSUMMARY_HOURLY && v->record[j].boot == v->record[f->last].boot;
    return true;
}

static bool counts(const struct work *w, uint32_t i)
{
    const struct vmksummary_record *r = &w->v->record[i];
    return r->kind == VMKSUMMARY_HOURLY && r->boot == w->v->record[w->f->last].boot;
}

/* Time is the VMkernel's uptime: no clock step bends it. */
static double hours(const struct vmksummary_record *r)
{
    return (double)r->vmk_ms / 3600000;
}

/* ---- the pace -------------------------------------------------------------------------------- */

static void set_pace(struct forecast *f)
{
    for (uint32_t i = 0; i < f->grower_count; i++) {
        f->per_h += f->grower[i].trend.per_h;
        f->per_h_low += f->grower[i].trend.low;
        f->per_h_high += f->grower[i].trend.high;
    }
    f->pace_from = "the growing processes";
    if (f->grower_count > 0 || !trend_grows(&f->swap) || f->swap.point_count < SETTLED_H ||
        f->swap.from_h < SETTLED_H / 2.0)
        return;
    f->per_h = f->swap.per_h;
    f->per_h_low = f->swap.low;
    f->per_h_high = f->swap.high;
    f->pace_from = "swap: none of the three largest processes grows, but swap does";
}

/* ---- totals ---------------------------------------------------------------------------------- */

static void set_totals(struct work *w)
{
    struct forecast *f = w->f;
    int64_t most = 0;
    for (uint32_t i = 0; i <= f->last; i++)
        most = w->v->record[i].swap_kb > most ? w->v->record[i].swap_kb : most;
    if (f->memory.ram_kb <= 0) {
        f->memory.ram_kb = ASSUMED_RAM_KB;
        f->memory.ram_from = "assumed";
        assume(f, "RAM of 781 MB, the largest console; give its /proc/meminfo or --ram");
    }
    if (f->memory.swap_kb <= 0) {
        f->memory.swap_kb = most > ASSUMED_SWAP_KB ? most : ASSUMED_SWAP_KB;
        f->memory.swap_from = "assumed";
        assume(f, "swap of 541 MB, the default of ESX 3.x, or the most that was used; give "
                  "/proc/meminfo or --swap");
    }
    if (most > f->memory.swap_kb)
        assume(f, "more swap was used than there is said to be: the totals are of another host or "
                  "another time");
    f->swap_used_kb = w->v->record[f->last].swap_kb;
}

/* ---- what is left ---------------------------------------------------------------------------- */

/* Log density of a normal distribution but for a constant. */
static double normal(double x, double mean, double sd)
{
    const double z = (x - mean) / sd;
    return -z * z / 2;
}

/* Of a lognormal one. */
static double lognormal(double x, double middle, double sigma)
{
    if (x <= 0)
        return -INFINITY;
    return normal(log(x), log(middle), sigma) - log(x);
}

/* How much the pace has already taken since swap was full. */
static double taken_since_full(const struct work *w)
{
    const struct forecast *f = w->f;
    double since = hours(&w->v->record[f->last]);
    const double now = since;
    for (uint32_t i = f->last + 1; i > 0; i--) {
        const struct vmksummary_record *r = &w->v->record[i - 1];
        if (!counts(w, i - 1))
            continue;
        if ((double)r->swap_kb < FULL * (double)f->memory.swap_kb)
            break;
        since = hours(r);
    }
    const double grown = f->grower_count > 0 ? now - f->grower[0].trend.from_h : now - since;
    return f->per_h * (now - since < grown ? now - since : grown);
}

/* A meminfo is of the present's hour when its swap is as full as the line says. */
static bool is_live(const struct forecast *f)
{
    const struct meminfo *m = f->memory.meminfo;
    if (m == NULL || f->over)
        return false;
    const int64_t total = meminfo_kb(m, "SwapTotal"), left = meminfo_kb(m, "SwapFree");
    if (total <= 0 || left < 0 || meminfo_kb(m, "MemFree") < 0)
        return false;
    const double differ = fabs((double)(total - left - f->swap_used_kb));
    return differ < SAME_HOUR * (double)total && f->swap_used_kb > 0;
}

static double left_by_meminfo(const struct forecast *f)
{
    static const char *const names[] = { "SwapFree", "MemFree", "Buffers", "Cached", "SwapCached" };
    double left = -MEMINFO_KB;
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        const int64_t kb = meminfo_kb(f->memory.meminfo, names[i]);
        left += kb > 0 ? (double)kb : 0;
    }
    return left;
}

struct witnesses {
    bool live;
    double meminfo_kb, meminfo_sd;
    double sum_kb, sum_sd;
    double swap_free, taken, cache_kb;
    bool thrashing; /* swap is full, and cron's script starts late */
    double thrashing_kb;
};

static struct witnesses gather_witnesses(const struct work *w)
{
    const struct forecast *f = w->f;
    const struct vmksummary_record *r = &w->v->record[f->last];
    const double ram = (double)f->memory.ram_kb, swap = (double)f->memory.swap_kb;
    const double vms = (double)(r->vms > 0 ? r->vms : 0);
    struct witnesses x = { .live = is_live(f) };
    double top = 0;

    for (uint32_t i = 0; i < r->top_count; i++)
        top += (double)r->top[i].kb;
    x.sum_kb = ram * (1 - UNUSABLE) + swap - top - vms * VM_KB - OTHERS_KB;
    x.sum_sd = sqrt(OTHERS_SD_KB * OTHERS_SD_KB + vms * VM_SD_KB * vms * VM_SD_KB);
    x.swap_free = swap - (double)f->swap_used_kb;
    x.swap_free = x.swap_free > 0 ? x.swap_free : 0;
    x.taken = x.swap_free > (1 - FULL) * swap ? 0 : taken_since_full(w);
    x.cache_kb = CACHE_PART * ram;
    x.thrashing = x.taken > 0 && r->late_s >= LATE_S;
    x.thrashing_kb = THRASHING_H * f->per_h;
    if (x.live) {
        x.meminfo_kb = left_by_meminfo(f);
        x.meminfo_sd = MEMINFO_SD_KB;
    }
    return x;
}

static double log_density(const struct witnesses *x, double left)
{
    if (x->live)
        return normal(left, x->meminfo_kb, x->meminfo_sd);
    const double sum = normal(left, x->sum_kb, x->sum_sd);
    if (x->thrashing)
        return sum - left / x->thrashing_kb;
    return sum + lognormal(left - x->swap_free + x->taken, x->cache_kb, CACHE_SIGMA);
}

/* The places where the distribution over [0, RAM + swap] reaches 10, 50 and 90 %. */
static void set_left(struct work *w)
{
    struct forecast *f = w->f;
    const struct witnesses x = gather_witnesses(w);
    const double most = (double)(f->memory.ram_kb + f->memory.swap_kb), step = most / GRID;
    static const double at[3] = { 0.1, 0.5, 0.9 };
    double *const to[3] = { &f->left_low_kb, &f->left_kb, &f->left_high_kb };
    double peak = -INFINITY, sum = 0, so_far = 0;

    for (uint32_t i = 0; i < GRID; i++)
        peak = fmax(peak, log_density(&x, (i + 0.5) * step));
    for (uint32_t i = 0; i < GRID; i++)
        sum += exp(log_density(&x, (i + 0.5) * step) - peak);
    for (uint32_t i = 0, k = 0; i < GRID && k < 3; i++) {
        so_far += exp(log_density(&x, (i + 0.5) * step) - peak);
        for (; k < 3 && so_far >= at[k] * sum; k++)
            *to[k] = (i + 0.5) * step;
    }
    f->left_from = x.live ? "free values of the meminfo, which is of the same hour"
                   : x.thrashing
                       ? "sizes, virtual machines and swap, and the hourly lines are late already"
                       : "sizes, virtual machines and swap";
}

/* An earlier boot that failed while the same process grew shows the size at which it does. */
static void learn_from_earlier(struct work *w)
{
    struct forecast *f = w->f;
    const struct vmksummary *v = w->v;
    for (uint32_t i = 0; f->grower_count > 0 && i < v->finding_count; i++) {
        const struct vmksummary_finding *restart = &v->finding[i];
        if (restart->kind != VMKSUMMARY_RESTART || restart->record > f->last ||
            strstr(restart->text, "purple") == NULL || restart->record == 0)
            continue;
        uint32_t end = restart->record;
        while (end > 0 && v->record[end - 1].kind != VMKSUMMARY_HOURLY)
            end--;
        const int64_t kb = end > 0 ? vmksummary_kb_of(&v->record[end - 1], f->grower[0].name) : -1;
        const double left = (double)kb - (double)f->grower[0].kb;
        if (left <= 0)
            continue;
        f->left_low_kb = left * 0.95;
        f->left_kb = left + f->per_h / 2;
        f->left_high_kb = left * 1.05 + f->per_h;
        f->left_from = "the size at which an earlier boot in the file failed";
    }
}

static void set_times(struct forecast *f)
{
    const double low = f->per_h_low > f->per_h * 0.5 ? f->per_h_low : f->per_h * 0.5;
    f->in_h = f->left_kb / f->per_h + TIMEOUT_H;
    f->in_low_h = f->left_low_kb / f->per_h_high + TIMEOUT_H;
    f->in_high_h = f->left_high_kb / low + TIMEOUT_H;
    const double swap_free = (double)(f->memory.swap_kb - f->swap_used_kb);
    if (swap_free <= (1 - FULL) * (double)f->memory.swap_kb)
        f->swap_full_h = 0;
    else
        f->swap_full_h = trend_grows(&f->swap) ? swap_free / f->swap.per_h : -1;
}

void forecast_make(const struct vmksummary *v, const struct forecast_memory *m,
                   struct forecast *ret)
{
    struct forecast f = { .memory = *m, .swap_full_h = -1 };
    struct work w = { .v = v, .f = &f };

    *ret = f;
    if (!find_present(v, &f))
        return;
    set_totals(&w);
    growth_of_swap(v, f.last, &f.swap);
    f.grower_count = growth_find(v, f.last, f.grower);
    set_pace(&f);
    f.outlook = f.hourly_count < 2 ? FORECAST_NO_DATA
                : f.per_h > 0      ? FORECAST_GROWING
                                   : FORECAST_STEADY;
    if (f.outlook == FORECAST_GROWING) {
        set_left(&w);
        learn_from_earlier(&w);
        set_times(&f);
        if (f.grower_count == 0 && f.in_low_h > HORIZON_H)
            f.outlook = FORECAST_STEADY;
    }
    *ret = f;
}
