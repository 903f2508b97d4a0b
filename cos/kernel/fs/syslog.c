/* syslog.c - see syslog.h. A ring of messages in the kernel's own data, so that sending needs no
 * memory. */
#include "cos/kernel/fs/syslog.h"

#include "cos/kernel/arch/cost.h"
#include "cos/kernel/sched/process.h"

static struct syslog_message queue[SYSLOG_QUEUE_MAX];
static uint32_t head, tail; /* free-running: head is the oldest message, tail the next free place */
struct wait_queue syslog_wait;
static struct wait_queue room_wait; /* senders sleep here */
uint32_t syslog_lost, syslog_blocked;
static uint32_t reader; /* pid of syslogd, 0 before its first start */
static bool reader_is_gone;

void syslog_init(void)
{
    wait_queue_init(&syslog_wait);
    wait_queue_init(&room_wait);
}

static bool has_room(void)
{
    return tail - head < SYSLOG_QUEUE_MAX;
}

/* init and vmnixhbd have other work than to wait for a log; the kernel has no user mode that could
 * wait. */
static bool may_block(const struct task_struct *t)
{
    return t->pid > 1 && t->pid != boot_params->hbd_pid && (t->flags & PF_KTHREAD) == 0;
}

/* The name is that of the kernel's function in which a sender sleeps while the reader's queue is
 * full. */
static KERNEL_FN int unix_dgram_sendmsg(enum syslog_file file, const char *line)
{
    while (!has_room() && !reader_is_gone && may_block(current) && current->sig_pending == 0) {
        syslog_blocked++;
        sleep_on(&room_wait, TASK_INTERRUPTIBLE);
    }
    if (!has_room() || reader_is_gone) {
        syslog_lost++;
        if (reader_is_gone)
            return -ECONNREFUSED;
        return may_block(current) ? -EINTR : -EAGAIN;
    }
    struct syslog_message *m = &queue[tail++ % SYSLOG_QUEUE_MAX];
    memset(m, 0, sizeof *m);
    m->file = (uint32_t)file;
    strcopy(m->line, line, sizeof m->line);
    wake_up(&syslog_wait);
    return 0;
}

KERNEL_FN int sys_send(enum syslog_file file, const char *line)
{
    ASSERT(file < SYSLOG_FILES);
    cpu_charge(COST_SYSCALL);
    return unix_dgram_sendmsg(file, line);
}

void syslog_open(void)
{
    reader = current->pid;
    reader_is_gone = false;
}

void syslog_close(uint32_t pid)
{
    if (pid == 0 || pid != reader)
        return;
    reader_is_gone = true;
    wake_up(&room_wait);
}

const struct syslog_message *syslog_first(void)
{
    return head != tail ? &queue[head % SYSLOG_QUEUE_MAX] : NULL;
}

void syslog_drop(void)
{
    ASSERT(head != tail);
    head++;
    wake_up(&room_wait);
}
