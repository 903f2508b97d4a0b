/* dump_host.c - see dump_host.h. */
#include "tests/lib/dump_host.h"

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "shared/units.h"
#include "vmkernel/host/options.h"

#define SEED 308590u

static void __attribute__((noreturn)) die(const char *what)
{
    perror(what);
    exit(1);
}

const char *dump_host_minicos(void)
{
    static char path[4096];
    const char *given = getenv("MINICOS");
    if (given != NULL)
        return given;
    const ssize_t n = readlink("/proc/self/exe", path, sizeof path - 32);
    if (n < 0)
        die("/proc/self/exe");
    path[n] = '\0';
    char *tests = strstr(path, "/tests/"); /* BUILD/tests/unit/test_x */
    if (tests == NULL)
        tests = path + n;
    (void)strcpy(tests, "/tests/minicos");
    return path;
}

const char *dump_host_path(const struct dump_host *h, const char *name)
{
    static char paths[4][256];
    static unsigned next;
    char *path = paths[next++ % 4];
    (void)snprintf(path, sizeof paths[0], "%s/%s", h->dir, name);
    return path;
}

const char *dump_host_core(const struct dump_host *h)
{
    return dump_host_path(h, "vmfs/volumes/" DUMP_HOST_UUID "/cos-core-esxhostname");
}

static void make_folders(struct dump_host *h)
{
    static const char *const folders[] = { "console", "dev", "vmfs", "vmfs/volumes",
                                           ("vmfs/volumes/" DUMP_HOST_UUID) };
    (void)strcpy(h->dir, "/tmp/dump-host-XXXXXX");
    if (mkdtemp(h->dir) == NULL)
        die("mkdtemp");
    for (unsigned i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        if (mkdir(dump_host_path(h, folders[i]), 0755) != 0)
            die(folders[i]);
    }
}

static void make_machine(struct machine *m)
{
    m->ram_bytes = DUMP_HOST_RAM_MB * 1048576ull;
    m->bytes = MACHINE_RAM_OFFSET + m->ram_bytes;
    m->memory_fd = memfd_create("machine", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    m->swap_fd = -1;
    if (m->memory_fd < 0 || ftruncate(m->memory_fd, (off_t)m->bytes) != 0)
        die("memfd");
    m->base = mmap(NULL, m->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, m->memory_fd, 0);
    if (m->base == MAP_FAILED)
        die("mmap");
    m->info = (void *)(m->base + MACHINE_HOSTINFO_OFFSET);
    m->ring = (void *)(m->base + MACHINE_RING_OFFSET);
    m->gate = (void *)(m->base + MACHINE_GATE_OFFSET);
    m->boot = (void *)(m->base + MACHINE_BOOT_OFFSET);
    m->vmnix = (void *)(m->base + MACHINE_VMNIX_OFFSET);
    m->ram = m->base + MACHINE_RAM_OFFSET;
    m->info->ram_bytes = m->ram_bytes;
}

static pid_t start_minicos(const struct machine *m)
{
    char *const argv[] = { (char *)(uintptr_t) "cos", NULL };
    char *const envp[] = { NULL };
    const char *program = dump_host_minicos();
    const pid_t pid = fork();
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (dup2(m->memory_fd, MACHINE_FD_MEMORY) < 0)
            _exit(70);
        if (m->memory_fd == MACHINE_FD_MEMORY)
            (void)fcntl(MACHINE_FD_MEMORY, F_SETFD, 0);
        (void)execve(program, argv, envp);
        _exit(70);
    }
    if (pid < 0)
        die("fork");
    const volatile uint32_t *ready = &m->info->cos_ready;
    for (unsigned i = 0; *ready == 0; i++) {
        if (i == 10000 || waitpid(pid, NULL, WNOHANG) == pid)
            die(program);
        (void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
    }
    return pid;
}

static int append_nowhere(void *context, enum log_file file, const char *text, size_t bytes)
{
    (void)context;
    (void)file;
    (void)text;
    (void)bytes;
    return 0;
}

static void fill_plan(struct plan *plan)
{
    (void)strcpy(plan->profile, "esx-3.5");
    (void)strcpy(plan->host, "esxhostname");
    (void)strcpy(plan->datastore_uuid, DUMP_HOST_UUID);
    (void)strcpy(plan->boot.release, "2.4.21-57.ELvmnix");
    plan->datastore_kb_per_s = 28453; /* KB 308590: 800 MB in 28.8 s */
    plan->ram_mb = DUMP_HOST_RAM_MB;
    plan->swap_kb = 554168;
    plan->pcpus = 16;
    plan->cpu_khz = 2992500;
    plan->vms = 73;
    plan->epoch_boot_s = 1254426855;
    plan->utc_offset_s = -18000;
}

/* Two beats, then silence until the alerts at t=29 and t=30. */
static void fill_state(struct vmk *vmk)
{
    static const struct log_effects effects = { .append = append_nowhere };
    struct hb_actions act;
    const uint64_t last = DUMP_HOST_NOW_NS - HB_TIMEOUT_MIN * NS_PER_MIN - 5000000;
    log_init(&vmk->log, &effects, vmk->plan.host, vmk->plan.epoch_boot_s, vmk->plan.utc_offset_s);
    log_files_stop(&vmk->log);
    uint64_t vm_start_ns[WORLDS_VMS_MAX];
    for (uint32_t i = 0; i < WORLDS_VMS_MAX; i++)
        vm_start_ns[i] = (60u + i) * 1000000000ull;
    if (worlds_init(&vmk->worlds, vmk->profile, SEED, vmk->plan.pcpus, vmk->plan.vms,
                    vm_start_ns) != 0)
        die("worlds");
    hb_init(&vmk->hb, SEED, 1000000000u);
    for (uint64_t seq = 1; seq <= 2; seq++) {
        const struct hb_event beat = { .now_ns = last - (2 - seq) * NS_PER_MIN,
                                       .type = HB_EV_BEAT,
                                       .beat = { .seq = seq, .latency_ns = 2300 * seq } };
        (void)hb_step(&vmk->hb, &beat, &act);
    }
    vmk->ring.generation = 1;
    vmk->ring.seq = vmk->ring.beats = 2;
    log_put(&vmk->log, LOG_ALERT, DUMP_HOST_NOW_NS - 59994000000u, 0, 1024,
            "VMNIX: ALERT: HB: 365: Lost heartbeat (comm=vmnixhbd pid=20 t=29 to=30 clt=1).");
    log_put(&vmk->log, LOG_ALERT, DUMP_HOST_NOW_NS, 0, 1024,
            "VMNIX: ALERT: HB: 365: Lost heartbeat (comm=VMap pid=9173 t=30 to=30 clt=1).");
    vmk->now_ns = DUMP_HOST_NOW_NS;
}

struct dump_host *dump_host_create(void)
{
    struct dump_host *h = calloc(1, sizeof *h);
    if (h == NULL)
        die("calloc");
    struct vmk *vmk = &h->vmk;
    make_folders(h);
    (void)snprintf(vmk->host_dir, sizeof vmk->host_dir, "%s", h->dir);
    (void)snprintf(vmk->cos_path, sizeof vmk->cos_path, "%s", dump_host_minicos());
    fill_plan(&vmk->plan);
    options_default(vmk);
    vmk->io = &dumpio_real;
    vmk->profile = profile_find(vmk->plan.profile);
    make_machine(&vmk->machine);
    fill_state(vmk);
    if (dump_partition_create(vmk) != 0)
        die("dump partition");
    vmk->cos_pid = start_minicos(&vmk->machine);
    return h;
}

void dump_host_stun(struct dump_host *h)
{
    (void)kill(h->vmk.cos_pid, SIGSTOP);
}

char *dump_host_read(const char *path, size_t *ret_len)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0)
        return NULL;
    char *text = malloc((size_t)st.st_size + 1);
    const ssize_t n = text != NULL ? read(fd, text, (size_t)st.st_size) : -1;
    (void)close(fd);
    if (n < 0)
        die(path);
    text[n] = '\0';
    *ret_len = (size_t)n;
    return text;
}

char *dump_host_run(int *ret_status, const char *format, ...)
{
    char command[2048], whole[2100];
    va_list ap;
    va_start(ap, format);
    (void)vsnprintf(command, sizeof command, format, ap);
    va_end(ap);
    (void)snprintf(whole, sizeof whole, "( %s ) 2>&1", command);
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len), *from = popen(whole, "r");
    if (to == NULL || from == NULL)
        die("popen");
    for (int c; (c = fgetc(from)) != EOF;)
        (void)fputc(c, to);
    *ret_status = pclose(from);
    (void)fclose(to);
    return text;
}

void dump_host_destroy(struct dump_host *h)
{
    int status;
    if (h->vmk.cos_pid > 0) {
        (void)kill(h->vmk.cos_pid, SIGKILL);
        while (waitpid(h->vmk.cos_pid, &status, __WALL) == h->vmk.cos_pid && !WIFSIGNALED(status) &&
               !WIFEXITED(status))
            ;
    }
    (void)munmap(h->vmk.machine.base, h->vmk.machine.bytes);
    (void)close(h->vmk.machine.memory_fd);
    free(dump_host_run(&status, "rm -rf '%s'", h->dir));
    free(h);
}
