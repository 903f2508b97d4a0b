/* children.h - the two processes of the COS side: started, watched and ended here.
 *
 * `cos` and `vmnixhbd` are children of the VMkernel. A SIGCHLD handler asks for each what became of
 * it and tells the gate at once (gate_note_life), because a futex does not notice a death: whoever
 * waits for the baton of a dead process would wait for ever.
 *
 *     started --exit, signal--> DEAD (reaped)
 *        |  ^
 *   stop |  | continue
 *        v  |
 *     STOPPED
 *
 * From children_quiesce() on the handler is silent and the processes belong to whoever called (the
 * dump freezes them with ptrace, whose stops arrive by SIGCHLD as well). There is one set of
 * children per process, since a signal handler has no argument. */
#ifndef VMK_CHILDREN_H
#define VMK_CHILDREN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "shared/err.h"
#include "shared/gate.h"

struct vmk;

/** Pin this process and what it starts to the core it is on: a hand-over between processes on one
 * core takes a third of one between two [DESIGN 5]. Failure is of no consequence but time. */
void children_pin(void);

/** Install the handler, start vmnixhbd and cos, wait until both are executed.
 *  @return 0, or a code of err.h with one line in err; children that were started are then ended by
 * children_end() */
int children_start(struct vmk *vmk, struct err *err);

/** Whether `who` lives, by what its parent was told, not by the gate, where the COS can write. */
enum gate_life children_life(enum gate_party who);

/** How `who` ended, as waitpid() would say; -1 while it has not been reaped. */
int children_status(enum gate_party who);

/** A descriptor that becomes readable whenever the handler noted something. */
int children_event_fd(void);
/** Take the readiness back. */
void children_event_clear(void);

/** Look whether vmnixhbd stands under a debugger (state t), of which no signal tells, and tell the
 * gate. */
void children_look_for_debugger(const struct vmk *vmk);

/** True when vmnixhbd stood under a debugger at the last look. */
bool children_debugged(void);

/** True when `pid` is stopped by a debugger or a signal right now, as /proc says. */
bool children_is_halted(pid_t pid);

/** Kill one child; its death arrives through the handler. */
void children_kill(pid_t pid);

/** Send a signal to vmnixhbd and wait until what it does to the process has been noted: a death, a
 * stop or a continuation. Other signals are sent and not waited for. Harmless when there is no such
 * process. */
void children_signal(struct vmk *vmk, int number);

/** Hand the children over to the caller: the handler sleeps from now on, SIGCHLD is blocked. Pids
 * of children that died meanwhile become 0. Harmless when repeated. */
void children_quiesce(struct vmk *vmk);

/** End and reap what is left, stopped or traced children too. After children_quiesce() or instead
 * of it. */
void children_end(struct vmk *vmk);

#endif /* VMK_CHILDREN_H */
