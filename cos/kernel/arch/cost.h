/* cost.h - what things cost in virtual time, in one table.
 *
 * Sources: docs/sources.md [LMBENCH24] (2.4.18 on a P4 2.4 GHz: facts for fault, switch, fork,
 * exec), [SAVVIO] (10k SAS disk); the page step of reclaim is INFERRED there as 0.25-0.5 us (two to
 * four cache misses of 118 ns). All ns unless said otherwise. */
#ifndef COS_COST_H
#define COS_COST_H

#define COST_PAGE_SCAN 400u /* one page step of refill: page, pte, two list neighbours */
#define COST_PAGE_LAUNDER \
    500u /* one page step of launder: as above, and the try for a swap slot \
                                */
/* Of these two, charged where it is spent; what is left falls to the loop over the list. How they
 * are divided is OUR CHOICE. */
#define COST_REFERENCED 200u /* page_referenced(): the page's ptes. Of both */
#define COST_ACTIVATE 200u /* a page that can only go back: to the active list. Of a launder step */
#define COST_KACHUNK 300u  /* 15 list splices */
#define COST_RECLAIM_PASS \
    12000u /* fixed part of a direct pass: dcache, icache, slab reap over ~50 caches */
#define COST_SHRINK 2000u /* of which shrink_dcache_memory() and shrink_icache_memory() each */
#define COST_REAP 7000u   /* and kmem_cache_reap(). How it is divided is OUR CHOICE */
#define COST_SWITCH 3000u /* context switch with cache refill */
#define COST_YIELD 700u   /* null system call's worth */
#define COST_SYSCALL 670u
#define COST_TICK 1500u /* timer interrupt */
#define COST_FAULT_MINOR 2000u
#define COST_FAULT_PROT 1300u
#define COST_ALLOC 300u       /* buddy or per-cpu list */
#define COST_CLEAR_PAGE 2500u /* clear 4 kB */
#define COST_FORK 95000u
#define COST_COPY_PTE 120u /* at a fork: a pte and its page, a cache miss. INFERRED */
#define COST_EXEC 450000u
#define COST_VMNIX_CALL 4000u /* into the VMkernel and back. OUR CHOICE */
#define COST_IO_SUBMIT 8000u
#define COST_IO_DONE 10000u /* completion interrupt */

#define DISK_SEEK_READ 4200000u /* average seek with overhead */
#define DISK_SEEK_WRITE 4600000u
#define DISK_ROTATION 3000000u /* half a turn */
#define DISK_NS_PER_KB 14000u  /* ~70 MB/s */

#endif /* COS_COST_H */
