/* dump_text.h - the contents of the zdump's sections, as text.
 *
 * Each function prints one section. Lines are "key=value" or one record per line of "key=value"
 * pairs, so that a person can read them and a script can cut them; a value with blanks stands last
 * on its line. Only what a real VMkernel could know is printed: no cause, no seed, no path of this
 * machine. docs/FORMATS.md lists the keys. */
#ifndef VMK_DUMP_TEXT_H
#define VMK_DUMP_TEXT_H

#include <stdio.h>

#include "shared/cosview/unwind.h"

struct vmk;

/** ZDUMP_STATE: host, release, time, COS, watchdog. stun_ns = when the COS was stunned. */
void dump_text_state(FILE *to, const struct vmk *vmk, const char *headline, uint64_t stun_ns);
/** ZDUMP_PCPUS: "pcpu=0 world=1024 name=console", at `now_ns`. */
void dump_text_pcpus(FILE *to, const struct vmk *vmk, uint64_t now_ns);
/** ZDUMP_WORLDS: the worlds that exist at `now_ns`. */
void dump_text_worlds(FILE *to, const struct vmk *vmk, uint64_t now_ns);
/** ZDUMP_HEARTBEATS: the watchdog's figures, then the last beats, oldest first. */
void dump_text_heartbeats(FILE *to, const struct vmk *vmk);
/** ZDUMP_RING: counters of the heartbeat ring. */
void dump_text_ring(FILE *to, const struct vmk *vmk);
/** ZDUMP_VMNIX, ZDUMP_SCSI: figures of the channel, and what has no answer. */
void dump_text_vmnix(FILE *to, const struct vmk *vmk);
void dump_text_scsi(FILE *to, const struct vmk *vmk);
/** ZDUMP_COS_TASKS: every task with its backtrace; `traces` in the order of the tasks, or NULL. */
void dump_text_tasks(FILE *to, const struct cosview *v, const struct cos_tasks *tasks,
                     const struct cos_trace *traces);
/** ZDUMP_NOTES: one per line. */
void dump_text_notes(FILE *to, const struct problems *notes);

#endif /* VMK_DUMP_TEXT_H */
