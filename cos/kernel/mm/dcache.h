/* dcache.h - the caches of names and inodes, as reclaim sees them. */
#ifndef COS_MM_DCACHE_H
#define COS_MM_DCACHE_H

#include "cos/kernel/kernel.h"

/** At boot, once there are slabs. */
void dcache_init(void);
/** Prune unused dentries / (6 + priority), and shrink their slabs at most once a second. @return
 * pages freed */
uint32_t shrink_dcache_memory(uint32_t priority);
/** Free unused inodes / priority. Their slabs are left to kmem_cache_reap(). @return 0 */
uint32_t shrink_icache_memory(uint32_t priority);
/** Would a pass at priority 0 take anything from either cache? */
bool dcache_can_shrink(void);
extern uint32_t nr_unused_dentries, nr_unused_inodes;

#endif /* COS_MM_DCACHE_H */
