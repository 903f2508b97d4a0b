/* rc.c - the start and stop scripts, as far as they leave traces: lines of vmksummary and messages,
 * and the first snapshot of /proc.
 *
 *      <stamp> <host> vmkhalt: (<epoch>) Starting system...
 *      <stamp> <host> logger: (<epoch>) VMkernel error            11 s later, after a purple screen
 *      <stamp> <host> logger: (<epoch>) loaded VMkernel            33 to 55 s later
 *      <stamp> <host> vmkhalt: (<epoch>) Halting system...         or Rebooting, at the end
 *
 * [KB1019238]: "Starting system" bears an epoch one second after its stamp, so vmkhalt writes
 * the line itself (syslogd does not run yet) and takes the two times one after the other
 * [INFERRED]. Its times between the lines: 33 s after a reboot, 54 s after a halt, 55 s after a
 * purple screen. The line "VMkernel error" comes before syslogd runs, too, so it is written in the
 * same way [INFERRED]. What the start found in the dump slots and on the datastore comes from the
 * VMkernel (boot_start), and goes to messages. */
#include "cos/kernel/fs/proc_misc.h"
#include "cos/kernel/fs/syslog.h"
#include "cos/kernel/fs/vfs.h"
#include "cos/kernel/sched/process.h"
#include "cos/programs/cron.h"
#include "shared/calendar.h"
#include "shared/units.h"

#define ERROR_AFTER_NS (11 * NS_PER_S)
#define STOP_NS (20 * NS_PER_S) /* services stop, one after the other. OUR CHOICE */

/* A line of vmksummary that does not go through syslogd. "vmkhalt" or "logger". A boot goes on
 * without its log. */
static void write_line(struct program *p, uint64_t stamp_ns, const char *tag, const char *text)
{
    struct calendar_date date;
    char stamp[CALENDAR_SYSLOG_SIZE];
    calendar_from_epoch(boot_params->epoch_boot_s + (int64_t)(stamp_ns / NS_PER_S),
                        boot_params->utc_offset_s, &date);
    calendar_format_syslog(&date, stamp);
    const int n = snprintf(p->text, sizeof p->text, "%s %s %s: (%lld) %s\n", stamp,
                           boot_params->host, tag, (long long)cos_epoch_s(), text);
    (void)sys(vfs_append, "var/log/vmksummary", p->text, (uint32_t)n);
}

/* Stamp and epoch are a second apart. */
static void write_vmkhalt(struct program *p, const char *text)
{
    const uint64_t stamp_ns = cos_clock.now_ns;
    program_sleep_until(stamp_ns + NS_PER_S);
    write_line(p, stamp_ns, "vmkhalt", text);
}

static uint64_t loaded_after_ns(void)
{
    static const uint8_t seconds[] = { [BOOT_AFTER_NOTHING] = 33,
                                       [BOOT_AFTER_POWER_LOSS] = 33, /* OUR CHOICE */
                                       [BOOT_AFTER_HALT] = 54,
                                       [BOOT_AFTER_REBOOT] = 33,
                                       [BOOT_AFTER_PURPLE] = 55 };
    const uint32_t after = boot_params->start.after;
    const uint32_t kind = boot_params->start.vmkernel_error != 0 ? BOOT_AFTER_PURPLE
                          : after < ARRAY_SIZE(seconds)          ? after
                                                                 : BOOT_AFTER_NOTHING;
    return seconds[kind] * NS_PER_S;
}

/* What the start found, for messages: queued now, written when syslogd runs. */
static void tell_findings(void)
{
    const struct boot_start *start = &boot_params->start;
    static char line[BOOT_START_LINE_MAX]; /* kernel stacks are small; there is one rc */
    for (uint32_t i = 0; i < start->line_count && i < BOOT_START_LINES_MAX; i++) {
        strcopy(line, start->line[i], sizeof line);
        (void)sys(sys_send, SYSLOG_MESSAGES, line);
    }
}

int prog_rc(struct program *p)
{
    static const struct boot_program logger = CRON_CHILD("logger", "logger", 12, 1700, 60);
    const uint64_t start = cos_clock.now_ns;

    write_vmkhalt(p, "Starting system...");
    if (boot_params->start.vmkernel_error != 0) {
        program_sleep_until(start + ERROR_AFTER_NS);
        write_line(p, cos_clock.now_ns, "logger", "VMkernel error");
    }
    tell_findings();
    program_sleep_until(start + loaded_after_ns());
    (void)snprintf(p->text, sizeof p->text, "logger: (%lld) loaded VMkernel",
                   (long long)cos_epoch_s());
    const int error = cron_run(p, &logger, p->text);
    return sys(proc_write_boot) != 0 || error != 0;
}

/* The words in messages are sysvinit's [INFERRED: the init of RHEL 3]. */
int prog_rc_halt(struct program *p)
{
    const bool reboot = strcmp(p->text, "reboot") == 0;
    (void)snprintf(p->text, sizeof p->text, "shutdown[%u]: shutting down for system %s",
                   current->pid, reboot ? "reboot" : "halt");
    (void)sys(sys_send, SYSLOG_MESSAGES, p->text);
    (void)sys(sys_send, SYSLOG_MESSAGES,
              reboot ? "init: Switching to runlevel: 6" : "init: Switching to runlevel: 0");
    program_touch(p, p->spec.touch_pages);
    program_sleep_until(cos_clock.now_ns + STOP_NS);
    write_vmkhalt(p, reboot ? "Rebooting system..." : "Halting system...");
    return 0;
}
