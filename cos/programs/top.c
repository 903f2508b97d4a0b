/* top.c - `top -b -n1` of procps 2.0.17. Layout and columns: recorder.h. */
#include "cos/kernel/fs/proc_misc.h"
#include "cos/kernel/fs/proc_task.h"
#include "cos/kernel/mm/mm.h"
#include "cos/kernel/sched/process.h"
#include "cos/kernel/sched/v24/sched.h"
#include "cos/programs/recorder.h"
#include "shared/calendar.h"
#include "shared/units.h"

#define TOP_TASK_NS 150000u /* CPU of top for one process: stat, statm, status. OUR CHOICE */
#define UPTIME_MINUTES(ns) ((uint32_t)((ns) / NS_PER_MIN))

/* What the last run saw; a real recorder keeps the like in memory or in a file. */
static struct cpu_times last_cpu;
static uint64_t last_ns;

/* ---- header ---------------------------------------------------------------------------------- */
static KERNEL_SIDE void put_uptime(struct text *t)
{
    struct calendar_date now;
    char stamp[CALENDAR_SYSLOG_SIZE];
    const uint32_t minutes = UPTIME_MINUTES(cos_uptime_ns());
    const uint32_t days = minutes / 1440, hours = minutes / 60 % 24;

    calendar_from_epoch(cos_epoch_s(), boot_params->utc_offset_s, &now);
    calendar_format_syslog(&now, stamp);
    text_put(t, " %s  up ", stamp + 7);
    if (days > 0)
        text_put(t, "%u day%s, ", days, days > 1 ? "s" : "");
    if (hours > 0)
        text_put(t, "%2u:%02u, ", hours, minutes % 60);
    else
        text_put(t, "%u min, ", minutes % 60);
    text_put(t, " 0 users,  load average: ");
    time_load();
    for (unsigned i = 0; i < 3; i++) {
        const uint32_t load = avenrun[i] + 2048 / 200;
        text_put(t, "%u.%02u%s", load >> 11, (load & 2047u) * 100 >> 11, i < 2 ? ", " : "\n");
    }
}

static KERNEL_SIDE void put_processes(struct text *t)
{
    uint32_t all = 0, running = 0, zombie = 0, stopped = 0;
    for_each_task (task) {
        all++;
        running += task->state == TASK_RUNNING;
        zombie += task->state == TASK_ZOMBIE;
        stopped += task->state == TASK_STOPPED;
    }
    text_put(t, "%u processes: %u sleeping, %u running, %u zombie, %u stopped\n", all,
             all - running - zombie - stopped, running, zombie, stopped);
}

/* Percent of the time since the last run, in tenths; all that no column has is idle. */
static KERNEL_SIDE void put_cpu_states(struct text *t)
{
    struct cpu_times now;
    process_cpu_times(&now);
    const uint64_t passed_ns = cos_uptime_ns() - last_ns;
    const uint32_t user = recorder_tenths(now.user_ns - last_cpu.user_ns, passed_ns);
    const uint32_t nice = recorder_tenths(now.nice_ns - last_cpu.nice_ns, passed_ns);
    const uint32_t system = recorder_tenths(now.system_ns - last_cpu.system_ns, passed_ns);
    const uint32_t wait = recorder_tenths(now.iowait_ns - last_cpu.iowait_ns, passed_ns);
    const uint32_t busy = user + nice + system + wait;
    const uint32_t idle = busy < 1000 ? 1000 - busy : 0;
    text_put(t, "CPU states:  cpu    user    nice  system    irq  softirq  iowait    idle\n");
    text_put(t, "           total %4u.%u%% %4u.%u%% %4u.%u%%   0.0%%     0.0%% %4u.%u%% %4u.%u%%\n",
             user / 10, user % 10, nice / 10, nice % 10, system / 10, system % 10, wait / 10,
             wait % 10, idle / 10, idle % 10);
}

static KERNEL_SIDE void put_memory(struct text *t)
{
    struct mem_info m;
    mem_info(&m);
    text_put(t, "Mem:  %7uk av, %7uk used, %7uk free, %7uk shrd, %7uk buff\n", PAGES_KB(m.total),
             PAGES_KB(m.total - m.free), PAGES_KB(m.free), 0u, PAGES_KB(m.buffers));
    text_put(t, "                   %7uk actv, %7uk in_d, %7uk in_c\n",
             PAGES_KB(m.active_anon + m.active_cache), PAGES_KB(m.inact_dirty),
             PAGES_KB(m.inact_clean));
    text_put(t, "Swap: %7uk av, %7uk used, %7uk free                 %7uk cached\n",
             PAGES_KB(m.swap_total), PAGES_KB(m.swap_total - m.swap_free), PAGES_KB(m.swap_free),
             PAGES_KB(m.cached + m.swap_cached));
}

KERNEL_SIDE void top_put_header(struct text *t)
{
    put_uptime(t);
    put_processes(t);
    put_cpu_states(t);
    put_memory(t);
    text_put(t, "\n  PID USER     PRI  NI  SIZE  RSS SHARE STAT %%CPU %%MEM   TIME CPU COMMAND\n");
}

/* ---- tasks ----------------------------------------------------------------------------------- */
static uint64_t cpu_of(const struct task_struct *t)
{
    return t->utime_ns + t->stime_ns;
}

/* %CPU since the last run; a task that began since then counts with all that it has. */
static uint32_t tenths_of(const struct task_struct *t)
{
    return recorder_tenths(cpu_of(t) - t->top_cpu_ns, cos_uptime_ns() - last_ns);
}

KERNEL_SIDE void top_put_task(struct text *t, const struct task_struct *task, uint32_t pcpu)
{
    struct task_memory m;
    struct mem_info all;
    char stat[4], size[12], rss[12], share[12];
    task_memory(task, &m);
    mem_info(&all);
    task_stat_letters(task, stat);
    recorder_kb(size, sizeof size, PAGES_KB(m.size), 5);
    recorder_kb(rss, sizeof rss, PAGES_KB(m.resident), 4);
    recorder_kb(share, sizeof share, PAGES_KB(m.share), 5);
    const uint32_t mem = recorder_tenths(m.resident, all.total);
    const uint32_t seconds = (uint32_t)(cpu_of(task) / NS_PER_S);
    text_put(t, "%5u %-8.8s %3d %3d %5s %4s %5s %-4s %2u.%u %2u.%u %3u:%02u %3u %s\n", task->pid,
             task_user(task), task->prio - 100, task->static_prio - 120, size, rss, share, stat,
             pcpu / 10, pcpu % 10, mem / 10, mem % 10, seconds / 60, seconds % 60, 0u, task->comm);
}

/* The task that follows `last` (NULL: the first) in the order of %CPU, of equal ones the older. */
static struct task_struct *next_in_order(uint32_t *busiest, struct task_struct *last)
{
    bool passed = last == NULL;
    for (;;) {
        for_each_task (t) {
            if (passed && tenths_of(t) == *busiest)
                return t;
            passed = passed || t == last;
        }
        uint32_t next = 0;
        bool found = false;
        for_each_task (t) {
            const uint32_t tenths = tenths_of(t);
            if (tenths < *busiest && (!found || tenths > next)) {
                next = tenths;
                found = true;
            }
        }
        if (!found)
            return NULL;
        *busiest = next;
        passed = true;
    }
}

static KERNEL_SIDE void remember(void)
{
    last_ns = cos_uptime_ns();
    process_cpu_times(&last_cpu);
    for_each_task (t) {
        t->top_cpu_ns = cpu_of(t);
    }
}

/* The reads of /proc and the write of the table, in one: nobody else runs until it is written. */
static KERNEL_SIDE int sys_write(void)
{
    struct recorder_file f;
    uint32_t busiest = 1000;
    recorder_open(&f, "var/log/top.log");
    top_put_header(recorder_line(&f));
    struct task_struct *t = next_in_order(&busiest, NULL);
    for (; t != NULL; t = next_in_order(&busiest, t))
        top_put_task(recorder_line(&f), t, busiest);
    text_put(recorder_line(&f), "\n");
    remember();
    return recorder_close(&f);
}

int prog_top(struct program *p)
{
    program_touch(p, p->spec.touch_pages);
    program_cpu((uint64_t)nr_threads * TOP_TASK_NS);
    program_touch(p, p->spec.touch_pages);
    return sys(sys_write) != 0;
}
