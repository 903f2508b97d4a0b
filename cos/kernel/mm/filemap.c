/* filemap.c - the page cache: pages of files (and swap slots) by (mapping, index), the page lock,
 * and reading. Sources: docs/sources.md [RHEL3MM 1.5, 1.7].
 *
 * A file is a name, a size and a place on the disk; its pages say in one line which page of which
 * file they are. Pages that were written to stand in one list, oldest first, until their write is
 * started: by writeback.c when they are old or many, by reclaim when it comes upon them. */
#include "cos/kernel/drivers/block.h"
#include "cos/kernel/drivers/vmnix.h"
#include "cos/kernel/errno.h"
#include "cos/kernel/fs/buffer.h"
#include "cos/kernel/mm/v24/lru.h"
#include "cos/kernel/mm/slab.h"
#include "cos/kernel/mm/swap.h"

#define FAULT_CLUSTER 8u /* pages: an aligned cluster is read at a fault; page_cluster 3 */
#define READ_AHEAD 31u   /* pages: max-readahead */

struct address_space swapper_space = { .name = "swap" };
uint32_t nr_page_cache, nr_buffer_pages;
static kptr page_hash_table; /* kptr[1 << page_hash_bits]: struct page chains by next_hash */
static uint32_t page_hash_bits;
static kptr files;
static uint32_t next_file_sector;
static struct kmem_cache *file_cache;
static struct list dirty_pages; /* struct page.list */
uint32_t nr_dirty_pages;
void (*file_readpage)(const struct address_space *f, uint32_t index, char *bytes);

void page_cache_init(kptr hash_table, uint32_t bits)
{
    page_hash_table = hash_table;
    page_hash_bits = bits;
    list_init(&dirty_pages);
}

/* ---- page lock ------------------------------------------------------------------------------- */
bool try_lock_page(struct page *page)
{
    if (page->flags & PG_locked)
        return false;
    page->flags |= PG_locked;
    page_update(page);
    return true;
}

void lock_page(struct page *page)
{
    while (!try_lock_page(page))
        wait_on_page(page);
}

void unlock_page(struct page *page)
{
    ASSERT(page->flags & PG_locked);
    page->flags &= ~PG_locked;
    page_update(page);
    wake_up(page_waitqueue(page));
}

/* Queues are shared by pages that hash alike, so a wake-up only means: look again. */
KERNEL_FN void wait_on_page(struct page *page)
{
    current->wait_page = kptr_of(page);
    while (page->flags & PG_locked) {
        run_disk_queue();
        sleep_on(page_waitqueue(page), TASK_UNINTERRUPTIBLE);
    }
    current->wait_page = 0;
}

KERNEL_FN bool wait_on_page_timeout(struct page *page, uint32_t ticks)
{
    current->wait_page = kptr_of(page);
    while ((page->flags & PG_locked) && ticks > 0) {
        run_disk_queue();
        ticks = sleep_on_timeout(page_waitqueue(page), TASK_UNINTERRUPTIBLE, ticks);
    }
    current->wait_page = 0;
    return (page->flags & PG_locked) != 0;
}

void end_page_io(struct page *page)
{
    page->flags |= PG_uptodate;
    unlock_page(page);
}

/* ---- hash ------------------------------------------------------------------------------------ */
static kptr *page_hash(const struct address_space *mapping, uint32_t index)
{
    const uint32_t h = (kptr_of(mapping) / 32 + index) * 2654435761u;
    return PTR(kptr, page_hash_table) + (h >> (32 - page_hash_bits));
}

struct page *__find_page(const struct address_space *mapping, uint32_t index)
{
    for (kptr k = *page_hash(mapping, index); k != 0; k = PTR(struct page, k)->next_hash) {
        struct page *page = PTR(struct page, k);
        if (page->mapping == kptr_of(mapping) && page->index == index)
            return page;
    }
    return NULL;
}

struct page *find_get_page(const struct address_space *mapping, uint32_t index)
{
    struct page *page = __find_page(mapping, index);
    if (page != NULL)
        get_page(page);
    return page;
}

void add_to_page_cache(struct page *page, struct address_space *mapping, uint32_t index)
{
    kptr *head = page_hash(mapping, index);
    ASSERT(page->mapping == 0 && (page->flags & PG_locked));
    get_page(page);
    page->mapping = kptr_of(mapping);
    page->index = index;
    page->next_hash = *head;
    page->pprev_hash = kptr_of(head);
    if (*head != 0)
        PTR(struct page, *head)->pprev_hash = kptr_of(&page->next_hash);
    *head = kptr_of(page);
    mapping->nrpages++;
    if (mapping == &swapper_space)
        page->flags |= PG_swapcache;
    else
        nr_page_cache++;
    nr_buffer_pages += mapping->is_device;
    page_update(page);
}

void remove_inode_page(struct page *page)
{
    ASSERT(page->mapping != 0 && page->pprev_hash != 0);
    *PTR(kptr, page->pprev_hash) = page->next_hash;
    if (page->next_hash != 0)
        PTR(struct page, page->next_hash)->pprev_hash = page->pprev_hash;
    page->next_hash = page->pprev_hash = 0;
    PTR(struct address_space, page->mapping)->nrpages--;
    nr_buffer_pages -= PTR(struct address_space, page->mapping)->is_device;
    if (page->flags & PG_swapcache)
        page->flags &= ~PG_swapcache;
    else
        nr_page_cache--;
    page->mapping = 0;
    page_update(page);
    put_page(page);
}

/* ---- files ----------------------------------------------------------------------------------- */
static struct address_space *find_file(const char *name)
{
    for (kptr k = files; k != 0; k = PTR(struct address_space, k)->next)
        if (strcmp(PTR(struct address_space, k)->name, name) == 0)
            return PTR(struct address_space, k);
    return NULL;
}

struct address_space *file_mapping(const char *name, uint32_t pages)
{
    struct address_space *known = find_file(name);
    if (known != NULL)
        return known;
    if (file_cache == NULL)
        file_cache = kmem_cache_create("filp", sizeof(struct address_space));
    struct address_space *f = kmem_cache_alloc(file_cache, GFP_KERNEL);
    if (f == NULL)
        return NULL;
    memset(f, 0, sizeof *f);
    strcopy(f->name, name, sizeof f->name);
    f->size = pages;
    f->sector = disk_files_start + next_file_sector;
    next_file_sector += pages;
    f->next = files;
    files = kptr_of(f);
    return f;
}

void file_rename(const char *from, const char *to)
{
    struct address_space *file = find_file(from), *replaced = find_file(to);
    if (replaced != NULL)
        memset(replaced->name, 0, sizeof replaced->name);
    if (file == NULL)
        return;
    memset(file->name, 0, sizeof file->name);
    strcopy(file->name, to, sizeof file->name);
}

/* ---- dirty pages ----------------------------------------------------------------------------- */
/* laundry_at is free while the page is in no laundry. A page that comes back from there unwritten
 * is as old as its stay there (OUR CHOICE). */
bool file_page_dirty(struct page *page)
{
    ASSERT(page->flags & PG_locked);
    if (page->flags & PG_dirty)
        return false;
    page->flags |= PG_dirty | PG_uptodate;
    page->laundry_at = (uint16_t)(jiffies_now() / HZ);
    list_add_tail(&page->list, &dirty_pages);
    return nr_dirty_pages++ == 0;
}

void file_page_clean(struct page *page)
{
    ASSERT((page->flags & PG_dirty) && nr_dirty_pages > 0);
    page->flags &= ~PG_dirty;
    list_del(&page->list);
    nr_dirty_pages--;
}

/* ---- the disk ------------------------------------------------------------------------------- */
/* "NAME page N": what snprintf() would print, here where it is printed millions of times. */
static void label_page(char *bytes, const char *name, uint32_t index)
{
    char digits[10];
    unsigned n = 0;
    do {
        digits[n++] = (char)('0' + index % 10);
        index /= 10;
    } while (index != 0);
    while (*name != '\0')
        *bytes++ = *name++;
    memcpy(bytes, " page ", 6);
    for (bytes += 6; n > 0;)
        *bytes++ = digits[--n];
    *bytes = '\n';
}

/* Bytes of a file that programs write to come from the host directory; others have one line that
 * says which page of which file this is. */
static void file_page_fill(struct page *page)
{
    const struct address_space *f = PTR(const struct address_space, page->mapping);
    char *bytes = page_address(page);
    if (!(page->flags & PG_zero))
        memset(bytes, 0, PAGE_SIZE);
    page->flags &= ~PG_zero;
    if (f->written && file_readpage != NULL)
        file_readpage(f, page->index, bytes);
    else
        label_page(bytes, f->name, page->index);
}

/* The bytes of a page that is written were put into the host directory by the VFS. */
void end_file_io(struct page *page, bool write)
{
    if (!write)
        file_page_fill(page);
    end_page_io(page);
}

KERNEL_FN void file_writepage(struct page *page)
{
    const struct address_space *f = PTR(const struct address_space, page->mapping);
    file_page_clean(page);
    submit_page(page, true, VMNIX_ROOT, f->sector + page->index, end_file_io);
}

struct page *file_dirty_next(const struct page *page)
{
    const kptr k = page != NULL ? page->list.next : dirty_pages.next;
    return k != kptr_of(&dirty_pages) ? list_entry(k, struct page, list) : NULL;
}

/* ---- reading --------------------------------------------------------------------------------- */
/* Start reading one page unless it is in the cache already. Allocates with HIGHUSER, so it may wait
 * for memory. @return 0, -ENOMEM without memory */
static KERNEL_FN int page_cache_read(struct address_space *f, uint32_t index)
{
    if (index >= f->size || __find_page(f, index) != NULL)
        return 0;
    struct page *page = __alloc_pages(GFP_HIGHUSER, 0);
    if (page == NULL)
        return -ENOMEM;
    if (__find_page(f, index) != NULL) { /* somebody else was faster while we waited */
        put_page(page);
        return 0;
    }
    (void)try_lock_page(page);
    add_to_page_cache(page, f, index);
    lru_cache_add(page);
    (void)create_empty_buffers(page); /* none: it is read all the same */
    submit_page(page, false, VMNIX_ROOT, f->sector + index, end_file_io);
    put_page(page); /* the cache holds it now */
    return 0;
}

static KERNEL_FN void read_cluster_nonblocking(struct address_space *f, uint32_t index)
{
    const uint32_t first = index & ~(FAULT_CLUSTER - 1);
    for (uint32_t i = first; i < first + FAULT_CLUSTER; i++)
        (void)page_cache_read(f, i);
}

KERNEL_FN struct page *filemap_nopage(struct address_space *f, uint32_t index)
{
    ASSERT(index < f->size);
    for (;;) {
        struct page *page = find_get_page(f, index);
        if (page == NULL) {
            read_cluster_nonblocking(f, index);
            page = find_get_page(f, index);
            if (page == NULL && page_cache_read(f, index) != 0)
                return NULL;
            if (page == NULL)
                continue; /* read and reclaimed again before we looked */
        }
        wait_on_page(page);
        if (page->mapping == kptr_of(f) && (page->flags & PG_uptodate)) {
            mark_page_accessed(page);
            return page;
        }
        put_page(page);
    }
}

KERNEL_FN void file_read(struct address_space *f, uint32_t index, uint32_t count)
{
    if (f == NULL)
        return;
    for (const uint32_t end = index + count; index < end && index < f->size; index++) {
        if (__find_page(f, index) == NULL)
            for (uint32_t i = index; i < end && i <= index + READ_AHEAD; i++)
                (void)page_cache_read(f, i);
        struct page *page = find_get_page(f, index);
        if (page == NULL)
            continue; /* gone again, or no memory for one who is to die */
        wait_on_page(page);
        mark_page_accessed(page);
        put_page(page);
    }
}
