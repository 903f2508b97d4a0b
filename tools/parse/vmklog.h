/* vmklog.h - reads lines of the VMkernel's log: /var/log/vmkernel, vmkwarning, the log in a zdump,
 * the log lines of a screen.
 *
 * Nov 13 04:05:01 esxhost vmkernel: 42:14:03:29.341 cpu0:1024)WARNING: SCSI: 1: text   in /var/log
 * 42:14:03:29.341 cpu0:1024)WARNING: SCSI: 1: text                                     in a zdump
 *
 * A line is a head (stamp, uptime, cpu, world), a severity, a module and a text, and of a class.
 * The class is decided by words, never by line numbers ("HB: 365"), which differ between releases.
 * A line of a known form and no special class is VMKLOG_OTHER: it is understood as a log line, and
 * nothing more is said of it. Sources: docs/sources.md, KB308590, KB2009232, KB2000091, KB1005184.
 */
#ifndef TOOLS_PARSE_VMKLOG_H
#define TOOLS_PARSE_VMKLOG_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/parse/scan.h"
#include "tools/parse/text.h"

enum vmklog_class {
    VMKLOG_OTHER,
    VMKLOG_LOST_HEARTBEAT, /* the alert: comm, pid, t, to, clt */
    VMKLOG_COS_ERROR,      /* "COS Error", "COS Panic": the VMkernel stops the console */
    VMKLOG_COS_DUMP,       /* "Dumping core to": the console's core */
    VMKLOG_VMFS_HEARTBEAT, /* FS3: of a datastore; NOT the console's */
    VMKLOG_PCPU_HEARTBEAT, /* a physical CPU; NOT the console's */
    VMKLOG_SERIAL,         /* "Can't find serial#": completions of SCSI commands are lost */
    VMKLOG_STORAGE,        /* StorageMonitor, VSCSI, NMP, SCSI, LinSCSI, aborts of drivers */
    VMKLOG_RESERVATION,    /* a SCSI reservation conflict */
    VMKLOG_CPU_SCHED,
    VMKLOG_MACHINE_CHECK,
    VMKLOG_RPC,    /* calls between console and VMkernel */
    VMKLOG_MEMORY, /* of the VMkernel's own memory */
    VMKLOG_WORLD,  /* worlds of virtual machines come and go */
    VMKLOG_NET,
    VMKLOG_REPEATED, /* syslogd: "last message repeated 3 times" */
    VMKLOG_CLASSES
};

enum vmklog_severity { VMKLOG_INFO, VMKLOG_WARNING, VMKLOG_ALERT };

struct vmklog_alert {
    char comm[17];
    int64_t pid, t, to, clt; /* -1 = not there */
};

struct vmklog_line {
    uint32_t file, line;
    bool has_stamp;
    struct scan_stamp stamp; /* local time */
    char host[64];
    uint64_t uptime_ms;
    uint32_t cpu, world;
    enum vmklog_severity severity;
    enum vmklog_class class;
    char module[24];  /* "HB", "SCSI"; empty = none */
    const char *head; /* from the uptime on; this and the next two point into the struct text */
    const char *body; /* behind "cpuN:WORLD)": what a screen shows */
    const char *text; /* behind severity and module */
    struct vmklog_alert alert; /* VMKLOG_LOST_HEARTBEAT */
    uint32_t repeated;         /* VMKLOG_REPEATED */
};

struct vmklog {
    struct vmklog_line *line; /* in the order of the files */
    uint32_t line_count, line_room;
    uint32_t class_count[VMKLOG_CLASSES];
    struct unparsed unparsed;
};

/** Read files. Always succeeds. The result points into the texts. Free with vmklog_free(). */
void vmklog_parse(const struct text *texts, uint32_t count, struct vmklog *ret);
void vmklog_free(struct vmklog *v);

/** Read one line. @return why not, NULL = understood; *ret is then set but for file and line */
const char *vmklog_read_line(const char *at, struct vmklog_line *ret);

/** Does the text look like such a log: is one of its first lines of the form? */
bool vmklog_is(const struct text *t);

#endif /* TOOLS_PARSE_VMKLOG_H */
