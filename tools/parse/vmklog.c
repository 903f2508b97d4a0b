/* vmklog.c - see vmklog.h. */
#include "tools/parse/vmklog.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_LINES 200u /* of a text, to find out what it is */

/* ---- the head -------------------------------------------------------------------------------- */

/* "Nov 13 04:05:01 esxhost vmkernel: " */
static bool read_syslog(const char **at, struct vmklog_line *l)
{
    const char *p = *at;
    if (!scan_stamp(&p, &l->stamp) || !scan_blanks(&p) || !scan_word(&p, l->host, sizeof l->host) ||
        !scan_blanks(&p))
        return false;
    l->has_stamp = true;
    *at = p;
    return true;
}

/* "42:14:03:29.341 cpu0:1024)" */
static bool read_head(const char **at, struct vmklog_line *l)
{
    const char *p = *at;
    uint64_t cpu, world;
    if (!scan_uptime(&p, &l->uptime_ms, NULL) || !scan_blanks(&p) || !scan_text(&p, "cpu") ||
        !scan_u64(&p, &cpu) || !scan_text(&p, ":") || !scan_u64(&p, &world) ||
        !scan_text(&p, ")") || cpu > UINT32_MAX || world > UINT32_MAX)
        return false;
    l->cpu = (uint32_t)cpu;
    l->world = (uint32_t)world;
    *at = p;
    return true;
}

/* "<6>": the level of a Linux driver's text. */
static void skip_printk_level(const char **at)
{
    const char *p = *at;
    if (p[0] == '<' && p[1] >= '0' && p[1] <= '7' && p[2] == '>')
        *at = p + 3;
}

/* On 4.x "ALERT:" stands twice, around the module [KB2009232]: the graver word counts. */
static void read_severity(const char **at, struct vmklog_line *l)
{
    for (bool more = true; more; (void)scan_blanks(at)) {
        more = false;
        if (scan_text(at, "WARNING:")) {
            l->severity = l->severity > VMKLOG_WARNING ? l->severity : VMKLOG_WARNING;
            more = true;
        } else if (scan_text(at, "ALERT:")) {
            l->severity = VMKLOG_ALERT;
            more = true;
        } else if (scan_text(at, "VMNIX:")) {
            more = true; /* the console's side speaks through the VMkernel's log */
        }
    }
}

/* "HB: 365: " or "NMP: nmp_CompleteCommandForPath: " */
static void read_module(const char **at, struct vmklog_line *l)
{
    const char *p = *at;
    uint64_t number;
    const size_t n = strspn(p, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
    if (n == 0 || n >= sizeof l->module || p[n] != ':' || isdigit((unsigned char)p[0]))
        return;
    memcpy(l->module, p, n);
    p += n + 1;
    (void)scan_blanks(&p);
    const char *number_at = p;
    if (scan_u64(&p, &number) && scan_text(&p, ":"))
        (void)scan_blanks(&p);
    else
        p = number_at;
    *at = p;
}

/* ---- the class ------------------------------------------------------------------------------- */

static bool holds(const char *text, const char *const *phrases)
{
    for (; *phrases != NULL; phrases++) {
        if (strcasestr(text, *phrases) != NULL)
            return true;
    }
    return false;
}

static bool of_module(const struct vmklog_line *l, const char *const *modules)
{
    for (; *modules != NULL; modules++) {
        if (strcmp(l->module, *modules) == 0)
            return true;
    }
    return false;
}

static int64_t alert_value(const char *text, const char *key)
{
    const char *at = strstr(text, key);
    int64_t value;
    if (at == NULL)
        return -1;
    at += strlen(key);
    return scan_i64(&at, &value) && value >= 0 ? value : -1;
}

/* "(comm=VMap pid=9173 t=30 to=30 clt=1)"; a name may hold blanks. */
static void read_alert(struct vmklog_line *l)
{
    const char *comm = strstr(l->text, "comm="), *end = strstr(l->text, " pid=");
    if (comm != NULL && end != NULL && end > comm + 5) {
        const size_t n = (size_t)(end - comm) - 5;
        (void)snprintf(l->alert.comm, sizeof l->alert.comm, "%.*s", (int)n, comm + 5);
    }
    l->alert.pid = alert_value(l->text, " pid=");
    l->alert.t = alert_value(l->text, " t=");
    l->alert.to = alert_value(l->text, " to=");
    l->alert.clt = alert_value(l->text, " clt=");
}

static const struct rule {
    const char *const modules[16]; /* one of these, or */
    const char *const phrases[12]; /* one of these in the text */
    enum vmklog_class class;
} rules[] = {
    { { NULL }, { "Reclaimed timed out heartbeat", "[HB state", NULL }, VMKLOG_VMFS_HEARTBEAT },
    { { NULL },
      { "have a heartbeat for", "no heartbeat, IPIs", NULL },
      VMKLOG_PCPU_HEARTBEAT }, /* [KB2000091] */
    { { NULL }, { "COS Error", "COS Panic", NULL }, VMKLOG_COS_ERROR },
    { { NULL }, { "Dumping core to", NULL }, VMKLOG_COS_DUMP },
    { { NULL }, { "find serial#", NULL }, VMKLOG_SERIAL }, /* [KB2009232] */
    { { "MCE", "Mce", NULL }, { "Machine Check", "MC:PCPU", NULL }, VMKLOG_MACHINE_CHECK },
    { { NULL }, { "reservation conflict", "Reservation error", NULL }, VMKLOG_RESERVATION },
    { { "StorageMonitor", "VSCSI", "NMP", "SCSI", "LinSCSI", "ScsiDeviceIO", "ScsiPath", "VmkDev",
        "ScsiCore", "LinStor", "FS3", "Fil3", "J3", "LVM", NULL },
      { "_abort_command", "abort", "scsi", "qla2", "lpfc", NULL },
      VMKLOG_STORAGE },
    { { "CpuSched", "Sched", NULL }, { NULL }, VMKLOG_CPU_SCHED },
    { { "RPC", "VMNIXCall", "VmnixCall", "Rpc", NULL }, { " RPC", NULL }, VMKLOG_RPC },
    { { "MemSched", "Mem", "Swap", "Alloc", "Heap", "Memory", NULL },
      { "out of memory", "admission", NULL },
      VMKLOG_MEMORY },
    { { "World", "Init", "Helper", "UserDump", "VMKStats", "CosVmnix", NULL },
      { NULL },
      VMKLOG_WORLD },
    { { "Net", "E1000", "Uplink", "etherswitch", "Tcpip", NULL }, { "link is", NULL }, VMKLOG_NET },
};

static void classify(struct vmklog_line *l)
{
    if (strcasestr(l->text, "Lost heartbeat") != NULL && strstr(l->text, "comm=") != NULL) {
        l->class = VMKLOG_LOST_HEARTBEAT;
        read_alert(l);
        return;
    }
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (of_module(l, rules[i].modules) || holds(l->text, rules[i].phrases)) {
            l->class = rules[i].class;
            break;
        }
    }
}

static bool read_repeated(const char *at, struct vmklog_line *l)
{
    uint64_t times;
    if (!scan_text(&at, "last message repeated ") || !scan_u64(&at, &times) ||
        !scan_text(&at, " time") || times > UINT32_MAX)
        return false;
    l->class = VMKLOG_REPEATED;
    l->repeated = (uint32_t)times;
    l->head = l->body = l->text = at;
    return true;
}

/* ---- lines ----------------------------------------------------------------------------------- */

const char *vmklog_read_line(const char *at, struct vmklog_line *ret)
{
    struct vmklog_line l = { .alert = { .pid = -1, .t = -1, .to = -1, .clt = -1 } };

    at += strspn(at, " \t");
    if (read_syslog(&at, &l)) {
        if (read_repeated(at, &l)) {
            *ret = l;
            return NULL;
        }
        if (!scan_text(&at, "vmkernel:"))
            return "a line of another program than the VMkernel";
        (void)scan_blanks(&at);
    }
    l.head = at;
    if (!read_head(&at, &l))
        return "not of the form 'd:hh:mm:ss.mmm cpuN:WORLD)...'";
    l.body = at;
    skip_printk_level(&at);
    (void)scan_blanks(&at);
    read_severity(&at, &l);
    read_module(&at, &l);
    l.text = at;
    classify(&l);
    *ret = l;
    return NULL;
}

void vmklog_parse(const struct text *texts, uint32_t count, struct vmklog *ret)
{
    struct vmklog v = { 0 };

    for (uint32_t file = 0; file < count; file++) {
        for (uint32_t i = 0; i < texts[file].count; i++) {
            struct vmklog_line l;
            const char *at = texts[file].lines[i].at;
            if (at[strspn(at, " \t")] == '\0')
                continue;
            const char *why = vmklog_read_line(at, &l);
            if (why != NULL) {
                unparsed_add(&v.unparsed, file, i + 1, why);
                continue;
            }
            l.file = file;
            l.line = i + 1;
            v.class_count[l.class]++;
            *PARSE_ADD(v.line, v.line_count, v.line_room) = l;
        }
    }
    *ret = v;
}

void vmklog_free(struct vmklog *v)
{
    free(v->line);
    free(v->unparsed.line);
    *v = (struct vmklog){ 0 };
}

bool vmklog_is(const struct text *t)
{
    for (uint32_t i = 0; i < t->count && i < LOOK_LINES; i++) {
        struct vmklog_line l;
        if (vmklog_read_line(t->lines[i].at, &l) == NULL && l.class != VMKLOG_REPEATED)
            return true;
    }
    return false;
}
