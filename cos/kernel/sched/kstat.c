/* kstat.c - see kstat.h. */
#include "cos/kernel/sched/kstat.h"

#include "cos/kernel/sched/task.h"

struct kernel_stat kstat = { .disk_since_ns = UINT64_MAX };

static uint64_t disk_busy_ns(void)
{
    const uint64_t since = kstat.disk_since_ns, now = cos_clock.now_ns;
    return kstat.disk_busy_ns + (since < now ? now - since : 0);
}

void kstat_disk_start(void)
{
    kstat.disk_since_ns = cos_clock.now_ns;
}

void kstat_disk_done(bool write, uint32_t pages, bool swap)
{
    struct disk_stat *d = &kstat.disk[write];
    d->ios++;
    d->pages += pages;
    d->swap_pages += swap ? pages : 0;
    kstat.disk_busy_ns = disk_busy_ns();
    kstat.disk_since_ns = UINT64_MAX;
}

void kstat_idle_start(void)
{
    kstat.idle_busy_ns = disk_busy_ns();
}

void kstat_idle_end(void)
{
    kstat.iowait_ns += disk_busy_ns() - kstat.idle_busy_ns;
}

void cpu_times_add(struct cpu_times *to, int32_t static_prio, uint64_t utime_ns, uint64_t stime_ns)
{
    if (static_prio > 120)
        to->nice_ns += utime_ns;
    else
        to->user_ns += utime_ns;
    to->system_ns += stime_ns;
}
