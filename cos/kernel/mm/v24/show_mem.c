/* show_mem.c - counters for /proc/meminfo, and the SysRq-M form. Formats: docs/sources.md [RHEL3MM
 * 2]. */
#include "cos/kernel/mm/v24/lru.h"
#include "cos/kernel/mm/pagetable.h"
#include "cos/kernel/mm/slab.h"
#include "cos/kernel/mm/swap.h"

void mem_info(struct mem_info *ret)
{
    struct mem_info info;
    memset(&info, 0, sizeof info);
    info.total = total_ram_pages;
    info.free = nr_free_pages();
    info.buffers = nr_buffer_pages;
    info.cached = nr_page_cache - nr_buffer_pages;
    info.swap_cached = swapper_space.nrpages;
    for_each_zone (zone) {
        info.active_anon += zone->anon.nr;
        info.active_cache += zone->cache.nr;
        info.inact_dirty += zone->inactive_dirty;
        info.inact_laundry += zone->inactive_laundry;
        info.inact_clean += zone->inactive_clean;
    }
    info.swap_total = total_swap_pages;
    info.swap_free = nr_swap_pages;
    info.committed = vm_committed;
    info.slab = nr_slab_pages;
    info.out_of_reach = zone_table[ZONE_DMA].managed;
    *ret = info;
}

static void show_zones(void)
{
    for_each_zone (zone)
        printk("Zone:%s freepages:%6u min:%6u low:%6u high:%6u\n", zone->name, zone->free_pages,
               zone->pages_min, zone->pages_low, zone->pages_high);
    printk("Zone:HighMem freepages:%6u min:%6u low:%6u high:%6u\n", 0u, 0u, 0u, 0u);
}

static void show_lists(const struct mem_info *info)
{
    printk("Free pages:      %6u (%6u HighMem)\n", info->free, 0u);
    printk("( Active: %u/%u, inactive_laundry: %u, inactive_clean: %u, free: %u )\n",
           info->active_anon + info->active_cache, info->inact_dirty, info->inact_laundry,
           info->inact_clean, info->free);
    for_each_zone (zone)
        printk("  aa:%u ac:%u id:%u il:%u ic:%u fr:%u\n", zone->anon.nr, zone->cache.nr,
               zone->inactive_dirty, zone->inactive_laundry, zone->inactive_clean,
               zone->free_pages);
    printk("  aa:0 ac:0 id:0 il:0 ic:0 fr:0\n");
}

static void show_orders(const struct zone *zone)
{
    for (uint32_t order = 0; order < MAX_ORDER; order++)
        printk("%u*%ukB ", zone->free_area[order].nr_free, 4u << order);
    printk("= %ukB)\n", zone->free_pages * 4);
}

/* References beyond the first of all pages in use, those of the swap cache left out. */
static uint32_t count_shared(void)
{
    uint32_t shared = 0;
    for (uint32_t pfn = 0; pfn < max_mapnr; pfn++) {
        const struct page *page = pfn_to_page(pfn);
        if (!(page->flags & (PG_reserved | PG_swapcache)) && page->count > 1)
            shared += page->count - 1;
    }
    return shared;
}

void show_mem(void)
{
    struct mem_info info;
    uint32_t tasks = 0;

    mem_info(&info);
    printk("Mem-info:\n");
    show_zones();
    show_lists(&info);
    for_each_zone (zone)
        show_orders(zone);
    swap_stats_print();
    for_each_task (t)
        tasks += t->state < TASK_DEAD;
    printk("%u pages of slabcache\n", nr_slab_pages);
    printk("%u pages of kernel stacks\n", tasks * (THREAD_SIZE / PAGE_SIZE));
    printk("%u lowmem pagetables, 0 highmem pagetables\n", nr_page_tables);
    printk("0 bounce buffer pages, 0 are on the emergency list\n");
    printk("Free swap:       %6ukB\n", nr_swap_pages * 4);
    printk("%u pages of RAM\n0 pages of HIGHMEM\n%u reserved pages\n", max_mapnr,
           free_reserved_pages);
    printk("%u pages shared\n%u pages swap cached\n", count_shared(), swapper_space.nrpages);
}
