/* segments.c - shared memory that outlives those who made it: a leak with FAULT_FLAG_SHARED.
 *
 * A daemon starts a child for each piece of work, as a web server does. The child makes a segment
 * of shared memory for its result, and ends without removing it. So nobody grows: the daemon keeps
 * its size, its children live for a moment, and what they leave belongs to no process. */
#include "cos/kernel/mm/mm.h"
#include "cos/kernel/sched/process.h"
#include "cos/programs/faults.h"

#define SEGMENT_START 0xb8000000u
#define SEGMENT_PAGES_MIN 128u /* a child is started for so much. OUR CHOICE */
#define SEGMENT_PAGES_MAX 1024u
#define CHILD_DATA_KB 400u

/* shmget and shmat. */
static KERNEL_SIDE int sys_ipc(const char *name, uint32_t pages)
{
    struct address_space *segment = shmem_segment(name, pages);
    if (segment == NULL)
        return -ENOMEM;
    return shmem_attach(PTR(struct mm_struct, current->mm), SEGMENT_START, segment);
}

/* The child. number[0]: pages of its segment. */
int prog_request(struct program *p)
{
    static uint32_t made;
    char name[16], record[RECORD_SIZE] = { 0 };
    program_touch(p, p->spec.touch_pages);
    (void)snprintf(name, sizeof name, "SYSV%08x", ++made);
    (void)snprintf(record, sizeof record, "%s: shared result of request, not removed",
                   p->spec.name);
    if (sys(sys_ipc, name, (uint32_t)p->number[0]) != 0)
        return 1;
    for (uint32_t i = 0; i < p->number[0]; i++) {
        program_fill_page(SEGMENT_START + i * PAGE_SIZE, record);
        program_give_way(p);
    }
    return 0;
}

/* @return whether it could be forked */
static bool start_child(const struct program *p, uint64_t pages)
{
    struct boot_program spec = p->spec;
    strcopy(spec.behaviour, "request", sizeof spec.behaviour);
    spec.pid = 0;
    spec.data_kb = CHILD_DATA_KB;
    return program_spawn(&(struct child){ .spec = &spec, .number = pages }) > 0;
}

void program_share(struct program *p)
{
    while (current->wait_children > 0 && sys(reap_child) > 0)
        ;
    const uint64_t owed = leak_pages_owed(p->shared);
    if (owed < p->shared_pages + SEGMENT_PAGES_MIN)
        return;
    uint64_t pages = owed - p->shared_pages;
    if (pages > SEGMENT_PAGES_MAX)
        pages = SEGMENT_PAGES_MAX;
    if (start_child(p, pages))
        p->shared_pages += (uint32_t)pages;
}
