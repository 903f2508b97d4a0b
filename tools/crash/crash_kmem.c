/* crash_kmem.c - `kmem` and `swap`: where the memory was. */
#include <inttypes.h>
#include <string.h>

#include "tools/crash/crash.h"

/* ---- kmem -i --------------------------------------------------------------------------------- */

static void info_row(struct out *o, const char *tag, const char *key, uint64_t pages,
                     uint64_t whole, const char *of)
{
    char size[32];
    out_text(o, "%13s  %7" PRIu64 "  %11s  ", tag, pages, crash_size(pages, size));
    out_u64(o, key, NULL, pages);
    if (of != NULL && whole > 0)
        out_text(o, "%3" PRIu64 "%% of %s\n", pages * 100 / whole, of);
    else
        out_text(o, "%s\n", of != NULL ? "  -" : "       ----");
}

static int kmem_info(struct crash *s)
{
    static const char *const mem = "TOTAL MEM";
    struct out *o = &s->out;
    struct core_mem m;
    struct core_frames f;
    struct core_frame_sum sum;
    core_mem_load(s->core, &m);
    core_frames_init(s->core, &f);
    core_frames_sum(&f, &sum);
    const uint64_t used = m.total > m.free ? m.total - m.free : 0;
    const uint64_t swap_used = m.swap_total > m.swap_free ? m.swap_total - m.swap_free : 0;
    out_text(o, "                 PAGES        TOTAL      PERCENTAGE\n");
    info_row(o, "TOTAL MEM", "total", m.total, 0, NULL);
    info_row(o, "FREE", "free", m.free, m.total, mem);
    info_row(o, "USED", "used", used, m.total, mem);
    info_row(o, "SHARED", "shared", sum.shared, m.total, mem);
    info_row(o, "BUFFERS", "buffers", m.buffers, m.total, mem);
    info_row(o, "CACHED", "cached", m.cached, m.total, mem);
    info_row(o, "SWAP CACHED", "swap_cached", m.swap_cached, m.total, mem);
    info_row(o, "SLAB", "slab", m.slab, m.total, mem);
    info_row(o, "PAGE TABLES", "tables", m.tables, m.total, mem);
    out_text(o, "\n");
    info_row(o, "TOTAL HIGH", "total_high", 0, m.total, mem);
    info_row(o, "FREE HIGH", "free_high", 0, 0, "TOTAL HIGH");
    info_row(o, "TOTAL LOW", "total_low", m.total, m.total, mem);
    info_row(o, "FREE LOW", "free_low", m.free, m.total, "TOTAL LOW");
    out_text(o, "\n");
    info_row(o, "TOTAL SWAP", "swap_total", m.swap_total, 0, NULL);
    info_row(o, "SWAP USED", "swap_used", swap_used, m.swap_total, "TOTAL SWAP");
    info_row(o, "SWAP FREE", "swap_free", m.swap_free, m.swap_total, "TOTAL SWAP");
    if (f.count == f.promised &&
        (sum.free != m.free || sum.slab != m.slab || sum.swapcache != m.swap_cached))
        problems_add(&s->core->problems,
                     "counters and page frames differ: free %u/%u, slab %u/%u, swap cache "
                     "%u/%u",
                     m.free, sum.free, m.slab, sum.slab, m.swap_cached, sum.swapcache);
    return CRASH_OK;
}

/* ---- kmem -f --------------------------------------------------------------------------------- */

static void free_zone(struct crash *s, uint32_t index, const struct core_zone *z)
{
    struct out *o = &s->out;
    const uint64_t map = cosview_value(&s->core->view, "mem_map", 0);
    uint64_t pages = 0;
    out_object(o, NULL);
    out_text(o, "ZONE  NAME        SIZE    FREE      MEM_MAP   START_PADDR  START_MAPNR\n");
    out_u64(o, "index", "%3llu   ", index);
    out_str(o, "name", "%-8s", z->name);
    out_u64(o, "size", "%8llu", z->size);
    out_u64(o, "free", "%8llu", z->free);
    out_hex(o, "mem_map", "     %08llx",
            map + z->first_pfn * cosview_size(&s->core->view, "page", 0));
    out_hex(o, "start_paddr", "      %08llx", (uint64_t)z->first_pfn * CORE_PAGE);
    out_u64(o, "start_mapnr", "     %8llu\n", z->first_pfn);
    out_text(o, "AREA    SIZE  BLOCKS   PAGES\n");
    out_array(o, "areas");
    for (uint32_t i = 0; i < z->orders; i++) {
        const uint32_t blocks = core_zone_walk_free(s->core, z, i);
        out_object(o, NULL);
        out_u64(o, "order", " %2llu  ", i);
        out_u64(o, "size_kb", "%6lluk", 4ull << i);
        out_u64(o, "blocks", " %7llu", blocks);
        out_u64(o, "pages", " %7llu\n", (uint64_t)blocks << i);
        out_end(o);
        pages += (uint64_t)blocks << i;
        if (blocks != z->blocks[i])
            problems_add(&s->core->problems,
                         "zone %s, order %u: %u free blocks are counted, %u are on "
                         "the list",
                         z->name, i, z->blocks[i], blocks);
    }
    out_end(o);
    out_u64(o, "pages_on_lists", NULL, pages);
    out_text(o, "\n");
    out_end(o);
    if (pages != z->free)
        problems_add(&s->core->problems,
                     "zone %s: %u pages are counted as free, %" PRIu64 " are on the lists", z->name,
                     z->free, pages);
}

static int kmem_free(struct crash *s)
{
    struct core_zones zones;
    uint64_t free = 0;
    const uint32_t before = s->core->problems.count;
    core_zones_load(s->core, &zones);
    out_array(&s->out, "zones");
    for (uint32_t i = 0; i < zones.count; i++) {
        free_zone(s, i, &zones.zone[i]);
        free += zones.zone[i].free;
    }
    out_end(&s->out);
    out_u64(&s->out, "nr_free_pages", "nr_free_pages: %llu", free);
    out_text(&s->out, "  (%s)\n",
             s->core->problems.count == before ? "verified" : "NOT verified, see below");
    return CRASH_OK;
}

/* ---- kmem -z --------------------------------------------------------------------------------- */

static void ages_row(struct out *o, const char *tag, const char *key, const uint32_t *count,
                     uint32_t ages)
{
    out_text(o, "  %s BY AGE 0..%u:", tag, ages - 1);
    out_array(o, key);
    for (uint32_t i = 0; i < ages; i++)
        out_u64(o, NULL, " %llu", count[i]);
    out_end(o);
    out_text(o, "\n");
}

static void list_row(struct crash *s, const struct core_zone *z, const char *tag, const char *key,
                     uint32_t counted)
{
    const uint32_t walked = core_zone_walk_list(s->core, z, key);
    out_text(&s->out, "  %s: ", tag);
    out_u64(&s->out, key, "%llu\n", counted);
    if (walked != counted)
        problems_add(&s->core->problems, "zone %s: %s counts %u pages, %u are on it", z->name, key,
                     counted, walked);
}

static const char *marks_word(const struct core_zone *z)
{
    const uint64_t have = (uint64_t)z->free + z->clean;
    return have < z->min / 2 ? "below min/2"
           : have < z->min   ? "below min"
           : have < z->low   ? "below low"
           : have < z->high  ? "below high"
                             : "above high";
}

static void zone_rows(struct crash *s, const struct core_zone *z)
{
    struct out *o = &s->out;
    out_object(o, NULL);
    out_str(o, "name", "ZONE %s", z->name);
    out_hex(o, "address", " at %llx\n", z->address);
    out_u64(o, "size", "  SIZE: %llu", z->size);
    out_u64(o, "free", "  FREE: %llu", z->free);
    out_u64(o, "min", "  MIN: %llu", z->min);
    out_u64(o, "low", "  LOW: %llu", z->low);
    out_u64(o, "high", "  HIGH: %llu", z->high);
    out_str(o, "marks", "  (free and clean: %s)\n", marks_word(z));
    out_u64(o, "active_anon", "  ACTIVE_ANON: %llu", z->anon_nr);
    out_u64(o, "active_cache", "  ACTIVE_CACHE: %llu", z->cache_nr);
    out_u64(o, "hot", "  PER-CPU: %llu\n", z->hot);
    list_row(s, z, "INACTIVE_DIRTY", "inactive_dirty_list", z->dirty);
    list_row(s, z, "INACTIVE_LAUNDRY", "inactive_laundry_list", z->laundry);
    list_row(s, z, "INACTIVE_CLEAN", "inactive_clean_list", z->clean);
    ages_row(o, "ANON", "anon_by_age", z->anon, z->ages);
    ages_row(o, "CACHE", "cache_by_age", z->cache, z->ages);
    out_text(o, "\n");
    out_end(o);
}

static int kmem_zones(struct crash *s)
{
    struct core_zones zones;
    core_zones_load(s->core, &zones);
    out_array(&s->out, "zones");
    for (uint32_t i = 0; i < zones.count; i++)
        zone_rows(s, &zones.zone[i]);
    out_end(&s->out);
    return CRASH_OK;
}

/* ---- kmem -s --------------------------------------------------------------------------------- */

static int kmem_slabs(struct crash *s)
{
    static struct core_cache caches[CORE_CACHES_MAX];
    struct out *o = &s->out;
    const uint32_t n = core_caches_load(s->core, caches);
    out_text(o, "CACHE     OBJSIZE  ALLOCATED     TOTAL  SLABS  SSIZE  NAME\n");
    out_array(o, "caches");
    for (uint32_t i = 0; i < n; i++) {
        const struct core_cache *k = &caches[i];
        out_object(o, NULL);
        out_hex(o, "address", "%08llx", k->address);
        out_u64(o, "objsize", "  %7llu", k->size);
        out_u64(o, "allocated", "  %9llu", k->active);
        out_u64(o, "total", "  %8llu", (uint64_t)k->slabs * k->per_slab);
        out_u64(o, "slabs", "  %5llu", k->slabs);
        out_u64(o, "ssize_kb", "  %4lluk", k->order < 16 ? 4ull << k->order : 0);
        out_str(o, "name", "  %s\n", k->name);
        out_end(o);
    }
    out_end(o);
    return CRASH_OK;
}

static int run_kmem(struct crash *s, int argc, char **argv)
{
    static const struct {
        const char *option, *name;
        int (*run)(struct crash *s);
    } forms[] = { { "-i", "kmem-i", kmem_info },
                  { "-f", "kmem-f", kmem_free },
                  { "-s", "kmem-s", kmem_slabs },
                  { "-z", "kmem-z", kmem_zones } };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (argc != 2 || strcmp(argv[1], forms[i].option) != 0)
            continue;
        crash_begin(s, forms[i].name);
        const int status = forms[i].run(s);
        crash_finish(s);
        return status;
    }
    return crash_usage(&crash_kmem, "one of -i, -f, -s, -z is wanted");
}

const struct crash_command crash_kmem = {
    .name = "kmem",
    .usage = "kmem -i | -f | -s | -z",
    .summary = "memory: summary, free lists, slab caches, zones",
    .help = "-i  the kernel's counters\n"
            "-f  free blocks by order; each list is walked and held against the counters\n"
            "-s  slab caches\n"
            "-z  zones: marks, pages by list and age\n",
    .run = run_kmem,
};

/* ---- swap ------------------------------------------------------------------------------------ */

static int run_swap(struct crash *s, int argc, char **argv)
{
    struct out *o = &s->out;
    struct core_mem m;
    struct core_swap map;
    (void)argv;
    if (argc > 1)
        return crash_usage(&crash_swap, "no argument is wanted");
    crash_begin(s, "swap");
    core_mem_load(s->core, &m);
    core_swap_count(s->core, &map);
    const uint64_t used = m.swap_total > m.swap_free ? m.swap_total - m.swap_free : 0;
    out_text(o, "FILENAME           TYPE        SIZE    USED   PCT  PRIORITY\n");
    if (m.swap_total > 0 || o->json) {
        out_text(o, "(swap partition)   PARTITION");
        out_u64(o, "size_kb", " %6lluk", m.swap_total * 4ull);
        out_u64(o, "used_kb", " %6lluk", used * 4);
        out_u64(o, "used_pct", "  %3llu%%", m.swap_total > 0 ? used * 100 / m.swap_total : 0);
        out_text(o, "        -1\n");
    }
    if (map.counted) {
        out_u64(o, "map_used", "swap map: %llu slots in use", map.used);
        out_u64(o, "map_references", ", %llu references", map.references);
        out_u64(o, "swap_cached", ", %llu pages in the swap cache\n", m.swap_cached);
        if (map.used != used)
            problems_add(&s->core->problems,
                         "swap: %" PRIu64 " slots are counted as used, the map has %u", used,
                         map.used);
    }
    crash_finish(s);
    return CRASH_OK;
}

const struct crash_command crash_swap = {
    .name = "swap",
    .usage = "swap",
    .summary = "swap: size, use, and what the swap map says",
    .help = "",
    .run = run_swap,
};
