/* glance.c - see glance.h. */
#include "vmkernel/run/glance.h"

#include <string.h>

#include "vmkernel/host/vmk.h"

#define ZONES_MAX 4u /* 2.4 has three */
#define KB_PER_PAGE 4u

void glance_init(struct glance *g, const struct vmk *vmk)
{
    struct err err;
    g->usable = cosmem_open(&g->mem, vmk->cos_path, vmk->machine.ram, vmk->machine.ram_bytes, NULL,
                            &err) == 0;
}

void glance_fini(struct glance *g)
{
    if (g->usable)
        cosmem_close(&g->mem);
    g->usable = false;
}

bool glance_clock(const struct glance *g, uint64_t *ret_ns)
{
    return g->usable && cosview_variable(&g->mem.view, "cos_clock", ret_ns,
                                         sizeof *ret_ns); /* its first member */
}

static uint64_t free_kb(const struct cosview *v)
{
    uint64_t table, kb = 0;
    const uint64_t size = cosview_size(v, "zone", 0);
    const uint64_t zones = cosview_number(v, "zones", 0, ZONES_MAX);
    if (!cosview_symbol(v, "zone_table", &table))
        return 0;
    for (uint64_t i = 0; i < zones; i++)
        kb += (uint64_t)cosview_field(v, table + i * size, "zone.free_pages", 0) * KB_PER_PAGE;
    return kb;
}

struct glance_memory glance_memory(const struct glance *g)
{
    const struct cosview *v = &g->mem.view;
    struct glance_memory m = { 0 };
    if (!g->usable)
        return m;
    m.free_kb = free_kb(v);
    m.cache_kb = (uint64_t)cosview_value(v, "nr_page_cache", 0) * KB_PER_PAGE;
    m.swap_kb = (uint64_t)cosview_value(v, "total_swap_pages", 0) * KB_PER_PAGE;
    m.swap_free_kb = (uint64_t)cosview_value(v, "nr_swap_pages", 0) * KB_PER_PAGE;
    if (m.swap_free_kb > m.swap_kb)
        m.swap_free_kb = m.swap_kb; /* the two words of a mad COS need not fit */
    return m;
}

bool glance_runs(const struct glance *g, const char *comm)
{
    struct cos_tasks tasks;
    bool runs = false;
    if (!g->usable || cos_tasks_read(&g->mem.view, 0, &tasks) != 0)
        return false;
    for (uint32_t i = 0; i < tasks.count; i++)
        runs = runs || (strncmp(tasks.task[i].comm, comm, COS_COMM) == 0 &&
                        tasks.task[i].state != COS_ZOMBIE);
    cos_tasks_free(&tasks);
    return runs;
}

uint32_t glance_oom_kills(const struct glance *g)
{
    return g->usable ? cosview_value(&g->mem.view, "oom_kill_count", 0) : 0;
}
