/* logrotate.c - the first job of the night's cron.daily: logs get another name, week by week.
 *
 *      vmkernel -> vmkernel.1 -> ... -> vmkernel.36         [NSMALL]: 36 rotations
 *
 * Weekly is the first run of a week, on Sunday; monthly is that of a month's first day. A host that
 * does not run then rotates nothing until the next one (the real one keeps a record and makes up
 * for it). RHEL 3's logrotate.conf is weekly and keeps four [INFERRED]; which logs of the VMkernel
 * go when, and that twelve of vmksummary stay, is OUR CHOICE. The VMkernel opens its logs for each
 * line, and has written all lines up to now before a name changes. */
#include "cos/kernel/arch/hypervisor.h"
#include "cos/kernel/errno.h"
#include "cos/kernel/fs/proc_misc.h"
#include "cos/kernel/fs/syslog.h"
#include "cos/kernel/fs/vfs.h"
#include "cos/programs/program.h"
#include "shared/calendar.h"

#define LOG_PATH_MAX 40u

static const struct log {
    const char *path;
    uint32_t keeps;
    bool monthly;
} logs[] = {
    { "var/log/messages", 4, false },    { "var/log/secure", 4, false },
    { "var/log/cron", 4, false },        { "var/log/vmkernel", 36, false },
    { "var/log/vmkwarning", 36, false }, { "var/log/vmksummary", 12, true },
};

static void name_of(char to[LOG_PATH_MAX], const struct log *log, uint32_t number)
{
    if (number == 0)
        (void)snprintf(to, LOG_PATH_MAX, "%s", log->path);
    else
        (void)snprintf(to, LOG_PATH_MAX, "%s.%u", log->path, number);
}

/* The oldest first. A log that is not there yet has nothing to rotate. */
static void rotate(const struct log *log)
{
    char from[LOG_PATH_MAX], to[LOG_PATH_MAX];
    for (uint32_t i = log->keeps; i > 0; i--) {
        name_of(from, log, i - 1);
        name_of(to, log, i);
        const int error = sys(vfs_rename, from, to);
        if (error != 0 && error != -ENOENT)
            return; /* the log goes on in the old file */
    }
}

int prog_logrotate(struct program *p)
{
    struct calendar_date today;
    bool rotated = false;
    program_round(p);
    calendar_from_epoch(cos_epoch_s(), boot_params->utc_offset_s, &today);
    for (uint32_t i = 0; i < ARRAY_SIZE(logs); i++) {
        if (logs[i].monthly ? today.day != 1 : today.weekday != 0)
            continue;
        if (!rotated)
            sys(hypervisor_call);
        rotate(&logs[i]);
        rotated = true;
    }
    /* `kill -HUP syslogd`, which says so in its new file; here its line takes the way of all. */
    if (rotated)
        (void)sys(sys_send, SYSLOG_MESSAGES, "syslogd 1.4.1: restart.");
    return 0;
}
