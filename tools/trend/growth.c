/* growth.c - see growth.h. */
#include "tools/trend/growth.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "tools/parse/memory.h"

#define MS_PER_HOUR 3600000.0

uint32_t growth_points(const struct vmksummary *v, uint32_t last, const char *name,
                       struct trend_point *ret)
{
    uint32_t n = 0;
    assert(last < v->record_count);
    for (uint32_t i = 0; i <= last; i++) {
        const struct vmksummary_record *r = &v->record[i];
        if (r->kind != VMKSUMMARY_HOURLY || r->boot != v->record[last].boot)
            continue;
        const int64_t kb = name != NULL ? vmksummary_kb_of(r, name) : r->swap_kb;
        const double h = (double)r->vmk_ms / MS_PER_HOUR;
        if (kb >= 0 && (n == 0 || h > ret[n - 1].h))
            ret[n++] = (struct trend_point){ h, (double)kb };
    }
    return n;
}

static void insert(struct growth *list, uint32_t count, const struct growth *g)
{
    uint32_t at = count;
    while (at > 0 && list[at - 1].trend.per_h < g->trend.per_h)
        at--;
    memmove(&list[at + 1], &list[at], (count - at) * sizeof *list);
    list[at] = *g;
}

uint32_t growth_find(const struct vmksummary *v, uint32_t last,
                     struct growth ret[VMKSUMMARY_TOP_MAX])
{
    const struct vmksummary_record *r = &v->record[last];
    struct trend_point *points = memory_get((last + 1u) * sizeof *points);
    uint32_t count = 0;
    for (uint32_t i = 0; i < r->top_count; i++) {
        struct growth g = { .kb = r->top[i].kb };
        if (vmksummary_kb_of(r, r->top[i].name) != g.kb)
            continue; /* a namesake: the larger one of the name is followed */
        memcpy(g.name, r->top[i].name, sizeof g.name);
        g.hour_count = growth_points(v, last, g.name, points);
        trend_recent(points, g.hour_count, &g.trend);
        if (trend_grows(&g.trend))
            insert(ret, count++, &g);
    }
    free(points);
    return count;
}

void growth_of_swap(const struct vmksummary *v, uint32_t last, struct trend *ret)
{
    struct trend_point *points = memory_get((last + 1u) * sizeof *points);
    trend_recent(points, growth_points(v, last, NULL, points), ret);
    free(points);
}
