/* slab.h - what a cache of objects is, for readers of /proc/slabinfo, and how reclaim takes empty
 * slabs back. */
#ifndef COS_MM_SLAB_H
#define COS_MM_SLAB_H

#include "cos/kernel/kernel.h"

struct kmem_cache {
    char name[20];
    uint32_t size;     /* bytes of one object */
    uint32_t order;    /* pages of a slab = 1 << order */
    uint32_t per_slab; /* objects */
    uint32_t first;    /* offset of object 0 in a slab */
    uint32_t active;   /* objects in use */
    uint32_t slabs, empty_slabs;
    struct list full, partial, empty;
};

/** The i-th cache, oldest first; NULL behind the last. */
const struct kmem_cache *kmem_cache_at(uint32_t i);

/** Free half of the empty slabs of the cache that has most. @return pages freed */
uint32_t kmem_cache_reap(uint32_t gfp);
/** Free all empty slabs of a cache. @return pages freed */
uint32_t kmem_cache_shrink(struct kmem_cache *cache);
extern uint32_t nr_slab_pages; /* of all caches */
extern uint32_t nr_free_slabs; /* empty slabs of all caches */

#endif /* COS_MM_SLAB_H */
