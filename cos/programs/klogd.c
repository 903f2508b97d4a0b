/* klogd.c - carries the kernel log (printk.c) to syslogd, a line at a time, without the levels.
 *
 * While the queue is full it waits like everybody: what it has not taken stays in the kernel log,
 * where a dump shows it. */
#include "cos/kernel/fs/syslog.h"
#include "cos/kernel/debug/printk.h"
#include "cos/programs/program.h"
#include "shared/units.h"

/* What klogd sleeps in: a look at the kernel log, and if there is nothing new, `ticks` at most. */
static KERNEL_SIDE bool do_syslog(uint32_t ticks)
{
    if (log_read == log_end)
        (void)sleep_on_timeout(&log_wait, TASK_INTERRUPTIBLE, ticks);
    return log_read != log_end;
}

/* Collect the next line of the kernel log behind "kernel: ". @return false when there is none; a
 * part of one stays in p->text */
static KERNEL_SIDE bool take_line(struct program *p, uint32_t *len)
{
    char c;
    while (log_take(&c, 1) == 1) {
        if (c == '\n')
            return true;
        if (*len + 1 < sizeof p->text)
            p->text[(*len)++] = c;
    }
    return false;
}

static void send_line(const char *text)
{
    static char line[SYSLOG_LINE_MAX]; /* there is one klogd */
    const bool has_level = text[0] == '<' && text[1] != '\0' && text[2] == '>';
    (void)snprintf(line, sizeof line, "kernel: %.200s", has_level ? text + 3 : text);
    (void)sys(sys_send, SYSLOG_MESSAGES, line);
}

int prog_klogd(struct program *p)
{
    uint32_t len = 0;
    (void)sys(sys_send, SYSLOG_MESSAGES, "kernel: klogd 1.4.1, log source = /proc/kmsg started.");
    for (;;) {
        while (!sys(do_syslog, program_patience(p)))
            program_go_wrong(p);
        program_touch(p, p->spec.touch_pages);
        while (sys(take_line, p, &len)) {
            p->text[len] = '\0';
            len = 0;
            program_cpu(p->spec.cpu_ns);
            send_line(p->text);
        }
    }
}
