/* stun.h - freeze the two processes of the COS side, for ever.
 *
 *     runs --SEIZE, INTERRUPT, wait--> stunned --SIGKILL, reap--> gone
 *
 * A stunned process is in a ptrace stop: no signal but SIGKILL moves it, and it is never let go on.
 * PTRACE_O_EXITKILL ends it with us. A process under somebody's debugger cannot be seized (EPERM);
 * then it is left as it is, and the caller says so in the dump and ends it afterwards. The baton is
 * not here either way, so a COS that cannot be frozen sleeps at its gate. */
#ifndef VMK_STUN_H
#define VMK_STUN_H

#include <sys/types.h>

enum stun_result {
    STUN_OK,      /* frozen */
    STUN_REFUSED, /* somebody else traces it, or the system forbids it */
    STUN_DEAD,    /* it has died meanwhile, and was reaped */
};

/** Freeze a child of ours. SIGCHLD must be blocked, and nobody else may wait for it. */
enum stun_result stun_process(pid_t pid);

#endif /* VMK_STUN_H */
