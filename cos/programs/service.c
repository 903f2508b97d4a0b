/* service.c - `service NAME restart`, as root's crontab has it for a program that is known to
 * leak: the workaround of [KB1009607].
 *
 * killproc of RHEL 3's /etc/init.d/functions [INFERRED]: SIGTERM, a moment, three seconds more, and
 * SIGKILL for what is still there. Then the program is started again as at the boot, by this one,
 * and init inherits it. */
#include "cos/kernel/fs/syslog.h"
#include "cos/kernel/sched/process.h"
#include "cos/programs/cron.h"
#include "shared/units.h"

#define PATIENCE_NS (3 * NS_PER_S)
#define LOOK_NS (100 * NS_PER_MS)

static void log_step(struct program *p, const char *name, const char *what)
{
    (void)snprintf(p->text, sizeof p->text, "%s: %s %s succeeded", name, name, what);
    (void)sys(sys_send, SYSLOG_MESSAGES, p->text);
}

/* A zombie is gone as far as killproc sees. */
static struct task_struct *running(const char *name)
{
    for_each_task (t)
        if (t->state < TASK_ZOMBIE && strcmp(t->comm, name) == 0)
            return t;
    return NULL;
}

/* To all of that name, as killall5 does it: they are told before one of them runs. */
static KERNEL_SIDE void sys_kill(const char *name, uint32_t sig)
{
    for_each_task (t)
        if (t->state < TASK_ZOMBIE && strcmp(t->comm, name) == 0)
            send_sig(sig, t);
}

static void stop(const char *name, uint32_t sig, uint64_t patience_ns)
{
    const uint64_t until = cos_clock.now_ns + patience_ns;
    sys(sys_kill, name, sig);
    while (running(name) != NULL && cos_clock.now_ns < until)
        program_sleep_until(cos_clock.now_ns + LOOK_NS);
}

static void start(const char *name)
{
    for (uint32_t i = 0; i < boot_params->program_count; i++) {
        struct boot_program spec = boot_params->program[i];
        if (strcmp(spec.name, name) != 0)
            continue;
        spec.pid = 0;
        (void)spawn_child(&spec, NULL, 0);
    }
}

int prog_service(struct program *p)
{
    char name[BOOT_NAME_MAX];
    strcopy(name, p->text, sizeof name);
    program_touch(p, p->spec.touch_pages);
    stop(name, SIGTERM, PATIENCE_NS);
    stop(name, SIGKILL, PATIENCE_NS);
    log_step(p, name, "shutdown");
    program_touch(p, p->spec.touch_pages);
    start(name);
    log_step(p, name, "startup");
    return 0;
}
