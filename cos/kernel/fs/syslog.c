/* syslog.c - see syslog.h. A ring of messages in the kernel's own data, so that sending needs no
 * memory. */
#include "cos/kernel/fs/syslog.h"

#include "cos/kernel/arch/cost.h"
#include "cos/kernel/sched/process.h"

static struct syslog_message queue[SYSLOG_QUEUE_MAX];
static uint32_t head, tail; /* free-running: head is the oldest message, tail the next free place */
struct wait_queue syslog_wait;
uint32_t syslog_lost;

void syslog_init(void)
{
    wait_queue_init(&syslog_wait);
}

bool syslog_has_room(void)
{
    return tail - head < SYSLOG_QUEUE_MAX;
}

/* The place for the next message, zeroed; NULL = the queue is full. */
static struct syslog_message *reserve(enum syslog_file file)
{
    ASSERT(file < SYSLOG_FILES);
    cpu_charge(COST_SYSCALL);
    if (!syslog_has_room()) {
        syslog_lost++;
        return NULL;
    }
    struct syslog_message *m = &queue[tail % SYSLOG_QUEUE_MAX];
    memset(m, 0, sizeof *m);
    m->file = (uint32_t)file;
    return m;
}

static void commit(void)
{
    tail++;
    wake_up(&syslog_wait);
}

int syslog_send(enum syslog_file file, const char *tag, const char *text)
{
    struct syslog_message *m = reserve(file);
    if (m == NULL)
        return -EAGAIN;
    (void)snprintf(m->line, sizeof m->line, "%s[%u]: %s", tag, current->pid, text);
    commit();
    return 0;
}

int syslog_send_line(enum syslog_file file, const char *line)
{
    struct syslog_message *m = reserve(file);
    if (m == NULL)
        return -EAGAIN;
    strcopy(m->line, line, sizeof m->line);
    commit();
    return 0;
}

const struct syslog_message *syslog_first(void)
{
    return head != tail ? &queue[head % SYSLOG_QUEUE_MAX] : NULL;
}

void syslog_drop(void)
{
    ASSERT(head != tail);
    head++;
}
