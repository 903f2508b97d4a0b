/* segments.c - shared memory that outlives those who made it: a leak with FAULT_FLAG_SHARED.
 *
 * A daemon starts a child for each piece of work, as a web server does. The child makes a segment
 * of shared memory for its result, and ends without removing it. So nobody grows: the daemon keeps
 * its size, its children live for a moment, and what they leave belongs to no process.
 *
 * The kernel's table of segments is an address space of its own, in which each segment is one
 * mapping that no task has: its pages age, go to swap and come back like others, and count in
 * nobody's size. */
#include "cos/kernel/arch/cost.h"
#include "cos/kernel/mm/pagetable.h"
#include "cos/kernel/sched/process.h"
#include "cos/programs/faults.h"
#include "shared/units.h"

#define SEGMENTS_START 0x08000000u
#define SEGMENTS_END 0xbff00000u
#define SEGMENT_PAGES_MIN 128u /* a child is started for so much. OUR CHOICE */
#define SEGMENT_PAGES_MAX 1024u
#define RECORD_SIZE 64u
#define CHILD_DATA_KB 400u

static kptr table;                          /* struct mm_struct */
static uint32_t next_free = SEGMENTS_START; /* address of the next segment */

/* shmget(IPC_CREAT). @return its address in the table, 0 when there is no room */
static uint32_t make_segment(uint32_t pages)
{
    if (table == 0)
        table = kptr_of(mm_create(NULL));
    const uint32_t at = next_free;
    if (at + pages * PAGE_SIZE > SEGMENTS_END ||
        do_mmap(PTR(struct mm_struct, table), at, pages * PAGE_SIZE, VM_READ | VM_WRITE, NULL, 0) !=
            0)
        return 0;
    next_free += pages * PAGE_SIZE;
    return at;
}

/* Write one page of a segment, as the child that has it attached does: fault it in, again if
 * reclaim was faster, and fill it. */
static bool fill_page(const struct program *p, uint32_t address)
{
    struct mm_struct *mm = PTR(struct mm_struct, table);
    char record[RECORD_SIZE];
    uint64_t *pte;
    do {
        cpu_charge(COST_FAULT_MINOR);
        if (handle_mm_fault(mm, find_vma(mm, address), address, true) < 0)
            return false;
        pte = pte_lookup(mm, address);
    } while (pte == NULL || !(*pte & PTE_PRESENT));
    memset(record, 0, sizeof record);
    (void)snprintf(record, sizeof record, "%s: shared result of request, not removed",
                   p->spec.name);
    struct page *page = pte_page(*pte);
    page->flags &= ~PG_zero;
    for (uint32_t i = 0; i < PAGE_SIZE; i += RECORD_SIZE)
        memcpy((char *)page_address(page) + i, record, RECORD_SIZE);
    return true;
}

/* The child. number[0]: pages of its segment. */
int prog_request(struct program *p)
{
    program_touch(p, p->spec.touch_pages);
    const uint32_t pages = (uint32_t)p->number[0];
    const uint32_t at = make_segment(pages);
    for (uint32_t i = 0; at != 0 && i < pages; i++) {
        if (!fill_page(p, at + i * PAGE_SIZE))
            return 1;
        program_give_way(p);
    }
    return 0;
}

/* @return whether it could be forked */
static bool start_child(struct program *p, uint32_t pages)
{
    struct boot_program spec = p->spec;
    strcopy(spec.behaviour, "request", sizeof spec.behaviour);
    spec.pid = 0;
    spec.data_kb = CHILD_DATA_KB;
    const int pid = spawn_child(&spec, NULL, 0);
    if (pid < 0)
        return false;
    PTR(struct program, find_task_by_pid((uint32_t)pid)->program)->number[0] = pages;
    return true;
}

void program_share(struct program *p)
{
    uint64_t owed = 0;
    while (current->wait_children > 0 && reap_child() > 0)
        ;
    for (uint64_t left = p->shared; left != 0; left &= left - 1) {
        const uint32_t i = (uint32_t)__builtin_ctzll(left);
        owed += fault_on_ns(i) / NS_PER_MS * fault_at(i)->rate_kb_h / (4u * 3600u * 1000u);
    }
    if (owed < p->shared_pages + SEGMENT_PAGES_MIN)
        return;
    uint64_t pages = owed - p->shared_pages;
    if (pages > SEGMENT_PAGES_MAX)
        pages = SEGMENT_PAGES_MAX;
    if (start_child(p, (uint32_t)pages))
        p->shared_pages += (uint32_t)pages;
}
