/* jbd.c - the journal of ext3, as its public descriptions have it (docs/sources.md [EXT3]).
 *
 *     handles ---> running --5 s, or a sync--> committing ---> on the disk: the blocks are dirty,
 *                  (collects blocks)           (kjournald)     kupdated's to write
 *
 * A commit waits for the handles that are open, writes the data of files that belongs to it, then
 * to the log a descriptor and the changed blocks, and at last the commit block. All of it is
 * kjournald's work, memory included; who waits for it stands in log_wait_commit. Blocks of a
 * transaction stay in memory until it is on the disk.
 *
 * The log never runs full: kupdated has written a block long before its turn comes again. OUR
 * CHOICE. There is no timer while no transaction runs. */
#include "cos/kernel/fs/jbd.h"

#include "cos/kernel/debug/cosinfo_entry.h"
#include "cos/kernel/drivers/block.h"
#include "cos/kernel/mm/v24/lru.h"
#include "cos/kernel/mm/writeback.h"
#include "cos/kernel/sched/process.h"

#define COMMIT_INTERVAL (5u * HZ)

enum transaction_state { T_RUNNING, T_LOCKED, T_DATA, T_LOG };
struct transaction {
    uint32_t tid;
    uint32_t state;
    uint32_t updates;     /* handles that are open */
    uint32_t nr_buffers;  /* on metadata */
    struct list metadata; /* struct buffer_head: changed blocks, to the log with them */
    struct list data;     /* blocks of files, to their place with them */
    struct list writing;  /* blocks of files that the commit has started to write */
    struct list frozen;   /* struct page: copies of blocks that the next transaction has changed */
    uint32_t nr_frozen;
};

COSINFO_SIZE(transaction);
COSINFO_OFFSET(transaction, tid);
COSINFO_OFFSET(transaction, state);
COSINFO_OFFSET(transaction, updates);
COSINFO_OFFSET(transaction, nr_buffers);

static struct transaction transactions[2]; /* one runs while the other is committed */
static struct transaction *running_transaction, *committing_transaction;
static uint32_t transaction_sequence, commit_request, commit_sequence;
static uint32_t log_first, log_blocks, log_head;
static struct wait_queue wait_transaction_locked, wait_updates, wait_commit, wait_done_commit;
static struct ktimer commit_timer;

void journal_init(uint32_t first, uint32_t blocks)
{
    log_first = first;
    log_blocks = blocks;
    wait_queue_init(&wait_transaction_locked);
    wait_queue_init(&wait_updates);
    wait_queue_init(&wait_commit);
    wait_queue_init(&wait_done_commit);
}

/* ---- handles --------------------------------------------------------------------------------- */
static void commit_timeout(kptr tid)
{
    log_start_commit(tid);
}

static void get_transaction(void)
{
    struct transaction *t = &transactions[transaction_sequence++ % 2];
    ASSERT(t != committing_transaction);
    memset(t, 0, sizeof *t);
    t->tid = transaction_sequence;
    list_init(&t->metadata);
    list_init(&t->data);
    list_init(&t->writing);
    list_init(&t->frozen);
    running_transaction = t;
    ktimer_add(&commit_timer, jiffies_ns((uint64_t)jiffies_now() + COMMIT_INTERVAL), commit_timeout,
               t->tid);
}

KERNEL_FN void journal_start(void)
{
    while (running_transaction != NULL && running_transaction->state == T_LOCKED)
        sleep_on(&wait_transaction_locked, TASK_UNINTERRUPTIBLE);
    if (running_transaction == NULL)
        get_transaction();
    running_transaction->updates++;
}

void journal_stop(void)
{
    ASSERT(running_transaction != NULL && running_transaction->updates > 0);
    if (--running_transaction->updates == 0)
        wake_up(&wait_updates);
}

/* ---- whose a block is ------------------------------------------------------------------------ */
static void file_buffer(struct buffer_head *bh, struct transaction *t, bool is_data)
{
    bh->transaction = kptr_of(t);
    bh->is_data = is_data;
    list_add_tail(&bh->list, is_data ? &t->data : &t->metadata);
    t->nr_buffers += !is_data;
}

static void unfile_buffer(struct buffer_head *bh)
{
    PTR(struct transaction, bh->transaction)->nr_buffers -= !bh->is_data;
    list_del(&bh->list);
    bh->transaction = 0;
}

static bool is_in_commit(const struct buffer_head *bh)
{
    return bh->transaction != 0 && bh->transaction == kptr_of(committing_transaction);
}

/* The commit is to write the block as it is now: give it a copy. The block is nobody's then, unless
 * the commit came to it while we waited for memory. */
static bool freeze(struct buffer_head *bh)
{
    struct page *copy = alloc_pages(GFP_NOFS_REPEAT, 0);
    if (copy == NULL)
        return false;
    if (!is_in_commit(bh) || committing_transaction->state == T_LOG) {
        put_page(copy);
        return true;
    }
    memcpy(page_address(copy), page_address(PTR(struct page, bh->page)), PAGE_SIZE);
    list_add_tail(&copy->list, &committing_transaction->frozen);
    committing_transaction->nr_frozen++;
    unfile_buffer(bh);
    return true;
}

/* A block that waits to be written to its place goes there with this change later. */
KERNEL_FN bool journal_get_write_access(struct buffer_head *bh)
{
    struct page *page = PTR(struct page, bh->page);
    while ((page->flags & PG_locked) || is_in_commit(bh)) {
        if (page->flags & PG_locked)
            wait_on_page(page);
        else if (committing_transaction->state == T_LOG)
            sleep_on(&wait_done_commit, TASK_UNINTERRUPTIBLE);
        else if (!freeze(bh))
            return false;
    }
    if (page->flags & PG_dirty)
        file_page_clean(page);
    if (bh->transaction == 0)
        file_buffer(bh, running_transaction, false);
    return true;
}

void journal_dirty_data(struct buffer_head *bh)
{
    if (bh->transaction == kptr_of(running_transaction))
        return;
    if (bh->transaction != 0)
        unfile_buffer(bh);
    file_buffer(bh, running_transaction, true);
}

bool journal_try_to_free_buffer(struct buffer_head *bh)
{
    if (bh->transaction != 0 && !bh->is_data)
        return false;
    if (bh->transaction != 0)
        unfile_buffer(bh); /* it is on the disk already */
    return true;
}

/* ---- commit ---------------------------------------------------------------------------------- */
static struct buffer_head *first_buffer(const struct list *list)
{
    return list_empty(list) ? NULL : list_entry(list->next, struct buffer_head, list);
}

/* No more handles; those that are open end. */
static void lock_transaction(struct transaction *t)
{
    t->state = T_LOCKED;
    ktimer_del(&commit_timer);
    while (t->updates > 0)
        sleep_on(&wait_updates, TASK_UNINTERRUPTIBLE);
    t->state = T_DATA;
    running_transaction = NULL;
    committing_transaction = t;
    wake_up(&wait_transaction_locked);
}

static void start_data(struct page *page)
{
    get_page(page);
    if ((page->flags & PG_dirty) && try_lock_page(page))
        file_writepage(page);
    put_page(page);
}

/* All writes are started, then waited for. A block that somebody writes to meanwhile belongs to
 * the next transaction. */
static void write_data(struct transaction *t)
{
    struct buffer_head *bh;
    while ((bh = first_buffer(&t->data)) != NULL) {
        list_del(&bh->list);
        list_add_tail(&bh->list, &t->writing);
        start_data(PTR(struct page, bh->page));
    }
    while ((bh = first_buffer(&t->writing)) != NULL) {
        struct page *page = PTR(struct page, bh->page);
        unfile_buffer(bh);
        get_page(page);
        wait_on_page(page);
        put_page(page);
    }
}

/* A block of the log has a page in memory too, like every block. kjournald waits for it as long as
 * it takes; only a fault that fails allocations makes it go on without. */
static void log_block(void)
{
    struct buffer_head *bh = getblk(log_first + log_head);
    if (bh != NULL)
        brelse(bh);
}

/* `count` blocks in a row, the log's end permitting. */
static void write_log(uint32_t count)
{
    if (log_head + count > log_blocks)
        log_head = 0;
    log_block();
    write_blocks(buffer_sector(log_first + log_head), count);
    log_head += count;
}

static void write_metadata(struct transaction *t)
{
    t->state = T_LOG;
    write_log(1 + t->nr_buffers + t->nr_frozen); /* the descriptor and the blocks */
    write_log(1);                                /* the commit block */
}

/* From now on the blocks may be written to their places. */
static void refile(struct transaction *t)
{
    struct buffer_head *bh;
    while ((bh = first_buffer(&t->metadata)) != NULL) {
        struct page *page = PTR(struct page, bh->page);
        get_page(page);
        unfile_buffer(bh);
        mark_buffer_dirty(page);
        put_page(page);
    }
    while (!list_empty(&t->frozen)) {
        struct page *copy = list_entry(t->frozen.next, struct page, list);
        list_del(&copy->list);
        put_page(copy);
    }
}

static KERNEL_FN void journal_commit_transaction(struct transaction *t)
{
    lock_transaction(t);
    write_data(t);
    write_metadata(t);
    refile(t);
    commit_sequence = t->tid;
    committing_transaction = NULL;
    wake_up(&wait_done_commit);
}

/* ---- kjournald ------------------------------------------------------------------------------- */
uint32_t journal_last(void)
{
    return transaction_sequence;
}

void log_start_commit(uint32_t tid)
{
    if (commit_request >= tid)
        return;
    commit_request = tid;
    wake_up(&wait_commit);
}

KERNEL_FN void log_wait_commit(uint32_t tid)
{
    while (commit_sequence < tid)
        sleep_on(&wait_done_commit, TASK_UNINTERRUPTIBLE);
}

int kjournald(void *unused)
{
    (void)unused;
    for (;;) {
        while (running_transaction != NULL && running_transaction->tid <= commit_request)
            journal_commit_transaction(running_transaction);
        sleep_on(&wait_commit, TASK_INTERRUPTIBLE);
    }
}
