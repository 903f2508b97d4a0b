/* read.h - the readers: each puts what its artefacts say into the record's claims. verify.c has
 * their order and the keys that are each one's own. */
#ifndef TOOLS_VERIFY_READ_H
#define TOOLS_VERIFY_READ_H

#include "tools/verify/record.h"

/** The slot while it holds a dump, else the zdump file that a start made of it. */
void read_zdump(struct verify *v);
/** console/psod.txt. */
void read_screen(struct verify *v);
/** The cos-core: on the datastore, or where a start has put it. */
void read_core(struct verify *v);
/** vmkernel, vmkwarning and messages, of the boot that failed: after the zdump, which knows it. */
void read_logs(struct verify *v);
/** What the console says of itself: vmksummary, /proc, esx.conf. */
void read_console(struct verify *v);
/** What follows from several artefacts together; last. */
void derive(struct verify *v);

/** One VMkernel log, wherever it stands, under the keys "PREFIX...": its lines by uptime, its
 * alerts, the COS Error, where the core went. Lines with stamps of another boot than the one that
 * failed are passed over. `at` has file and section of the text. */
void read_vmklog(struct verify *v, const struct text *t, struct claim_place at, const char *prefix);

#endif /* TOOLS_VERIFY_READ_H */
