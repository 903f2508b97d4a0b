/* ps.c - `ps aux` of procps 2.0.17. Layout and columns: recorder.h. */
#include "cos/kernel/fs/proc_misc.h"
#include "cos/kernel/fs/proc_task.h"
#include "cos/kernel/mm/mm.h"
#include "cos/kernel/sched/process.h"
#include "cos/programs/recorder.h"
#include "shared/units.h"

#define PS_TASK_NS 100000u /* CPU of ps for one process. OUR CHOICE */

KERNEL_SIDE void ps_put_header(struct text *t)
{
    text_put(t, "USER       PID %%CPU %%MEM   VSZ  RSS TTY      STAT START   TIME COMMAND\n");
}

/* Kernel threads have no command line, and the dead have lost theirs: procps puts the name in
 * brackets. */
static KERNEL_SIDE void put_command(struct text *t, const struct task_struct *task)
{
    if (task->state == TASK_ZOMBIE)
        text_put(t, "[%s <defunct>]\n", task->comm);
    else if (task->mm == 0)
        text_put(t, "[%s]\n", task->comm);
    else
        text_put(t, "%s\n", task->comm);
}

KERNEL_SIDE void ps_put_task(struct text *t, const struct task_struct *task)
{
    char stat[4], start[6];
    struct mem_info all;
    const int64_t local_s = cos_epoch_s() + boot_params->utc_offset_s;
    const uint64_t life_ns = cos_clock.now_ns - task->start_ns;
    const uint64_t cpu_ns = task->utime_ns + task->stime_ns;
    const uint32_t seconds = (uint32_t)(cpu_ns / NS_PER_S);

    mem_info(&all);
    task_stat_letters(task, stat);
    recorder_start(start, local_s - (int64_t)(life_ns / NS_PER_S), local_s);
    const uint32_t cpu = recorder_tenths(cpu_ns, life_ns);
    const uint32_t mem = recorder_tenths(task_rss(task), all.total);
    text_put(t, "%-8.8s %5u %2u.%u %2u.%u %5u %4u %-8s %-4s %-5s %3u:%02u ", task_user(task),
             task->pid, cpu / 10, cpu % 10, mem / 10, mem % 10, PAGES_KB(task_size(task)),
             PAGES_KB(task_rss(task)), "?", stat, start, seconds / 60, seconds % 60);
    put_command(t, task);
}

/* The reads of /proc and the write of the table, in one: nobody else runs until it is written. */
static KERNEL_SIDE int sys_write(void)
{
    struct recorder_file f;
    recorder_open(&f, "var/log/ps.log");
    ps_put_header(recorder_line(&f));
    for_each_task (t) {
        ps_put_task(recorder_line(&f), t);
    }
    text_put(recorder_line(&f), "\n");
    return recorder_close(&f);
}

int prog_ps_aux(struct program *p)
{
    program_touch(p, p->spec.touch_pages);
    program_cpu((uint64_t)nr_threads * PS_TASK_NS);
    program_touch(p, p->spec.touch_pages);
    return sys(sys_write) != 0;
}
