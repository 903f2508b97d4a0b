/* machine.h - the machine memory as the VMkernel makes it (layout: shared/machine.h).
 *
 * Makes the sealed memfd with host-info page and boot parameters, and the unnamed memfd that is the
 * COS's swap partition. Knows nothing of processes. */
#ifndef VMK_MACHINE_H
#define VMK_MACHINE_H

#include <stddef.h>

#include "shared/err.h"

struct machine;
struct vmk;

#define MACHINE_GENERATION 1u /* of the beats after the first boot of the COS */

/** Make and map vmk->machine as vmk->plan says, and write the boot parameters.
 *  @return 0, or a code of err.h with one line in err; what was made so far is
 *  undone by machine_fini() */
int machine_init(struct vmk *vmk, struct err *err);
/** Unmap and close. Harmless on a machine that is not there. */
void machine_fini(struct machine *machine);

#endif /* VMK_MACHINE_H */
