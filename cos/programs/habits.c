/* habits.c - working sets: which pages a program uses while it rests between its works, and the
 * rest itself.
 *
 * A scenario says how much of text, libraries and data is hot, warm and cold. Where these parts lie
 * is OUR CHOICE: hot from the start on, warm behind it, of each library a share by its size, so
 * that programs share the pages of what they share. Only runs of pages belong to a part (heat.h),
 * so its range is as much longer. A program with such parts does not touch pages in its rounds. */
#include "cos/programs/habits.h"

#include "cos/kernel/errno.h"
#include "cos/kernel/mm/heat.h"
#include "cos/kernel/mm/pagetable.h"
#include "cos/kernel/sched/v24/sched.h"
#include "shared/units.h"

#define KB_PER_PAGE (PAGE_SIZE / 1024)
#define LIBS_WITH_CLASSES 4u /* the largest libraries of a program bear its hot and warm parts */
#define BOOK_NS NS_PER_HOUR  /* a program that only rests books its CPU so often */

struct classes {
    struct heat_class at[HEAT_CLASSES];
    uint32_t count;
};

bool program_rests(const struct program *p)
{
    return p->spec.hot_ns != 0 || p->spec.warm_ns != 0 || p->spec.cold_ns != 0;
}

static uint32_t vma_pages(const struct vm_area_struct *vma)
{
    return (vma->end - vma->start) / PAGE_SIZE;
}

/* Pages that a range must have for kb of it to be used. */
static uint32_t range_pages(uint32_t kb)
{
    return (kb / KB_PER_PAGE + HEAT_RUN - 1) / HEAT_RUN * HEAT_PERIOD;
}

/* `pages` pages from *at on, as far as they lie before `end`; *at is behind them then. */
static void add(struct classes *c, uint32_t *at, uint32_t end, uint32_t pages, uint64_t gap_ns,
                bool write, bool every)
{
    const uint32_t room = (end - *at) / PAGE_SIZE;
    if (pages > room)
        pages = room;
    if (pages == 0 || gap_ns == 0 || c->count == HEAT_CLASSES)
        return;
    c->at[c->count++] = (struct heat_class){ .start = *at,
                                             .end = *at + pages * PAGE_SIZE,
                                             .gap_ns = gap_ns,
                                             .write = write,
                                             .every = every };
    *at += pages * PAGE_SIZE;
}

/* The mappings of the n largest libraries. @return how many there are */
static KERNEL_SIDE uint32_t largest_libraries(const struct program *p, const struct mm_struct *mm,
                                              const struct vm_area_struct *ret[LIBS_WITH_CLASSES])
{
    uint32_t n = 0;
    const uint32_t end = p->lib_start + p->lib_pages * PAGE_SIZE;
    for (uint32_t at = p->lib_start; at < end;) {
        const struct vm_area_struct *vma = find_vma(mm, at);
        uint32_t place = n;
        while (place > 0 && vma_pages(vma) > vma_pages(ret[place - 1]))
            place--;
        n += n < LIBS_WITH_CLASSES;
        for (uint32_t i = n - 1; i > place; i--)
            ret[i] = ret[i - 1];
        if (place < LIBS_WITH_CLASSES)
            ret[place] = vma;
        at = vma->end;
    }
    return n;
}

static void add_libraries(const struct program *p, const struct mm_struct *mm, struct classes *c)
{
    const struct boot_program *s = &p->spec;
    const struct vm_area_struct *lib[LIBS_WITH_CLASSES];
    const uint32_t n = largest_libraries(p, mm, lib);
    uint64_t all = 0;
    for (uint32_t i = 0; i < n; i++)
        all += vma_pages(lib[i]);
    for (uint32_t i = 0; i < n; i++) {
        const uint64_t own = vma_pages(lib[i]);
        uint32_t at = lib[i]->start;
        add(c, &at, lib[i]->end, range_pages((uint32_t)(s->hot_lib_kb * own / all)), s->hot_ns,
            false, false);
        add(c, &at, lib[i]->end, range_pages((uint32_t)(s->warm_lib_kb * own / all)), s->warm_ns,
            false, false);
    }
}

static void add_part(const struct boot_program *s, struct classes *c, uint32_t start,
                     uint32_t pages, uint32_t hot_kb, uint32_t warm_kb, bool data)
{
    uint32_t at = start;
    const uint32_t end = start + pages * PAGE_SIZE;
    add(c, &at, end, range_pages(hot_kb), s->hot_ns, data, false);
    add(c, &at, end, range_pages(warm_kb), s->warm_ns, data, false);
    at = start;
    add(c, &at, end, pages, s->cold_ns, data, true); /* what is in no run of those above */
}

KERNEL_SIDE void program_set_habits(struct program *p)
{
    static struct classes c; /* stacks are small; nobody else runs meanwhile */
    struct mm_struct *mm = PTR(struct mm_struct, current->mm);
    const struct boot_program *s = &p->spec;
    if (!program_rests(p))
        return;
    c = (struct classes){ .count = 0 };
    add_part(s, &c, p->heap_start, p->data_pages, s->hot_data_kb, s->warm_data_kb, true);
    add_part(s, &c, p->text_start, p->text_pages, s->hot_text_kb, s->warm_text_kb, false);
    if (s->stack_kb >= 2 * KB_PER_PAGE && s->hot_ns != 0 && c.count < HEAT_CLASSES)
        c.at[c.count++] = (struct heat_class){ .start = mm->stack_top - 2 * PAGE_SIZE,
                                               .end = mm->stack_top,
                                               .gap_ns = s->hot_ns,
                                               .write = true,
                                               .every = true };
    add_libraries(p, mm, &c);
    ASSERT(heat_set(mm, c.at, c.count)); /* it has room for BOOT_PROGRAMS_MAX of this size */
    c = (struct classes){ .count = 0 };
}

/* It has rested for so long: the rounds of work that would have begun meanwhile, nobody had to
 * see. */
static void book_cpu(struct program *p, uint64_t rested_ns)
{
    if (!program_rounds_are_booked(p))
        return;
    p->unbooked_ns += rested_ns;
    current->utime_ns += p->unbooked_ns / p->spec.period_ns * p->spec.cpu_ns;
    p->unbooked_ns %= p->spec.period_ns;
}

/* What it rests in, until an instant at most. @return 1: it has to use a byte that is absent; 0;
 * -EINTR: a signal came */
static KERNEL_SIDE int old_select(uint64_t until_ns, uint32_t *ret_address, bool *ret_write)
{
    if (heat_fault_due(ret_address, ret_write))
        return 1;
    if (current->sig_pending != 0)
        return -EINTR;
    heat_run();
    if (heat_sleep_until(until_ns) && heat_fault_due(ret_address, ret_write))
        return 1;
    return current->sig_pending != 0 ? -EINTR : 0;
}

bool program_rest(struct program *p, uint64_t until_ns)
{
    int got = 0;
    while (got >= 0 && cos_clock.now_ns < until_ns) {
        const uint64_t start_ns = cos_clock.now_ns, book_ns = start_ns + BOOK_NS;
        uint32_t address;
        bool write;
        got = sys(old_select, until_ns < book_ns ? until_ns : book_ns, &address, &write);
        book_cpu(p, cos_clock.now_ns - start_ns);
        if (got > 0)
            ASSERT(user_account(address, write));
    }
    sys(heat_stop);
    return got >= 0;
}
