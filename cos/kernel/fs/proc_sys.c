/* proc_sys.c - see proc_sys.h. */
#include "cos/kernel/fs/proc_sys.h"

#include "cos/kernel/fs/proc_misc.h"
#include "cos/kernel/fs/vfs.h"
#include "cos/kernel/sched/process.h"

/* Numbers of one file stand with tabs between them. Those of the kernel that the model obeys are
 * its own: overcommit, page-cluster, inactive_clean_percent, oom-kill, panic_on_oops. */
static const struct {
    const char *name, *value;
} vm[] = {
    { "bdflush", "50\t500\t0\t0\t500\t3000\t80\t50\t0" },
    { "dcache_priority", "0" },
    { "hugetlb_pool", "0" },
    { "inactive_clean_percent", "30" },
    { "kscand_work_percent", "100" },
    { "kswapd", "512\t32\t8" },
    { "max-readahead", "31" },
    { "max_map_count", "65536" },
    { "min-readahead", "3" },
    { "oom-kill", "1" },
    { "overcommit_memory", "0" },
    { "overcommit_ratio", "50" },
    { "page-cluster", "3" },
    { "pagecache", "1\t15\t30" },
    { "pagetable_cache", "25\t50" },
    { "skip_mapped_pages", "0" },
    { "stack_defer_threshold", "2048" },
    { "vm-defragment", "0" },
};
static const struct {
    const char *name, *value;
} kernel[] = {
    { "ostype", "Linux" },
    { "panic", "0" },
    { "panic_on_oops", "1" },
    { "sysrq", "1" }, /* OUR CHOICE: RHEL 3 has 0, an ESX console answers the keys */
};

static int write_value(const char *folder, const char *name, const char *value)
{
    char path[64], line[128];
    (void)snprintf(path, sizeof path, "proc/sys/%s/%s", folder, name);
    const int n = snprintf(line, sizeof line, "%s\n", value);
    ASSERT(n > 0 && n < (int)sizeof line);
    return vfs_replace(path, line, (uint32_t)n);
}

static int write_kernel(void)
{
    char number[16];
    int error = 0;
    for (unsigned i = 0; i < ARRAY_SIZE(kernel); i++)
        error = vfs_first_error(error, write_value("kernel", kernel[i].name, kernel[i].value));
    (void)snprintf(number, sizeof number, "%u", max_threads());
    error = vfs_first_error(error, write_value("kernel", "threads-max", number));
    error = vfs_first_error(error, write_value("kernel", "hostname", boot_params->host));
    return vfs_first_error(error, write_value("kernel", "osrelease", boot_params->release));
}

static int write_vm(void)
{
    int error = 0;
    for (unsigned i = 0; i < ARRAY_SIZE(vm); i++)
        error = vfs_first_error(error, write_value("vm", vm[i].name, vm[i].value));
    return error;
}

static void put_version(struct text *t)
{
    text_put(t, "Linux version %s (gcc version 3.2.3 20030502) #1\n", boot_params->release);
}

int proc_write_sys(void)
{
    static const char *const folders[] = { "proc/sys", "proc/sys/kernel", "proc/sys/vm" };
    int error = 0;
    for (unsigned i = 0; i < ARRAY_SIZE(folders); i++)
        error = vfs_first_error(error, vfs_mkdir(folders[i]));
    error = vfs_first_error(error, write_vm());
    error = vfs_first_error(error, write_kernel());
    return vfs_first_error(error, proc_replace("proc/version", put_version));
}
