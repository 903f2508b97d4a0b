/* children.c - see children.h. */
#include "vmkernel/run/children.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/err.h"
#include "shared/io.h"
#include "shared/units.h"
#include "vmkernel/host/vmk.h"

#define STACK_BYTES (8 * MB) /* their RLIMIT_STACK: where the host maps things depends on it */
#define REPORT_FD 6          /* the child tells here that it could not be executed */
#define SIGNAL_POLLS_MAX 200 /* of 25 ms: five seconds for a signal to work */
#define SIGNAL_POLL_MS 25
#define MOVED_FD_MIN 16 /* sources are moved above the fixed numbers first */

/* What the handler works on. Set before a child exists; `pid` is cleared by the handler when it
 * reaped the child. */
static struct {
    struct gate *gate;
    int event_fd;
    volatile pid_t pid[GATE_PARTIES];
    volatile int status[GATE_PARTIES];
    volatile sig_atomic_t life[GATE_PARTIES];   /* enum gate_life; the gate has a copy, which the
                                                   COS can write over */
    volatile sig_atomic_t halted[GATE_PARTIES]; /* a debugger's stop, which no signal tells of */
    bool quiet;                                 /* handed over by children_quiesce() */
} watched = { .event_fd = -1 };

/* ---- the handler ---------------------------------------------------------------------------- */
static void note_life(enum gate_party who, enum gate_life life)
{
    watched.life[who] = (sig_atomic_t)life;
    gate_note_life(watched.gate, who, life);
}

static void note(enum gate_party who, const siginfo_t *info)
{
    switch (info->si_code) {
    case CLD_EXITED:
        watched.status[who] = (info->si_status & 0xff) << 8;
        watched.pid[who] = 0;
        note_life(who, GATE_DEAD);
        break;
    case CLD_KILLED:
    case CLD_DUMPED:
        watched.status[who] = info->si_status & 0x7f;
        watched.pid[who] = 0;
        note_life(who, GATE_DEAD);
        break;
    case CLD_STOPPED:
    case CLD_TRAPPED:
        note_life(who, GATE_STOPPED);
        break;
    case CLD_CONTINUED:
        note_life(who, GATE_ALIVE);
        break;
    default:
        break;
    }
}

static void on_sigchld(int number)
{
    (void)number;
    const int saved = errno;
    for (int who = GATE_COS; who < GATE_PARTIES; who++) {
        while (watched.pid[who] > 0) {
            siginfo_t info;
            info.si_pid = 0;
            if (waitid(P_PID, (id_t)watched.pid[who], &info,
                       WEXITED | WSTOPPED | WCONTINUED | WNOHANG) != 0 ||
                info.si_pid == 0)
                break;
            note((enum gate_party)who, &info);
        }
    }
    const uint64_t one = 1;
    if (write(watched.event_fd, &one, sizeof one) < 0) {
        /* The counter is full of unread notes: readable already. */
    }
    errno = saved;
}

static int install_handler(struct gate *gate)
{
    watched.gate = gate;
    watched.quiet = false;
    for (int who = 0; who < GATE_PARTIES; who++) {
        watched.pid[who] = 0;
        watched.status[who] = -1;
        watched.halted[who] = 0;
        watched.life[who] = GATE_ALIVE;
    }
    watched.event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct sigaction action = {
        .sa_handler = on_sigchld
    }; /* no SA_RESTART: a wait for the baton is to be looked at again */
    (void)sigemptyset(&action.sa_mask);
    return watched.event_fd < 0 || sigaction(SIGCHLD, &action, NULL) != 0 ? -1 : 0;
}

static void block_sigchld(int how)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGCHLD);
    (void)sigprocmask(how, &set, NULL);
}

/* ---- start ---------------------------------------------------------------------------------- */
struct image {
    const char *path;
    const char *name; /* argv[0] */
    const int *fds;   /* become 3, 4, ... */
    int fd_count;
};

/* In the child: tell errno and go. */
static void __attribute__((noreturn)) give_up(int report)
{
    const int error = errno;
    if (write(report, &error, sizeof error) != sizeof error)
        _exit(126);
    _exit(127);
}

/* In the child: exactly 0, 1 (nothing), 2 (the VMkernel's), 3.. as asked and the report's. */
static void place_descriptors(const struct image *image, int *report)
{
    int moved[8];
    const int null = open("/dev/null", O_RDWR);
    if (null < 0 || (*report = fcntl(*report, F_DUPFD_CLOEXEC, MOVED_FD_MIN)) < 0)
        give_up(*report);
    for (int i = 0; i < image->fd_count; i++)
        if ((moved[i] = fcntl(image->fds[i], F_DUPFD, MOVED_FD_MIN)) < 0)
            give_up(*report);
    if (dup2(null, 0) < 0 || dup2(null, 1) < 0)
        give_up(*report);
    for (int i = 0; i < image->fd_count; i++)
        if (dup2(moved[i], 3 + i) < 0)
            give_up(*report);
    for (int fd = 3 + image->fd_count; fd < REPORT_FD; fd++)
        (void)close(fd);
    if (dup3(*report, REPORT_FD, O_CLOEXEC) < 0)
        give_up(*report);
    *report = REPORT_FD;
    if (close_range(REPORT_FD + 1, ~0u, 0) != 0)
        give_up(*report);
}

static void set_limits(int report)
{
    const struct rlimit none = { 0, 0 };
    struct rlimit stack;
    if (getrlimit(RLIMIT_STACK, &stack) != 0)
        give_up(report);
    stack.rlim_cur = stack.rlim_max < STACK_BYTES ? stack.rlim_max : STACK_BYTES;
    if (setrlimit(RLIMIT_STACK, &stack) != 0 || setrlimit(RLIMIT_CORE, &none) != 0)
        give_up(report);
}

static void __attribute__((noreturn)) run_child(const struct image *image, pid_t parent, int report)
{
    /* The signal says when the parent dies; the look afterwards says whether it had died before. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        give_up(report);
    if (getppid() != parent)
        _exit(0);
    place_descriptors(image, &report);
    set_limits(report);
    (void)signal(SIGCHLD, SIG_DFL);
    block_sigchld(SIG_UNBLOCK);
    char *const argv[] = { (char *)(uintptr_t)image->name, NULL };
    char *const envp[] = { NULL };
    (void)execve(image->path, argv, envp);
    give_up(report);
}

/* Read the child's report: nothing when execve() closed the pipe. @return 0 or -errno */
static int executed(int report)
{
    int error;
    const ssize_t got = io_read(report, &error, sizeof error);
    return got < 0 ? (int)got : got == (ssize_t)sizeof error ? -error : 0;
}

/* Fork and execute. The handler knows the pid before it can hear of it, since SIGCHLD is blocked
 * meanwhile. */
static int start(enum gate_party who, const struct image *image, pid_t *ret_pid, struct err *err)
{
    int report[2];
    if (pipe2(report, O_CLOEXEC) != 0)
        return err_file(err, -errno, image->path);
    block_sigchld(SIG_BLOCK);
    const pid_t parent = getpid();
    const pid_t pid = fork();
    int error = pid < 0 ? -errno : 0;
    if (pid == 0)
        run_child(image, parent, report[1]);
    watched.pid[who] = pid > 0 ? pid : 0;
    block_sigchld(SIG_UNBLOCK);
    (void)close(report[1]);
    if (error == 0)
        error = executed(report[0]);
    (void)close(report[0]);
    if (pid > 0)
        *ret_pid = pid;
    return error == 0 ? 0 : err_file(err, error, image->path);
}

int children_start(struct vmk *vmk, struct err *err)
{
    if (install_handler(vmk->machine.gate) != 0) {
        const int error = -errno;
        return err_set(err, error, "cannot watch child processes: %s", err_text(error));
    }
    const int cos_fds[] = { vmk->machine.memory_fd, vmk->host_fd, vmk->machine.swap_fd };
    const struct image cos = { vmk->cos_path, "cos", cos_fds, 3 };
    const struct image hbd = { vmk->hbd_path, "vmnixhbd", cos_fds, 1 };
    /* A host whose COS starts no heartbeat daemon (no-start) has no such process. */
    int error = 0;
    if (vmk->machine.boot->hbd_pid != 0)
        error = start(GATE_VMNIXHBD, &hbd, &vmk->hbd_pid, err);
    return error != 0 ? error : start(GATE_COS, &cos, &vmk->cos_pid, err);
}

void children_pin(void)
{
    const int core = sched_getcpu();
    if (core < 0)
        return;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((unsigned)core, &set);
    (void)sched_setaffinity(0, sizeof set, &set);
}

/* ---- watching ------------------------------------------------------------------------------- */
enum gate_life children_life(enum gate_party who)
{
    return (enum gate_life)watched.life[who];
}

int children_status(enum gate_party who)
{
    return watched.status[who];
}

int children_event_fd(void)
{
    return watched.event_fd;
}

void children_event_clear(void)
{
    uint64_t count;
    if (read(watched.event_fd, &count, sizeof count) < 0) {
        /* Nothing was noted since: not readable any more, as wanted. */
    }
}

bool children_is_halted(pid_t pid)
{
    char path[64];
    char text[256];
    if (pid <= 0)
        return false;
    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    const ssize_t got = io_peek(path, text, sizeof text - 1);
    if (got <= 0)
        return false;
    text[got] = '\0';
    const char *after_name =
        strrchr(text, ')'); /* the name may hold anything but is followed by the last ')' */
    return after_name != NULL && after_name[1] == ' ' &&
           (after_name[2] == 't' || after_name[2] == 'T');
}

void children_look_for_debugger(const struct vmk *vmk)
{
    const bool halted = children_is_halted(vmk->hbd_pid);
    if (halted == (watched.halted[GATE_VMNIXHBD] != 0) || watched.pid[GATE_VMNIXHBD] <= 0)
        return;
    watched.halted[GATE_VMNIXHBD] = halted;
    block_sigchld(SIG_BLOCK); /* the handler is the only other writer of life */
    if (watched.pid[GATE_VMNIXHBD] > 0)
        note_life(GATE_VMNIXHBD, halted ? GATE_STOPPED : GATE_ALIVE);
    block_sigchld(SIG_UNBLOCK);
}

bool children_debugged(void)
{
    return watched.halted[GATE_VMNIXHBD] != 0;
}

/* ---- end ------------------------------------------------------------------------------------ */
void children_kill(pid_t pid)
{
    if (pid > 0)
        (void)kill(pid, SIGKILL);
}

/* What a signal makes of a process that does nothing else than wait for its turn. */
static bool had_effect(int number, enum gate_life life)
{
    if (life == GATE_DEAD || number == SIGHUP || number == SIGUSR1)
        return true;
    return number == SIGSTOP ? life == GATE_STOPPED : number == SIGCONT && life == GATE_ALIVE;
}

void children_signal(struct vmk *vmk, int number)
{
    if (vmk->hbd_pid <= 0 || watched.pid[GATE_VMNIXHBD] <= 0)
        return;
    if (kill(vmk->hbd_pid, number) != 0)
        return;
    /* The handler's note comes through event_fd; the time limit is for a process that a debugger
     * holds. */
    for (int i = 0; i < SIGNAL_POLLS_MAX && !had_effect(number, children_life(GATE_VMNIXHBD));
         i++) {
        struct pollfd fd = { .fd = watched.event_fd, .events = POLLIN };
        if (poll(&fd, 1, SIGNAL_POLL_MS) > 0)
            children_event_clear();
    }
}

void children_quiesce(struct vmk *vmk)
{
    if (watched.quiet)
        return; /* the pids in *vmk are true already */
    block_sigchld(SIG_BLOCK);
    watched.quiet = true;
    if (watched.pid[GATE_COS] <= 0)
        vmk->cos_pid = 0;
    if (watched.pid[GATE_VMNIXHBD] <= 0)
        vmk->hbd_pid = 0;
    watched.pid[GATE_COS] = watched.pid[GATE_VMNIXHBD] = 0;
}

static void end_one(pid_t *pid)
{
    if (*pid <= 0)
        return;
    (void)kill(*pid, SIGKILL);
    int status;
    while (waitpid(*pid, &status, 0) == *pid && !WIFEXITED(status) && !WIFSIGNALED(status)) {
        /* A stop that was pending before the kill; the end comes next. */
    }
    *pid = 0;
}

void children_end(struct vmk *vmk)
{
    children_quiesce(vmk);
    end_one(&vmk->cos_pid);
    end_one(&vmk->hbd_pid);
    if (watched.event_fd >= 0)
        (void)close(watched.event_fd);
    watched.event_fd = -1;
}
