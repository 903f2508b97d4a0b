/* block.h - the COS's one disk (partitions swap and root): one queue with elevator merging, service
 * times of cost.h. */
#ifndef COS_BLOCK_H
#define COS_BLOCK_H

#include "cos/kernel/mm/page.h"

/** Before the first request; the queue is as long as the RAM is large. */
void block_init(uint32_t mem_total_mb);
/** Start reading or writing a locked page that a file or swap slot has, at position `sector` (in
 * pages) of the disk; `slot`: the partition, VMNIX_SWAP or VMNIX_ROOT. When the disk has done it,
 * end_io moves the bytes and unlocks the page, in interrupt context. Never sleeps except for a full
 * queue. */
void submit_page(struct page *page, bool write, uint32_t slot, uint32_t sector,
                 void (*end_io)(struct page *page, bool write));
/** Let the disk start on what is queued (tq_disk). */
void run_disk_queue(void);
/** Write `count` neighbouring blocks of the root partition at position `sector` whose bytes nobody
 * looks at again (the journal's), and wait for that in state D. */
void write_blocks(uint32_t sector, uint32_t count);

#endif /* COS_BLOCK_H */
