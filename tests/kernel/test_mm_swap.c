/* test_mm_swap.c - a 32-MB COS with less memory than its programs want: swapping out and in,
 * contents, slots, counters. */
#include "tests/kernel/cos_harness.h"

#include <sys/stat.h>

#define PAGES 9000u /* anonymous, on about 6000 frames */
#define HEAP 0x60000000u
#define FILE_VA 0x70000000u

static const struct cos_machine small = { .ram_mb = 32, .swap_slots = 20000 };
static const struct cos_machine six_hundred_slots = { .ram_mb = 32, .swap_slots = 600 };
static const struct cos_machine hundred_slots = { .ram_mb = 32, .swap_slots = 100 };

static void map(uint32_t pages)
{
    struct mm_struct *mm = PTR(struct mm_struct, current->mm);
    assert_int_equal(do_mmap(mm, HEAP, pages * PAGE_SIZE, VM_READ | VM_WRITE | VM_HEAP, NULL, 0),
                     0);
}

static uint32_t *word(uint32_t page, bool write)
{
    uint32_t *at = user_touch(HEAP + page * PAGE_SIZE, write);
    assert_non_null(at);
    return at;
}

static int writer(struct program *p)
{
    (void)p;
    map(PAGES);
    for (uint32_t i = 0; i < PAGES; i++)
        *word(i, true) = i ^ current->pid;
    for (uint32_t i = 0; i < PAGES; i++)
        assert_int_equal(*word(i, false), i ^ current->pid);
    for (uint32_t i = 0; i < PAGES; i += 3)
        *word(i, true) += 1;
    for (uint32_t i = 0; i < PAGES; i++)
        assert_int_equal(*word(i, false), (i ^ current->pid) + (i % 3 == 0));
    return 0;
}

static int zero_user(struct program *p)
{
    (void)p;
    map(PAGES);
    for (uint32_t i = 0; i < 2 * PAGES; i++)
        assert_true(user_account(HEAP + i % PAGES * PAGE_SIZE, true));
    return 0;
}

static int file_reader(struct program *p)
{
    struct mm_struct *mm = PTR(struct mm_struct, current->mm);
    struct address_space *f = file_mapping("/usr/lib/libtest.so", 10000);
    (void)p;
    for (int round = 0; round < 2; round++)
        file_read(f, 0, 10000);
    assert_int_equal(do_mmap(mm, FILE_VA, 100 * PAGE_SIZE, VM_READ, f, 50), 0);
    for (uint32_t i = 0; i < 100; i++) {
        char want[64];
        (void)snprintf(want, sizeof want, "/usr/lib/libtest.so page %u\n", i + 50);
        assert_string_equal(user_touch(FILE_VA + i * PAGE_SIZE, false), want);
    }
    return 0;
}

static void test_swap_contents_survive_and_everything_is_given_back(void)
{
    const uint32_t swap = nr_swap_pages;
    (void)cos_child("writer", 0, writer);
    cos_wait_all();
    assert_true(kstat.disk[1].swap_pages > PAGES);
    assert_int_equal(swapper_space.nrpages, 0);
    assert_in_range(swap - nr_swap_pages, 0, 40); /* what is left is init's */
}

static uint64_t swap_bytes(void)
{
    struct stat st;
    assert_int_equal(fstat(MACHINE_FD_SWAP, &st), 0);
    return (uint64_t)st.st_blocks * 512;
}

static void test_swap_of_zero_pages_writes_nothing(void)
{
    (void)cos_child("zero", 0, zero_user);
    (void)cos_child("zero", 0, zero_user);
    cos_wait_all();
    assert_true(kstat.disk[1].swap_pages > PAGES);
    assert_in_range(swap_bytes(), 0, 100 * PAGE_SIZE);
}

static void test_file_pages_name_their_file_and_are_reclaimed(void)
{
    (void)cos_child("reader", 0, file_reader);
    cos_wait_all();
    assert_true(nr_page_cache < 7000);
}

static void test_swap_slots_come_in_clusters_then_singly(void)
{
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

/* [RHEL3MM 1.7]: a page that comes back keeps its slot until half of them are in use. */
static void test_swap_is_full_when_less_than_half_of_it_is_free(void)
{
    for (uint32_t used = 0; used <= total_swap_pages; used++) {
        assert_int_equal(nr_swap_pages, total_swap_pages - used);
        assert_int_equal(vm_swap_full(), used > total_swap_pages / 2);
        struct page *page = __alloc_pages(GFP_HIGHUSER, 0);
        assert_int_equal(add_to_swap(page), used < total_swap_pages);
    }
}

static struct page *page_in_swap_cache(void)
{
    struct page *page = __alloc_pages(GFP_HIGHUSER, 0);
    assert_true(add_to_swap(page));
    return page;
}

/* A run of 256 that comes free is found, also when a search has found none before. */
static void test_a_freed_cluster_is_taken_before_single_slots(void)
{
    static struct page *page[601]; /* by slot */
    for (uint32_t i = 1; i <= total_swap_pages; i++) {
        struct page *p = page_in_swap_cache();
        page[p->index] = p;
    }
    for (uint32_t slot = 2; slot <= total_swap_pages; slot += 2)
        delete_from_swap_cache(page[slot]);
    assert_true(add_to_swap(page[2])); /* 300 are free, none beside another */
    assert_int_equal(page[2]->index, 2);
    delete_from_swap_cache(page[2]);
    for (uint32_t slot = 301; slot <= total_swap_pages; slot += 2)
        delete_from_swap_cache(page[slot]);
    assert_true(add_to_swap(page[2]));
    assert_int_equal(page[2]->index, 300);
}

static void test_a_slot_that_somebody_else_wants_is_not_dropped(void)
{
    struct page *page = page_in_swap_cache();
    const uint32_t slot = page->index, used = total_swap_pages - nr_swap_pages;
    swap_duplicate(slot);
    lock_page(page);
    assert_false(remove_exclusive_swap_page(page));
    swap_free(slot);
    assert_true(remove_exclusive_swap_page(page));
    unlock_page(page);
    assert_int_equal(total_swap_pages - nr_swap_pages, used - 1);
    put_page(page);
}

/* [RHEL3MM 1.7], a quirk: neighbours are read when memory is short, and only then. */
static void test_neighbours_come_in_when_memory_is_short(void)
{
    for (uint32_t i = 0; i < 20; i++) {
        struct page *page = page_in_swap_cache();
        swap_duplicate(page->index);
        delete_from_swap_cache(page);
        put_page(page);
    }
    swapin_readahead(12);
    assert_int_equal(swapper_space.nrpages, 0);
    while (alloc_pages(GFP_ATOMIC | GFP_DMA, 0) != NULL)
        continue;
    while (free_low_all() < 5)
        assert_non_null(alloc_pages(GFP_ATOMIC, 0));
    swapin_readahead(12);
    assert_int_equal(swapper_space.nrpages, 8); /* 8 to 15 */
    assert_non_null(lookup_swap_cache(8));
    assert_non_null(lookup_swap_cache(15));
    cos_unchecked(); /* nobody has the 20 claims */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cos_unit_test(&small, test_swap_slots_come_in_clusters_then_singly),
        cos_unit_test(&hundred_slots, test_swap_is_full_when_less_than_half_of_it_is_free),
        cos_unit_test(&six_hundred_slots, test_a_freed_cluster_is_taken_before_single_slots),
        cos_unit_test(&small, test_a_slot_that_somebody_else_wants_is_not_dropped),
        cos_unit_test(&small, test_neighbours_come_in_when_memory_is_short),
        cos_unit_test(&small, test_swap_contents_survive_and_everything_is_given_back),
        cos_unit_test(&small, test_swap_of_zero_pages_writes_nothing),
        cos_unit_test(&small, test_file_pages_name_their_file_and_are_reclaimed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
