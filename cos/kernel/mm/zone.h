/* zone.h - watermarks of a zone as a function, and the door through which boot hands pages to the
 * buddy allocator. */
#ifndef COS_MM_ZONE_H
#define COS_MM_ZONE_H

#include <stdbool.h>
#include <stdint.h>

struct page;

struct zone_marks { /* pages */
    uint32_t min, low, high, plenty;
};
/** The marks of a zone of `zone_pages` on a machine of `total_pages` (both before reservations),
 * for a PAE kernel without HighMem. [RHEL3MM 1.2] */
struct zone_marks zone_watermarks(uint32_t zone_pages, uint32_t total_pages, bool is_dma);

/** Give a block that was never free to its zone. */
void free_pages_boot(struct page *page, uint32_t order);

#endif /* COS_MM_ZONE_H */
