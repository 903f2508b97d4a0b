/* skeleton.h - a new host directory: the "disks" of a host that was installed and has never failed.
 *
 * It makes the folders, etc/vmware/esx.conf and run/plan.json. Logs, datastore, dump slots and screens are the VMkernel's and the COS's. */
#ifndef TOOLS_SKELETON_H
#define TOOLS_SKELETON_H

#include <stddef.h>

#include "shared/plan.h"

/** Make the host directory `dir`, parents included. A directory that is there must be empty.
 *  @return 0, or -1 with one line in err */
int skeleton_create(const char *dir, const struct plan *plan, char *err, size_t err_size);

#endif /* TOOLS_SKELETON_H */
