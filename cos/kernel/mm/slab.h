/* slab.h - what a cache of objects is; for slab.c and for readers of /proc/slabinfo. */
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

#endif /* COS_MM_SLAB_H */
