/* proc_misc.c - see proc_misc.h. */
#include "cos/kernel/fs/proc_misc.h"

#include "cos/kernel/fs/proc_sys.h"
#include "cos/kernel/fs/proc_task.h"
#include "cos/kernel/fs/text.h"
#include "cos/kernel/fs/vfs.h"
#include "cos/kernel/mm/mm.h"
#include "cos/kernel/mm/slab.h"
#include "cos/kernel/sched/process.h"
#include "cos/kernel/sched/v24/sched.h"
#include "shared/units.h"

#define LONG_KB(pages) PAGES_KB((unsigned long)(pages))
#define BYTES(pages) ((unsigned long long)(pages)*PAGE_SIZE)
#define HUGE_PAGE_KB 2048   /* with PAE */
#define OVERCOMMIT_RATIO 50 /* percent; default of the sysctl */
#define JIFFIES(ns) ((unsigned long long)(ns) / NS_PER_JIFFY)
#define SECTORS_PER_PAGE 8u
#define IRQS 16u /* of two interrupt controllers of the PC/AT. INFERRED: a kernel for one CPU */

/* Static, since kernel stacks are small. Nothing sleeps between filling it and writing it out
 * but the writer itself, and readers of /proc come one at a time: cron's hourly job and the
 * boot. */
static char page[PAGE_SIZE];

/* All that no task used, I/O wait included. */
static uint64_t cos_idle_ns(void)
{
    struct cpu_times cpu;
    process_cpu_times(&cpu);
    const uint64_t up = cos_uptime_ns(), busy = cpu.user_ns + cpu.nice_ns + cpu.system_ns;
    return up > busy ? up - busy : 0;
}

uint64_t proc_swap_used_bytes(void)
{
    struct mem_info m;
    mem_info(&m);
    return BYTES(m.swap_total - m.swap_free);
}

/* ---- /proc/meminfo --------------------------------------------------------------------------- */
static void put_kb(struct text *t, const char *tag, unsigned long kb)
{
    text_put(t, "%-14s%8lu kB\n", tag, kb);
}

static void put_meminfo_table(struct text *t, const struct mem_info *m)
{
    text_put(t, "        total:    used:    free:  shared: buffers:  cached:\n");
    text_put(t, "Mem:  %8llu %8llu %8llu %8llu %8llu %8llu\n", BYTES(m->total),
             BYTES(m->total - m->free), BYTES(m->free), BYTES(0), BYTES(m->buffers),
             BYTES(m->cached + m->swap_cached));
    text_put(t, "Swap: %8llu %8llu %8llu\n", BYTES(m->swap_total),
             BYTES(m->swap_total - m->swap_free), BYTES(m->swap_free));
}

static void put_meminfo_lists(struct text *t, const struct mem_info *m)
{
    const uint32_t active = m->active_anon + m->active_cache;
    const uint32_t all = active + m->inact_dirty + m->inact_laundry + m->inact_clean;
    put_kb(t, "Active:", LONG_KB(active));
    put_kb(t, "ActiveAnon:", LONG_KB(m->active_anon));
    put_kb(t, "ActiveCache:", LONG_KB(m->active_cache));
    put_kb(t, "Inact_dirty:", LONG_KB(m->inact_dirty));
    put_kb(t, "Inact_laundry:", LONG_KB(m->inact_laundry));
    put_kb(t, "Inact_clean:", LONG_KB(m->inact_clean));
    put_kb(t, "Inact_target:", LONG_KB(all / 5));
}

/* All RAM of a COS is lowmem. */
static void put_meminfo(struct text *t)
{
    struct mem_info m;
    mem_info(&m);
    put_meminfo_table(t, &m);
    put_kb(t, "MemTotal:", LONG_KB(m.total));
    put_kb(t, "MemFree:", LONG_KB(m.free));
    put_kb(t, "MemShared:", 0);
    put_kb(t, "Buffers:", LONG_KB(m.buffers));
    put_kb(t, "Cached:", LONG_KB(m.cached));
    put_kb(t, "SwapCached:", LONG_KB(m.swap_cached));
    put_meminfo_lists(t, &m);
    put_kb(t, "HighTotal:", 0);
    put_kb(t, "HighFree:", 0);
    put_kb(t, "LowTotal:", LONG_KB(m.total));
    put_kb(t, "LowFree:", LONG_KB(m.free));
    put_kb(t, "SwapTotal:", LONG_KB(m.swap_total));
    put_kb(t, "SwapFree:", LONG_KB(m.swap_free));
    put_kb(t, "CommitLimit:", LONG_KB(m.swap_total + m.total * OVERCOMMIT_RATIO / 100));
    put_kb(t, "Committed_AS:", LONG_KB(m.committed));
    text_put(t, "HugePages_Total: %5u\nHugePages_Free:  %5u\nHugepagesize:    %5u kB\n", 0u, 0u,
             HUGE_PAGE_KB);
}

/* ---- the others ------------------------------------------------------------------------------ */
static void put_loadavg(struct text *t)
{
    time_load();
    for (unsigned i = 0; i < 3; i++) {
        const uint32_t load = avenrun[i] + 2048 / 200; /* rounds to hundredths */
        text_put(t, "%u.%02u ", load >> 11, (load & 2047u) * 100 >> 11);
    }
    text_put(t, "%u/%u %u\n", nr_running, nr_threads, last_pid);
}

static void put_hundredths(struct text *t, uint64_t ns, const char *end)
{
    text_put(t, "%llu.%02u%s", (unsigned long long)(ns / NS_PER_S),
             (unsigned)(ns % NS_PER_S / 10000000u), end);
}

static void put_uptime(struct text *t)
{
    put_hundredths(t, cos_uptime_ns(), " ");
    put_hundredths(t, cos_idle_ns(), "\n");
}

/* ---- /proc/stat ------------------------------------------------------------------------------ */
/* Ticks of 1/HZ s. irq and softirq are 0: see kstat.h. */
static void put_cpu(struct text *t, const char *tag)
{
    struct cpu_times cpu;
    process_cpu_times(&cpu);
    const uint64_t idle_ns = cos_idle_ns();
    text_put(t, "%s %llu %llu %llu %llu %llu 0 0\n", tag, JIFFIES(cpu.user_ns),
             JIFFIES(cpu.nice_ns), JIFFIES(cpu.system_ns),
             JIFFIES(idle_ns > cpu.iowait_ns ? idle_ns - cpu.iowait_ns : 0),
             JIFFIES(cpu.iowait_ns));
}

/* The sum of all interrupts, then one number for each line of the two controllers. */
static void put_intr(struct text *t)
{
    const uint32_t disk = kstat.disk[0].ios + kstat.disk[1].ios;
    const uint32_t timer = jiffies_now();
    text_put(t, "intr %u", timer + disk);
    for (uint32_t irq = 0; irq < IRQS; irq++)
        text_put(t, " %u", irq == 0 ? timer : irq == DISK_IRQ ? disk : 0);
    text_put(t, "\n");
}

static void put_disk_io(struct text *t)
{
    const struct disk_stat *read = &kstat.disk[0], *write = &kstat.disk[1];
    text_put(t, "disk_io: (8,0):(%u,%u,%u,%u,%u) \n", read->ios + write->ios, read->ios,
             read->pages * SECTORS_PER_PAGE, write->ios, write->pages * SECTORS_PER_PAGE);
}

static void put_stat(struct text *t)
{
    const struct disk_stat *read = &kstat.disk[0], *write = &kstat.disk[1];
    put_cpu(t, "cpu ");
    put_cpu(t, "cpu0");
    text_put(t, "page %lu %lu\n", LONG_KB(read->pages), LONG_KB(write->pages));
    text_put(t, "swap %u %u\n", read->swap_pages, write->swap_pages);
    put_intr(t);
    put_disk_io(t);
    text_put(t, "ctxt %llu\nbtime %lld\nprocesses %u\n", (unsigned long long)run_queue.switches,
             (long long)(cos_epoch_s() - (int64_t)(cos_uptime_ns() / NS_PER_S)), kstat.forks);
    text_put(t, "procs_running %u\nprocs_blocked %u\n", nr_running,
             sched_active_count() - nr_running);
}

/* ---- /proc/slabinfo: version 1.1, one CPU ---------------------------------------------------- */
static void put_slabinfo(struct text *t)
{
    text_put(t, "slabinfo - version: 1.1\n");
    const struct kmem_cache *c;
    for (uint32_t i = 0; (c = kmem_cache_at(i)) != NULL; i++)
        text_put(t, "%-17s %6u %6u %6u %4u %4u %4u\n", c->name, c->active, c->slabs * c->per_slab,
                 c->size, c->slabs - c->empty_slabs, c->slabs, 1u << c->order);
}

/* [INFERRED] layout of 2.4; the device is OUR CHOICE. */
static void put_swaps(struct text *t)
{
    struct mem_info m;
    mem_info(&m);
    text_put(t, "Filename\t\t\tType\t\tSize\tUsed\tPriority\n");
    text_put(t, "%-40spartition\t%lu\t%lu\t-1\n", "/dev/sda3", LONG_KB(m.swap_total),
             LONG_KB(m.swap_total - m.swap_free));
}

int proc_replace(const char *path, void (*put)(struct text *t))
{
    struct text t = { page, sizeof page, 0 };
    put(&t);
    return vfs_replace(path, page, t.len);
}

int proc_write_snapshot(void)
{
    static const struct {
        const char *path;
        void (*put)(struct text *t);
    } files[] = {
        { "proc/meminfo", put_meminfo }, { "proc/loadavg", put_loadavg },
        { "proc/uptime", put_uptime },   { "proc/swaps", put_swaps },
        { "proc/stat", put_stat },       { "proc/slabinfo", put_slabinfo },
    };
    int error = 0;
    for (unsigned i = 0; i < ARRAY_SIZE(files); i++)
        error = vfs_first_error(error, proc_replace(files[i].path, files[i].put));
    return vfs_first_error(error, proc_write_tasks());
}

int proc_write_boot(void)
{
    int error = proc_forget_tasks();
    error = vfs_first_error(error, proc_write_sys());
    return vfs_first_error(error, proc_write_snapshot());
}
