/* hypervisor.c - see hypervisor.h. */
#include "cos/kernel/arch/hypervisor.h"

#include "cos/kernel/sched/v24/sched.h"
#include "cos/kernel/sched/task.h"

#define HANDLERS_MAX 4u

uint64_t grant_until_ns;
static struct irq_handler {
    uint32_t irqs; /* GATE_IRQ_*; 0 = each time */
    void (*fn)(uint32_t irqs);
} handlers[HANDLERS_MAX];
static uint32_t handler_count;

void hypervisor_on_irq(uint32_t irqs, void (*fn)(uint32_t irqs))
{
    ASSERT(handler_count < HANDLERS_MAX);
    handlers[handler_count++] = (struct irq_handler){ irqs, fn };
}

static void wait_for_baton(void)
{
    while (gate_wait(the_gate(), GATE_COS, 0) != 0)
        ;
}

static void exchange(kptr to)
{
    if (gate_pass(the_gate(), GATE_COS, (enum gate_party)to) == 0)
        wait_for_baton();
}

/* From the moment the baton is passed the VMkernel may read the RAM, while this process still
 * returns from the system call that woke it. So all of it happens on a stack outside the RAM. */
void hypervisor_exchange(enum gate_party to)
{
    do_aside(exchange, to);
}

static void take_grant(void)
{
    const struct gate_grant *grant = &the_gate()->grant;
    if (grant->now_ns > cos_clock.now_ns)
        cos_clock.now_ns = grant->now_ns;
    grant_until_ns = grant->until_ns;
    vmkernel_wanted = false;
}

void hypervisor_first_grant(void)
{
    wait_for_baton();
    take_grant();
    cos_clock.boot_ns = cos_clock.now_ns;
}

void hypervisor_yield(enum gate_yield reason, uint64_t next_ns)
{
    struct gate *g = the_gate();
    g->yield.now_ns = cos_clock.now_ns < grant_until_ns ? cos_clock.now_ns : grant_until_ns;
    g->yield.next_ns = next_ns;
    g->yield.reason = reason;
    hypervisor_exchange(GATE_VMKERNEL);
    take_grant();
    for (const struct irq_handler *h = handlers; h < handlers + handler_count; h++)
        if (h->irqs == 0 || (h->irqs & g->grant.irqs) != 0)
            h->fn(g->grant.irqs);
}

void hypervisor_call(void)
{
    vmkernel_wanted = true;
    if (grant_until_ns > cos_clock.now_ns)
        grant_until_ns = cos_clock.now_ns;
    time_set_next();
    cpu_charge(0);
}

void hypervisor_end(enum gate_yield reason, const char *why)
{
    struct gate *g = the_gate();
    strcopy(g->yield.text, why, sizeof g->yield.text);
    g->yield.now_ns = cos_clock.now_ns;
    g->yield.next_ns = UINT64_MAX;
    g->yield.reason = reason;
    for (;;)
        hypervisor_exchange(GATE_VMKERNEL);
}
