/* zone.c - bring up memory: zones, watermarks, mem_map and the other tables that are cut out of RAM
 * before there is an allocator.
 *
 *     0 .. end of image   reserved: first megabyte, kernel image, bss
 *     .. 4 MB at most     reserved as far as MemTotal asks for it (what the vmnix modules and
 *                         initrd take; OUR CHOICE)
 *     .. 16 MB            zone DMA, free
 *     16 MB + 44          mem_map (on 800 MB); wait tables, page hash, kscand's map and buffer
 *     .. end of RAM       zone Normal, free, but for the rest of what MemTotal asks for
 *
 * mem_map starts at the next multiple of 60 above PAGE_OFFSET that lies in zone Normal, and the
 * wait table of Normal at the next 2 kB behind it and DMA's: that puts both where the screen of
 * [KB308590] shows them (0xc100002c, 0xc1bb8800). The hash of a page's wait queue is the one under
 * which page 0xc160920c has slot 551 there (INFERRED).
 *
 * Sources: docs/sources.md [RHEL3MM 1.1, 1.2], [KB308590]. */
#include "cos/kernel/mm/v24/zone.h"

#include "cos/kernel/drivers/block.h"
#include "cos/kernel/mm/dcache.h"
#include "cos/kernel/mm/filemap.h"
#include "cos/kernel/mm/v24/lru.h"
#include "cos/kernel/mm/pagetable.h"
#include "cos/kernel/mm/v24/vmscan.h"
#include "cos/kernel/skip/hooks.h"

#define RESERVE_DMA_PAGES 1024u
#define PAGES_PER_WAITQUEUE 256u
#define WAIT_HASH_PRIME 0x9e370001u
#define WAIT_TABLE_ALIGN 2048u

struct zone zone_table[ZONES];
kptr mem_map, scan_map, scan_buffer;
uint32_t zone_split;
uint32_t max_mapnr, total_ram_pages, free_reserved_pages;

static uint32_t max_of(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static uint32_t min_of(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

struct zone_marks zone_watermarks(uint32_t zone_pages, uint32_t total_pages, bool is_dma)
{
    struct zone_marks marks = { 0, 0, 0, 0 };
    if (is_dma) /* PAE: ratio 4097, max 0 */
        return marks;
    uint32_t extra = min_of(total_pages / 512, 1024);
    if (extra < 255)
        extra = 0;
    const uint32_t mark = max_of(zone_pages / 128, 20);
    marks.min = extra + min_of(mark, 255);
    marks.low = extra + mark * 2;
    marks.high = extra + mark * 3;
    marks.plenty = extra + mark * 6;
    return marks;
}

static uint32_t align_up(uint32_t n, uint32_t to)
{
    return (n + to - 1) / to * to;
}

/* ---- wait tables ----------------------------------------------------------------------------- */
static uint32_t wait_table_bits(uint32_t zone_pages)
{
    uint32_t bits = 0;
    while ((1u << bits) < zone_pages / PAGES_PER_WAITQUEUE && bits < 12)
        bits++;
    return bits;
}

struct wait_queue *page_waitqueue(const struct page *page)
{
    const struct zone *zone = page_zone(page);
    const uint32_t slot = (kptr_of(page) * WAIT_HASH_PRIME) >> (32 - zone->wait_bits);
    return PTR(struct wait_queue, zone->wait_table) + slot;
}

static uint32_t wait_table_init(struct zone *zone, uint32_t phys)
{
    zone->wait_bits = wait_table_bits(zone->size);
    zone->wait_table = MACHINE_PAGE_OFFSET + phys;
    for (uint32_t i = 0; i < 1u << zone->wait_bits; i++)
        wait_queue_init(PTR(struct wait_queue, zone->wait_table) + i);
    return phys + (uint32_t)(sizeof(struct wait_queue) << zone->wait_bits);
}

/* ---- zones ----------------------------------------------------------------------------------- */
static void age_lists_init(struct age_lists *lists)
{
    for (uint32_t age = 0; age < AGES; age++)
        list_init(&lists->list[age]);
}

static void zone_init(struct zone *zone, const char *name, uint32_t first_pfn, uint32_t size,
                      uint32_t total)
{
    const bool is_dma = first_pfn == 0;
    const struct zone_marks marks = zone_watermarks(size, total, is_dma);

    strcopy(zone->name, name, sizeof zone->name);
    zone->first_pfn = first_pfn;
    zone->size = size;
    zone->pages_min = marks.min;
    zone->pages_low = marks.low;
    zone->pages_high = marks.high;
    zone->pages_plenty = marks.plenty;
    zone->hot_max = min_of(size / 128, 512);
    zone->age_interval = HZ;
    age_lists_init(&zone->anon);
    age_lists_init(&zone->cache);
    list_init(&zone->inactive_dirty_list);
    list_init(&zone->inactive_laundry_list);
    list_init(&zone->inactive_clean_list);
    list_init(&zone->hot_list);
    for (uint32_t order = 0; order < MAX_ORDER; order++)
        list_init(&zone->free_area[order].free_list);
}

/* ---- tables behind mem_map ------------------------------------------------------------------- */
static uint32_t page_hash_bits(void)
{
    uint32_t bits = 12;
    while ((1u << bits) < max_mapnr)
        bits++;
    return bits;
}

/* Cut out all tables. The RAM is zero from the start, so nothing but list heads needs to be
 * written. @return first physical address behind */
static uint32_t place_tables(void)
{
    mem_map = MACHINE_PAGE_OFFSET + align_up(ZONE_DMA_PAGES * PAGE_SIZE, sizeof(struct page));
    zone_split = kptr_of(pfn_to_page(ZONE_DMA_PAGES));
    uint32_t phys = virt_to_phys(pfn_to_page(max_mapnr));
    phys = wait_table_init(&zone_table[ZONE_DMA], align_up(phys, 128));
    phys = wait_table_init(&zone_table[ZONE_NORMAL], align_up(phys, WAIT_TABLE_ALIGN));

    const uint32_t hash = align_up(phys, PAGE_SIZE);
    const uint32_t bits = page_hash_bits();
    page_cache_init(MACHINE_PAGE_OFFSET + hash, bits);
    const uint32_t map = hash + (uint32_t)(sizeof(kptr) << bits);
    scan_map = MACHINE_PAGE_OFFSET + map;
    const uint32_t scan = align_up(map + max_mapnr / 8 + 8, 8);
    scan_buffer = MACHINE_PAGE_OFFSET + scan;
    return scan + max_mapnr * (uint32_t)sizeof(uint64_t);
}

static void reserve(uint32_t from_pfn, uint32_t to_pfn)
{
    for (uint32_t pfn = from_pfn; pfn < to_pfn; pfn++) {
        struct page *page = pfn_to_page(pfn);
        free_reserved_pages += !(page->flags & PG_reserved);
        page->flags = PG_reserved;
        page->count = 1;
    }
}

/* Hand [from, to) to the buddy allocator in the largest aligned blocks that fit; ascending, so the
 * highest memory is given out first. */
static void free_bootmem(uint32_t from_pfn, uint32_t to_pfn)
{
    for (uint32_t pfn = from_pfn; pfn < to_pfn; pfn++)
        pfn_to_page(pfn)->flags = PG_zero; /* a hole of the memfd */
    while (from_pfn < to_pfn) {
        uint32_t order = MAX_ORDER - 1;
        while ((from_pfn & ((1u << order) - 1)) != 0 || from_pfn + (1u << order) > to_pfn)
            order--;
        free_pages_boot(pfn_to_page(from_pfn), order);
        from_pfn += 1u << order;
    }
}

/* How far the two reserved parts reach so that `want` pages are reserved in all (0: what is
 * needed). */
static void reserve_up_to(uint32_t want, uint32_t *dma_end, uint32_t *normal_end)
{
    const uint32_t have = *dma_end + *normal_end - ZONE_DMA_PAGES;
    if (want <= have)
        return;
    uint32_t more = want - have;
    if (*dma_end < RESERVE_DMA_PAGES) {
        const uint32_t part = min_of(more, RESERVE_DMA_PAGES - *dma_end);
        *dma_end += part;
        more -= part;
    }
    ASSERT(*normal_end + more < max_mapnr);
    *normal_end += more;
}

void mem_init(uint32_t image_end_phys, uint32_t ram_bytes)
{
    max_mapnr = ram_bytes >> PAGE_SHIFT;
    ASSERT(max_mapnr >= 2 * ZONE_DMA_PAGES && image_end_phys <= ZONE_DMA_PAGES * PAGE_SIZE);
    zone_init(&zone_table[ZONE_DMA], "DMA", 0, ZONE_DMA_PAGES, max_mapnr);
    zone_init(&zone_table[ZONE_NORMAL], "Normal", ZONE_DMA_PAGES, max_mapnr - ZONE_DMA_PAGES,
              max_mapnr);

    uint32_t dma_end = align_up(image_end_phys, PAGE_SIZE) >> PAGE_SHIFT;
    uint32_t normal_end = align_up(place_tables(), PAGE_SIZE) >> PAGE_SHIFT;
    reserve_up_to(boot_params->reserved_kb / (PAGE_SIZE / 1024), &dma_end, &normal_end);
    reserve(0, dma_end);
    free_bootmem(dma_end, ZONE_DMA_PAGES);
    reserve(ZONE_DMA_PAGES, normal_end);
    free_bootmem(normal_end, max_mapnr);
    total_ram_pages = max_mapnr - free_reserved_pages;
    ASSERT(nr_free_pages() == total_ram_pages);

    vmscan_init();
    skip_init();
    memory_init();
    dcache_init();
    block_init(total_ram_pages >> (20 - PAGE_SHIFT));
}
