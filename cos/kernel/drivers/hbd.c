/* hbd.c - see hbd.h. */
#include "cos/kernel/drivers/hbd.h"

#include "cos/kernel/arch/cost.h"
#include "cos/kernel/arch/syscall.h"
#include "cos/kernel/arch/user_mode.h"
#include "cos/kernel/fs/syslog.h"
#include "cos/kernel/arch/hypervisor.h"
#include "cos/kernel/mm/mm.h"
#include "cos/kernel/sched/process.h"
#include "cos/kernel/drivers/vmnix.h"

#define HBD_USER_NS 5000u /* CPU of vmnixhbd's user mode between two system calls. OUR CHOICE */

static uint32_t answered;      /* call.seq that was taken last */
static uint32_t page_physical; /* the page that vmnixhbd has now; 0 = none */

static void hbd_interrupt(uint32_t irqs)
{
    struct task_struct *t = find_task_by_pid(boot_params->hbd_pid);
    if (t == NULL)
        return;
    if (irqs & GATE_IRQ_HBD_DEAD)
        send_sig(SIGKILL, t);
    if (irqs & GATE_IRQ_HBD_STOP)
        send_sig(SIGSTOP, t);
    if (irqs & GATE_IRQ_HBD_CONT)
        send_sig(SIGCONT, t);
}

void hbd_init(void)
{
    hypervisor_on_irq(GATE_IRQ_HBD_DEAD | GATE_IRQ_HBD_STOP | GATE_IRQ_HBD_CONT, hbd_interrupt);
}

/* Copy the call once; vmnixhbd has no business to change it now, but it could. */
static bool take_call(struct gate_call *ret)
{
    const struct gate_call *call = &the_gate()->call;
    if (__atomic_load_n(&call->seq, __ATOMIC_SEQ_CST) == answered)
        return false;
    *ret = *call;
    ret->text[sizeof ret->text - 1] = '\0';
    answered = ret->seq;
    return true;
}

/* The process behind pid 20 is dead or stopped, and the COS found out by itself. */
static void met_at_gate(uint32_t life)
{
    struct gate *g = the_gate();
    g->yield.hbd_event = life;
    g->yield.hbd_event_ns = cos_clock.now_ns;
    /* How far it got with writing its page when it died depends on the outside: such bytes must not
     * reach a dump. */
    if (life == GATE_DEAD && page_physical != 0)
        memset(PTR(void, MACHINE_PAGE_OFFSET + page_physical), 0, PAGE_SIZE);
    send_sig(life == GATE_DEAD ? SIGKILL : SIGSTOP, current);
}

/** User mode: give the baton to vmnixhbd until its next system call is there. */
static USER_SIDE void user_mode(struct gate_call *ret)
{
    struct gate *g = the_gate();
    for (;;) {
        return_to_user(); /* signals end or stop pid 20 here */
        if (take_call(ret))
            return;
        show_user_mode(current);
        hypervisor_exchange(GATE_VMNIXHBD);
        if (take_call(ret))
            return;
        const uint32_t life = __atomic_load_n(&g->life[GATE_VMNIXHBD], __ATOMIC_SEQ_CST);
        if (life != GATE_ALIVE)
            met_at_gate(life);
    }
}

/* What a new page is written to first: a record of the allocator's, at some word of it. */
static uint32_t first_word(void)
{
    return (uint32_t)rng_hash(boot_params->random, current->entries) & (PAGE_SIZE - 4);
}

static KERNEL_FN int64_t sys_hb_page_alloc(uint64_t length)
{
    if (length != PAGE_SIZE)
        return -EINVAL;
    if (page_physical == 0)
        page_physical = get_user_pages(HBD_PAGE_VA + first_word());
    return page_physical != 0 ? (int64_t)page_physical : -ENOMEM;
}

static KERNEL_FN int64_t sys_hb_page_free(uint64_t physical, uint64_t length)
{
    if (length != PAGE_SIZE || page_physical == 0 || physical != page_physical)
        return -EINVAL;
    page_physical = 0;
    put_user_page(HBD_PAGE_VA);
    return 0;
}

static KERNEL_FN int64_t sys_hb_wait(uint64_t until_ns, uint64_t doorbell)
{
    if (doorbell != 0)
        (void)vmnix_rpc(VMNIX_OP_HEARTBEAT, 0);
    return sys_nanosleep(until_ns);
}

static int send_line(const char *text)
{
    static char line[SYSLOG_LINE_MAX]; /* there is one vmnixhbd, and it does not wait here */
    (void)snprintf(line, sizeof line, "vmnixhbd[%u]: %s", current->pid, text);
    return sys_send(SYSLOG_MESSAGES, line);
}

/* One call of vmnixhbd, carried out in the kernel. */
int64_t vmnix_ioctl(const struct gate_call *call);
KERNEL_FN int64_t vmnix_ioctl(const struct gate_call *call)
{
    cpu_charge(COST_SYSCALL);
    switch (call->nr) {
    case GATE_CALL_WAIT:
        return sys_hb_wait(call->arg[0], call->arg[1]);
    case GATE_CALL_PAGE_ALLOC:
        return sys_hb_page_alloc(call->arg[0]);
    case GATE_CALL_PAGE_FREE:
        return sys_hb_page_free(call->arg[0], call->arg[1]);
    case GATE_CALL_SYSLOG:
        return send_line(call->text);
    default:
        return -ENOSYS;
    }
}

USER_SIDE int vmnixhbd_task(void (*use_pages)(void *arg), void *arg)
{
    struct gate *g = the_gate();
    struct gate_call call;

    g->reply.seq = 0;
    g->reply.now_ns = cos_clock.now_ns;
    for (;;) {
        user_mode(&call);
        user_cpu(HBD_USER_NS);
        if (call.nr == GATE_CALL_EXIT)
            break;
        const int64_t ret = sys(vmnix_ioctl, &call);
        if (call.nr == GATE_CALL_WAIT)
            use_pages(arg);
        g->reply.ret = ret;
        g->reply.now_ns = cos_clock.now_ns;
        __atomic_store_n(&g->reply.seq, call.seq, __ATOMIC_SEQ_CST);
    }
    return (int)call.arg[0];
}
