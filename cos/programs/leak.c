/* leak.c - a program that forgets to free: FAULT_LEAK.
 *
 * After each round of work the heap of the program grows by what its leaks owe by then. Every
 * new page is filled with copies of one 64-byte record, so `strings core | sort | uniq -c | sort
 * -rn` shows what leaks as the most frequent text. Nothing touches these pages again: memory
 * that is forgotten is cold, and goes to swap. */
#include "cos/kernel/mm/mm.h"
#include "cos/programs/faults.h"
#include "shared/units.h"

/* A program that was stuck catches up with 1 MB a round, not with all at once. OUR CHOICE */
#define LEAK_PAGES_PER_ROUND 256u
#define QUERIES_PER_HOUR 60u /* at which the rate of a leak per query is meant */
#define ARENA_START 0x50000000u
#define ARENA_END 0x70000000u
#define KB_HOURS_PER_PAGE (4u * 3600u * 1000u) /* kB/h * ms that make a page of 4 kB */

/* What the forgotten records say. OUR CHOICE of words; no text of the products. */
static const struct {
    const char *name, *record;
} records[] = {
    { "VMap", "VMap: rule evaluation result for ftAgent, not released" },
    { "cimserver", "cimserver: instance of an enumeration, not released" },
};

uint64_t leak_pages_owed(uint64_t leaks)
{
    uint64_t owed = 0;
    for (; leaks != 0; leaks &= leaks - 1) {
        const uint32_t i = (uint32_t)__builtin_ctzll(leaks);
        owed += fault_on_ns(i) / NS_PER_MS * fault_at(i)->rate_kb_h / KB_HOURS_PER_PAGE;
    }
    return owed;
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

void program_fill_page(uint32_t address, const char record[RECORD_SIZE])
{
    const uint32_t first = program_byte(address);
    char *to = user_touch(first, true);
    ASSERT(to != NULL);
    to -= first - address;
    for (uint32_t i = 0; i < PAGE_SIZE; i += RECORD_SIZE)
        memcpy(to + i, record, RECORD_SIZE);
}

/* Room for `pages` more: the heap, and when that has met the libraries, arenas elsewhere, as
 * malloc() does it. @return its address, 0 = there is none */
static uint32_t take_room(struct program *p, uint32_t pages)
{
    const uint32_t heap = PTR(const struct mm_struct, current->mm)->brk;
    const uint32_t arena = ARENA_START + p->mapped_pages * PAGE_SIZE;
    if (p->mapped_pages == 0 && sys(sys_brk, heap + pages * PAGE_SIZE) == 0)
        return heap;
    if (p->mapped_pages % LEAK_PAGES_PER_ROUND == 0 &&
        (arena >= ARENA_END || sys(old_mmap, arena, LEAK_PAGES_PER_ROUND * PAGE_SIZE) != 0))
        return 0;
    return arena;
}

uint64_t program_leak_owed(const struct program *p)
{
    if (p->per_query)
        return p->queries_kb / (QUERIES_PER_HOUR * (PAGE_SIZE / 1024));
    return leak_pages_owed(p->leaks);
}

void program_leak(struct program *p)
{
    const uint64_t owed = program_leak_owed(p) - (p->per_query ? 0 : p->leaks_before);
    if (owed <= p->leaked_pages)
        return;
    uint64_t pages = owed - p->leaked_pages;
    const uint32_t room = LEAK_PAGES_PER_ROUND - p->mapped_pages % LEAK_PAGES_PER_ROUND;
    if (pages > room)
        pages = room;

    const uint32_t start = take_room(p, (uint32_t)pages);
    if (start == 0)
        return; /* malloc() failed; the next round asks again */

    char record[RECORD_SIZE];
    make_record(p, record);
    for (uint32_t i = 0; i < pages; i++) {
        program_fill_page(start + i * PAGE_SIZE, record);
        p->leaked_pages++;
        p->mapped_pages += start >= ARENA_START;
        program_give_way(p);
    }
}
