/* console.h - the console world: gives the COS its time, looks at what came of it, and ends the
 * host when it must.
 *
 *     +--> next event (queue) ---> grant [now, until] --> COS runs --> baton comes back
 *     |                                                                     |
 *     +-- pace <-- events that are due <-- beats from the ring <-- how it ended
 *
 * The COS is granted time as far as nothing can happen on the VMkernel's side: to the next event in
 * the queue, the first check at which the watchdog could act among them. How long grants are leaves
 * no trace in an artefact, since beats carry their own instants and events are carried out at their
 * deadlines; so a paced run, which has short grants, ends with the same bytes as one that jumps.
 *
 * The other limits of a grant, each for a reason of its own:
 *     48 beats' time       the ring has 64 slots and must not run over unread
 *     a minute             when the COS is short of memory (a beat was over 20 ms late)
 *                          or was busy to the end of its grant: such time costs much wall time
 *     the pace's quantum   paced clocks only
 *
 * A baton that does not come back: children.h notices deaths and stops. What is alive and keeps it
 * for 10 s of wall time without any step of the COS's clock is a runaway: vmnixhbd is killed, a COS
 * that does so is a COS error. */
#ifndef VMK_CONSOLE_H
#define VMK_CONSOLE_H

#include "shared/units.h"
#include "vmkernel/run/pace.h"

struct vmk;

/* Wall time without a step of the COS's clock, and of one grant in any case. OUR CHOICE */
#define CONSOLE_RUNAWAY_NS (10 * NS_PER_S)
#define CONSOLE_GRANT_MAX_NS (5 * NS_PER_MIN)

/** Run the host until it ends; then vmk->outcome, headline and now_ns say how. The children must be
 * started; they are quiet afterwards, to be ended with children_end().
 *  @return 0; -1 for an error of ours with vmk->note set: a bug of the model, or an artefact that
 * could not be written */
int console_run(struct vmk *vmk, struct pace *pace);

#endif /* VMK_CONSOLE_H */
