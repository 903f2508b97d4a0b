/* rc.c - the start scripts, as far as they leave traces: two lines of vmksummary and the first
 * snapshot of /proc.
 *
 *      <stamp> <host> vmkhalt: (<epoch>) Starting system...
 *      <stamp> <host> logger: (<epoch>) loaded VMkernel            33 s later
 *
 * [KB1019238]: "Starting system" bears an epoch one second after its stamp, so vmkhalt writes
 * the line itself (syslogd does not run yet) and takes the two times one after the other
 * [INFERRED]; 33 s is the time between the lines after a reboot. */
#include "cos/kernel/fs/proc_misc.h"
#include "cos/kernel/fs/vfs.h"
#include "cos/programs/cron.h"
#include "shared/calendar.h"

#define NS_PER_S 1000000000u
#define LOADED_AFTER_NS (33u * (uint64_t)NS_PER_S)

static void log_starting(struct program *p)
{
    struct calendar_date date;
    char stamp[CALENDAR_SYSLOG_SIZE];
    calendar_from_epoch(cos_epoch_s(), boot_params->utc_offset_s, &date);
    calendar_format_syslog(&date, stamp);
    program_sleep_until(cos_clock.now_ns + NS_PER_S);
    const int n = snprintf(p->text, sizeof p->text, "%s %s vmkhalt: (%lld) Starting system...\n",
                           stamp, boot_params->host, (long long)cos_epoch_s());
    (void)vfs_append("var/log/vmksummary", p->text,
                     (uint32_t)n); /* a boot goes on without its log */
}

int prog_rc(struct program *p)
{
    static const struct boot_program logger = CRON_CHILD("logger", "logger", 12, 1700, 60);
    const uint64_t start = cos_clock.now_ns;

    log_starting(p);
    program_sleep_until(start + LOADED_AFTER_NS);
    (void)snprintf(p->text, sizeof p->text, "logger: (%lld) loaded VMkernel",
                   (long long)cos_epoch_s());
    const int error = cron_run(p, &logger, p->text);
    return proc_write_snapshot() != 0 || error != 0;
}
