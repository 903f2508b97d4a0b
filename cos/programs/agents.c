/* agents.c - the agents of VirtualCenter and of HA: vpxa, VMap.
 *
 * vpxa beats: once a period it tells VirtualCenter what has changed. That it has from hostd, so the
 * more requests hostd served in its last round, the more of vpxa's own inventory it goes through.
 *
 * VMap is aam's interpreter of rules: once a period it goes on through its rule set where it
 * stopped, a few pages of rules a time, and acts on none while its host lives. How many is OUR
 * CHOICE, as is what a beat costs. */
#include "cos/kernel/mm/mm.h"
#include "cos/kernel/sched/process.h"
#include "cos/programs/program.h"

#define HOSTD "vmware-hostd"
#define REQUESTS_PER_CHANGE 16u /* pages of requests that make one changed page of inventory */
#define RULE_PAGES 4u

/* Pages of inventory that changed since the last beat; without hostd there is nobody to ask. */
static KERNEL_SIDE uint32_t changed_pages(void)
{
    const struct task_struct *hostd = find_task_by_name(HOSTD);
    if (hostd == NULL || hostd->program == 0)
        return 0;
    return PTR(const struct program, hostd->program)->scratch_pages / REQUESTS_PER_CHANGE;
}

int prog_vpxa(struct program *p)
{
    program_first_sleep(p);
    for (;;) {
        program_round(p);
        program_touch(p, sys(changed_pages));
        program_sleep(p);
    }
}

/* number[0]: the next page of rules. */
static void evaluate_rules(struct program *p)
{
    for (uint32_t i = 0; i < RULE_PAGES && p->data_pages > 0; i++) {
        const uint32_t page = (uint32_t)(p->number[0]++ % p->data_pages);
        if (!user_account(program_byte(p->heap_start + page * PAGE_SIZE), false))
            return; /* no memory: the rest another time */
    }
}

int prog_vmap(struct program *p)
{
    program_first_sleep(p);
    for (;;) {
        program_round(p);
        evaluate_rules(p);
        program_give_way(p);
        program_sleep(p);
    }
}
