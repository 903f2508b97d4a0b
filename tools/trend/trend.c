/* trend.c - see trend.h. */
#include "tools/trend/trend.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "tools/parse/memory.h"

#define Z80 1.2816        /* of the normal distribution: 80 % between -z and z */
#define FEW 6u            /* points below which Sen's interval says nothing */
#define FEW_SPREAD 0.3    /* OUR CHOICE */
#define FALL 0.7          /* a size below this part of the one before is a new process */
#define HALVES_AGREE 0.15 /* part of the slope by which halves may differ: OUR CHOICE */
#define GROWTH_MIN_KB 1024.0
#define YOUNG_KB_PER_H 1024.0 /* pace of a leak that two steps are enough to see: OUR CHOICE */
#define YOUNG_ALIKE 0.7

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *v, uint32_t n)
{
    qsort(v, n, sizeof *v, compare);
    return n % 2 == 1 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

static void set_interval(struct trend *t, const double *slopes, uint32_t pairs)
{
    const double n = t->point_count;
    if (t->point_count < FEW) {
        t->low = t->per_h - fabs(t->per_h) * FEW_SPREAD;
        t->high = t->per_h + fabs(t->per_h) * FEW_SPREAD;
        return;
    }
    const double c = Z80 * sqrt(n * (n - 1) * (2 * n + 5) / 18);
    const double low = (pairs - c) / 2, high = (pairs + c) / 2;
    t->low = slopes[low > 0 ? (uint32_t)low : 0];
    t->high = slopes[high < pairs - 1 ? (uint32_t)high : pairs - 1];
}

/* The line goes through the median of what is left when the slope is taken away. */
static void set_line(struct trend *t, const struct trend_point *p, double *scratch)
{
    const uint32_t n = t->point_count;
    for (uint32_t i = 0; i < n; i++)
        scratch[i] = p[i].kb - t->per_h * (p[i].h - t->to_h);
    t->at_kb = median(scratch, n);
    for (uint32_t i = 0; i < n; i++)
        scratch[i] = fabs(p[i].kb - t->per_h * (p[i].h - t->to_h) - t->at_kb);
    t->noise = median(scratch, n);
}

void trend_fit(const struct trend_point *p, uint32_t n, struct trend *ret)
{
    struct trend t = { 0 };
    if (n > TREND_POINTS_MAX) {
        p += n - TREND_POINTS_MAX;
        n = TREND_POINTS_MAX;
    }
    *ret = t;
    if (n < 2)
        return;
    double *slopes = memory_get((size_t)n * n * sizeof *slopes);
    uint32_t pairs = 0;
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t j = i + 1; j < n; j++) {
            if (p[j].h > p[i].h)
                slopes[pairs++] = (p[j].kb - p[i].kb) / (p[j].h - p[i].h);
        }
    }
    if (pairs > 0) {
        t = (struct trend){ .point_count = n, .from_h = p[0].h, .to_h = p[n - 1].h };
        t.per_h = median(slopes, pairs);
        set_interval(&t, slopes, pairs);
        set_line(&t, p, slopes);
    }
    free(slopes);
    *ret = t;
}

static bool halves_agree(const struct trend_point *p, uint32_t n)
{
    struct trend all, old, new;
    const uint32_t half = n / 2;
    trend_fit(p, n, &all);
    trend_fit(p, half, &old);
    trend_fit(p + half, n - half, &new);
    const double hours = (all.to_h - all.from_h) / 2;
    if (all.point_count == 0 || old.point_count == 0 || new.point_count == 0 || hours <= 0)
        return false;
    const double room =
        HALVES_AGREE * fabs(all.per_h) + 6 * all.noise / (hours * sqrt((double)half));
    return fabs(old.per_h - new.per_h) <= room;
}

static double step(const struct trend_point *p, uint32_t i)
{
    return p[i].h > p[i - 1].h ? (p[i].kb - p[i - 1].kb) / (p[i].h - p[i - 1].h) : 0;
}

/* A leak that has just begun: the last steps are great and alike, the ones before are not. @return
 * its points, 0 = there is none such */
static uint32_t young(const struct trend_point *p, uint32_t n)
{
    if (n < 3)
        return 0;
    const double last = step(p, n - 1);
    uint32_t points = 1;
    while (points < n && last >= YOUNG_KB_PER_H && step(p, n - points) > YOUNG_ALIKE * last &&
           step(p, n - points) * YOUNG_ALIKE < last)
        points++;
    return points >= 3 && points < FEW ? points : 0;
}

void trend_recent(const struct trend_point *p, uint32_t n, struct trend *ret)
{
    uint32_t from = n > TREND_POINTS_MAX ? n - TREND_POINTS_MAX : 0;
    for (uint32_t i = from + 1; i < n; i++) {
        const bool peak = i >= 2 && p[i].kb >= p[i - 2].kb * FALL; /* back from one hour's peak */
        if (p[i].kb < p[i - 1].kb * FALL && !peak)
            from = i;
    }
    uint32_t used = n - from < FEW ? n - from : FEW;
    unsigned refused = 0; /* in a row: one may be a peak's doing */
    for (uint32_t next = FEW + 2; next <= n - from && refused < 2; next += next / 3) {
        refused = halves_agree(p + n - next, next) ? 0 : refused + 1;
        used = refused == 0 ? next : used;
    }
    if (used < n - from && (n - from) < used + used / 3 && halves_agree(p + from, n - from))
        used = n - from;
    const uint32_t begun = young(p + from, n - from);
    if (begun > 0)
        used = begun;
    trend_fit(p + n - used, used, ret);
}

double trend_gain_kb(const struct trend *t)
{
    return t->per_h * (t->to_h - t->from_h);
}

bool trend_grows(const struct trend *t)
{
    const double gain_kb = trend_gain_kb(t);
    return t->point_count >= 2 && t->low > 0 && gain_kb >= GROWTH_MIN_KB && gain_kb > 5 * t->noise;
}
