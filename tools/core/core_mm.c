/* core_mm.c - zones, counters, swap map and slab caches of a core; see core_model.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tools/core/core_model.h"

#define ZONE_PAGES_MAX (1u << 20) /* a list cannot be longer than 4 GB of pages */
#define SWAP_SLOTS_MAX (1u << 24) /* 64 GB */
#define SLOT_COUNT_MASK 0x7fffu   /* of kernels whose note does not have NUMBER(swap_count_mask) */

/* ---- zones ----------------------------------------------------------------------------------- */

static void load_ages(struct core *c, uint64_t at, uint32_t ages, uint32_t to[CORE_AGES_MAX],
                      uint32_t *ret_nr)
{
    uint64_t offset;
    *ret_nr = cosview_field(&c->view, at, "age_lists.nr", 0);
    if (!cosview_offset(&c->view, "age_lists.count", &offset))
        return;
    for (uint32_t i = 0; i < ages; i++) {
        if (!cosview_u32(&c->view, at + offset + i * sizeof(uint32_t), &to[i]))
            to[i] = 0;
    }
}

static void load_lists(struct core *c, struct core_zone *z)
{
    uint64_t at;
    if (cosview_offset(&c->view, "zone.anon", &at))
        load_ages(c, z->address + at, z->ages, z->anon, &z->anon_nr);
    if (cosview_offset(&c->view, "zone.cache", &at))
        load_ages(c, z->address + at, z->ages, z->cache, &z->cache_nr);
    z->dirty = cosview_field(&c->view, z->address, "zone.inactive_dirty", 0);
    z->laundry = cosview_field(&c->view, z->address, "zone.inactive_laundry", 0);
    z->clean = cosview_field(&c->view, z->address, "zone.inactive_clean", 0);
    z->hot = cosview_field(&c->view, z->address, "zone.hot_count", 0);
}

/* Address of the free list of an order. @return 0 if the note does not say */
static uint64_t free_area(const struct core *c, const struct core_zone *z, uint32_t order)
{
    uint64_t at;
    const uint64_t size = cosview_size(&c->view, "free_area", 0);
    return cosview_offset(&c->view, "zone.free_area", &at) && size != 0
               ? z->address + at + order * size
               : 0;
}

static void load_zone(struct core *c, struct core_zone *z, uint64_t address)
{
    uint64_t name;
    memset(z, 0, sizeof *z);
    z->address = address;
    z->ages = (uint32_t)cosview_number(&c->view, "ages", CORE_AGES_MAX, CORE_AGES_MAX);
    z->orders = (uint32_t)cosview_number(&c->view, "max_order", 11, CORE_ORDERS_MAX);
    if (!cosview_offset(&c->view, "zone.name", &name) ||
        !cosview_text(&c->view, address + name, z->name, sizeof z->name - 1))
        problems_add(&c->problems, "zone_table: the zone at %" PRIx64 " is not in the core",
                     address);
    z->first_pfn = cosview_field(&c->view, address, "zone.first_pfn", 0);
    z->size = cosview_field(&c->view, address, "zone.size", 0);
    z->free = cosview_field(&c->view, address, "zone.free_pages", 0);
    z->min = cosview_field(&c->view, address, "zone.pages_min", 0);
    z->low = cosview_field(&c->view, address, "zone.pages_low", 0);
    z->high = cosview_field(&c->view, address, "zone.pages_high", 0);
    load_lists(c, z);
    for (uint32_t i = 0; i < z->orders; i++)
        z->blocks[i] = cosview_field(&c->view, free_area(c, z, i), "free_area.nr_free", 0);
}

void core_zones_load(struct core *c, struct core_zones *ret)
{
    uint64_t table;
    const uint64_t size = cosview_size(&c->view, "zone", 0);
    struct core_zones zones = { .count = (uint32_t)cosview_number(&c->view, "zones", 2,
                                                                  CORE_ZONES_MAX) };
    if (!cosview_symbol(&c->view, "zone_table", &table) || size == 0) {
        problems_add(&c->problems, "the note does not say where the zones are");
        zones.count = 0;
    }
    for (uint32_t i = 0; i < zones.count; i++)
        load_zone(c, &zones.zone[i], table + i * size);
    *ret = zones;
}

static uint32_t list_length(struct core *c, const char *what, uint64_t head)
{
    struct cos_walk w;
    uint64_t at;
    cos_walk_begin(&w, &c->view, what, head, 0, ZONE_PAGES_MAX);
    while (cos_walk_next(&w, &at))
        ;
    return w.steps;
}

uint32_t core_zone_walk_free(struct core *c, const struct core_zone *z, uint32_t order)
{
    uint64_t list;
    const uint64_t area = free_area(c, z, order);
    if (area == 0 || !cosview_offset(&c->view, "free_area.free_list", &list))
        return 0;
    return list_length(c, "free list", area + list);
}

uint32_t core_zone_walk_list(struct core *c, const struct core_zone *z, const char *list)
{
    char field[64];
    uint64_t at;
    (void)snprintf(field, sizeof field, "zone.%s", list);
    return cosview_offset(&c->view, field, &at) ? list_length(c, list, z->address + at) : 0;
}

/* ---- counters -------------------------------------------------------------------------------- */

void core_mem_load(struct core *c, struct core_mem *ret)
{
    uint64_t swapper;
    struct core_zones zones;
    struct core_mem m = { 0 };
    core_zones_load(c, &zones);
    for (uint32_t i = 0; i < zones.count; i++)
        m.free += zones.zone[i].free;
    m.total = cosview_value(&c->view, "total_ram_pages", 0);
    m.buffers = cosview_value(&c->view, "nr_buffer_pages", 0);
    m.cached = cosview_value(&c->view, "nr_page_cache", 0) - m.buffers;
    m.slab = cosview_value(&c->view, "nr_slab_pages", 0);
    m.tables = cosview_value(&c->view, "nr_page_tables", 0);
    m.reserved = cosview_value(&c->view, "free_reserved_pages", 0);
    m.swap_total = cosview_value(&c->view, "total_swap_pages", 0);
    m.swap_free = cosview_value(&c->view, "nr_swap_pages", 0);
    m.committed = cosview_value(&c->view, "vm_committed", 0);
    m.frames = cosview_value(&c->view, "max_mapnr", 0);
    if (cosview_symbol(&c->view, "swapper_space", &swapper))
        m.swap_cached = cosview_field(&c->view, swapper, "address_space.nrpages", 0);
    if (m.total == 0)
        problems_add(&c->problems, "the counter of all pages (total_ram_pages) is not in the core");
    if (m.free > m.total || m.swap_free > m.swap_total)
        problems_add(&c->problems,
                     "counters: %u of %u pages and %u of %u swap slots free cannot be", m.free,
                     m.total, m.swap_free, m.swap_total);
    *ret = m;
}

void core_swap_count(struct core *c, struct core_swap *ret)
{
    struct core_swap s = { .slots = cosview_value(&c->view, "total_swap_pages", 0) };
    const uint64_t map = cosview_value(&c->view, "swap_map", 0);
    const uint16_t mask =
        (uint16_t)cosview_number(&c->view, "swap_count_mask", SLOT_COUNT_MASK, UINT16_MAX);
    *ret = s;
    if (s.slots == 0 || s.slots > SWAP_SLOTS_MAX)
        return;
    const unsigned char *entries = core_at(c, map, (s.slots + 1u) * sizeof(uint16_t));
    if (entries == NULL) {
        problems_add(&c->problems, "swap: the map of %u slots at %" PRIx64 " is not in the core",
                     s.slots, map);
        return;
    }
    for (uint32_t i = 1; i <= s.slots; i++) { /* 0 is the header of the partition */
        uint16_t entry;
        memcpy(&entry, entries + i * sizeof entry, sizeof entry);
        s.used += entry != 0;
        s.references += entry & mask;
    }
    s.counted = true;
    *ret = s;
}

/* ---- slabs ----------------------------------------------------------------------------------- */

uint32_t core_caches_load(struct core *c, struct core_cache ret[CORE_CACHES_MAX])
{
    uint64_t table, name;
    const uint64_t size = cosview_size(&c->view, "kmem_cache", 0);
    uint32_t count = cosview_value(&c->view, "cache_count", 0);
    if (!cosview_symbol(&c->view, "caches", &table) ||
        !cosview_offset(&c->view, "kmem_cache.name", &name) || size == 0 ||
        count > CORE_CACHES_MAX) {
        problems_add(&c->problems, "slabs: the table of caches cannot be found (%u of them)",
                     count);
        return 0;
    }
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t at = table + i * size;
        struct core_cache *k = &ret[i];
        memset(k, 0, sizeof *k);
        k->address = at;
        (void)cosview_text(&c->view, at + name, k->name, 20);
        k->size = cosview_field(&c->view, at, "kmem_cache.size", 0);
        k->active = cosview_field(&c->view, at, "kmem_cache.active", 0);
        k->slabs = cosview_field(&c->view, at, "kmem_cache.slabs", 0);
        k->order = cosview_field(&c->view, at, "kmem_cache.order", 0);
        k->per_slab = cosview_field(&c->view, at, "kmem_cache.per_slab", 0);
        if (k->order >= CORE_ORDERS_MAX || k->active > (uint64_t)k->slabs * k->per_slab)
            problems_add(&c->problems,
                         "slabs: cache %s: %u objects in %u slabs of %u, order %u, cannot "
                         "be",
                         k->name, k->active, k->slabs, k->per_slab, k->order);
    }
    return count;
}
