/* block.c - the COS's one disk: swap partition and root file system behind one queue. Sources:
 * docs/sources.md [RHEL3MM 1.7], [SAVVIO].
 *
 * A request is a run of neighbouring pages, at most 31 (255 sectors), read or write. New pages join
 * a waiting request if they continue it; else they take one of nr_requests places (half for reads,
 * half for writes; a task that finds none waits in D) and are sorted in by position; a request may
 * be passed over so often only. The disk serves one request at a time, as a SCSI command (scsi.c):
 * seek and rotation unless it continues where the head stands, then the transfer. While a command
 * to one partition gets no answer, requests for the other one go on. An idle disk is plugged by its
 * first request, so that neighbours can join, until somebody waits for a page or the next tick
 * comes.
 *
 * Bytes move at the end of a request, by a function of who submitted the page. */
#include "cos/kernel/drivers/block.h"

#include "cos/kernel/arch/cost.h"
#include "cos/kernel/debug/cosinfo_entry.h"
#include "cos/kernel/drivers/vmnix.h"
#include "cos/kernel/sched/kstat.h"

#define REQUEST_PAGES_MAX 31u
#define REQUESTS_MAX 1024u
#define READ_PASSOVERS 2048u
#define WRITE_PASSOVERS 8192u
#define REQUEST_RECHECK HZ /* ticks after which a waiter for a place looks again */

struct block_request {
    struct list queue; /* waiting requests by position; or free ones */
    struct list pages; /* struct page.list, ascending */
    uint32_t sector;   /* position of the first page */
    uint32_t count;    /* pages */
    uint32_t write;
    uint32_t slot;      /* VMNIX_SWAP or VMNIX_ROOT: the partition */
    kptr end_io;        /* void (*)(struct page *, bool write): the disk is done with a page */
    uint32_t sync;      /* number, for who waits for it; 0 = it has pages */
    uint32_t passovers; /* how often it may still be passed over */
};

COSINFO_SIZE(block_request);
COSINFO_OFFSET(block_request, queue);
COSINFO_OFFSET(block_request, pages);
COSINFO_OFFSET(block_request, sector);
COSINFO_OFFSET(block_request, count);
COSINFO_OFFSET(block_request, write);

static struct block_request requests[REQUESTS_MAX];
static struct list free_requests, waiting;
static uint32_t in_use[2], limit; /* places in use by reads and writes; places for each */
static struct wait_queue request_wait[2];
static struct block_request *active[VMNIX_SLOTS];
static uint32_t head_at; /* position behind the last transfer */
static bool plugged;
static struct ktimer plug_timer;
static uint32_t syncs, syncs_done; /* numbers of the last write_blocks() asked for, and done */
static struct wait_queue sync_wait;
static void disk_done(uint32_t slot);

void block_init(uint32_t mem_total_mb)
{
    uint32_t nr = (mem_total_mb * 2) & ~15u;
    nr = nr < 32 ? 32 : nr > REQUESTS_MAX ? REQUESTS_MAX : nr;
    limit = nr / 2;
    list_init(&free_requests);
    list_init(&waiting);
    for (uint32_t i = 0; i < nr; i++)
        list_add_tail(&requests[i].queue, &free_requests);
    wait_queue_init(&request_wait[0]);
    wait_queue_init(&request_wait[1]);
    wait_queue_init(&sync_wait);
    scsi_init(disk_done);
}

static struct block_request *request_at(kptr k)
{
    return list_entry(k, struct block_request, queue);
}

/* ---- the disk -------------------------------------------------------------------------------- */
static uint64_t service_ns(const struct block_request *r)
{
    const uint64_t transfer = (uint64_t)r->count * (PAGE_SIZE / 1024) * DISK_NS_PER_KB;
    if (r->sector == head_at)
        return transfer;
    return transfer + DISK_ROTATION + (r->write ? DISK_SEEK_WRITE : DISK_SEEK_READ);
}

/* One spindle: a partition waits for the other one, unless that one is stuck. */
static bool may_start(uint32_t slot)
{
    const uint32_t other = slot == VMNIX_SWAP ? VMNIX_ROOT : VMNIX_SWAP;
    return active[slot] == NULL && (active[other] == NULL || scsi_is_stuck(other));
}

static struct block_request *next_to_start(void)
{
    for (kptr k = waiting.next; k != kptr_of(&waiting); k = PTR(struct list, k)->next) {
        if (may_start(request_at(k)->slot))
            return request_at(k);
    }
    return NULL;
}

static bool is_busy(void)
{
    return active[VMNIX_SWAP] != NULL || active[VMNIX_ROOT] != NULL;
}

/* A command that is handed to the VMkernel may let interrupts in, which start others: look anew
 * each time. */
static void disk_start(void)
{
    struct block_request *r;
    while (!plugged && (r = next_to_start()) != NULL) {
        list_del(&r->queue);
        if (!is_busy())
            kstat_disk_start();
        active[r->slot] = r;
        scsi_do_cmd(r->slot, r->write != 0, r->sector, r->count, service_ns(r));
    }
}

static void end_request_page(const struct block_request *r, struct page *page)
{
    list_del(&page->list);
    page->flags &= ~PG_writeback;
    ((void (*)(struct page *, bool))(uintptr_t)r->end_io)(page, r->write != 0);
}

static void disk_done(uint32_t slot)
{
    struct block_request *r = active[slot];
    cpu_charge(COST_IO_DONE);
    active[slot] = NULL;
    head_at = r->sector + r->count;
    kstat_disk_done(r->write != 0, r->count, r->slot == VMNIX_SWAP);
    if (is_busy())
        kstat_disk_start(); /* the other partition's command, which is stuck */
    while (!list_empty(&r->pages))
        end_request_page(r, list_entry(r->pages.next, struct page, list));
    if (r->sync > syncs_done) {
        syncs_done = r->sync;
        wake_up(&sync_wait);
    }
    list_add_tail(&r->queue, &free_requests);
    in_use[r->write]--;
    wake_up(&request_wait[r->write]);
    disk_start();
}

void run_disk_queue(void)
{
    if (!plugged)
        return;
    plugged = false;
    ktimer_del(&plug_timer);
    disk_start();
}

static void plug_timer_fn(kptr unused)
{
    (void)unused;
    plugged = false;
    disk_start();
}

/* ---- the queue ------------------------------------------------------------------------------- */
static void add_page(struct block_request *r, struct page *page, bool front)
{
    if (front)
        list_add(&page->list, &r->pages);
    else
        list_add_tail(&page->list, &r->pages);
    r->sector -= front;
    r->count++;
}

static bool merge(struct page *page, uint32_t slot, bool write, uint32_t sector)
{
    for (kptr k = waiting.prev; k != kptr_of(&waiting); k = PTR(struct list, k)->prev) {
        struct block_request *r = request_at(k);
        if ((r->write != 0) != write || r->slot != slot || r->count == REQUEST_PAGES_MAX ||
            r->sync != 0)
            continue;
        if (r->sector + r->count == sector || sector + 1 == r->sector) {
            add_page(r, page, sector + 1 == r->sector);
            return true;
        }
    }
    return false;
}

/* Sort in: from the end past all that lie behind it, unless one of them has been passed over too
 * often. */
static void enqueue(struct block_request *r)
{
    kptr k = waiting.prev;
    while (k != kptr_of(&waiting) && request_at(k)->sector > r->sector &&
           request_at(k)->passovers > 0) {
        request_at(k)->passovers--;
        k = PTR(struct list, k)->prev;
    }
    list_add(&r->queue, PTR(struct list, k));
}

static KERNEL_FN struct block_request *get_request_wait(bool write)
{
    while (in_use[write] >= limit) {
        run_disk_queue();
        (void)sleep_on_timeout(&request_wait[write], TASK_UNINTERRUPTIBLE, REQUEST_RECHECK);
    }
    struct block_request *r = request_at(free_requests.next);
    list_del(&r->queue);
    in_use[write]++;
    return r;
}

/* A request that is in the queue is started by whoever waits for it, or by the next tick. */
static void queue_request(struct block_request *r)
{
    if (!is_busy() && list_empty(&waiting)) {
        plugged = true;
        ktimer_add(&plug_timer, jiffies_ns((uint64_t)jiffies_now() + 1), plug_timer_fn, 0);
    }
    enqueue(r);
    if (scsi_is_stuck(VMNIX_SWAP) || scsi_is_stuck(VMNIX_ROOT))
        disk_start(); /* no completion will */
}

static struct block_request *new_request(uint32_t slot, bool write, uint32_t sector)
{
    struct block_request *r = get_request_wait(write);
    list_init(&r->pages);
    r->sector = sector;
    r->count = 0;
    r->write = write;
    r->slot = slot;
    r->sync = 0;
    r->passovers = write ? WRITE_PASSOVERS : READ_PASSOVERS;
    return r;
}

KERNEL_FN void submit_page(struct page *page, bool write, uint32_t slot, uint32_t sector,
                           void (*end_io)(struct page *page, bool write))
{
    ASSERT((page->flags & PG_locked) && page->mapping != 0);
    cpu_charge(COST_IO_SUBMIT / REQUEST_PAGES_MAX); /* a page's share of a full request */
    if (write)
        page->flags |= PG_writeback;
    if (merge(page, slot, write, sector))
        return;
    cpu_charge(COST_IO_SUBMIT);
    struct block_request *r = new_request(slot, write, sector);
    r->end_io = kptr_of((const void *)(uintptr_t)end_io);
    add_page(r, page, false);
    queue_request(r);
}

static KERNEL_FN void wait_on_buffer(uint32_t number)
{
    run_disk_queue();
    while (syncs_done < number)
        sleep_on(&sync_wait, TASK_UNINTERRUPTIBLE);
}

void write_blocks(uint32_t sector, uint32_t count)
{
    while (count > 0) {
        struct block_request *r = new_request(VMNIX_ROOT, true, sector);
        const uint32_t number = ++syncs;
        r->count = count < REQUEST_PAGES_MAX ? count : REQUEST_PAGES_MAX;
        r->sync = number;
        sector += r->count;
        count -= r->count;
        queue_request(r);
        wait_on_buffer(number);
    }
}
