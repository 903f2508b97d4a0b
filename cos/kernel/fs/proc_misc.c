/* proc_misc.c - see proc_misc.h. */
#include "cos/kernel/fs/proc_misc.h"

#include "cos/kernel/fs/vfs.h"
#include "cos/kernel/mm/mm.h"
#include "cos/kernel/process.h"
#include "cos/kernel/sched.h"

#define NS_PER_S 1000000000u
#define KB(pages) ((unsigned long)(pages) * (PAGE_SIZE / 1024))
#define BYTES(pages) ((unsigned long long)(pages)*PAGE_SIZE)
#define HUGE_PAGE_KB 2048   /* with PAE */
#define OVERCOMMIT_RATIO 50 /* percent; default of the sysctl */

/* Static, since kernel stacks are small. Nothing sleeps between filling it and writing it out
 * but the writer itself, and readers of /proc come one at a time: cron's hourly job and the
 * boot. */
static char page[1536];

struct text {
    char *to;
    uint32_t size, len;
};

static void __attribute__((format(printf, 2, 3))) put(struct text *t, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    const int n = vsnprintf(t->to + t->len, t->size - t->len, format, ap);
    va_end(ap);
    ASSERT(n >= 0 && (uint32_t)n < t->size - t->len);
    t->len += (uint32_t)n;
}

uint64_t cos_uptime_ns(void)
{
    return cos_clock.now_ns + COS_UPTIME_LEAD_NS;
}

int64_t cos_epoch_s(void)
{
    return boot_params->epoch_boot_s + (int64_t)(cos_clock.now_ns / NS_PER_S);
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
    put(t, "%-14s%8lu kB\n", tag, kb);
}

static void put_meminfo_table(struct text *t, const struct mem_info *m)
{
    put(t, "        total:    used:    free:  shared: buffers:  cached:\n");
    put(t, "Mem:  %8llu %8llu %8llu %8llu %8llu %8llu\n", BYTES(m->total),
        BYTES(m->total - m->free), BYTES(m->free), BYTES(0), BYTES(m->buffers),
        BYTES(m->cached + m->swap_cached));
    put(t, "Swap: %8llu %8llu %8llu\n", BYTES(m->swap_total), BYTES(m->swap_total - m->swap_free),
        BYTES(m->swap_free));
}

static void put_meminfo_lists(struct text *t, const struct mem_info *m)
{
    const uint32_t active = m->active_anon + m->active_cache;
    const uint32_t all = active + m->inact_dirty + m->inact_laundry + m->inact_clean;
    put_kb(t, "Active:", KB(active));
    put_kb(t, "ActiveAnon:", KB(m->active_anon));
    put_kb(t, "ActiveCache:", KB(m->active_cache));
    put_kb(t, "Inact_dirty:", KB(m->inact_dirty));
    put_kb(t, "Inact_laundry:", KB(m->inact_laundry));
    put_kb(t, "Inact_clean:", KB(m->inact_clean));
    put_kb(t, "Inact_target:", KB(all / 5));
}

/* All RAM of a COS is lowmem. */
static void put_meminfo(struct text *t)
{
    struct mem_info m;
    mem_info(&m);
    put_meminfo_table(t, &m);
    put_kb(t, "MemTotal:", KB(m.total));
    put_kb(t, "MemFree:", KB(m.free));
    put_kb(t, "MemShared:", 0);
    put_kb(t, "Buffers:", KB(m.buffers));
    put_kb(t, "Cached:", KB(m.cached));
    put_kb(t, "SwapCached:", KB(m.swap_cached));
    put_meminfo_lists(t, &m);
    put_kb(t, "HighTotal:", 0);
    put_kb(t, "HighFree:", 0);
    put_kb(t, "LowTotal:", KB(m.total));
    put_kb(t, "LowFree:", KB(m.free));
    put_kb(t, "SwapTotal:", KB(m.swap_total));
    put_kb(t, "SwapFree:", KB(m.swap_free));
    put_kb(t, "CommitLimit:", KB(m.swap_total + m.total * OVERCOMMIT_RATIO / 100));
    put_kb(t, "Committed_AS:", KB(m.committed));
    put(t, "HugePages_Total: %5u\nHugePages_Free:  %5u\nHugepagesize:    %5u kB\n", 0u, 0u,
        HUGE_PAGE_KB);
}

/* ---- the others ------------------------------------------------------------------------------ */
static void put_loadavg(struct text *t)
{
    time_load();
    for (unsigned i = 0; i < 3; i++) {
        const uint32_t load = avenrun[i] + 2048 / 200; /* rounds to hundredths */
        put(t, "%u.%02u ", load >> 11, (load & 2047u) * 100 >> 11);
    }
    put(t, "%u/%u %u\n", nr_running, nr_threads, last_pid);
}

static void put_hundredths(struct text *t, uint64_t ns, const char *end)
{
    put(t, "%llu.%02u%s", (unsigned long long)(ns / NS_PER_S),
        (unsigned)(ns % NS_PER_S / 10000000u), end);
}

static void put_uptime(struct text *t)
{
    const uint64_t up = cos_uptime_ns(), busy = process_cpu_ns();
    put_hundredths(t, up, " ");
    put_hundredths(t, up > busy ? up - busy : 0, "\n");
}

/* [INFERRED] layout of 2.4; the device is OUR CHOICE. */
static void put_swaps(struct text *t)
{
    struct mem_info m;
    mem_info(&m);
    put(t, "Filename\t\t\tType\t\tSize\tUsed\tPriority\n");
    put(t, "%-40spartition\t%lu\t%lu\t-1\n", "/dev/sda3", KB(m.swap_total),
        KB(m.swap_total - m.swap_free));
}

int proc_write_snapshot(void)
{
    static const struct {
        const char *path;
        void (*put)(struct text *t);
    } files[] = {
        { "proc/meminfo", put_meminfo },
        { "proc/loadavg", put_loadavg },
        { "proc/uptime", put_uptime },
        { "proc/swaps", put_swaps },
    };
    int error = 0;
    for (unsigned i = 0; i < ARRAY_SIZE(files); i++) {
        struct text t = { page, sizeof page, 0 };
        files[i].put(&t);
        const int got = vfs_replace(files[i].path, page, t.len);
        error = error != 0 ? error : got;
    }
    return error;
}
