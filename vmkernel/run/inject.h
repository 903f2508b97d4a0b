/* inject.h - carries out the VMkernel's faults at the moment at which they begin and end.
 *
 * What strikes at once happens here: a signal to the real vmnixhbd, a stray write over the ring, a
 * new generation of beats, a world that keeps pCPU 0. What stays broken for a while is asked for by
 * the part that is broken (fault_queue_on()). All of it happens while the VMkernel holds the baton,
 * at the fault's own instant.
 *
 * Each beginning and end goes to run/journal, as do the notes that the COS's own faults leave in
 * the window. Nothing is logged: an artefact shows what a fault did, never that there was one. */
#ifndef VMK_INJECT_H
#define VMK_INJECT_H

#include "shared/fault_clock.h"
#include "vmkernel/run/glance.h"

struct vmk;

/** Carry out and journal the next beginning or end of a fault that is due now, its `unless` judged.
 * @return false when none is (*ret untouched) */
bool inject_next(struct vmk *vmk, const struct glance *view, struct fault_event *ret);

/** Copy what the COS noted since the last time into run/journal. Bounded; a note that makes no
 * sense is left out. */
void inject_drain_notes(struct vmk *vmk);

/** Does the interrupt of doorbell `number` get lost (doorbell-loss)? */
bool inject_doorbell_lost(const struct vmk *vmk, uint32_t number);

/** Damage the slots of beats that ring-drop loses, before they are looked at. */
void inject_ring_drop(struct vmk *vmk);

#endif /* VMK_INJECT_H */
