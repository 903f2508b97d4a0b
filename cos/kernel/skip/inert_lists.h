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
 * stops before it, and it is dealt with by itself. So is a page of a working set (heat.h) that a
 * look may find used: its process rests, or has rested since the last look. When a process begins
 * to rest the lists are put in order, and with too many such pages nothing is counted.
 *
 * The contract of costs. A pass over inert memory takes so much CPU, in ns, whether pages are moved
 * one by one (vmscan.c) or counted (test_mm_inert compares). d = pages on inactive_dirty:
 *
 *     step          costs                              done when, and until
 *     ------------  ---------------------------------  -----------------------------------------
 *     refill(n)     COST_PAGE_SCAN for each page,      until n pages were moved, or as many
 *                   COST_KACHUNK each time that age    steps were taken as active_anon has pages
 *                   list 0 was found empty
 *     launder       d * COST_PAGE_LAUNDER              d*30/100 > 0 or free < high; all of the
 *                                                      list, since no success ends the loop
 *     caches        COST_RECLAIM_PASS
 *
 *     direct pass   refill(256)                        dirty + free < 25 % of the zone's pages
 *                   launder
 *                   caches                             always; out_of_memory() if free < min
 *
 *     kswapd round  launder
 *                   refill(max(w, 256))                dirty + free < 20 %; w = max(free_low, 64)
 *                   caches                             a zone is below low
 *                   once a second: refill(64),         inactive_low > 0
 *                   launder
 *
 * The pieces lie in scratch memory of the simulator, outside of the COS RAM: a dump must not show
 * how it was computed. */
#ifndef COS_INERT_LISTS_H
#define COS_INERT_LISTS_H

#include "cos/kernel/mm/v24/zone.h"
#include "cos/kernel/skip/settle.h"

/** May the wheel be turned by counting? All anonymous pages inert but for some young ones, no free
 * slot, nothing in laundry or clean, the file cache too small to be taken from. O(1). */
bool inert_possible(const struct zone *zone);
/** @return false when a page turns out not to be inert or young; then nothing has changed. */
bool inert_enter(struct zone *zone);
#endif /* COS_INERT_LISTS_H */
