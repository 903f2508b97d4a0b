/* crond.c - cron and run-parts: what happens each hour and each night.
 *
 * The two lines of RHEL 3's /etc/crontab that matter: "01 * * * * root run-parts
 * /etc/cron.hourly" and "02 4 * * * ... /etc/cron.daily". cron sleeps to the second after the
 * minute's start, so jobs begin at hh:mm:01 ([KB1009016]: a healthy host writes at hh:01:01). A
 * minute that it missed, because it could not run, it makes up for. */
#include "cos/kernel/fs/syslog.h"
#include "cos/kernel/sched/process.h"
#include "cos/programs/cron.h"
#include "cos/programs/faults.h"
#include "shared/units.h"

#define MINUTES_PER_HOUR 60
#define MINUTES_PER_DAY 1440
#define HOURLY_MINUTE 1
#define DAILY_MINUTE (4 * 60 + 2)

int cron_run(struct program *p, const struct boot_program *spec, const char *text)
{
    program_touch(p, p->spec.touch_pages);
    const int pid = fork_exec(spec, text, 0);
    if (pid < 0)
        return pid;
    while (sys(sys_wait4) != pid)
        ;
    return 0;
}

/* ---- crond ----------------------------------------------------------------------------------- */
/* Minutes are counted in local time since the epoch. */
static int64_t local_s(uint64_t now_ns)
{
    return boot_params->epoch_boot_s + boot_params->utc_offset_s + (int64_t)(now_ns / NS_PER_S);
}

/* The instant of second :01 of a minute; 0 when it was before the VMkernel's boot. */
static uint64_t minute_ns(int64_t minute)
{
    const int64_t s = minute * 60 + 1 - boot_params->epoch_boot_s - boot_params->utc_offset_s;
    return s > 0 ? (uint64_t)s * NS_PER_S : 0;
}

static void log_job(struct program *p, int pid, const char *command)
{
    if (pid < 0)
        (void)snprintf(p->text, sizeof p->text, "crond[%u]: (CRON) error (can't fork)",
                       current->pid);
    else
        (void)snprintf(p->text, sizeof p->text, "CROND[%d]: (root) CMD (%s)", pid, command);
    (void)sys(sys_send, SYSLOG_CRON, p->text);
}

static void start_job(struct program *p, const char *folder)
{
    static const struct boot_program run_parts =
        CRON_CHILD("run-parts", "run-parts", 596, 1900, 220);
    static char command[48]; /* log_job() is through with it before anyone else runs */
    const int pid = fork_exec(&run_parts, folder, 0);
    (void)snprintf(command, sizeof command, "run-parts /etc/%s", folder);
    log_job(p, pid, command);
}

/* Root's own crontab: programs that are restarted each day. */
static void start_restarts(struct program *p, int64_t minute)
{
    static const struct boot_program service = CRON_CHILD("service", "service", 596, 1900, 220);
    static char command[48];
    for (uint32_t i = 0; i < boot_params->program_count; i++) {
        const struct boot_program *spec = &boot_params->program[i];
        if (spec->restart == 0 || minute % MINUTES_PER_DAY != spec->restart - 1)
            continue;
        (void)snprintf(command, sizeof command, "service %s restart", spec->name);
        log_job(p, fork_exec(&service, spec->name, 0), command);
    }
}

/* The line that [KB1006797] has root add: a table each so often. Of minutes that cron missed it
 * makes up for none. */
static void start_recorder(struct program *p, int64_t minute)
{
    static const struct boot_program sh = CRON_CHILD("sh", "recorder", 596, 1900, 220);
    const int64_t every = (int64_t)(boot_params->top_ns / NS_PER_S / 60);
    if (every == 0 || minute % every != 0)
        return;
    log_job(p, fork_exec(&sh, NULL, 0),
            "top -b -n1 >> /var/log/top.log; ps aux >> /var/log/ps.log");
}

static void run_minute(struct program *p, int64_t minute)
{
    if (minute % MINUTES_PER_HOUR == HOURLY_MINUTE)
        start_job(p, "cron.hourly");
    if (minute % MINUTES_PER_DAY == DAILY_MINUTE && boot_params->cron_daily_ns != 0)
        start_job(p, "cron.daily");
    start_restarts(p, minute);
}

int prog_crond(struct program *p)
{
    int64_t minute = local_s(cos_clock.now_ns) / 60 + 1;
    for (;;) {
        program_sleep_until(minute_ns(minute));
        program_touch(p, p->spec.touch_pages);
        for (const int64_t now = local_s(cos_clock.now_ns) / 60; minute <= now; minute++)
            run_minute(p, minute);
        start_recorder(p, minute - 1);
        faults_start_jobs(p, log_job);
        program_go_wrong(p);
        while (current->wait_children > 0 && sys(reap_child) > 0)
            ;
    }
}

/* ---- run-parts ------------------------------------------------------------------------------- */
static const struct boot_program hourly[] = {
    CRON_CHILD("vmkheartbeat", "vmkheartbeat", 596, 1900, 260),
};
static const struct boot_program daily[] = {
    CRON_CHILD("logrotate", "logrotate", 48, 1900, 300),
    CRON_CHILD("makewhatis.cron", "worker", 596, 1900, 240),
    CRON_CHILD("slocate.cron", "slocate", 596, 1900, 220),
    CRON_CHILD("tmpwatch", "worker", 20, 1700, 80),
};

int prog_run_parts(struct program *p)
{
    const bool nightly = strcmp(p->text, "cron.daily") == 0;
    const struct boot_program *parts = nightly ? daily : hourly;
    const unsigned count = nightly ? ARRAY_SIZE(daily) : ARRAY_SIZE(hourly);
    int error = 0;
    for (unsigned i = 0; i < count && error == 0; i++)
        error = cron_run(p, &parts[i], NULL);
    return error != 0;
}
