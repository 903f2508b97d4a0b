/* slab.c - caches of equal objects on slabs of pages. Sources: docs/sources.md [RHEL3MM 1.5 e, 2].
 *
 *     slab = one or more pages: | struct slab, free list of 16-bit indices | objects ...
 *
 * The pages of a slab know it (list.prev) and its cache (list.next), so kmem_cache_free finds both
 * from the address. Empty slabs stay with their cache until kmem_cache_reap takes half of those of
 * the cache that has most. */
#include "cos/kernel/mm/slab.h"

#include "cos/kernel/arch/cost.h"
#include "cos/kernel/debug/cosinfo_entry.h"
#include "cos/kernel/mm/mm.h"

#define CACHES_MAX 32u
#define CACHES_USUAL 50u /* of a 2.4 kernel, for what a look over them costs */
#define SLAB_END 0xffffu
#define SLAB_OBJECTS_MIN 8u /* below that a slab takes two pages, then four */

struct slab {
    struct list list; /* on full, partial or empty of the cache */
    uint32_t in_use;
    uint16_t free;        /* first free object, SLAB_END = none */
    uint16_t next_free[]; /* per object: the free one after it */
};

COSINFO_SIZE(slab);
COSINFO_OFFSET(slab, list);
COSINFO_OFFSET(slab, in_use);
COSINFO_OFFSET(slab, free);
COSINFO_OFFSET(slab, next_free);

static struct kmem_cache caches[CACHES_MAX];
static uint32_t cache_count;
uint32_t nr_slab_pages, nr_free_slabs;

static uint32_t objects_in(uint32_t bytes, uint32_t size)
{
    uint32_t n = (bytes - (uint32_t)sizeof(struct slab)) / (size + (uint32_t)sizeof(uint16_t));
    while (n > 0 &&
           ((sizeof(struct slab) + n * sizeof(uint16_t) + 7) & ~7ul) + (uint64_t)n * size > bytes)
        n--;
    return n;
}

struct kmem_cache *kmem_cache_create(const char *name, uint32_t size)
{
    ASSERT(cache_count < CACHES_MAX && size > 0);
    struct kmem_cache *c = &caches[cache_count++];
    strcopy(c->name, name, sizeof c->name);
    c->size = (size + 7) & ~7u;
    while (c->order < 2 && objects_in(PAGE_SIZE << c->order, c->size) < SLAB_OBJECTS_MIN)
        c->order++;
    c->per_slab = objects_in(PAGE_SIZE << c->order, c->size);
    ASSERT(c->per_slab > 0 && c->per_slab < SLAB_END);
    c->first = (uint32_t)((sizeof(struct slab) + c->per_slab * sizeof(uint16_t) + 7) & ~7ul);
    list_init(&c->full);
    list_init(&c->partial);
    list_init(&c->empty);
    return c;
}

static void *object_at(const struct kmem_cache *c, struct slab *s, uint32_t i)
{
    return (unsigned char *)s + c->first + i * c->size;
}

static struct slab *kmem_cache_grow(struct kmem_cache *c, uint32_t gfp)
{
    struct page *page = alloc_pages(gfp, c->order);
    if (page == NULL)
        return NULL;
    struct slab *s = page_address(page);
    for (uint32_t i = 0; i < 1u << c->order; i++) {
        page[i].flags |= PG_slab;
        page[i].list.next = kptr_of(c);
        page[i].list.prev = kptr_of(s);
    }
    memset(s, 0,
           PAGE_SIZE
               << c->order); /* what was there before must not shine through into dumps by chance */
    for (uint32_t i = 0; i < c->per_slab; i++)
        s->next_free[i] = (uint16_t)(i + 1 < c->per_slab ? i + 1 : SLAB_END);
    list_add(&s->list, &c->empty);
    nr_slab_pages += 1u << c->order;
    nr_free_slabs++;
    c->slabs++;
    c->empty_slabs++;
    return s;
}

static void move_to(struct slab *s, struct list *list)
{
    list_del(&s->list);
    list_add(&s->list, list);
}

static void *slab_take(struct kmem_cache *c, struct slab *s)
{
    const uint32_t i = s->free;
    ASSERT(i < c->per_slab);
    s->free = s->next_free[i];
    if (s->in_use++ == 0) {
        c->empty_slabs--;
        nr_free_slabs--;
        move_to(s, &c->partial);
    }
    if (s->in_use == c->per_slab)
        move_to(s, &c->full);
    c->active++;
    return object_at(c, s, i);
}

void *kmem_cache_alloc(struct kmem_cache *c, uint32_t gfp)
{
    for (;;) {
        if (!list_empty(&c->partial))
            return slab_take(c, list_entry(c->partial.next, struct slab, list));
        if (!list_empty(&c->empty))
            return slab_take(c, list_entry(c->empty.next, struct slab, list));
        if (kmem_cache_grow(c, gfp) == NULL) /* may have slept: look again from the start */
            return NULL;
    }
}

void kmem_cache_free(struct kmem_cache *c, void *object)
{
    const struct page *page = virt_to_page(object);
    ASSERT((page->flags & PG_slab) && page->list.next == kptr_of(c));
    struct slab *s = PTR(struct slab, page->list.prev);
    const uint32_t offset = (uint32_t)((uintptr_t)object - (uintptr_t)s) - c->first;
    ASSERT(offset % c->size == 0 && offset / c->size < c->per_slab && s->in_use > 0);

    s->next_free[offset / c->size] = s->free;
    s->free = (uint16_t)(offset / c->size);
    c->active--;
    if (s->in_use-- == c->per_slab)
        move_to(s, &c->partial);
    if (s->in_use == 0) {
        move_to(s, &c->empty);
        c->empty_slabs++;
        nr_free_slabs++;
    }
}

static void slab_destroy(struct kmem_cache *c, struct slab *s)
{
    struct page *page = virt_to_page(s);
    ASSERT(s->in_use == 0);
    list_del(&s->list);
    for (uint32_t i = 0; i < 1u << c->order; i++) {
        page[i].flags &= ~PG_slab;
        page[i].list.next = page[i].list.prev = 0;
    }
    c->slabs--;
    c->empty_slabs--;
    nr_free_slabs--;
    nr_slab_pages -= 1u << c->order;
    free_pages(page, c->order);
}

static uint32_t destroy_empty(struct kmem_cache *c, uint32_t count)
{
    const uint32_t pages = count << c->order;
    for (; count > 0; count--)
        slab_destroy(c, list_entry(c->empty.prev, struct slab, list));
    return pages;
}

uint32_t kmem_cache_shrink(struct kmem_cache *c)
{
    return destroy_empty(c, c->empty_slabs);
}

/* The original takes cache_chain_sem here; nobody sleeps while holding it in this model, so it
 * never makes anybody wait. */
KERNEL_FN uint32_t kmem_cache_reap(uint32_t gfp)
{
    struct kmem_cache *best = NULL;
    (void)gfp;
    /* Of about 50 caches, most of which are not ours, each has its lists looked at. */
    cpu_charge(COST_REAP / 4);
    for (uint32_t i = 0; i < CACHES_USUAL; i++)
        cpu_charge(COST_REAP / 2 / CACHES_USUAL);
    cpu_charge(COST_REAP / 4);
    if (nr_free_slabs == 0)
        return 0;
    for (uint32_t i = 0; i < cache_count; i++)
        if (best == NULL || caches[i].empty_slabs << caches[i].order > best->empty_slabs
                                                                           << best->order)
            best = &caches[i];
    ASSERT(best != NULL); /* a free slab is some cache's */
    return destroy_empty(best, (best->empty_slabs + 1) / 2);
}

const struct kmem_cache *kmem_cache_at(uint32_t i)
{
    return i < cache_count ? &caches[i] : NULL;
}
