/* stun.c - see stun.h. */
#include "vmkernel/dump/stun.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

/* Wait for the next change of `pid`. @return its status, or -1 when it is gone. */
static int next_change(pid_t pid)
{
    int status;
    for (;;) {
        const pid_t got = waitpid(pid, &status, __WALL);
        if (got == pid)
            return status;
        if (got < 0 && errno != EINTR)
            return -1;
    }
}

enum stun_result stun_process(pid_t pid)
{
    assert(pid > 0);
    if (ptrace(PTRACE_SEIZE, pid, NULL, PTRACE_O_EXITKILL) != 0) {
        int status;
        /* ESRCH may mean a death that nobody has seen yet. */
        return waitpid(pid, &status, WNOHANG) == pid && !WIFSTOPPED(status) ? STUN_DEAD
                                                                            : STUN_REFUSED;
    }
    (void)ptrace(PTRACE_INTERRUPT, pid, NULL, NULL); /* fails if it has died: the wait tells */
    for (;;) {
        const int status = next_change(pid);
        if (status < 0 || WIFEXITED(status) || WIFSIGNALED(status))
            return STUN_DEAD;
        if (WIFSTOPPED(status))
            return STUN_OK; /* whatever stop it is: it runs when we say so, and we do not */
    }
}
