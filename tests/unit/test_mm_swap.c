/* test_mm_swap.c - a 32-MB COS with less memory than its programs want: swapping out and in,
 * contents, slots, counters.
 *
 * links: cos/kernel/sched/kstat.c
 * links: -no-pie -Wl,-Ttext-segment=0x60000000
 * links: cos/kernel/mm/lru.c cos/kernel/mm/zone.c cos/kernel/mm/page_alloc.c
 * links: cos/kernel/mm/vmscan.c cos/kernel/mm/filemap.c cos/kernel/mm/swapfile.c
 * links: cos/kernel/mm/rmap.c cos/kernel/mm/memory.c cos/kernel/mm/mmap.c
 * links: cos/kernel/mm/slab.c cos/kernel/mm/dcache.c cos/kernel/mm/block.c
 * links: cos/kernel/skip/inert_lists.c cos/kernel/mm/oom_kill.c cos/kernel/mm/show_mem.c
 * links: cos/kernel/faults/fail_page_alloc.c cos/kernel/faults/fault_note.c cos/kernel/mm/shmem.c */
#include "tests/unit/mm_harness.c"

#define PAGES 9000u /* anonymous, on about 6000 frames */
#define MINUTES(n) ((uint64_t)(n)*60000000000u)

static int writer(void *unused)
{
    (void)unused;
    harness_fill(PAGES, true);
    for (uint32_t i = 0; i < PAGES; i++) {
        const uint32_t *word = user_touch(HARNESS_HEAP + i * PAGE_SIZE, false);
        assert_int_equal(*word, i ^ current->pid);
    }
    for (uint32_t i = 0; i < PAGES; i += 3) {
        uint32_t *word = user_touch(HARNESS_HEAP + i * PAGE_SIZE, true);
        *word += 1;
    }
    for (uint32_t i = 0; i < PAGES; i++) {
        const uint32_t *word = user_touch(HARNESS_HEAP + i * PAGE_SIZE, false);
        assert_int_equal(*word, (i ^ current->pid) + (i % 3 == 0));
    }
    return 0;
}

static int zero_user(void *unused)
{
    (void)unused;
    harness_fill(PAGES, false);
    for (uint32_t i = 0; i < PAGES; i++)
        assert_true(user_account(HARNESS_HEAP + i * PAGE_SIZE, true));
    return 0;
}

static int file_reader(void *unused)
{
    struct address_space *f = file_mapping("/usr/lib/libtest.so", 10000);
    (void)unused;
    for (int round = 0; round < 2; round++)
        file_read(f, 0, 10000);
    assert_int_equal(
        do_mmap(PTR(struct mm_struct, current->mm), 0x40000000, 100 * PAGE_SIZE, VM_READ, f, 50),
        0);
    for (uint32_t i = 0; i < 100; i++) {
        char want[64];
        snprintf(want, sizeof want, "/usr/lib/libtest.so page %u\n", i + 50);
        assert_string_equal(user_touch(0x40000000 + i * PAGE_SIZE, false), want);
    }
    return 0;
}

static void test_swap_contents_survive_and_everything_is_given_back(void **state)
{
    (void)state;
    const uint32_t swap = nr_swap_pages;
    (void)harness_task("writer", writer, NULL);
    assert_true(harness_run(MINUTES(600)));
    assert_int_equal(nr_swap_pages, swap);
    assert_int_equal(swapper_space.nrpages, 0);
    mm_check();
    print_message("writer: %llu s virtual\n", (unsigned long long)(cos_clock.now_ns / 1000000000u));
}

static void test_swap_of_zero_pages_writes_nothing(void **state)
{
    (void)state;
    (void)harness_task("zero", zero_user, NULL);
    (void)harness_task("zero", zero_user, NULL);
    assert_true(harness_run(cos_clock.now_ns + MINUTES(600)));
    mm_check();
}

static void test_file_pages_name_their_file_and_are_reclaimed(void **state)
{
    (void)state;
    (void)harness_task("reader", file_reader, NULL);
    assert_true(harness_run(cos_clock.now_ns + MINUTES(600)));
    assert_true(nr_page_cache < 7000);
    mm_check();
}

static void test_swap_slots_come_in_clusters_then_singly(void **state)
{
    (void)state;
    /* Use three clusters, free a hole of 10 in the first and all of the second: the second is the
     * next free run. */
    static struct page *page[768];
    uint32_t first = 0;
    for (uint32_t i = 0; i < ARRAY_SIZE(page); i++) {
        page[i] = __alloc_pages(GFP_HIGHUSER, 0);
        assert_true(add_to_swap(page[i]));
        if (i == 0)
            first = page[0]->index;
        else
            assert_int_equal(page[i]->index, first + i);
    }
    for (uint32_t i = 100; i < 110; i++)
        delete_from_swap_cache(page[i]);
    for (uint32_t i = 256; i < 512; i++)
        delete_from_swap_cache(page[i]);
    assert_true(add_to_swap(page[100]));
    assert_int_equal(page[100]->index, first + 256);
    for (uint32_t i = 0; i < ARRAY_SIZE(page); i++) {
        if (page[i]->flags & PG_swapcache)
            delete_from_swap_cache(page[i]);
        put_page(page[i]);
    }
}

static int setup(void **state)
{
    (void)state;
    harness_boot(32, 20000, 0);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_swap_slots_come_in_clusters_then_singly),
        cmocka_unit_test(test_swap_contents_survive_and_everything_is_given_back),
        cmocka_unit_test(test_swap_of_zero_pages_writes_nothing),
        cmocka_unit_test(test_file_pages_name_their_file_and_are_reclaimed),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
