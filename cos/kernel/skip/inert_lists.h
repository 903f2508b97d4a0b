/* inert_lists.h - the lists of zone Normal while nothing on them can be reclaimed: moved by
 * counting, put in order later.
 *
 * When swap is full and all anonymous pages are inert (page_inert_if_old() of lru.h), reclaim only
 * turns a wheel: pages go from the tail of age 0 to the head of inactive_dirty, from its tail to
 * the head of age 3, and now and then all ages come down by one. Who is moved does not matter to
 * the time it takes, so the wheel can be turned by arithmetic: between inert_enter() and
 * inert_leave() a list is a row of pieces of the lists as they were at the start, and a move of n
 * pages shifts the ends of a few pieces. inert_leave() then links all pages once into the order,
 * with the ages, flags and stamps that n single moves would have left: bit for bit the same (tests
 * compare both).
 *
 * The counts in struct zone are right all the time; the links, flags, ages and stamps of pages only
 * outside of enter/leave. Whoever is about to touch a page of these lists, or to show the RAM to
 * the VMkernel, calls inert_settle() first (lru.c, time.c).
 *
 * A page that is touched meanwhile is "special": it is young, and reclaim will do something else
 * with it when it comes to it. Its place is known by a bit over the places of the start, so a move
 * stops before it, and it is dealt with by itself.
 *
 * The pieces lie in scratch memory of the simulator, outside of the COS RAM: a dump must not show
 * how it was computed. */
#ifndef COS_INERT_LISTS_H
#define COS_INERT_LISTS_H

#include "cos/kernel/mm/v24/zone.h"
#include "cos/kernel/skip/settle.h"

/** At boot: from now on the lists are in order whenever the VMkernel looks. */
void inert_init(void);
/** True while the lists of `zone` are turned by counting. */
bool inert_counts(const struct zone *zone);
/** May the wheel be turned by counting? All anonymous pages inert but for some young ones, no free
 * slot, nothing in laundry or clean, the file cache too small to be taken from. O(1). */
bool inert_possible(const struct zone *zone);
/** @return false when a page turns out not to be inert or young; then nothing has changed. */
bool inert_enter(struct zone *zone);
/** Pages that are young at the moment, between enter and leave. */
static inline __attribute__((always_inline)) uint32_t inert_specials(void)
{
    return *PTR(const volatile uint32_t,
                SCRATCH_VA + 4); /* no call: it would leave a trace on the stack */
}
/** refill_list() on active_anon: the same effect and cost as page by page. @return pages
 * deactivated */
uint32_t inert_refill(uint32_t goal);
/** rebalance_dirty_zone(): every page of the dirty list goes back to active, age 3. @return 0, no
 * page was washed */
uint32_t inert_launder(void);

#endif /* COS_INERT_LISTS_H */
