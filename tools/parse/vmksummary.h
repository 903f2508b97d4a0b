/* vmksummary.h - reads /var/log/vmksummary, one file or several (rotated ones in any order), of ESX
 * 3.x and 4.x, and recognises ESXi 5's.
 *
 * Lines of all files become records in order of their epoch; what is strange about their order
 * becomes findings. A record knows its file and line. Nothing is guessed in silence:
 *
 *     swap        bytes on 3.x, kB on 4.x [KB308590/vmksummary; D]: by the release of the build
 *                 where it is listed; a value that is no multiple of a page cannot be bytes; else
 *                 by size. `unit` says which, `unit_why` why.
 *     zone        stamps are local, epochs UTC: the offset is what most lines agree on
 *     late        seconds behind hh:01:01, when cron starts the script [KB1009016]
 *     stamp gap   stamp minus epoch: the time from the script's start to syslogd's writing */
#ifndef TOOLS_PARSE_VMKSUMMARY_H
#define TOOLS_PARSE_VMKSUMMARY_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/parse/scan.h"
#include "tools/parse/text.h"

#define VMKSUMMARY_TOP_MAX 8u   /* three on 3.x and 4.x */
#define VMKSUMMARY_NAME_MAX 33u /* 8 bytes on 3.x and 4.x, 16 on ESXi 5 */

enum vmksummary_kind {
    VMKSUMMARY_HOURLY,
    VMKSUMMARY_STARTING,
    VMKSUMMARY_LOADED,
    VMKSUMMARY_ERROR, /* "VMkernel error": the boot before ended in a purple screen */
    VMKSUMMARY_HALTING,
    VMKSUMMARY_REBOOTING,
    VMKSUMMARY_ESXI5, /* an hourly line of ESXi 5 */
    VMKSUMMARY_ESXI5_EVENT,
    VMKSUMMARY_KINDS
};

enum vmksummary_unit { VMKSUMMARY_NO_UNIT, VMKSUMMARY_BYTES, VMKSUMMARY_KB };

struct vmksummary_process {
    char name[VMKSUMMARY_NAME_MAX];
    int64_t kb;
};

struct vmksummary_record {
    enum vmksummary_kind kind;
    uint32_t file, line;
    struct scan_stamp stamp;
    char host[64];
    int64_t epoch_s;
    int64_t late_s;          /* hourly: behind hh:01:01; INT64_MIN = not known */
    int64_t stamp_gap_s;     /* stamp - epoch in the zone of the file; INT64_MIN = not believable */
    uint64_t cos_ms, vmk_ms; /* uptimes; of other kinds 0 */
    int64_t vms;
    char vmk_build[16], vmm_build[16];
    uint64_t swap_raw;
    int64_t swap_kb;
    struct vmksummary_process top[VMKSUMMARY_TOP_MAX];
    uint32_t top_count;
    uint32_t boot; /* counts up from 0 at each restart */
};

enum vmksummary_finding_kind {
    VMKSUMMARY_GAP,        /* hourly lines are missing while the host was up; value: seconds */
    VMKSUMMARY_LATE,       /* value: seconds behind hh:01:01 */
    VMKSUMMARY_SLOW_STAMP, /* value: seconds from epoch to stamp */
    VMKSUMMARY_CLOCK_STEP, /* epoch and uptime disagree; value: seconds that the clock jumped */
    VMKSUMMARY_SPLICED,    /* an epoch disagrees with its stamp: a page put together */
    VMKSUMMARY_ORDER,      /* epochs fall within one file */
    VMKSUMMARY_DUPLICATE,  /* the line stands in another file, too */
    VMKSUMMARY_RESTART,    /* the first record of a new boot; `text` says how it came to it */
    VMKSUMMARY_OTHER_HOST, /* another host name than before */
    VMKSUMMARY_OTHER_BUILD,
    VMKSUMMARY_VMS, /* the number of virtual machines fell by half or more; value: the new one */
    VMKSUMMARY_FINDINGS
};
struct vmksummary_finding {
    enum vmksummary_finding_kind kind;
    uint32_t record; /* index */
    int64_t value;
    const char *text;
};

struct vmksummary {
    struct vmksummary_record *record; /* by epoch, then file, then line */
    uint32_t record_count, record_room;
    struct vmksummary_finding *finding; /* by record */
    uint32_t finding_count, finding_room;
    enum vmksummary_unit unit;
    const char *unit_why;
    bool has_zone;
    int64_t zone_s; /* local minus UTC */
    uint32_t hourly_count, boot_count;
    bool is_esxi5;
    struct unparsed unparsed;
};

/** Read the files together. Always succeeds; texts that are something else yield unparsed lines
 * alone. Free with vmksummary_free(). */
void vmksummary_parse(const struct text *texts, uint32_t count, struct vmksummary *ret);
void vmksummary_free(struct vmksummary *v);

/** Words for people. */
const char *vmksummary_finding_name(enum vmksummary_finding_kind k);

/** kB of the first process of this name in a record, -1 when it is not among the top. */
int64_t vmksummary_kb_of(const struct vmksummary_record *r, const char *name);

/** Does the text look like a vmksummary: does the parser understand at least one line of it? */
bool vmksummary_is(const struct text *t);

#endif /* TOOLS_PARSE_VMKSUMMARY_H */
