/* psod.h - the purple screen of this host: fills the screen model (shared/screen.h) from a stunned
 * COS and the VMkernel's own state, and puts it on the console (HOST/console/psod.txt,
 * psod.ans, psod.png).
 *
 * What it decides, line by line:
 *     registers      low 32 bits of the current COS task's saved frame: the screen of a COS error
 *                    shows the COS's registers, not the VMkernel's [KB308590/Screen]
 *     frame=         psod_save_area()
 *     es, ds         the frame's slots with their stale upper halves; fs, gs 0 [KB308590/Screen]
 *     cr2            last fault address of the COS
 *     cr3, cr4       profile base + bytes of COS RAM [D]; the profile's
 *     err, eflags    0 [KB308590/Screen: 0 although the COS was running]
 *     worlds         of the instant at which the COS was stunned
 *     VMK uptime     when the screen is painted, which is after the COS core was written
 *     TSC            uptime * kHz [D] */
#ifndef VMK_PSOD_H
#define VMK_PSOD_H

#include <stdint.h>

#include "shared/cosview/task.h"
#include "shared/screen.h"
#include "vmkernel/io/dumpio.h"
#include "vmkernel/model/log.h"
#include "vmkernel/model/profile.h"
#include "vmkernel/model/vmkpanic.h"
#include "vmkernel/model/worlds.h"

#define PSOD_LOG_LINES 3u /* log lines above "Starting coredump" [KB308590/Screen] */

struct psod_source {
    const struct profile *profile;
    const struct worlds *worlds;
    const char *headline;
    const struct vmkpanic *panic;   /* the VMkernel's own end; NULL = a COS error */
    const struct cos_task *current; /* NULL = not known: registers are 0 */
    uint64_t last_fault_address;
    uint32_t save_area; /* psod_save_area() */
    uint64_t ram_bytes;
    uint32_t cpu_khz;
    uint64_t stun_ns;            /* worlds are those of this instant */
    uint64_t paint_ns;           /* VMK uptime */
    char (*log)[LOG_LINE_MAX];   /* lines up to the stun, oldest first */
    uint32_t log_count;          /* <= SCREEN_LOG_MAX */
    char (*after)[LOG_LINE_MAX]; /* lines since */
    uint32_t after_count;
    uint32_t slot, slot_count; /* of the dump partition, from 0; slot_count 0 = there is none */
};

/** The physical address at which the VMkernel of this host keeps the registers of the console's
 * world. On the article's screen `frame` lies 0x4b15cc below the console's memory, at no round
 * address: memory of the VMkernel [INFERRED]. Where in the five megabytes below the console is OUR
 * CHOICE, a function of `root` (struct worlds): it stays the same as long as the host is. */
uint32_t psod_save_area(const struct profile *profile, uint64_t root);

/** Fill the model. Pure: equal sources, equal screens. */
void psod_compose(const struct psod_source *src, struct screen *ret);

/** Replace console/psod.txt, psod.ans and psod.png of a host by this text and its drawings.
 *  @return 0 or the first -errno (the other files are still tried) */
int psod_show(const struct dumpio *io, const char *host_dir, const char *text);

#endif /* VMK_PSOD_H */
