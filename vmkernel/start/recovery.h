/* recovery.h - what a start does with what the last failure left behind.
 *
 *     logs          var/log/vmkernel -> .1 ... .36 and the others, when they are large
 *     dump slots    dev/vmkcore -> root/vmkernel-zdump-MMDDYY.HH.MM.N, then the slot is marked free
 *     datastore     cos-core-HOST -> root/old_cores/cos-core-HOST.N.core.gz, then it is removed
 *
 * Nothing may be lost, whatever interrupts it and whatever the disks refuse:
 *
 *   - a copy is written under a temporary name, synced, read back and compared by SHA-256, renamed,
 *     and its folder synced; only then the original goes (the slot is marked, the core removed);
 *   - a step that fails leaves the original and says so; the next start tries again;
 *   - a start that was interrupted between the copy's name and the original's end is recognised by
 *     the copy's contents, so that the next one finishes it and makes no second copy;
 *   - a dump that was interrupted itself (a slot that is still "being written", a core that has its
 *     temporary name) is moved like a whole one, and marked as cut.
 *
 * Every effect goes through the table of dumpio.h, and there is no other order than the one above,
 * so tests can fail or end it at each call. What was found is told in lines for the start scripts
 * (boot_start), which put them into messages.
 *
 * Sources: [KB308590] "During startup, the ESX host moves the coredumps to their final location. It
 * is possible that the move operation can fail", and both names; that the number in the core's name
 * is a serial, what a dump that was cut is called, and when logs are rotated, is OUR CHOICE but for
 * the 36 rotations of the VMkernel's log [NSMALL]. */
#ifndef VMK_RECOVERY_H
#define VMK_RECOVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/boot.h"
#include "vmkernel/io/dumpio.h"

struct recovery {
    const struct dumpio *io;
    const char *host_dir;
    const char *host;      /* name of the host */
    const char *dump_dir;  /* "root" (3.x) or "var/core" (4.x), below host_dir */
    const char *core_name; /* of the option Misc.CosCoreFile; NULL = cos-core-HOST */
    int64_t epoch_s;       /* UTC of this start: names the zdump */
    int32_t utc_offset_s;
    bool move_fails;        /* a fault of the scenario: there is no space where copies go */
    struct boot_start *ret; /* lines and vmkernel_error are set; `after` was set by the caller */
};

/** Rotate the logs. Called before anybody opens them. */
void recovery_rotate_logs(const struct recovery *r);

/** Look at dump slots and datastores and bring to safety what lies there. Failures are lines of
 * *r->ret and no errors: a host starts without them. @return how many files were brought to safety
 */
uint32_t recovery_run(const struct recovery *r);

#endif /* VMK_RECOVERY_H */
