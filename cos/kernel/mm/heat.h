/* heat.h - working sets that cost nothing while they are resident.
 *
 * A process declares which pages it uses and how often, in classes. While it rests (heat_run() to
 * heat_stop()) each page of a class is used at the instants of a Poisson process of its own; while
 * it works, faults or waits for memory nothing of it is used. No use of a page that is present is
 * an event: whether there was one is drawn when somebody looks (page_referenced(), kscand). A page
 * that is not present is an event when it is used: a timer fires at the first such use, and the
 * program faults there for real.
 *
 *     heat of a page = uses that were to be expected of it so far
 *       private page: those of its process's class
 *       file page:    summed over all resting processes whose class covers it
 *     look:   P(used since the last look) = 1 - exp(-(heat now - heat at the last look))
 *     fault:  at the first point of a Poisson process of rate (absent pages / gap), all classes
 *
 * A program rests like this (end: an instant; return_to_user() and signals left out):
 *     for (heat_run(); cos_clock.now_ns < end && current->sig_pending == 0; heat_run())
 *         if (heat_sleep_until(end) && heat_fault_due(&address, &write))
 *             (void)user_account(address, write);
 *     heat_stop();
 *
 * All of this is OUR CHOICE of how to compute uses that a real machine just makes; it lies in
 * scratch memory. No floating point: heat has 24 bits behind the point, probabilities 32. */
#ifndef COS_HEAT_H
#define COS_HEAT_H

#include "cos/kernel/arch/scratch.h"
#include "cos/kernel/mm/mm.h"

struct age_lists;

#define HEAT_CLASSES 16u /* of one process */
/* Of each aligned HEAT_PERIOD pages the first HEAT_RUN belong to a class that is not `every`: a
 * cluster that is read for one page brings HEAT_RUN useful ones. OUR CHOICE. */
#define HEAT_RUN 4u
#define HEAT_PERIOD 8u

struct heat_class {
    uint32_t start, end; /* user addresses, page-aligned, end exclusive; inside one vma, which stays
                            mapped */
    uint64_t gap_ns;     /* mean time between two uses of one page */
    bool write;          /* half of the uses are writes */
    bool every;          /* every page of the range, not runs only */
};

/** Does the page of this address belong to a class with such a range? */
static inline bool heat_in_run(uint32_t address, bool every)
{
    return every || (address >> PAGE_SHIFT) % HEAT_PERIOD < HEAT_RUN;
}
/** After exec, once: the classes of mm's process. Where two overlap, the page belongs to the first.
 * @return false: too many classes, processes or different ranges of files; then it has none */
bool heat_set(struct mm_struct *mm, const struct heat_class *c, uint32_t n);
/** The address space ends (exit_mmap()): what is kept of it goes. */
void heat_release(struct mm_struct *mm);
/** Current rests: its program is free to use its pages from now on. Harmless without classes. */
void heat_run(void);
/** Current is woken, faults or works: nothing of its working set is used until it rests again. To
 * be called before it returns to user mode. */
void heat_stop(void);
/** Sleep once, until at_ns, a signal, or a use of an absent page. @return true when
 * heat_fault_due() has something */
bool heat_sleep_until(uint64_t at_ns);
/** Has current to fault now? If so it rests no longer. @param ret_address the byte address, a
 * multiple of 4. @return true once for each use of an absent page */
bool heat_fault_due(uint32_t *ret_address, bool *ret_write);
/** kscand has gone over these lists once more. */
void heat_round(const struct age_lists *lists);
/** The age of an active page that would be `age` without uses, after all rounds of kscand since the
 * last look: each may have seen it used, which is worth AGE_UP years, and between them all grew
 * older. Takes the look if there was a round. @param referenced the last round saw a reference of
 * another kind */
uint32_t heat_age(struct page *page, uint32_t age, bool referenced);
/** Was the page used since the last look? Takes the look. False for pages that nobody has mapped,
 * and for private ones that several processes have. */
bool heat_touched(struct page *page);
/** The page is looked at for the first time: what was before does not count. */
void heat_seen(const struct page *page);
/** A pte has become present (n = -1) or ceased to be (n = 1). */
void heat_absent(const uint64_t *ptep, int n);
/** May a look at this private page find a use, now or, since its process rests, later? */
bool heat_stirs(const struct page *page);
/** Call `fn` (may be NULL) for each private page for which heat_stirs(). @return how many; more
 * than `max` only means that there are so many */
uint32_t heat_for_each_stirring(void (*fn)(struct page *), uint32_t max);
/** A look at this page will come soon: have the memory system fetch what it needs. */
void heat_prefetch(const struct page *page);
/** Are there classes at all? */
static inline bool heat_any(void)
{
    return *PTR(const uint32_t, SCRATCH_HEAT_VA) != 0;
}
/** ASSERT that counts of absent pages and rates are what the page tables say (mm_check). */
void heat_check(void);

#endif /* COS_HEAT_H */
