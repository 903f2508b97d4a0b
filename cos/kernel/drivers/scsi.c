/* scsi.c - the driver of the COS's one disk: requests of block.c become SCSI commands with serial
 * numbers, sent through the VMNIX channel (vmnix.h).
 *
 * A command that has no answer for six minutes is told in the log, aborted and given again under a
 * new serial number [KB2009232]. The abort is a call to the VMkernel like others and is made by
 * the error handler's thread; while the VMkernel cannot find the command, it does not answer the
 * abort either (INFERRED: that a host with hung console storage loses its heartbeat). */
#include "cos/kernel/arch/cost.h"
#include "cos/kernel/arch/hypervisor.h"
#include "cos/kernel/drivers/vmnix.h"
#include "shared/units.h"

#define RETRY_NS (360 * NS_PER_S) /* "after 360s" [KB2009232] */

static struct command {
    struct ktimer done;  /* stands for the completion interrupt */
    struct ktimer retry; /* armed while it has no answer */
    uint64_t serial;
    uint64_t service_ns;
    uint32_t block, pages, write;
    uint32_t busy;   /* there is one */
    uint32_t handed; /* it was handed over, and has no answer */
    uint32_t retries;
} commands[VMNIX_SLOTS];
static void (*command_done)(uint32_t slot);
static struct wait_queue error_wait;
static uint64_t abort_serial; /* what the error handler is to abort; 0 = nothing */

static void send(uint32_t slot);

void scsi_init(void (*done)(uint32_t slot))
{
    command_done = done;
    wait_queue_init(&error_wait);
}

static void completed(kptr slot)
{
    struct command *c = &commands[slot];
    struct vmnix_request *r = &the_vmnix()->request[slot];
    r->closed = r->seq;
    c->busy = c->handed = 0;
    command_done(slot);
}

/* The lun of the partitions' disk is the first one of the first host adapter. */
static void retry(kptr slot)
{
    struct command *c = &commands[slot];
    c->retries++;
    printk("<3>sd 0:0:0:0: still retrying %u after 360s\n", c->retries);
    abort_serial = c->serial;
    wake_up(&error_wait);
    send(slot);
}

static void fill(uint32_t slot, const struct command *c, bool by_rule)
{
    struct vmnix_request *r = &the_vmnix()->request[slot];
    r->op = c->write != 0 ? VMNIX_OP_WRITE : VMNIX_OP_READ;
    r->by_rule = by_rule;
    r->posted_ns = cos_clock.now_ns;
    r->arg = c->serial;
    r->service_ns = c->service_ns;
    r->block = c->block;
    r->pages = c->pages;
    __atomic_store_n(&r->seq, r->seq + 1, __ATOMIC_RELEASE);
}

static void send(uint32_t slot)
{
    struct command *c = &commands[slot];
    const bool plain = scsi_goes_by_rule(slot);
    c->serial = the_vmnix()->serial++;
    fill(slot, c, plain);
    if (plain) {
        ktimer_add(&c->done, cos_clock.now_ns + c->service_ns, completed, slot);
        return;
    }
    c->handed = 1;
    ktimer_add(&c->retry, cos_clock.now_ns + RETRY_NS, retry, slot);
    hypervisor_call();
}

void scsi_do_cmd(uint32_t slot, bool write, uint32_t block, uint32_t pages, uint64_t service_ns)
{
    struct command *c = &commands[slot];
    ASSERT(slot > VMNIX_RPC && slot < VMNIX_SLOTS && c->busy == 0);
    c->busy = 1;
    c->retries = 0;
    c->write = write;
    c->block = block;
    c->pages = pages;
    c->service_ns = service_ns;
    send(slot);
}

void scsi_answered(uint32_t slot)
{
    struct command *c = &commands[slot];
    const struct vmnix_answer *a = &the_vmnix()->answer[slot];
    if (c->handed == 0 || a->seq != the_vmnix()->request[slot].seq || a->status == VMNIX_OPEN)
        return;
    c->handed = 0;
    ktimer_del(&c->retry);
    ktimer_add(&c->done, a->at_ns > cos_clock.now_ns ? a->at_ns : cos_clock.now_ns, completed,
               slot);
}

bool scsi_is_stuck(uint32_t slot)
{
    return commands[slot].handed != 0;
}

bool scsi_goes_by_rule(uint32_t slot)
{
    const struct vmnix_rules *rules = &the_vmnix()->rules;
    return rules->plain[slot] != 0 && the_vmnix()->serial <= rules->serial_max;
}

int scsi_error_handler(void *unused)
{
    (void)unused;
    for (;;) {
        while (abort_serial == 0)
            sleep_on(&error_wait, TASK_INTERRUPTIBLE);
        const uint64_t serial = abort_serial;
        abort_serial = 0;
        (void)vmnix_rpc(VMNIX_OP_ABORT, serial);
    }
}
