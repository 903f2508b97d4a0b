/* writeback.c - what programs write to files: into the page cache first, to the disk later.
 * Sources: docs/sources.md [RHEL3MM 1.6, 1.9].
 *
 * A page that is written to becomes dirty. It goes to the disk when kupdated finds it older than 30
 * s (it looks every 5 s), when too much is dirty (bdflush, and from 80 % on the writer itself),
 * when reclaim washes it (vmscan.c), or at once when the writer wants it synced. A page is locked
 * from the start of its write to the end, so who writes to it then waits, on a disk that hangs for
 * ever; in 2.4 it is the page's buffers that are locked (OUR CHOICE: a page is one buffer). Each
 * page that is written to is a change of the file system (ext3.h).
 *
 * kupdated has no timer while nothing is dirty: the first dirty page sets one for the point of the
 * 5-s grid at which it will be old enough, since the looks before that would find nothing. */
#include "cos/kernel/mm/writeback.h"

#include "cos/kernel/drivers/block.h"
#include "cos/kernel/fs/ext3.h"
#include "cos/kernel/mm/filemap.h"
#include "cos/kernel/mm/v24/lru.h"
#include "cos/kernel/sched/process.h"

/* bdflush of /proc/sys/vm: 50 500 0 0 500 3000 80 50 0 */
#define NFRACT 50u         /* percent dirty at which bdflush begins */
#define NDIRTY 500u        /* pages that it writes per turn */
#define INTERVAL_S 5u      /* kupdated looks: 500 jiffies */
#define AGE_S 30u          /* 3000 jiffies */
#define NFRACT_SYNC 80u    /* percent dirty at which writers write */
#define NFRACT_STOP 50u    /* percent dirty at which bdflush stops */
#define NRSYNC 32u         /* pages in one go */
#define FILE_PAGES 262144u /* room on the disk for a file that is written to: 1 GB. OUR CHOICE */

static struct wait_queue bdflush_wait, kupdated_wait;
static struct ktimer kupdated_timer;

void writeback_init(void)
{
    wait_queue_init(&bdflush_wait);
    wait_queue_init(&kupdated_wait);
    ext3_init();
}

/* ---- how much is dirty ----------------------------------------------------------------------- */
/* Of the pages that could hold it: free and inactive ones. */
static bool dirty_above(uint32_t percent)
{
    uint32_t pages = 0;
    for_each_zone (zone)
        pages +=
            zone->free_pages + zone->inactive_dirty + zone->inactive_laundry + zone->inactive_clean;
    return (uint64_t)nr_dirty_pages * 100 > (uint64_t)pages * percent;
}

static uint32_t age_s(const struct page *page)
{
    return (uint16_t)(jiffies_now() / HZ - page->laundry_at);
}

static uint32_t oldest_age_s(void)
{
    uint32_t oldest = 0;
    for (struct page *page = file_dirty_next(NULL); page != NULL; page = file_dirty_next(page))
        oldest = age_s(page) > oldest ? age_s(page) : oldest;
    return oldest;
}

/* ---- writing --------------------------------------------------------------------------------- */
static bool start_write(struct page *page)
{
    if (!try_lock_page(page))
        return false; /* in use: the next round finds it */
    file_writepage(page);
    return true;
}

/* Start writes of dirty pages, the oldest first, of all files (f NULL) or one. Starting may sleep,
 * and the list be another then. @return pages started */
static KERNEL_FN uint32_t write_some_buffers(const struct address_space *f, uint32_t most, bool old)
{
    uint32_t started = 0;
    struct page *page = file_dirty_next(NULL);
    while (page != NULL && started < most) {
        struct page *next = file_dirty_next(page);
        const bool wanted =
            (f == NULL || page->mapping == kptr_of(f)) && (!old || age_s(page) > AGE_S);
        if (wanted && start_write(page)) {
            started++;
            next = file_dirty_next(NULL);
        }
        page = next;
    }
    return started;
}

/* ---- bdflush --------------------------------------------------------------------------------- */
int bdflush(void *unused)
{
    (void)unused;
    for (;;) {
        uint32_t left = NDIRTY;
        while (left > 0 && dirty_above(NFRACT_STOP)) {
            const uint32_t started = write_some_buffers(NULL, left < NRSYNC ? left : NRSYNC, false);
            if (started == 0)
                break;
            left -= started;
        }
        run_disk_queue();
        sleep_on(&bdflush_wait, TASK_INTERRUPTIBLE);
    }
}

/* The writer of what is too much takes part, and waits for the first page that it started. */
static KERNEL_FN void balance_dirty(void)
{
    if (!dirty_above(NFRACT))
        return;
    wake_up(&bdflush_wait);
    struct page *oldest = file_dirty_next(NULL);
    if (!dirty_above(NFRACT_SYNC) || oldest == NULL)
        return;
    get_page(oldest);
    (void)write_some_buffers(NULL, NRSYNC, false);
    wait_on_page(oldest);
    put_page(oldest);
}

/* ---- kupdated -------------------------------------------------------------------------------- */
static void kupdated_timer_fn(kptr unused)
{
    (void)unused;
    wake_up(&kupdated_wait);
}

/* The first look at which a page of that age will be old enough. */
static void kupdated_arm(uint32_t age)
{
    const uint32_t due = jiffies_now() / HZ + (age < AGE_S ? AGE_S - age : 0);
    const uint64_t look = (uint64_t)(due / INTERVAL_S + 1) * INTERVAL_S * HZ;
    ktimer_add(&kupdated_timer, jiffies_ns(look), kupdated_timer_fn, 0);
}

int kupdated(void *unused)
{
    (void)unused;
    for (;;) {
        sleep_on(&kupdated_wait, TASK_INTERRUPTIBLE);
        while (write_some_buffers(NULL, NRSYNC, true) > 0) {
        }
        run_disk_queue();
        if (nr_dirty_pages > 0)
            kupdated_arm(oldest_age_s());
    }
}

void mark_buffer_dirty(struct page *page)
{
    lock_page(page);
    if (file_page_dirty(page))
        kupdated_arm(0);
    unlock_page(page);
}

/* ---- files ----------------------------------------------------------------------------------- */
static struct address_space *written_file(const char *name, uint64_t bytes)
{
    struct address_space *f = file_mapping(name, FILE_PAGES);
    if (f == NULL)
        return NULL;
    if (!f->written) {
        f->written = 1;
        f->size = (uint32_t)((bytes + PAGE_SIZE - 1) / PAGE_SIZE);
    }
    return f;
}

/* A page behind the end of the file: nothing to read. @return it, referenced; NULL without
 * memory */
static struct page *new_page(struct address_space *f, uint32_t index)
{
    struct page *page = alloc_pages(GFP_HIGHUSER, 0);
    if (page == NULL)
        return NULL;
    struct page *other = find_get_page(f, index);
    if (other != NULL) { /* somebody else was faster while we waited */
        put_page(page);
        return other;
    }
    (void)try_lock_page(page);
    clear_page(page);
    page->flags &= ~PG_zero; /* it will be written to */
    page->flags |= PG_uptodate;
    add_to_page_cache(page, f, index);
    lru_cache_add(page);
    if (f->size <= index)
        f->size = index + 1;
    unlock_page(page);
    return page;
}

static struct page *page_to_write(struct address_space *f, uint32_t index)
{
    for (;;) {
        struct page *page = find_get_page(f, index);
        if (page == NULL || !(page->flags & PG_uptodate)) {
            if (page != NULL)
                put_page(page);
            page = index < f->size ? filemap_nopage(f, index) : new_page(f, index);
        }
        if (page == NULL)
            return NULL;
        lock_page(page);
        if (page->mapping == kptr_of(f))
            return page;
        unlock_page(page);
        put_page(page);
    }
}

static int write_page(struct address_space *f, uint32_t index, uint32_t from, uint32_t n,
                      const char *data)
{
    struct page *page = page_to_write(f, index);
    if (page == NULL)
        return -ENOMEM;
    const int error = ext3_prepare_write(f, index, from == 0);
    if (error != 0) {
        unlock_page(page);
        put_page(page);
        return error;
    }
    char *bytes = page_address(page);
    page->flags &= ~PG_zero;
    if (data != NULL)
        memcpy(bytes + from, data, n);
    else if (file_readpage != NULL)
        file_readpage(f, index, bytes);
    if (file_page_dirty(page))
        kupdated_arm(0);
    ext3_commit_write(page);
    unlock_page(page);
    mark_page_accessed(page);
    put_page(page);
    return 0;
}

int file_write(const char *name, uint64_t at, const char *data, uint32_t n)
{
    struct address_space *f = written_file(name, at);
    if (f == NULL)
        return -ENOMEM;
    for (uint32_t done = 0; done < n;) {
        const uint32_t from = (uint32_t)((at + done) % PAGE_SIZE);
        const uint32_t part = n - done < PAGE_SIZE - from ? n - done : PAGE_SIZE - from;
        const uint64_t index = (at + done) / PAGE_SIZE;
        if (index >= FILE_PAGES)
            return -EFBIG;
        const int error =
            write_page(f, (uint32_t)index, from, part, data != NULL ? data + done : NULL);
        if (error != 0)
            return error;
        done += part;
    }
    balance_dirty();
    return 0;
}

void file_fsync(const char *name)
{
    struct address_space *f = file_mapping(name, FILE_PAGES);
    if (f == NULL)
        return;
    (void)write_some_buffers(f, f->nrpages, false);
    ext3_sync();
}
