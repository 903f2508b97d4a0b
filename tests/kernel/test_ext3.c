/* test_ext3.c - the journal: when it commits, who waits for it, and what it keeps in memory.
 * [EXT3], [RHEL3MM 1.5] */
#include "tests/kernel/cos_harness.h"

#include "cos/kernel/fs/ext3.h"
#include "cos/kernel/fs/jbd.h"
#include "cos/kernel/mm/writeback.h"
#include "cos/kernel/sched/kstat.h"
#include "cos/kernel/skip/hooks.h"

#define LOG "var/log/test"
#define HEAP 0x60000000u
#define MS NS_PER_MS

static const struct cos_machine small = { .ram_mb = 32, .swap_slots = 1000 };

static void write_line(const char *name)
{
    assert_int_equal(file_write(name, 0, "line", 4), 0);
}

static void until(uint64_t ns)
{
    program_sleep_until(cos_clock.boot_ns + ns);
}

static bool in_d(const char *name)
{
    const struct task_struct *t = find_task_by_name(name);
    return t != NULL && t->state == TASK_UNINTERRUPTIBLE;
}

/* ---- when ------------------------------------------------------------------------------------ */
static void test_a_transaction_is_committed_after_five_seconds(void)
{
    until(SECONDS(2));
    write_line(LOG);
    until(SECONDS(7) - 20 * MS);
    assert_int_equal(kstat.disk[1].ios, 0);
    until(SECONDS(8));
    assert_int_equal(kstat.disk[1].ios, 3); /* the data; descriptor and blocks; the commit block */
    const uint64_t switches = run_queue.switches;
    until(SECONDS(620));
    assert_in_range(run_queue.switches - switches, 0, 60); /* no timer while there is nothing */
    const uint32_t ios = kstat.disk[1].ios;
    write_line(LOG);
    until(SECONDS(626));
    assert_int_equal(kstat.disk[1].ios - ios, 3);
}

/* ---- who waits ------------------------------------------------------------------------------- */
static uint64_t synced_ns[3];

static void sync_line(uint32_t who, const char *name)
{
    write_line(name);
    file_fsync(name);
    synced_ns[who] = cos_clock.now_ns;
}

static int syncer(struct program *p)
{
    (void)p;
    sync_line(0, LOG);
    return 0;
}

static int second_syncer(struct program *p)
{
    (void)p;
    sync_line(1, "var/log/other");
    return 0;
}

static int waiter(struct program *p)
{
    (void)p;
    until(SECONDS(4));
    ext3_sync();
    return 0;
}

static int late_syncer(struct program *p)
{
    (void)p;
    until(SECONDS(1) + 10 * MS);
    sync_line(2, LOG);
    return 0;
}

static void test_a_sync_waits_for_the_commit(void)
{
    write_line(LOG);
    (void)file_fsync(LOG); /* from now on the blocks of the inode are in memory */
    until(SECONDS(1));
    const uint64_t start = cos_clock.now_ns;
    (void)cos_child("syncer", 0, syncer);
    cos_sleep(6 * MS);
    assert_true(in_d("syncer"));
    assert_true(in_d("kjournald"));
    cos_wait_all();
    assert_in_range(synced_ns[0] - start, 12 * MS, 30 * MS);
}

/* The later one's line is not in the commit that is under way: it waits for that and the next. */
static void test_syncs_share_a_commit_when_they_come_before_it(void)
{
    write_line("var/log/other");
    sync_line(0, LOG);
    until(SECONDS(1));
    const uint32_t first = journal_last();
    write_line(LOG);
    write_line("var/log/other");
    (void)cos_child("syncer", 0, syncer);
    (void)cos_child("second", 0, second_syncer);
    (void)cos_child("late", 0, late_syncer);
    cos_wait_all();
    assert_in_range(journal_last() - first, 2, 3);
    assert_true(synced_ns[2] > synced_ns[0] + 5 * MS);
}

/* ---- what stays in memory -------------------------------------------------------------------- */
static struct page *first_changed_block(void)
{
    const struct page *data = __find_page(file_mapping(LOG, 0), 0);
    const struct transaction *t = PTR(const struct transaction, page_buffers(data)->transaction);
    assert_non_null(t);
    for (uint32_t pfn = 0; pfn < max_mapnr; pfn++) {
        struct page *page = pfn_to_page(pfn);
        const struct buffer_head *bh = page_buffers(page);
        if (bh != NULL && bh->transaction == kptr_of(t) && !bh->is_data)
            return page;
    }
    return NULL;
}

static void test_a_changed_block_cannot_be_released_before_it_is_on_the_disk(void)
{
    write_line(LOG);
    struct page *page = first_changed_block();
    assert_non_null(page);
    assert_false(try_to_release_page(page));
    sync_line(0, LOG);
    assert_true(page->flags & PG_dirty);
    assert_false(try_to_release_page(page));
    lock_page(page);
    file_writepage(page);
    wait_on_page(page);
    assert_true(try_to_release_page(page));
    assert_true(page->buffers == 0);
}

/* On the way through the laundry such a block is one unit of work, and dirty again. */
static void test_a_block_that_cannot_be_released_counts_as_work(void)
{
    struct zone *z = &zone_table[ZONE_NORMAL];
    write_line(LOG);
    struct page *page = first_changed_block();
    del_page_from_lru(page);
    page->flags &= ~PG_referenced;
    page_clear_young(page);
    add_page_to_inactive_laundry_list(page);
    assert_int_equal(z->inactive_laundry, 1);
    assert_int_equal(rebalance_laundry_zone(z, BATCH_WORK_AMOUNT, GFP_KERNEL), 1);
    assert_true(page->flags & PG_inactive_dirty);
}

static void test_buffers_are_the_blocks_of_the_partition(void)
{
    struct mem_info before, after;
    mem_info(&before);
    sync_line(0, LOG);
    mem_info(&after);
    /* inode, bitmap; the two blocks of the log that are no copies */
    assert_int_equal(after.buffers - before.buffers, 4);
    assert_int_equal(after.cached - before.cached, 1);
    for (uint32_t i = 0; i < 320; i++)
        dcache_lookup(i);
    mem_info(&after);
    assert_in_range(after.buffers - before.buffers, 13, 14); /* 32 inodes in a block */
}

/* ---- without memory -------------------------------------------------------------------------- */
static int eater(struct program *p)
{
    struct mm_struct *mm = PTR(struct mm_struct, current->mm);
    (void)p;
    assert_int_equal(do_mmap(mm, HEAP, 30u << 20, VM_READ | VM_WRITE | VM_HEAP, NULL, 0), 0);
    for (uint32_t i = 0; i < (30u << 20) / PAGE_SIZE; i++)
        assert_true(user_account(HEAP + i * PAGE_SIZE, true));
    return 0;
}

/* @return the one that holds all memory, at second 4 of an open transaction */
static const struct task_struct *no_memory(void)
{
    sched_setscheduler(current, SCHED_FIFO, 99); /* to come back from its sleep */
    sync_line(0, LOG);
    write_line(LOG);
    (void)cos_child("syncer", 0, waiter);
    const struct task_struct *t = cos_child("eater", BOOT_PROG_RAWIO | BOOT_PROG_SIGTERM, eater);
    until(SECONDS(3));
    assert_int_equal(t->stuck, STUCK_RETRY);
    return t;
}

/* User pages stop at min; the journal's may be had down to half of that. [RHEL3MM 1.4] */
static void test_a_commit_lives_on_the_reserve_below_min(void)
{
    (void)no_memory();
    const uint32_t buffers = nr_buffer_pages;
    until(SECONDS(4) + 500 * MS);
    assert_int_equal(nr_buffer_pages - buffers, 2);
    assert_int_equal(find_task_by_name("kjournald")->state, TASK_INTERRUPTIBLE);
    assert_false(in_d("syncer"));
}

static void test_without_a_reserve_kjournald_asks_for_ever_and_the_syncer_waits_in_d(void)
{
    const struct task_struct *eater_task = no_memory();
    const struct task_struct *k = find_task_by_name("kjournald");
    while (alloc_pages(GFP_ATOMIC, 0) != NULL)
        ;
    until(SECONDS(4) + 500 * MS);
    assert_int_equal(k->stuck, STUCK_RETRY);
    assert_int_equal(k->stuck_gfp, GFP_NOFS_REPEAT);
    assert_true(in_d("syncer"));
    assert_int_equal(eater_task->stuck, STUCK_RETRY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cos_unit_test(&small, test_a_transaction_is_committed_after_five_seconds),
        cos_unit_test(&small, test_a_sync_waits_for_the_commit),
        cos_unit_test(&small, test_syncs_share_a_commit_when_they_come_before_it),
        cos_unit_test(&small, test_a_changed_block_cannot_be_released_before_it_is_on_the_disk),
        cos_unit_test(&small, test_a_block_that_cannot_be_released_counts_as_work),
        cos_unit_test(&small, test_buffers_are_the_blocks_of_the_partition),
        cos_unit_test(&small, test_a_commit_lives_on_the_reserve_below_min),
        cos_unit_test(&small,
                      test_without_a_reserve_kjournald_asks_for_ever_and_the_syncer_waits_in_d),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
