/* test_mm_zone.c - zones, tables and buddy lists on the 800-MB COS of KB 308590. */
#include "tests/kernel/cos_harness.h"

#include "cos/kernel/mm/v24/zone.h"

static const struct cos_machine kb_308590 = { .ram_mb = 800,
                                              .swap_slots = 1000,
                                              .reserved_kb = 19468 };

/* [RHEL3MM 1.2], the computed table: MB, Normal min, low, high */
static void test_zone_watermarks_are_those_of_the_pae_table(void **state)
{
    static const struct {
        uint32_t mb, min, low, high;
    } table[] = { { 192, 255, 704, 1056 },  { 272, 255, 1024, 1536 }, { 400, 255, 1536, 2304 },
                  { 512, 511, 2240, 3232 }, { 600, 555, 2636, 3804 }, { 800, 655, 3536, 5104 } };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
        const uint32_t total = table[i].mb << 8;
        const struct zone_marks marks = zone_watermarks(total - ZONE_DMA_PAGES, total, false);
        assert_int_equal(marks.min, table[i].min);
        assert_int_equal(marks.low, table[i].low);
        assert_int_equal(marks.high, table[i].high);
    }
    assert_int_equal(zone_watermarks(ZONE_DMA_PAGES, 204800, true).high, 0);
}

static void test_zone_tables_lie_where_the_screen_shows_them(void)
{
    assert_int_equal(mem_map - MACHINE_PAGE_OFFSET, 0x0100002c);
    assert_int_equal(zone_table[ZONE_NORMAL].wait_table - MACHINE_PAGE_OFFSET, 0x01bb8800);
    assert_int_equal(kptr_of(pfn_to_page(105480)) - MACHINE_PAGE_OFFSET, 0x0160920c);
    assert_int_equal(total_ram_pages * 4, 799732);
    assert_int_equal(nr_free_pages() + 0u, zone_table[0].free_pages + zone_table[1].free_pages);
    assert_in_range(zone_table[ZONE_DMA].free_pages, 2900, 3300);
    assert_int_equal(zone_table[ZONE_NORMAL].hot_max, 512);
    assert_int_equal(zone_table[ZONE_DMA].hot_max, 32);
}

static uint32_t blocks_of_order_10(void)
{
    return zone_table[ZONE_NORMAL].free_area[MAX_ORDER - 1].nr_free;
}

static void test_buddy_merges_back_whole_after_random_use(void)
{
    enum { BLOCKS = 2000 };
    static struct page *block[BLOCKS];
    static uint32_t order[BLOCKS];
    struct rng rng;
    const uint32_t free_before = nr_free_pages(), whole_before = blocks_of_order_10();

    rng_init(&rng, 7, "buddy");
    for (uint32_t round = 0; round < 20000; round++) {
        const uint32_t i = (uint32_t)rng_below(&rng, BLOCKS);
        if (block[i] != NULL) {
            free_pages(block[i], order[i]);
            block[i] = NULL;
            continue;
        }
        order[i] = (uint32_t)rng_below(&rng, 6);
        block[i] = alloc_pages(GFP_KERNEL, order[i]);
        assert_non_null(block[i]);
        assert_int_equal(page_to_pfn(block[i]) & ((1u << order[i]) - 1), 0);
    }
    mm_check();
    for (uint32_t i = 0; i < BLOCKS; i++)
        if (block[i] != NULL)
            free_pages(block[i], order[i]);
    /* The per-CPU list keeps some pages; take them all and give them back to the buddy lists. */
    assert_int_equal(nr_free_pages() + zone_table[ZONE_NORMAL].hot_count, free_before);
    static struct page *hot[512];
    uint32_t n = 0;
    current->flags |= PF_MEMALLOC;
    while (zone_table[ZONE_NORMAL].hot_count > 0)
        hot[n++] = alloc_pages(GFP_KERNEL, 0);
    current->flags &= ~PF_MEMALLOC;
    const uint32_t max = zone_table[ZONE_NORMAL].hot_max;
    zone_table[ZONE_NORMAL].hot_max = 0;
    while (n > 0)
        free_pages(hot[--n], 0);
    zone_table[ZONE_NORMAL].hot_max = max;
    assert_int_equal(nr_free_pages(), free_before);
    assert_int_equal(blocks_of_order_10(), whole_before);
}

static void test_gfp_dma_takes_from_zone_dma_and_nobody_else_does(void)
{
    const uint32_t free = zone_table[ZONE_DMA].free_pages;
    struct page *page = alloc_pages(GFP_KERNEL | GFP_DMA, 0);
    assert_int_equal(zone_table[ZONE_DMA].free_pages + zone_table[ZONE_DMA].hot_count, free - 1);
    free_pages(page, 0);
    page = alloc_pages(GFP_HIGHUSER, 0);
    assert_true(page_to_pfn(page) >= ZONE_DMA_PAGES);
    free_pages(page, 0);
}

static void test_slab_hands_out_distinct_objects_and_gives_its_pages_back(void)
{
    static void *object[3000];
    struct kmem_cache *c = kmem_cache_create("test", 200);
    const uint32_t pages = nr_slab_pages;
    for (size_t i = 0; i < ARRAY_SIZE(object); i++) {
        object[i] = kmem_cache_alloc(c, GFP_KERNEL);
        memset(object[i], (int)i, 200);
    }
    for (size_t i = 0; i < ARRAY_SIZE(object); i++)
        for (size_t b = 0; b < 200; b++)
            assert_int_equal(((uint8_t *)object[i])[b], (uint8_t)i);
    for (size_t i = 0; i < ARRAY_SIZE(object); i++)
        kmem_cache_free(c, object[i]);
    assert_true(nr_slab_pages > pages);
    while (kmem_cache_reap(GFP_KERNEL) > 0)
        continue;
    assert_int_equal(nr_slab_pages, pages);
    assert_int_equal(nr_free_slabs, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zone_watermarks_are_those_of_the_pae_table),
        cos_unit_test(&kb_308590, test_zone_tables_lie_where_the_screen_shows_them),
        cos_unit_test(&kb_308590, test_buddy_merges_back_whole_after_random_use),
        cos_unit_test(&kb_308590, test_gfp_dma_takes_from_zone_dma_and_nobody_else_does),
        cos_unit_test(&kb_308590, test_slab_hands_out_distinct_objects_and_gives_its_pages_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
