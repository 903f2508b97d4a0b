/* dcache.c - names and inodes of files, as memory: what a program that walks the file system
 * (updatedb) leaves in RAM. Sources: docs/sources.md [RHEL3MM 1.5 c].
 *
 * A dentry that nobody holds is "unused" and stays, oldest last, until memory is short; when it
 * goes, its inode becomes unused in turn. */
#include "cos/kernel/mm/dcache.h"

#include "cos/kernel/arch/cost.h"
#include "cos/kernel/debug/cosinfo_entry.h"
#include "cos/kernel/fs/ext3.h"
#include "cos/kernel/mm/mm.h"
#include "cos/kernel/mm/slab.h"

#define DENTRY_BYTES 128u
#define INODE_BYTES 512u
#define HASH_ENTRY_PAGES 4u /* of RAM per bucket: 65536 buckets on 800 MB */
#define DCACHE_SHARE 6u     /* a pass prunes unused / (6 + priority) */

struct inode {
    struct list unused;
    uint32_t number;
    uint8_t rest[INODE_BYTES - 12];
};
struct dentry {
    struct list unused; /* newest first */
    kptr next_hash;
    kptr inode;
    uint32_t number;
    uint8_t rest[DENTRY_BYTES - 20];
};
_Static_assert(sizeof(struct inode) == INODE_BYTES && sizeof(struct dentry) == DENTRY_BYTES,
               "sizes of the release");

COSINFO_SIZE(dentry);
COSINFO_OFFSET(dentry, unused);
COSINFO_OFFSET(dentry, next_hash);
COSINFO_OFFSET(dentry, inode);
COSINFO_OFFSET(dentry, number);
COSINFO_SIZE(inode);
COSINFO_OFFSET(inode, unused);
COSINFO_OFFSET(inode, number);

uint32_t nr_unused_dentries, nr_unused_inodes;
static struct kmem_cache *dentry_cache, *inode_cache;
static kptr hash; /* kptr[1 << hash_bits] */
static uint32_t hash_bits;
static struct list unused_dentries, unused_inodes;
static uint32_t shrunk_at; /* jiffies of the last shrink of the slabs */

void dcache_init(void)
{
    dentry_cache = kmem_cache_create("dentry_cache", DENTRY_BYTES);
    inode_cache = kmem_cache_create("inode_cache", INODE_BYTES);
    list_init(&unused_dentries);
    list_init(&unused_inodes);
    while ((HASH_ENTRY_PAGES << hash_bits) < max_mapnr)
        hash_bits++;
    uint32_t order = 0;
    while ((PAGE_SIZE << order) < sizeof(kptr) << hash_bits)
        order++;
    hash = get_free_pages(GFP_KERNEL, order);
    ASSERT(hash != 0);
    memset(PTR(void, hash), 0, PAGE_SIZE << order);
}

static kptr *bucket(uint32_t number)
{
    return PTR(kptr, hash) + ((number * 2654435761u) >> (32 - hash_bits));
}

static struct dentry *find(uint32_t number)
{
    for (kptr k = *bucket(number); k != 0; k = PTR(struct dentry, k)->next_hash)
        if (PTR(struct dentry, k)->number == number)
            return PTR(struct dentry, k);
    return NULL;
}

void dcache_lookup(uint32_t file_no)
{
    struct dentry *d = find(file_no);
    if (d != NULL) {
        list_del(&d->unused);
        list_add(&d->unused, &unused_dentries);
        return;
    }
    (void)ext3_read_inode(file_no);
    struct inode *inode = kmem_cache_alloc(inode_cache, GFP_KERNEL);
    d = kmem_cache_alloc(dentry_cache, GFP_KERNEL);
    if (inode == NULL || d == NULL ||
        find(file_no) != NULL) { /* somebody else was faster while we waited */
        if (inode != NULL)
            kmem_cache_free(inode_cache, inode);
        if (d != NULL)
            kmem_cache_free(dentry_cache, d);
        return;
    }
    memset(inode, 0, sizeof *inode);
    memset(d, 0, sizeof *d);
    inode->number = d->number = file_no;
    d->inode = kptr_of(inode);
    d->next_hash = *bucket(file_no);
    *bucket(file_no) = kptr_of(d);
    list_add(&d->unused, &unused_dentries);
    nr_unused_dentries++;
}

static void prune_one_dentry(struct dentry *d)
{
    kptr *link = bucket(d->number);
    while (*link != kptr_of(d))
        link = &PTR(struct dentry, *link)->next_hash;
    *link = d->next_hash;
    list_del(&d->unused);
    nr_unused_dentries--;
    list_add(&PTR(struct inode, d->inode)->unused, &unused_inodes);
    nr_unused_inodes++;
    kmem_cache_free(dentry_cache, d);
}

bool dcache_can_shrink(void)
{
    return nr_unused_dentries >= DCACHE_SHARE || nr_unused_inodes > 0;
}

KERNEL_FN uint32_t shrink_dcache_memory(uint32_t priority)
{
    cpu_charge(COST_SHRINK);
    uint32_t count = nr_unused_dentries / (DCACHE_SHARE + priority);
    if (count == 0)
        return 0;
    for (; count > 0; count--) {
        cpu_charge(COST_PAGE_SCAN);
        prune_one_dentry(list_entry(unused_dentries.prev, struct dentry, unused));
    }
    if (jiffies_now() - shrunk_at < HZ)
        return 0;
    shrunk_at = jiffies_now();
    return kmem_cache_shrink(dentry_cache);
}

/* priority 1: all unused inodes. Their slabs are left to kmem_cache_reap. */
KERNEL_FN uint32_t shrink_icache_memory(uint32_t priority)
{
    cpu_charge(COST_SHRINK);
    for (uint32_t count = nr_unused_inodes / priority; count > 0; count--) {
        struct inode *inode = list_entry(unused_inodes.prev, struct inode, unused);
        cpu_charge(COST_PAGE_SCAN);
        list_del(&inode->unused);
        nr_unused_inodes--;
        kmem_cache_free(inode_cache, inode);
    }
    return 0;
}
