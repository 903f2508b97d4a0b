/* syslogd.c - takes messages from /dev/log, stamps them with the time at which it gets to them,
 * and appends them to the files.
 *
 * Before it takes any it touches its pages like every program, so when there is no memory it
 * starves: messages then wait in the queue, and who has further ones waits, too. That is why
 * /var/log/messages is silent about the end of a console that thrashes. The text of its start is
 * that of sysklogd 1.4.1 [INFERRED: the version of RHEL 3]. */
#include "cos/kernel/fs/proc_misc.h"
#include "cos/kernel/fs/syslog.h"
#include "cos/kernel/fs/vfs.h"
#include "cos/kernel/mm/mm.h"
#include "cos/programs/program.h"
#include "shared/calendar.h"

#define STAMPED_LINE_MAX (CALENDAR_SYSLOG_SIZE + sizeof boot_params->host + SYSLOG_LINE_MAX + 4)

/* Static, since kernel stacks are small; there is one syslogd. */
static char line[STAMPED_LINE_MAX];
static uint32_t write_errors; /* lines that the host's disk did not take */

static const char *const paths[SYSLOG_FILES] = {
    [SYSLOG_MESSAGES] = "var/log/messages",
    [SYSLOG_VMKSUMMARY] = "var/log/vmksummary",
    [SYSLOG_CRON] = "var/log/cron",
};

static void write_line(uint32_t file, const char *text)
{
    struct calendar_date now;
    char stamp[CALENDAR_SYSLOG_SIZE];
    calendar_from_epoch(cos_epoch_s(), boot_params->utc_offset_s, &now);
    calendar_format_syslog(&now, stamp);
    const int n = snprintf(line, sizeof line, "%s %s %s\n", stamp, boot_params->host, text);
    ASSERT(n > 0 && n < (int)sizeof line && file < SYSLOG_FILES);
    /* each line is synced, as syslogd does by default */
    if (sys(vfs_append_sync, paths[file], line, (uint32_t)n) != 0)
        write_errors++;
}

/* What syslogd sleeps in: a look, and if there is nothing, `ticks` at most. */
static KERNEL_SIDE const struct syslog_message *unix_dgram_recvmsg(uint32_t ticks)
{
    if (syslog_first() == NULL)
        (void)sleep_on_timeout(&syslog_wait, TASK_INTERRUPTIBLE, ticks);
    return syslog_first();
}

static void wait_for_message(struct program *p)
{
    while (sys(unix_dgram_recvmsg, program_patience(p)) == NULL)
        program_go_wrong(p);
}

int prog_syslogd(struct program *p)
{
    sys(syslog_open);
    write_line(SYSLOG_MESSAGES, "syslogd 1.4.1: restart.");
    for (;;) {
        wait_for_message(p);
        program_touch(p, p->spec.touch_pages);
        const struct syslog_message *m = sys(syslog_first);
        while (m != NULL) {
            program_cpu(p->spec.cpu_ns);
            write_line(m->file, m->line);
            sys(syslog_drop);
            m = sys(syslog_first);
        }
    }
}
