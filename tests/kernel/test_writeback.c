/* test_writeback.c - what is written to a file is dirty, then old, then on the disk; reclaim and
 * too much of it hurry it on. [RHEL3MM 1.6, 1.9] */
#include "tests/kernel/cos_harness.h"

#include "cos/kernel/sched/kstat.h"
#include "cos/kernel/mm/writeback.h"

#define LOG "var/log/test"

static const struct cos_machine small = { .ram_mb = 32, .swap_slots = 6000 };

static void start_threads(void)
{
    (void)kernel_thread(7, "bdflush", bdflush, NULL);
    (void)kernel_thread(8, "kupdated", kupdated, NULL);
}

static void write_bytes(const char *name, uint64_t at, const char *text)
{
    ASSERT(file_write(name, at, text, (uint32_t)strlen(text)) == 0);
}

static void write_pages(const char *name, uint32_t first, uint32_t count)
{
    for (uint32_t i = first; i < first + count; i++)
        ASSERT(file_write(name, (uint64_t)i * PAGE_SIZE, NULL, PAGE_SIZE) == 0);
}

static void until(uint64_t second)
{
    program_sleep_until(cos_clock.boot_ns + SECONDS(second));
}

static struct cos_result *run(void (*fn)(struct cos_result *))
{
    return cos_run_done(&small, fn);
}

/* ---- age ------------------------------------------------------------------------------------- */
/* The commits of seconds 7 and 17 write the data; the blocks of inode and bitmap are dirty from
 * then on, and older than 30 s at the look at 50: the second change took them along. */
static void two_pages(struct cos_result *r)
{
    start_threads();
    until(2);
    write_bytes(LOG, 0, "first");
    until(12);
    r->number[0] = nr_dirty_pages;
    r->number[1] = kstat.disk[1].pages;
    write_bytes(LOG, 5, "again");
    write_bytes(LOG, PAGE_SIZE, "second");
    until(18);
    const uint64_t switches = run_queue.switches;
    r->number[2] = kstat.disk[1].pages;
    until(49);
    r->number[3] = nr_dirty_pages;
    r->number[5] = run_queue.switches - switches;
    until(51);
    r->number[4] = nr_dirty_pages;
    const struct page *page = __find_page(file_mapping(LOG, 0), 0);
    strcopy(r->text, page_address(page), 16);
    r->number[6] = page->flags & (PG_dirty | PG_locked);
    r->number[7] = kstat.disk[1].pages;
}

static void
test_data_goes_with_the_commit_and_metadata_at_the_look_after_thirty_seconds(void **state)
{
    (void)state;
    const struct cos_result *r = run(two_pages);
    assert_int_equal(r->number[0], 2);
    assert_int_equal(r->number[1], 1 + 3 + 1); /* data; descriptor, two blocks; commit block */
    assert_int_equal(r->number[2], 5 + 2 + 3 + 1);
    assert_int_equal(r->number[3], 2);
    assert_int_equal(r->number[4], 0);
    assert_int_equal(r->number[7], 11 + 2);
    assert_int_equal(r->number[6], 0);
    assert_string_equal(r->text, "firstagain");
    assert_in_range(r->number[5], 0, 8); /* kupdated did not look every 5 s for nothing */
}

/* ---- another name ---------------------------------------------------------------------------- */
static void a_log_is_rotated(struct cos_result *r)
{
    write_bytes(LOG, 0, "before");
    write_bytes(LOG ".1", 0, "oldest");
    const struct address_space *oldest = file_mapping(LOG ".1", 0), *old = file_mapping(LOG, 0);
    file_rename(LOG, LOG ".1");
    write_bytes(LOG, 0, "new");
    r->number[0] = file_mapping(LOG ".1", 0) == old;
    r->number[1] = file_mapping(LOG, 0) != old && file_mapping(LOG, 0) != oldest;
    r->number[2] = oldest->nrpages;
    (void)snprintf(r->text, sizeof r->text, "%.8s,%.8s",
                   (const char *)page_address(__find_page(file_mapping(LOG, 0), 0)),
                   (const char *)page_address(__find_page(file_mapping(LOG ".1", 0), 0)));
}

static void test_a_file_that_got_another_name_keeps_its_pages(void **state)
{
    (void)state;
    const struct cos_result *r = run(a_log_is_rotated);
    assert_string_equal(r->text, "new,before");
    assert_int_equal(r->number[0], 1);
    assert_int_equal(r->number[1], 1);
    assert_int_equal(r->number[2], 1); /* it is gone by name alone: reclaim finds its page */
}

/* ---- reading --------------------------------------------------------------------------------- */
static void on_the_disk(const struct address_space *f, uint32_t index, char *bytes)
{
    ASSERT(strcmp(f->name, LOG) == 0);
    (void)snprintf(bytes, 16, "old line %u;", index);
}

static void append_to_an_old_page(struct cos_result *r)
{
    start_threads();
    file_readpage = on_the_disk;
    write_bytes(LOG, 7 * PAGE_SIZE + 11, "new line");
    r->number[0] = kstat.disk[0].pages;
    strcopy(r->text, page_address(__find_page(file_mapping(LOG, 0), 7)), 32);
}

static void test_a_page_of_which_a_part_is_kept_is_read_first(void **state)
{
    (void)state;
    const struct cos_result *r = run(append_to_an_old_page);
    /* the aligned cluster, in whose last page the file ends; the block of the inode */
    assert_int_equal(r->number[0], 8 + 1);
    assert_string_equal(r->text, "old line 7;new line");
}

/* ---- too much -------------------------------------------------------------------------------- */
static void write_much(struct cos_result *r)
{
    start_threads();
    uint32_t most = 0;
    for (uint32_t i = 0; i < 6000; i++) {
        write_pages(LOG, i, 1);
        most = nr_dirty_pages > most ? nr_dirty_pages : most;
    }
    r->number[0] = most;
    r->number[1] = cos_clock.now_ns - cos_clock.boot_ns < SECONDS(30);
    r->number[2] = kstat.disk[1].pages;
    r->number[3] = total_ram_pages;
}

static void test_bdflush_and_the_writer_keep_the_share_that_is_dirty_down(void **state)
{
    (void)state;
    const struct cos_result *r = run(write_much);
    assert_true(r->number[1]); /* long before kupdated */
    /* 80 % of the rest is dirty when 44 % of all is; 50 %, when 33 % is */
    assert_in_range(r->number[0], r->number[3] * 33 / 100, r->number[3] * 45 / 100);
    assert_in_range(r->number[2], 1000, 6000);
}

/* ---- reclaim --------------------------------------------------------------------------------- */
static int pusher(struct program *p)
{
    const struct mm_struct *mm = PTR(const struct mm_struct, current->mm);
    (void)p;
    for (uint32_t i = 0; i < 9000; i++)
        if (do_brk(mm->brk + PAGE_SIZE) == 0)
            (void)user_account(mm->brk - PAGE_SIZE, true);
    return 0;
}

/* Without kupdated and bdflush: only reclaim can have written them. */
static void push_out(struct cos_result *r)
{
    const struct boot_program spec = cos_program("pusher");
    write_pages(LOG, 0, 1000);
    (void)cos_spawn(&spec, pusher);
    cos_wait_all();
    r->number[0] = nr_dirty_pages;
    r->number[1] = kstat.disk[1].pages - kstat.disk[1].swap_pages;
    r->number[2] = file_mapping(LOG, 0)->nrpages;
}

static void test_reclaim_writes_dirty_pages_and_takes_them(void **state)
{
    (void)state;
    const struct cos_result *r = run(push_out);
    assert_in_range(r->number[1], 500, 1000);
    assert_int_equal(r->number[0] + r->number[1], 1000); /* each once */
    assert_in_range(r->number[2], 0, 500);
}

/* ---- waiting --------------------------------------------------------------------------------- */
static int appender(struct program *p)
{
    (void)p;
    write_bytes(LOG, 1, "more");
    return 0;
}

static void write_that_does_not_end(struct cos_result *r)
{
    const struct boot_program spec = cos_program("appender");
    start_threads();
    write_bytes(LOG, 0, "x");
    struct page *page = __find_page(file_mapping(LOG, 0), 0);
    lock_page(page);
    (void)cos_spawn(&spec, appender);
    until(20);
    const struct task_struct *t = find_task_by_name("appender");
    r->number[0] = t != NULL && t->state == TASK_UNINTERRUPTIBLE;
    r->number[1] = t != NULL && t->wait_page == kptr_of(page);
    unlock_page(page);
    until(21);
    r->number[2] = find_task_by_name("appender") == NULL;
}

static void test_a_writer_waits_in_d_while_its_page_is_being_written(void **state)
{
    (void)state;
    const struct cos_result *r = run(write_that_does_not_end);
    assert_true(r->number[0]);
    assert_true(r->number[1]);
    assert_true(r->number[2]);
}

static void sync_it(struct cos_result *r)
{
    start_threads();
    write_bytes(LOG, 0, "line");
    write_bytes("var/log/other", 0, "line");
    file_fsync(LOG);
    for (const struct page *page = file_dirty_next(NULL); page != NULL;
         page = file_dirty_next(page))
        r->number[PTR(const struct address_space, page->mapping)->is_device]++;
}

static void test_a_sync_leaves_no_data_dirty(void **state)
{
    (void)state;
    const struct cos_result *r = run(sync_it);
    assert_int_equal(r->number[0], 0);
    assert_int_equal(r->number[1], 4); /* inodes and bitmaps of the two files */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_file_that_got_another_name_keeps_its_pages),
        cmocka_unit_test(
            test_data_goes_with_the_commit_and_metadata_at_the_look_after_thirty_seconds),
        cmocka_unit_test(test_a_page_of_which_a_part_is_kept_is_read_first),
        cmocka_unit_test(test_bdflush_and_the_writer_keep_the_share_that_is_dirty_down),
        cmocka_unit_test(test_reclaim_writes_dirty_pages_and_takes_them),
        cmocka_unit_test(test_a_writer_waits_in_d_while_its_page_is_being_written),
        cmocka_unit_test(test_a_sync_leaves_no_data_dirty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
