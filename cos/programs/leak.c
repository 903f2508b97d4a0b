/* leak.c - a program that forgets to free: FAULT_LEAK.
 *
 * After each round of work the heap of the program grows by what its leaks owe by then. Every
 * new page is filled with copies of one 64-byte record, so `strings core | sort | uniq -c | sort
 * -rn` shows what leaks as the most frequent text. Nothing touches these pages again: memory
 * that is forgotten is cold, and goes to swap. */
#include "cos/kernel/mm/mm.h"
#include "cos/programs/program.h"

#define RECORD_SIZE 64u
/* A program that was stuck catches up with 1 MB a round, not with all at once. OUR CHOICE */
#define LEAK_PAGES_PER_ROUND 256u
#define KB_HOURS_PER_PAGE (4u * 3600u * 1000u) /* kB/h * ms that make a page of 4 kB */

/* What the forgotten records say. OUR CHOICE of words; no text of the products. */
static const struct {
    const char *name, *record;
} records[] = {
    { "VMap", "VMap: rule evaluation result for ftAgent, not released" },
    { "cimserver", "cimserver: instance of an enumeration, not released" },
};

uint64_t program_find_leaks(const char *name)
{
    uint64_t found = 0;
    for (uint32_t i = 0; i < boot_params->fault_count && i < BOOT_FAULTS_MAX; i++) {
        const struct fault *f = &boot_params->fault[i];
        if (f->type == FAULT_LEAK && strcmp(f->target, name) == 0)
            found |= (uint64_t)1 << i;
    }
    return found;
}

/* Pages that one leak has lost since it began. */
static uint64_t pages_owed(const struct fault *f)
{
    if (cos_clock.now_ns <= f->at_ns)
        return 0;
    uint64_t elapsed_ns = cos_clock.now_ns - f->at_ns;
    if (f->for_ns != 0 && elapsed_ns > f->for_ns)
        elapsed_ns = f->for_ns;
    return elapsed_ns / 1000000u * f->rate_kb_h / KB_HOURS_PER_PAGE;
}

static void make_record(const struct program *p, char record[RECORD_SIZE])
{
    for (unsigned i = 0; i < ARRAY_SIZE(records); i++) {
        if (strcmp(records[i].name, p->spec.name) == 0) {
            strcopy(record, records[i].record, RECORD_SIZE);
            return;
        }
    }
    memset(record, 0, RECORD_SIZE);
    (void)snprintf(record, RECORD_SIZE, "%s: record of a request, not released", p->spec.name);
}

static void fill_page(uint32_t address, const char record[RECORD_SIZE])
{
    char *to = user_touch(address, true);
    ASSERT(to != NULL);
    for (uint32_t i = 0; i < PAGE_SIZE; i += RECORD_SIZE)
        memcpy(to + i, record, RECORD_SIZE);
}

void program_leak(struct program *p)
{
    uint64_t owed = 0;
    for (uint64_t left = p->leaks; left != 0; left &= left - 1)
        owed += pages_owed(&boot_params->fault[__builtin_ctzll(left)]);
    if (owed <= p->leaked_pages)
        return;
    uint64_t pages = owed - p->leaked_pages;
    if (pages > LEAK_PAGES_PER_ROUND)
        pages = LEAK_PAGES_PER_ROUND;

    const struct mm_struct *mm = PTR(const struct mm_struct, current->mm);
    const uint32_t start = mm->brk;
    if (do_brk(start + (uint32_t)pages * PAGE_SIZE) != 0)
        return; /* malloc() failed; the next round asks again */

    char record[RECORD_SIZE];
    make_record(p, record);
    for (uint32_t i = 0; i < pages; i++) {
        fill_page(start + i * PAGE_SIZE, record);
        p->leaked_pages++;
        if (need_resched || current->sig_pending != 0)
            return_to_user();
    }
}
