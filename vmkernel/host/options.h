/* options.h - the host's options as the VMkernel uses them: read from etc/vmware/esx.conf at start.
 *
 * Misc.CosCoreFile names where the core of the service console goes; without a valid one there is
 * no core, and a line of the log says why. Misc.PsodOnCosPanic 0 means no purple screen when the
 * console is lost [KB1032962]. A change takes effect at the next start (OUR CHOICE). */
#ifndef VMK_OPTIONS_H
#define VMK_OPTIONS_H

#include <stddef.h>

#include "shared/err.h"

struct vmk;

/** The options of a host whose file says nothing: core on the plan's datastore, purple screen. */
void options_default(struct vmk *vmk);
/** Fill vmk->options. @return 0, or a code of err.h with one line "FILE:LINE: what" in err */
int options_load(struct vmk *vmk, struct err *err);

#endif /* VMK_OPTIONS_H */
