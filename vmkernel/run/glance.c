/* glance.c - see glance.h. */
#include "vmkernel/run/glance.h"

#include <string.h>

#define ZONES_MAX 4u /* 2.4 has three */
#define KB_PER_PAGE 4u

void glance_init(struct glance *view, const struct vmk *vmk)
{
    char err[512];
    memset(view, 0, sizeof *view);
    view->usable = image_open(vmk->cos_path, &view->image, err, sizeof err) == 0;
    view->mem = (struct cosmem){ .image = &view->image,
                                 .ram = vmk->machine.ram,
                                 .ram_bytes = vmk->machine.ram_bytes };
}

void glance_fini(struct glance *view)
{
    if (view->usable)
        image_close(&view->image);
    view->usable = false;
}

bool glance_clock(const struct glance *view, uint64_t *ret_ns)
{
    return view->usable &&
           cosmem_variable(&view->mem, "cos_clock", ret_ns, sizeof *ret_ns); /* its first member */
}

static uint64_t pages_kb(const struct glance *view, const char *symbol)
{
    uint32_t pages;
    return cosmem_variable(&view->mem, symbol, &pages, sizeof pages) ? (uint64_t)pages * KB_PER_PAGE
                                                                     : 0;
}

static uint64_t free_kb(const struct glance *view)
{
    uint64_t table, zones, size, offset, kb = 0;
    if (!image_find(&view->image, "zone_table", &table) ||
        !image_info(&view->image, "NUMBER(zones)", &zones) ||
        !image_info(&view->image, "SIZE(zone)", &size) ||
        !image_info(&view->image, "OFFSET(zone.free_pages)", &offset))
        return 0;
    for (uint64_t i = 0; i < zones && i < ZONES_MAX; i++) {
        uint32_t pages;
        if (cosmem_read32(&view->mem, table + i * size + offset, &pages))
            kb += (uint64_t)pages * KB_PER_PAGE;
    }
    return kb;
}

struct glance_memory glance_memory(const struct glance *view)
{
    struct glance_memory m = { 0 };
    if (!view->usable)
        return m;
    m.free_kb = free_kb(view);
    m.cache_kb = pages_kb(view, "nr_page_cache");
    m.swap_kb = pages_kb(view, "total_swap_pages");
    m.swap_free_kb = pages_kb(view, "nr_swap_pages");
    if (m.swap_free_kb > m.swap_kb)
        m.swap_free_kb = m.swap_kb; /* the two words of a mad COS need not fit */
    return m;
}

bool glance_runs(const struct glance *view, const char *comm)
{
    static struct notes ignored; /* oddities are of no interest here */
    struct cos_tasks tasks;
    bool runs = false;
    if (!view->usable)
        return false;
    ignored = (struct notes){ 0 };
    cosmem_tasks(&view->mem, &tasks, &ignored);
    for (uint32_t i = 0; i < tasks.count; i++)
        runs = runs || (strncmp(tasks.task[i].comm, comm, COSMEM_COMM) == 0 &&
                        cosmem_state_letter(tasks.task[i].state) != 'Z');
    cosmem_tasks_free(&tasks);
    return runs;
}

uint32_t glance_oom_kills(const struct glance *view)
{
    uint32_t kills;
    return view->usable && cosmem_variable(&view->mem, "oom_kill_count", &kills, sizeof kills)
               ? kills
               : 0;
}
