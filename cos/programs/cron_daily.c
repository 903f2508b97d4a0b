/* cron_daily.c - the night's big job: slocate.cron runs updatedb over the whole file system,
 * into sort.
 *
 * It takes about boot_params->cron_daily_ns, looks at cron_daily_files files (each a dentry and
 * an inode, read from a block of the inode table; 64 files share a block of directory) and holds
 * cron_daily_kb of memory at its peak, spread over the processes of its pipeline so that none is
 * big. Then all of it exits, and what is left is a changed page cache. How the work is spread is
 * OUR CHOICE. */
#include "cos/kernel/fs/ext3.h"
#include "cos/kernel/mm/mm.h"
#include "cos/kernel/sched/process.h"
#include "cos/programs/cron.h"
#include "shared/units.h"

#define WORKER_DATA_KB 2048u /* data of one process of the pipeline; see cron.h on sizes */
#define WORKERS_MAX 64u
#define FILES_PER_STEP 64u
#define FILE_CPU_NS 20000u /* lookup, stat and path handling of one file. OUR CHOICE */
#define RAMP_SHARE 3u      /* the pipeline is complete after a third of the time */

/* ---- updatedb -------------------------------------------------------------------------------- */
static void look_at_files(uint32_t first, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        sys(dcache_lookup, first + i);
    program_cpu((uint64_t)count * FILE_CPU_NS);
}

int prog_updatedb(struct program *p)
{
    const uint32_t files = boot_params->cron_daily_files;
    const uint32_t steps = files / FILES_PER_STEP + 1;
    const uint64_t start = cos_clock.now_ns;
    const uint64_t length = p->until_ns > start ? p->until_ns - start : 0;

    for (uint32_t step = 0; step < steps; step++) {
        const uint32_t first = step * FILES_PER_STEP;
        (void)sys(ext3_read_directory, step);
        look_at_files(first, files - first < FILES_PER_STEP ? files - first : FILES_PER_STEP);
        program_touch(p, 4);
        /* The walk of a real disk's 100 files a second: late steps do not wait, so a slow disk
         * makes it longer. */
        program_sleep_until(start + length / steps * (step + 1));
    }
    return 0;
}

/* ---- the pipeline ---------------------------------------------------------------------------- */
/* The next process of the pipeline, with its share of the memory. @return kB that are left to
 * give */
static uint32_t start_worker(uint32_t kb, uint64_t until_ns)
{
    static const struct boot_program sort = CRON_CHILD("sort", "worker", 44, 1700, 0);
    struct boot_program spec = sort;
    spec.data_kb = kb < WORKER_DATA_KB ? kb : WORKER_DATA_KB;
    spec.content_every = 4;
    spec.period_ns = 2 * NS_PER_S;
    (void)fork_exec(&spec, NULL, until_ns); /* a shell that cannot fork goes on with the rest */
    return kb - spec.data_kb;
}

int prog_slocate(struct program *p)
{
    static const struct boot_program updatedb = CRON_CHILD("updatedb", "updatedb", 32, 1700, 600);
    const uint64_t start = cos_clock.now_ns, length = boot_params->cron_daily_ns;
    uint32_t kb = boot_params->cron_daily_kb;
    const uint32_t workers = (kb + WORKER_DATA_KB - 1) / WORKER_DATA_KB;

    program_touch(p, p->spec.touch_pages);
    (void)fork_exec(&updatedb, NULL, start + length);
    for (uint32_t i = 0; i < workers && i < WORKERS_MAX && kb > 0; i++) {
        program_sleep_until(start + length / RAMP_SHARE / workers * i);
        kb = start_worker(kb, start + length);
    }
    while (sys(sys_wait4) != -ECHILD)
        ;
    return 0;
}
