/* buffer.c - see buffer.h. Sources: docs/sources.md [RHEL3MM 1.5, 1.9].
 *
 * A page that was read or written has a buffer head, from the slab cache of that name, until
 * reclaim takes it away or the page goes. */
#include "cos/kernel/fs/buffer.h"

#include "cos/kernel/debug/cosinfo_entry.h"
#include "cos/kernel/drivers/block.h"
#include "cos/kernel/drivers/vmnix.h"
#include "cos/kernel/fs/jbd.h"
#include "cos/kernel/mm/v24/lru.h"
#include "cos/kernel/mm/slab.h"

#define ROOT_DEVICE "/dev/sda2" /* OUR CHOICE */

COSINFO_SIZE(buffer_head);
COSINFO_OFFSET(buffer_head, list);
COSINFO_OFFSET(buffer_head, page);
COSINFO_OFFSET(buffer_head, transaction);
COSINFO_OFFSET(buffer_head, is_data);
COSINFO_OFFSET(buffer_head, blocknr);

static struct kmem_cache *bh_cachep;
static struct address_space *device;

void buffer_init(uint32_t device_pages)
{
    bh_cachep = kmem_cache_create("buffer_head", sizeof(struct buffer_head));
    device = file_mapping(ROOT_DEVICE, device_pages);
    ASSERT(device != NULL);
    device->is_device = 1;
}

uint32_t buffer_sector(uint32_t block)
{
    return device->sector + block;
}

struct buffer_head *create_empty_buffers(struct page *page)
{
    if (page->buffers != 0)
        return page_buffers(page);
    struct buffer_head *bh = kmem_cache_alloc(bh_cachep, GFP_NOFS_REPEAT);
    if (bh == NULL || page->buffers != 0) { /* somebody else was faster while we waited */
        if (bh != NULL)
            kmem_cache_free(bh_cachep, bh);
        return page_buffers(page);
    }
    memset(bh, 0, sizeof *bh);
    bh->page = kptr_of(page);
    bh->blocknr = page->index;
    page->buffers = kptr_of(bh);
    return bh;
}

bool try_to_release_page(struct page *page)
{
    struct buffer_head *bh = page_buffers(page);
    if (bh == NULL)
        return true;
    if (bh->count > 0 || (page->flags & (PG_locked | PG_dirty)) || !journal_try_to_free_buffer(bh))
        return false;
    page->buffers = 0;
    kmem_cache_free(bh_cachep, bh);
    return true;
}

/* ---- blocks of the partition ----------------------------------------------------------------- */
/* A page for a block that is not in memory, locked and in the page cache, with a reference for the
 * caller. @return NULL: no memory, or somebody else was faster */
static KERNEL_FN struct page *grow_buffers(uint32_t block)
{
    struct page *page = __alloc_pages(GFP_NOFS_REPEAT, 0);
    if (page == NULL)
        return NULL;
    if (__find_page(device, block) != NULL) {
        put_page(page);
        return NULL;
    }
    (void)try_lock_page(page);
    add_to_page_cache(page, device, block);
    lru_cache_add(page);
    return page;
}

/* The page of a block, in use from now on; NULL without memory for its buffer head. */
static struct buffer_head *use_block(struct page *page)
{
    mark_page_accessed(page);
    struct buffer_head *bh = create_empty_buffers(page);
    if (bh != NULL)
        bh->count++;
    else
        put_page(page);
    return bh;
}

/* A new page gets its bytes by `fill`, which unlocks it at once or at the end of a read. */
static struct buffer_head *find_or_make(uint32_t block, void (*fill)(struct page *page))
{
    struct page *page;
    while ((page = find_get_page(device, block)) == NULL) {
        page = grow_buffers(block);
        if (page == NULL && __find_page(device, block) == NULL)
            return NULL;
        if (page == NULL)
            continue;
        fill(page);
        break;
    }
    wait_on_page(page);
    return use_block(page);
}

static void fill_with_zeros(struct page *page)
{
    clear_page(page);
    page->flags &= ~PG_zero;
    end_page_io(page);
}

static void fill_from_disk(struct page *page)
{
    submit_page(page, false, VMNIX_ROOT, buffer_sector(page->index), end_file_io);
}

struct buffer_head *getblk(uint32_t block)
{
    return find_or_make(block, fill_with_zeros);
}

KERNEL_FN struct buffer_head *bread(uint32_t block)
{
    return find_or_make(block, fill_from_disk);
}

void brelse(struct buffer_head *bh)
{
    ASSERT(bh->count > 0);
    bh->count--;
    put_page(PTR(struct page, bh->page));
}
