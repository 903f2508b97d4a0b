/* hypervisor.c - see hypervisor.h. */
#include "cos/kernel/hypervisor.h"

#include "cos/kernel/hbd.h"
#include "cos/kernel/task.h"

uint64_t grant_until_ns;

static void wait_for_baton(void)
{
    while (gate_wait(the_gate(), GATE_COS, 0) != 0)
        ;
}

static void take_grant(void)
{
    const struct gate_grant *grant = &the_gate()->grant;
    if (grant->now_ns > cos_clock.now_ns)
        cos_clock.now_ns = grant->now_ns;
    grant_until_ns = grant->until_ns;
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
    (void)gate_pass(g, GATE_COS, GATE_VMKERNEL);
    wait_for_baton();
    take_grant();
    if (g->grant.irqs != 0)
        hbd_interrupt(g->grant.irqs);
}

void hypervisor_end(enum gate_yield reason, const char *why)
{
    struct gate *g = the_gate();
    strcopy(g->yield.text, why, sizeof g->yield.text);
    g->yield.now_ns = cos_clock.now_ns;
    g->yield.next_ns = UINT64_MAX;
    g->yield.reason = reason;
    (void)gate_pass(g, GATE_COS, GATE_VMKERNEL);
    for (;;)
        wait_for_baton();
}
