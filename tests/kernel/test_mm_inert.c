/* test_mm_inert.c - reclaim on inert memory: it goes round, and counting gives the same as page by
 * page. */
#include "tests/kernel/cos_harness.h"

#include "cos/kernel/mm/heat.h"
#include "cos/kernel/skip/inert_lists.h"

/* A pass without FS never calls the OOM killer. */
#define GFP_NO_OOM (GFP_WAIT | GFP_HIGH | GFP_IO | GFP_HIGHIO)
#define HEAP 0x60000000u

static const struct cos_machine small = { .ram_mb = 32, .swap_slots = 1000, .no_skip = true };

/* Swap full, no page referenced: fill RAM and swap, then age what is young by passes until nothing
 * moves but the ring. */
static void exhaust(void)
{
    struct mm_struct *mm = PTR(struct mm_struct, current->mm);
    struct zone *z = &zone_table[ZONE_NORMAL];
    assert_int_equal(do_mmap(mm, HEAP, 24u << 20, VM_READ | VM_WRITE | VM_HEAP, NULL, 0), 0);
    for (uint32_t i = 0; nr_swap_pages > 0 || free_min(z) < 0; i++)
        assert_true(user_account(HEAP + i * PAGE_SIZE, true));
    while (!inert_possible(z)) {
        (void)try_to_free_pages(GFP_NO_OOM);
        (void)rebalance_laundry_zone(z, BATCH_WORK_AMOUNT, GFP_WAIT);
        rmqueue_drain_clean(z, z->inactive_clean);
        while (free_min(z) < 0)
            (void)alloc_pages(GFP_ATOMIC, 0);
    }
    mm_check();
}

static uint64_t hash_bytes(uint64_t h, const void *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        h = (h ^ ((const uint8_t *)bytes)[i]) * 0x100000001b3u;
    return h;
}

static uint32_t rounds;
static bool by_counting, with_heat;

/* Some pages of current are used about as often as reclaim comes round to them. */
static void heat_some(void)
{
    const uint32_t start = HEAP + 2000 * PAGE_SIZE;
    const struct heat_class c = { .start = start,
                                  .end = start + 500 * PAGE_SIZE,
                                  .gap_ns = 20 * NS_PER_MS,
                                  .write = true,
                                  .every = true };
    assert_true(heat_set(PTR(struct mm_struct, current->mm), &c, 1));
}

/* Its process rests in two of three passes, or of three times sixty, in which reclaim comes round
 * several times; a round of kscand falls in each seventh. */
static void use_some(uint32_t pass)
{
    if (pass % 3 == 2 || pass / 60 % 3 == 2)
        heat_stop();
    else
        heat_run();
    if (pass % 7 == 0)
        heat_round(&zone_table[ZONE_NORMAL].anon);
    if (by_counting && !inert_active() && inert_possible(&zone_table[ZONE_NORMAL]))
        (void)inert_enter(&zone_table[ZONE_NORMAL]);
}

/* Direct passes, and a round of kswapd after each third. */
static void passes(struct cos_result *r)
{
    const struct zone *z = &zone_table[ZONE_NORMAL];
    uint32_t counted = 0;
    exhaust();
    if (with_heat)
        heat_some();
    if (by_counting)
        assert_true(inert_enter(&zone_table[ZONE_NORMAL]));
    for (uint32_t i = 0; i < rounds; i++) {
        if (with_heat)
            use_some(i);
        counted += inert_active();
        assert_int_equal(try_to_free_pages(GFP_NO_OOM), 0);
        if (i % 3 == 2) {
            wakeup_kswapd(GFP_ATOMIC);
            yield();
        }
    }
    assert_true(by_counting ? counted > rounds / 2 : counted == 0);
    inert_settle();
    mm_check();
    r->number[0] = cos_clock.now_ns;
    r->number[1] = z->anon.bias;
    r->number[2] = z->stamp;
    r->number[3] = z->inactive_dirty;
    r->number[4] = hash_bytes(0, PTR(void, mem_map), max_mapnr * sizeof(struct page));
    r->number[5] = hash_bytes(0, zone_table, sizeof zone_table);
}

static struct cos_result outcome_of(bool counting)
{
    by_counting = counting;
    return *cos_run_done(&small, passes);
}

static void test_inert_counting_equals_page_by_page_byte_for_byte(void **state)
{
    static const uint32_t counts[] = { 1, 2, 3, 4, 7, 12, 30, 99, 300, 2000, 30000 };
    static struct cos_result real, counted;
    (void)state;
    for (size_t i = 0; i < 2 * ARRAY_SIZE(counts); i++) {
        rounds = counts[i / 2];
        with_heat = i % 2 != 0;
        real = outcome_of(false);
        counted = outcome_of(true);
        assert_memory_equal(counted.number, real.number, sizeof real.number);
    }
}

static void test_inert_pass_puts_every_page_back_on_active_at_age_3(void)
{
    struct zone *z = &zone_table[ZONE_NORMAL];
    exhaust();
    const uint32_t pages = z->anon.nr + z->inactive_dirty, turned = z->anon.count[INITIAL_AGE];
    assert_int_equal(try_to_free_pages(GFP_NO_OOM), 0);
    assert_int_equal(z->inactive_dirty, 0);
    assert_int_equal(z->anon.nr, pages);
    assert_true(z->anon.count[INITIAL_AGE] >= 256 || turned == 0);
    assert_int_equal(nr_swap_pages, 0);
    mm_check();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inert_counting_equals_page_by_page_byte_for_byte),
        cos_unit_test(&small, test_inert_pass_puts_every_page_back_on_active_at_age_3),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
