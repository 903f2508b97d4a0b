/* hbd_host.c - see hbd_host.h. */
#include "tests/lib/hbd_host.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DEADLINE_NS 10000000000ull /* of wall time; nothing here takes a hundredth of it */

static struct hbd_host *the_host; /* for the signal handler */

static _Noreturn void give_up(const char *what)
{
    fprintf(stderr, "hbd_host: %s: %s\n", what, strerror(errno));
    exit(99);
}

static uint64_t wall_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* As the VMkernel's: tell the gate what became of the child. */
static void on_child(int number)
{
    const int saved = errno;
    int status;
    (void)number;
    while (the_host != NULL && the_host->pid != 0 &&
           waitpid(the_host->pid, &status, WNOHANG | WUNTRACED | WCONTINUED) > 0) {
        if (WIFSTOPPED(status)) {
            gate_note_life(the_host->gate, GATE_VMNIXHBD, GATE_STOPPED);
        } else if (WIFCONTINUED(status)) {
            gate_note_life(the_host->gate, GATE_VMNIXHBD, GATE_ALIVE);
        } else {
            the_host->status = status;
            gate_note_life(the_host->gate, GATE_VMNIXHBD, GATE_DEAD);
        }
    }
    errno = saved;
}

static void fill_pages(struct hbd_host *h, uint32_t ram_mb, uint64_t interval_ns)
{
    h->info = (struct machine_hostinfo *)(h->memory + MACHINE_HOSTINFO_OFFSET);
    h->boot = (struct boot_params *)(h->memory + MACHINE_BOOT_OFFSET);
    h->gate = (struct gate *)(h->memory + MACHINE_GATE_OFFSET);
    h->ring = (struct ring *)(h->memory + MACHINE_RING_OFFSET);
    *h->info = (struct machine_hostinfo){ .magic = MACHINE_HOSTINFO_MAGIC,
                                          .version = MACHINE_VERSION,
                                          .memory_bytes = h->memory_bytes,
                                          .ram_bytes = (uint64_t)ram_mb << 20,
                                          .boot_offset = MACHINE_BOOT_OFFSET,
                                          .boot_bytes = sizeof *h->boot,
                                          .generation = 1 };
    h->boot->magic = BOOT_MAGIC;
    h->boot->bytes = sizeof *h->boot;
    h->boot->hbd_interval_ns = interval_ns;
    h->gate->baton = GATE_COS;
}

void hbd_host_init(struct hbd_host *h, uint32_t ram_mb, uint64_t interval_ns)
{
    memset(h, 0, sizeof *h);
    h->err_fd = -1;
    h->memory_bytes = MACHINE_RAM_OFFSET + ((uint64_t)ram_mb << 20);
    h->fd = memfd_create("machine", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (h->fd < 0 || ftruncate(h->fd, (off_t)h->memory_bytes) != 0 ||
        fcntl(h->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) != 0)
        give_up("memfd");
    h->memory = mmap(NULL, h->memory_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, h->fd, 0);
    if (h->memory == MAP_FAILED)
        give_up("mmap");
    fill_pages(h, ram_mb, interval_ns);
    h->now_ns = 1000000000u;
}

static _Noreturn void child(const struct hbd_host *h, const char *program, const char *setting,
                            int err_fd)
{
    char name[] = "vmnixhbd";
    char *argv[] = { name, NULL };
    char *env[] = { (char *)(uintptr_t)setting, NULL };
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (dup2(h->fd, MACHINE_FD_MEMORY) < 0 || dup2(err_fd, STDERR_FILENO) < 0)
        _exit(98);
    /* dup2() of a descriptor onto itself does nothing, and leaves it close-on-exec. */
    if (h->fd == MACHINE_FD_MEMORY)
        (void)fcntl(MACHINE_FD_MEMORY, F_SETFD, 0);
    (void)execve(program, argv, env);
    _exit(97);
}

void hbd_host_spawn(struct hbd_host *h, const char *program, const char *setting)
{
    int pipe_fd[2];
    struct sigaction action = { .sa_handler = on_child };
    sigset_t block, old;

    the_host = h;
    if (pipe2(pipe_fd, O_CLOEXEC | O_NONBLOCK) != 0 || sigaction(SIGCHLD, &action, NULL) != 0)
        give_up("pipe");
    (void)sigemptyset(&block);
    (void)sigaddset(&block, SIGCHLD);
    (void)sigprocmask(SIG_BLOCK, &block, &old);
    h->pid = fork();
    if (h->pid < 0)
        give_up("fork");
    if (h->pid == 0) {
        (void)sigprocmask(SIG_SETMASK, &old, NULL);
        child(h, program, setting, pipe_fd[1]);
    }
    (void)close(pipe_fd[1]);
    h->err_fd = pipe_fd[0];
    (void)sigprocmask(SIG_SETMASK, &old, NULL);
    h->gate->reply.seq = 0;
    h->gate->reply.now_ns = h->now_ns;
}

static uint32_t life(const struct hbd_host *h)
{
    return __atomic_load_n(&h->gate->life[GATE_VMNIXHBD], __ATOMIC_SEQ_CST);
}

/* @return what stands in the way of a call, or 0 */
static int no_call(const struct hbd_host *h)
{
    switch (life(h)) {
    case GATE_DEAD:
        return HBD_HOST_DIED;
    case GATE_STOPPED:
        return HBD_HOST_STOPPED;
    default:
        return 0;
    }
}

int hbd_host_turn(struct hbd_host *h)
{
    const uint64_t patience_ns = h->patient ? 0 : DEADLINE_NS;
    const uint64_t end_ns = wall_ns() + DEADLINE_NS;
    const uint32_t seq = h->last.seq;

    if (__atomic_load_n(&h->gate->call.seq, __ATOMIC_SEQ_CST) == seq &&
        gate_pass(h->gate, GATE_COS, GATE_VMNIXHBD) == 0) {
        while (gate_wait(h->gate, GATE_COS, patience_ns) == 2) {
            if (!h->patient && wall_ns() > end_ns)
                return HBD_HOST_SILENT;
        }
        if (!gate_holds(h->gate, GATE_COS))
            return HBD_HOST_SILENT;
    }
    if (__atomic_load_n(&h->gate->call.seq, __ATOMIC_SEQ_CST) == seq)
        return no_call(h);
    h->last = h->gate->call;
    if (h->last.nr < HBD_HOST_CALLS)
        h->calls[h->last.nr]++;
    return (int)h->last.nr;
}

static int64_t wait_until(struct hbd_host *h)
{
    if (h->last.arg[0] > h->now_ns)
        h->now_ns = h->last.arg[0];
    h->now_ns += h->wait_late_ns;
    h->doorbells += h->last.arg[1];
    return 0;
}

static int64_t serve(struct hbd_host *h)
{
    switch (h->last.nr) {
    case GATE_CALL_WAIT:
        return wait_until(h);
    case GATE_CALL_PAGE_ALLOC:
        h->now_ns += h->alloc_takes_ns;
        return h->alloc_result != 0 ? h->alloc_result : HBD_HOST_PAGE;
    case GATE_CALL_PAGE_FREE:
        h->now_ns += h->free_takes_ns;
        return h->free_result;
    case GATE_CALL_SYSLOG:
        memcpy(h->syslog, h->last.text, sizeof h->syslog);
        return 0;
    default:
        return -ENOSYS;
    }
}

void hbd_host_answer(struct hbd_host *h)
{
    if (h->before_answer != NULL)
        h->before_answer(h);
    h->gate->reply.ret = serve(h);
    h->gate->reply.now_ns = h->now_ns;
    __atomic_store_n(&h->gate->reply.seq, h->last.seq, __ATOMIC_SEQ_CST);
}

int hbd_host_run(struct hbd_host *h, uint64_t count)
{
    while (count > 0) {
        const int nr = hbd_host_turn(h);
        if (nr <= 0)
            return nr != 0 ? nr : HBD_HOST_SILENT;
        hbd_host_answer(h);
        if (nr == GATE_CALL_WAIT)
            count--;
    }
    return 0;
}

bool hbd_host_await_life(struct hbd_host *h, enum gate_life want)
{
    const uint64_t end_ns = wall_ns() + DEADLINE_NS;
    while (life(h) != (uint32_t)want) {
        if (wall_ns() > end_ns)
            return false;
        (void)poll(NULL, 0, 1); /* SIGCHLD cuts it short */
    }
    return true;
}

bool hbd_host_await_death(struct hbd_host *h)
{
    return hbd_host_await_life(h, GATE_DEAD);
}

void hbd_host_stderr(struct hbd_host *h, char *buf, size_t size)
{
    const ssize_t got = read(h->err_fd, buf, size - 1);
    buf[got > 0 ? got : 0] = '\0';
}

void hbd_host_fini(struct hbd_host *h)
{
    if (h->pid != 0 && life(h) != GATE_DEAD) {
        (void)kill(h->pid, SIGKILL);
        (void)hbd_host_await_death(h);
    }
    the_host = NULL;
    if (h->err_fd >= 0)
        (void)close(h->err_fd);
    (void)munmap(h->memory, h->memory_bytes);
    (void)close(h->fd);
}

const char *hbd_host_program(void)
{
    static char path[4096];
    const char *folder = getenv("LOSTBEAT_BIN");
    if (folder == NULL) {
        static char self[3072];
        const ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
        char *slash = length > 0 ? strstr(self, "/tests/") : NULL;
        if (slash == NULL)
            give_up("set LOSTBEAT_BIN to the folder of vmnixhbd");
        *slash = '\0';
        (void)snprintf(path, sizeof path, "%s/bin/vmnixhbd", self);
        return path;
    }
    (void)snprintf(path, sizeof path, "%s/vmnixhbd", folder);
    return path;
}
