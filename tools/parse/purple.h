/* purple.h - reads the text of a purple screen, of any release, clean or typed off a photo.
 *
 * Nothing is expected to be in its place: lines may be wrapped, joined, missing or out of order,
 * blanks too many or too few, digits typed as letters. The text is cut into units (what belongs
 * together: the register block, one log line with its continuation) and each unit is read for what
 * it is. Every byte of a unit knows the line and column that it came from.
 *
 *     physical lines -> segments (cut at anchors such as "VMK uptime") -> units -> facts
 *
 * Layouts [KB308590/Screen, KB1004250, KB1006802, KB1020214, KB1020181, KB2000091]:
 *     ESX 3.0     gate=, eip=, ef=; "cpu 0 2673 vmm0:keys:", capital CPU marks the panicking one
 *     ESX 3.5     ip=, eflags=; "*0:1024/console", four a line
 *     ESX 4.x     "VMware ESX [Releasebuild-N X86_64]", rip in 64 bits, console is world 4096
 *     ESXi 5+     "VMware ESXi 5.x", "@vmkernel#nover", cr0=: recognised, not laid out
 *
 * Line numbers in log lines ("HB: 365") differ between releases and are never looked at. */
#ifndef TOOLS_PARSE_PURPLE_H
#define TOOLS_PARSE_PURPLE_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/parse/text.h"

#define PURPLE_REGS_MAX 48u
#define PURPLE_PCPUS_MAX 256u
#define PURPLE_FRAMES_MAX 64u
#define PURPLE_LOGS_MAX 64u
#define PURPLE_TEXT 512u /* bytes kept of a log line with its zero */

enum purple_layout {
    PURPLE_NO_LAYOUT,
    PURPLE_ESX30,
    PURPLE_ESX35,
    PURPLE_ESX4,
    PURPLE_ESXI5,
    PURPLE_LAYOUTS
};

/* What kind of purple screen it is, by headline and log lines. */
enum purple_class {
    PURPLE_UNKNOWN,
    PURPLE_LOST_HEARTBEAT,
    PURPLE_COS_OOPS,
    PURPLE_COS_PANIC,
    PURPLE_VMK_EXCEPTION,
    PURPLE_MACHINE_CHECK,
    PURPLE_TLB_ACK,
    PURPLE_PCPU_NO_HEARTBEAT, /* a physical CPU, not the service console */
    PURPLE_PCPU_LOCKED,
    PURPLE_NMI,
    PURPLE_ASSERTION,
    PURPLE_INTERIM, /* "Dumping console os core.": the screen before the screen */
    PURPLE_SPIN,    /* a lock of the VMkernel that nobody gives back */
    PURPLE_CLASSES
};

/* What a physical line is. A line with several things on it has the first one's kind. */
enum purple_kind {
    PURPLE_LINE_UNPARSED, /* not understood */
    PURPLE_LINE_BLANK,
    PURPLE_LINE_PRODUCT,
    PURPLE_LINE_HEADLINE,
    PURPLE_LINE_REGS,
    PURPLE_LINE_PCPUS,
    PURPLE_LINE_BLUESCREEN,
    PURPLE_LINE_FRAME, /* backtrace */
    PURPLE_LINE_UPTIME,
    PURPLE_LINE_LOG,
    PURPLE_LINE_STATUS,  /* of the dump */
    PURPLE_LINE_COS_LOG, /* an Oops text of the service console */
    PURPLE_LINE_INTERIM,
    PURPLE_KINDS
};

/* Where something stands: columns [from, to) of a line, from 0. */
struct purple_place {
    uint32_t line; /* from 1; 0 = nowhere */
    uint16_t from, to;
};
struct purple_reg {
    char name[8]; /* lower case: "ebx", "ip", "rip", "eflags" */
    uint64_t value;
    bool negative;             /* err=-1: value is the magnitude */
    struct purple_place place; /* of the value */
};
struct purple_pcpu {
    uint32_t pcpu, world;
    bool panicking;
    char name[32];
    struct purple_place place; /* of the whole item */
};
struct purple_frame {
    uint64_t bp, ip, offset;
    char symbol[64];
    struct purple_place place; /* of symbol+offset */
};
struct purple_alert { /* "Lost heartbeat (comm=... clt=1)" */
    char comm[17];
    int64_t pid, t, to, clt; /* -1 = not legible */
    struct purple_place comm_place;
};
struct purple_log {
    uint64_t at_ms; /* VMkernel uptime */
    uint32_t cpu, world;
    char text[PURPLE_TEXT]; /* behind "cpuN:W)", cut */
    bool is_alert, is_cos_error, is_cos_dump;
    struct purple_alert alert;
    struct purple_place place; /* of the text */
};
struct purple_repair { /* a letter that was read as a digit */
    uint32_t line, count;
};

struct purple {
    bool is_screen;
    enum purple_layout layout;
    bool is_esxi;
    char version[16]; /* "5.0.0" when the product line has one */
    uint64_t build;   /* 0 = not legible */
    struct purple_place build_place;

    enum purple_class class;
    bool class_from_log; /* there is no headline; the log lines have it */
    char headline[160];
    struct purple_place headline_place;

    struct purple_reg reg[PURPLE_REGS_MAX];
    uint32_t reg_count;
    struct purple_pcpu pcpu[PURPLE_PCPUS_MAX];
    uint32_t pcpu_count;
    struct purple_frame frame[PURPLE_FRAMES_MAX];
    uint32_t frame_count;
    bool has_uptime, has_tsc;
    uint64_t uptime_ms, tsc;
    struct purple_place uptime_place, tsc_place;
    struct purple_log log[PURPLE_LOGS_MAX];
    uint32_t log_count;
    bool dump_started, dump_done; /* of the VMkernel's dump */
    char cos_core[256];           /* path in the "Dump:" line */

    char cos_function[64], cos_process[32], cos_release[48]; /* of an Oops text */
    int64_t cos_pid;                                         /* -1 = none */

    enum purple_kind *kind; /* of each line of the text, index line - 1 */
    uint32_t line_count;
    struct purple_repair *repair;
    uint32_t repair_count, repair_room;
    struct unparsed unparsed;
};

/** Read a screen. Always succeeds; what is no screen has is_screen false. Free with purple_free().
 */
void purple_parse(const struct text *t, struct purple *ret);
void purple_free(struct purple *p);

/** The register, or NULL. */
const struct purple_reg *purple_find(const struct purple *p, const char *name);
/** Its instruction pointer, whatever it is called (ip, eip, rip); NULL = none. */
const struct purple_reg *purple_ip(const struct purple *p);
/** The last log line that is an alert; NULL = none. */
const struct purple_log *purple_last_alert(const struct purple *p);

/** Words for people: "ESX 3.5", "lost-heartbeat", "registers". */
const char *purple_layout_name(enum purple_layout l);
const char *purple_class_name(enum purple_class c);
const char *purple_kind_name(enum purple_kind k);

/** What kind of screen has this headline. */
enum purple_class purple_class_of(const char *headline);

/** The release of which this is a build by the public list [KB2143832], e.g. "ESX 3.5 Update 3";
 * NULL = not listed. */
const char *purple_release_of(uint64_t build);

#endif /* TOOLS_PARSE_PURPLE_H */
