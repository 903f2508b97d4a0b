/* messages.h - reads /var/log/messages of a service console, and kernel text without syslog's head
 * (a dmesg, a SysRq dump off a serial console).
 *
 *     Nov 13 04:02:54 esxhost kernel: Out of Memory: Killed process 9173 (VMap).
 *
 * Lines become records of a class. What stands in many lines is put together: a Mem-info block (by
 * the OOM killer or SysRq-M), a task list (SysRq-T) with its call traces, an Oops.
 * Kernels 2.4 (ESX 3.x) and 2.6 (4.x). Layouts: [RHEL3MM 2], [RHEL3MM 3], [KB1006802]. */
#ifndef TOOLS_PARSE_MESSAGES_H
#define TOOLS_PARSE_MESSAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/parse/scan.h"
#include "tools/parse/text.h"

enum messages_class {
    MESSAGES_OTHER,        /* of a known form; no more is said of it */
    MESSAGES_OOM_KILL,     /* "Out of Memory: Killed process N (NAME)."; pid, name */
    MESSAGES_OOM_INVOKED,  /* 2.6: "NAME invoked oom-killer"; name */
    MESSAGES_OOM_PENDING,  /* "Avoiding OOM kill due to N pending"; number */
    MESSAGES_OOM_FIXED,    /* "Fixed up OOM kill of mm-less task" */
    MESSAGES_VM_KILL,      /* "VM: killing process NAME"; name */
    MESSAGES_ALLOC_FAILED, /* "N-order allocation failed": not of 2.4.21-EL */
    MESSAGES_OOPS,         /* the first line of an Oops; `oops` has the rest */
    MESSAGES_PANIC,        /* "Kernel panic: ..." */
    MESSAGES_SD_RETRY,     /* "sd 0:0:0:0: still retrying N after 360s"; number: seconds */
    MESSAGES_IO_ERROR,
    MESSAGES_MEMINFO,  /* a line of a Mem-info block */
    MESSAGES_TASK,     /* of a task list */
    MESSAGES_TRACE,    /* of a call trace or an Oops */
    MESSAGES_SYSRQ,    /* "SysRq : Show Memory" */
    MESSAGES_BOOT,     /* the console's kernel or syslogd starts */
    MESSAGES_REPEATED, /* "last message repeated N times"; number */
    MESSAGES_CLASSES
};

struct messages_line {
    uint32_t file, line;
    bool has_stamp;
    struct scan_stamp stamp;
    char host[64], tag[32];
    enum messages_class class;
    char name[32];
    int64_t pid, number;
    const char *text; /* behind the tag; points into the struct text */
};

struct messages_frame { /* of a call trace, newest first */
    char function[48];
};

struct messages_meminfo {
    uint32_t file, line;                                                /* of "Mem-info:" */
    int64_t free_pages, clean, free_swap_kb, ram_pages, reserved_pages; /* -1 = unknown */
};

struct messages_task {
    uint32_t file, line;
    char comm[16], state; /* R S D T Z X */
    int64_t pid, father;
    uint32_t first_frame, frame_count; /* in messages.frame */
};

struct messages_oops {
    uint32_t file, line;
    char function[48];
};

struct messages {
    struct messages_line *line;
    uint32_t line_count, line_room;
    struct messages_frame *frame;
    uint32_t frame_count, frame_room;
    struct messages_meminfo *meminfo;
    uint32_t meminfo_count, meminfo_room;
    struct messages_task *task;
    uint32_t task_count, task_room;
    struct messages_oops *oops;
    uint32_t oops_count, oops_room;
    uint32_t class_count[MESSAGES_CLASSES];
    struct unparsed unparsed;
};

/** Read files. Always succeeds. Lines point into the texts. Free with messages_free(). */
void messages_parse(const struct text *texts, uint32_t count, struct messages *ret);
void messages_free(struct messages *m);

/** Does it look like such a file: has one of its first lines syslog's head or known kernel text? */
bool messages_is(const struct text *t);

#endif /* TOOLS_PARSE_MESSAGES_H */
