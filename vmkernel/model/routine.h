/* routine.h - what the VMkernel has to say on a host that is well: its boot, and its days.
 *
 *     boot         build, memory, pCPUs, console, PCI, modules, LUNs, volume, uplinks
 *     every day    20 to 150 lines: reservation conflicts of a shared LUN and their retries, resets
 *                  that guests ask of their disks, locks of VMFS, rescans, ports of switches
 *
 * A pure function of the host and the seed: each minute of uptime has at most one event, drawn from
 * a hash of the minute, of one to four lines within eight seconds. So nothing is computed before
 * somebody asks, and it does not matter in which steps he asks. An event is more likely in working
 * hours, and at night while backups read the LUNs; less at weekends. No two lines have one
 * millisecond. No line changes what other artefacts say: no world comes or goes, no path is lost.
 *
 * Sources: facts on 3.x logs ([NSMALL] and the articles) have the prefixes StorageMonitor: 196,
 * VSCSI: 2803 and 3019, FS3: 4784 and 4831, CpuSched: 16758; all other numbers, the words, the
 * rates and the hours are OUR CHOICE. */
#ifndef VMK_ROUTINE_H
#define VMK_ROUTINE_H

#include <stdbool.h>
#include <stdint.h>

#include "vmkernel/model/log.h"

#define ROUTINE_GROUP_MAX 4u /* lines of one event */
#define ROUTINE_TEXT_MAX 200u

/* What the lines must agree with. Pointers stay the caller's. */
struct routine_host {
    uint64_t seed;
    int64_t epoch_boot_s;
    int32_t utc_offset_s;
    uint32_t pcpus, ram_mb, vms;
    const char *product;   /* "VMware ESX Server [Releasebuild-123630]" */
    const char *datastore; /* UUID */
};

struct routine_line {
    uint64_t at_ns;
    enum log_level level;
    uint32_t pcpu;
    char text[ROUTINE_TEXT_MAX];
};

struct routine {
    struct routine_host host;
    uint64_t root;      /* of the minutes' draws */
    uint32_t a_day;     /* events of a working day, about */
    uint32_t boot_next; /* the boot's next line; boot_lines = all are out */
    uint32_t boot_lines;
    uint64_t minute; /* the first that was not looked at yet */
    uint32_t group_next, group_count;
    struct routine_line group[ROUTINE_GROUP_MAX];
};

/** Begin with the VMkernel's boot. `host` is copied, its texts are not. */
void routine_init(struct routine *r, const struct routine_host *host);

/** The next line that is due by until_ns. Lines come in the order of their instants. @return false
 * when there is none (*ret untouched) */
bool routine_next(struct routine *r, uint64_t until_ns, struct routine_line *ret);

#endif /* VMK_ROUTINE_H */
