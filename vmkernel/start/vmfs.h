/* vmfs.h - the datastore: a folder named by its UUID, with some virtual machines whose files are
 * locked while they run.
 *
 * VMFS stays active while a COS core is written, "and open files remain locked" [KB308590]: the
 * VMkernel holds the locks, not the COS, so the COS's end does not end them. Here a lock is a
 * flock(2) on the file, held until vmfs_fini(). Eight machines lie on this datastore and the others
 * elsewhere (OUR CHOICE: what a datastore of that time holds); their contents matter to nobody and
 * are small. */
#ifndef VMK_VMFS_H
#define VMK_VMFS_H

#include <stddef.h>
#include <stdint.h>

#include "shared/err.h"

struct vmk;

#define VMFS_VMS_MAX 8u
#define VMFS_FILES_PER_VM 2u
#define VMFS_SWAP_BYTES 65536u /* a .vswp; the product's have the size of the VM's memory */

struct vmfs {
    uint32_t count;
    int lock_fd[VMFS_VMS_MAX * VMFS_FILES_PER_VM];
};

/** Make the folders vmfs/volumes/<UUID>/VMnnn with VMnnn.vmx and VMnnn.vswp, and lock the files.
 *  @return 0, or a code of err.h with one line in err; then call vmfs_fini() all the same */
int vmfs_init(struct vmfs *vmfs, const struct vmk *vmk, struct err *err);
/** Let the locks go. */
void vmfs_fini(struct vmfs *vmfs);

#endif /* VMK_VMFS_H */
