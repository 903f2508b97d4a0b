/* purple.c - see purple.h: from units to facts. */
#include "tools/parse/purple.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/parse/purple_units.h"
#include "tools/parse/scan.h"

/* ---- small helpers --------------------------------------------------------------------------- */

static void unparsed(struct purple *p, uint32_t line, const char *why)
{
    unparsed_add(&p->unparsed, 0, line, why);
}

static uint32_t line_at(const struct purple_unit *u, const char *at)
{
    const size_t i = (size_t)(at - u->text);
    return u->origin[i < u->length ? i : u->length - 1].line;
}

static void repaired(struct purple *p, uint32_t line, unsigned count)
{
    if (count == 0)
        return;
    struct purple_repair *r = PARSE_ADD(p->repair, p->repair_count, p->repair_room);
    *r = (struct purple_repair){ .line = line, .count = count };
}

static struct purple_place place(const struct purple_unit *u, const char *from, const char *to)
{
    return purple_units_place(u, (size_t)(from - u->text), (size_t)(to - u->text));
}

/* Copies [from, to) without the blanks at its ends, cut to the room that there is. */
static void copy(char *ret, size_t size, const char *from, const char *to)
{
    while (from < to && isspace((unsigned char)*from))
        from++;
    while (to > from && isspace((unsigned char)to[-1]))
        to--;
    const size_t n = (size_t)(to - from) < size ? (size_t)(to - from) : size - 1;
    memcpy(ret, from, n);
    ret[n] = '\0';
}

/* ---- first lines ----------------------------------------------------------------------------- */

static void read_version(struct purple *p, const char *at)
{
    (void)scan_blanks(&at);
    const size_t n = strspn(at, "0123456789.");
    if (n > 0 && n < sizeof p->version && isdigit((unsigned char)at[0])) {
        memcpy(p->version, at, n);
        p->version[n] = '\0';
    }
}

static void read_product(struct purple *p, const struct purple_unit *u)
{
    unsigned repairs = 0;
    const char *at = scan_phrase_first(u->text, "vmware esx");
    const char *build = scan_phrase(u->text, "build-");

    if (at == NULL)
        return;
    p->is_esxi = p->is_esxi || *at == 'i' || *at == 'I' || strstr(at, " 3i") != NULL;
    read_version(p, at + (*at == 'i' || *at == 'I'));
    if (scan_phrase(at, "x86_64") != NULL)
        p->layout = PURPLE_ESX4;
    if (build == NULL || p->build != 0)
        return;
    const char *from = build;
    if (scan_typed_u64(&build, &p->build, &repairs) && p->build != 0)
        p->build_place = place(u, from, build);
    repaired(p, u->origin[0].line, repairs);
}

static void read_headline(struct purple *p, const struct purple_unit *u)
{
    const char *from = u->text, *colon = scan_phrase_first(from, "@bluescreen");
    if (colon != NULL) {
        (void)scan_blanks(&colon);
        from = colon + (*colon == ':');
        (void)scan_blanks(&from);
    }
    const enum purple_class class = purple_class_of(from);
    if (*from == '\0')
        return;
    if (p->headline[0] != '\0' && (class == PURPLE_UNKNOWN || p->class != PURPLE_UNKNOWN)) {
        if (class != p->class && class != PURPLE_UNKNOWN)
            unparsed(p, u->origin[0].line, "another headline than above");
        return;
    }
    copy(p->headline, sizeof p->headline, from, u->text + u->length);
    p->headline_place = place(u, from, u->text + u->length);
    p->class = class;
}

/* ---- registers ------------------------------------------------------------------------------- */

static bool is_wide(const char *name)
{
    return name[0] == 'r';
}

/* Digits behind a blank belong to the value when it is too short and they are no key: a blank too
 * many, or the edge of the screen. */
static void join_digits(const char **at, unsigned *digits, unsigned most, uint64_t *value,
                        unsigned *repairs)
{
    while (*digits < most && **at == ' ') {
        const char *p = *at;
        uint64_t more;
        unsigned found = 0;
        (void)scan_blanks(&p);
        const char *from = p;
        if (!scan_typed_hex(&p, &more, &found) || (*p != ' ' && *p != '\0'))
            return;
        const unsigned n = (unsigned)(p - from);
        const char *next = p;
        (void)scan_blanks(&next);
        if (*digits + n > most || *next == '=')
            return;
        *value = (*value << (4 * n)) | more;
        *digits += n;
        *repairs += found + 1;
        *at = p;
    }
}

static bool read_value(const char **at, struct purple_reg *r, unsigned *repairs)
{
    const char *p = *at;
    const char *hex = scan_phrase_first(p, "0x");

    (void)scan_blanks(&p);
    if (hex == NULL && strcmp(r->name, "err") == 0) { /* signed decimal [KB308590/Screen] */
        r->negative = scan_text(&p, "-");
        if (!scan_typed_u64(&p, &r->value, repairs))
            return false;
        *at = p;
        return true;
    }
    if (hex != NULL) {
        *repairs += strncasecmp(p, "0x", 2) != 0;
        p = hex;
        (void)scan_blanks(&p);
    }
    const char *from = p;
    if (!scan_typed_hex(&p, &r->value, repairs))
        return false;
    unsigned digits = (unsigned)(p - from);
    join_digits(&p, &digits, is_wide(r->name) ? 16 : 8, &r->value, repairs);
    *at = p;
    return true;
}

static void add_reg(struct purple *p, const struct purple_reg *r)
{
    if (purple_find(p, r->name) != NULL || p->reg_count == PURPLE_REGS_MAX)
        unparsed(p, r->place.line, "a register that stands above already");
    else
        p->reg[p->reg_count++] = *r;
}

static void read_regs(struct purple *p, const struct purple_unit *u)
{
    const char *at = u->text;
    uint32_t reported_line = 0;

    while (scan_blanks(&at) && *at != '\0') {
        struct purple_reg r = { 0 };
        unsigned repairs = 0;
        const char *name = purple_units_key(&at);
        if (name != NULL)
            (void)snprintf(r.name, sizeof r.name, "%s", name);
        (void)scan_blanks(&at);
        const char *from = at;
        if (name != NULL && *at != '\0' && read_value(&at, &r, &repairs)) {
            r.place = place(u, from, at);
            add_reg(p, &r);
            repaired(p, r.place.line, repairs);
            continue;
        }
        const uint32_t line = line_at(u, at);
        if (line != reported_line)
            unparsed(p, line,
                     name != NULL ? "a register without a value" : "no register is called so");
        reported_line = line;
        at += strcspn(at, " ");
    }
}

/* ---- physical CPUs --------------------------------------------------------------------------- */

static bool item_at(const char *at, struct purple_pcpu *ret, const char **ret_end,
                    unsigned *repairs)
{
    *ret_end = at;
    return purple_units_item(ret_end, ret, repairs) || purple_units_old_item(ret_end, ret, repairs);
}

/* A name ends where the next item begins: it may hold blanks itself. */
static const char *name_end(const char *at)
{
    struct purple_pcpu next;
    const char *end;
    unsigned repairs = 0;
    for (; *at != '\0'; at++) {
        if (*at == ' ' && item_at(at, &next, &end, &repairs))
            return at;
    }
    return at;
}

static void read_pcpus(struct purple *p, const struct purple_unit *u)
{
    const char *at = u->text;

    while (scan_blanks(&at) && *at != '\0') {
        struct purple_pcpu item;
        const char *name;
        unsigned repairs = 0;
        if (!item_at(at, &item, &name, &repairs)) {
            unparsed(p, line_at(u, at), "not of the form pcpu:world/name");
            at = name_end(at);
            continue;
        }
        const char *end = name_end(name);
        copy(item.name, sizeof item.name, name, end);
        item.place = place(u, at, end);
        repaired(p, item.place.line, repairs);
        if (p->pcpu_count > 0 && item.pcpu <= p->pcpu[p->pcpu_count - 1].pcpu)
            unparsed(p, item.place.line, "pCPUs out of order");
        if (p->pcpu_count < PURPLE_PCPUS_MAX)
            p->pcpu[p->pcpu_count++] = item;
        at = end;
    }
}

/* ---- backtrace and uptime -------------------------------------------------------------------- */

static bool hex_value(const char **at, uint64_t *ret, unsigned *repairs)
{
    const char *p = scan_phrase_first(*at, "0x");
    if (p == NULL)
        return false;
    (void)scan_blanks(&p);
    if (!scan_typed_hex(&p, ret, repairs))
        return false;
    *at = p;
    return true;
}

static void read_frame(struct purple *p, const struct purple_unit *u)
{
    struct purple_frame f = { 0 };
    unsigned repairs = 0;
    const char *at = u->text;

    if (scan_phrase_first(at, "code start:") != NULL) {
        p->layout = PURPLE_ESXI5; /* [KB2000091] */
        return;
    }
    if (!hex_value(&at, &f.bp, &repairs) || !scan_blanks(&at) || !scan_text(&at, ":") ||
        !scan_blanks(&at) || !scan_text(&at, "[") || !hex_value(&at, &f.ip, &repairs) ||
        !scan_blanks(&at) || !scan_text(&at, "]")) {
        unparsed(p, u->origin[0].line, "not of the form 0x<bp>:[0x<ip>]symbol+0x<offset>");
        return;
    }
    (void)scan_blanks(&at);
    const char *from = at;
    const size_t n = strcspn(at, "+ ");
    copy(f.symbol, sizeof f.symbol, at, at + n);
    at += n;
    if (scan_blanks(&at) && scan_text(&at, "+"))
        (void)hex_value(&at, &f.offset, &repairs);
    if (at > from)
        f.place = place(u, from, at);
    if (strstr(f.symbol, "@vmkernel") != NULL)
        p->layout = PURPLE_ESXI5;
    repaired(p, u->origin[0].line, repairs);
    if (p->frame_count < PURPLE_FRAMES_MAX)
        p->frame[p->frame_count++] = f;
    else
        unparsed(p, u->origin[0].line, "more frames than are read");
}

static void read_uptime(struct purple *p, const struct purple_unit *u)
{
    const char *at = scan_phrase(u->text, "uptime:"), *tsc = scan_phrase(u->text, "tsc:");
    unsigned repairs = 0;

    if (at != NULL && scan_blanks(&at)) {
        const char *from = at;
        p->has_uptime = scan_uptime(&at, &p->uptime_ms, &repairs);
        if (p->has_uptime)
            p->uptime_place = place(u, from, at);
    }
    if (tsc != NULL && scan_blanks(&tsc)) {
        const char *from = tsc;
        p->has_tsc = scan_typed_u64(&tsc, &p->tsc, &repairs);
        if (p->has_tsc)
            p->tsc_place = place(u, from, tsc);
    }
    repaired(p, u->origin[0].line, repairs);
    if (!p->has_uptime)
        unparsed(p, u->origin[0].line, "the uptime is missing or not legible");
}

/* ---- log lines ------------------------------------------------------------------------------- */

/* The value of "key=" in an alert. */
static int64_t alert_number(const char *text, const char *key, unsigned *repairs)
{
    const char *at = scan_phrase(text, key);
    uint64_t value;
    if (at == NULL || !scan_blanks(&at) || !scan_typed_u64(&at, &value, repairs) ||
        value > INT64_MAX)
        return -1;
    return (int64_t)value;
}

/* Reads "(comm=VMap pid=9173 t=30 to=30 clt=1)"; a name may hold blanks. */
static void read_alert(struct purple *p, const struct purple_unit *u, const char *text,
                       struct purple_log *log)
{
    struct purple_alert *a = &log->alert;
    const char *comm = scan_phrase(text, "comm=");
    unsigned repairs = 0;

    log->is_alert = true;
    a->pid = alert_number(text, "pid=", &repairs);
    a->t = alert_number(text, " t=", &repairs);
    a->to = alert_number(text, "to=", &repairs);
    a->clt = alert_number(text, "clt=", &repairs);
    repaired(p, u->origin[0].line, repairs);
    if (comm != NULL) {
        const char *end = comm;
        while (*end != '\0' && *end != ')' && scan_phrase_first(end, "pid=") == NULL)
            end++;
        copy(a->comm, sizeof a->comm, comm, end);
        if (end > comm)
            a->comm_place = place(u, comm, end);
    }
    if (a->comm[0] == '\0' || a->pid < 0 || a->t < 0 || a->to < 0)
        unparsed(p, u->origin[0].line, "an alert of a lost heartbeat that is not whole");
}

static void read_dump_path(struct purple *p, const char *at)
{
    (void)scan_blanks(&at);
    (void)scan_text(&at, "'");
    const char *end = at + strcspn(at, "'");
    copy(p->cos_core, sizeof p->cos_core, at, end);
}

static bool read_log_head(const char **at, struct purple_log *log, unsigned *repairs)
{
    uint64_t cpu, world;
    const char *p = *at;

    if (!scan_uptime(&p, &log->at_ms, repairs))
        return false;
    p = scan_phrase_first(p, "cpu");
    if (p == NULL || !scan_typed_u64(&p, &cpu, repairs) || !scan_blanks(&p) ||
        !scan_text(&p, ":") || !scan_blanks(&p) || !scan_typed_u64(&p, &world, repairs) ||
        !scan_blanks(&p) || !scan_text(&p, ")") || cpu > UINT32_MAX || world > UINT32_MAX)
        return false;
    log->cpu = (uint32_t)cpu;
    log->world = (uint32_t)world;
    *at = p;
    return true;
}

static void read_log(struct purple *p, const struct purple_unit *u)
{
    struct purple_log log = { 0 };
    unsigned repairs = 0;
    const char *at = u->text;

    (void)scan_blanks(&at);
    const bool iso = strstr(at, "Z cpu") != NULL;
    if (!iso && !read_log_head(&at, &log, &repairs)) {
        unparsed(p, u->origin[0].line, "a log line whose beginning is not legible");
        return;
    }
    repaired(p, u->origin[0].line, repairs);
    copy(log.text, sizeof log.text, at, u->text + u->length);
    if (*at != '\0')
        log.place = place(u, at, u->text + u->length);
    const char *dump = scan_phrase(at, "dumping core to");
    if (scan_phrase(at, "lost heartbeat") != NULL && scan_phrase(at, "comm=") != NULL)
        read_alert(p, u, at, &log);
    log.is_cos_error = scan_phrase(at, "cos error") != NULL || scan_phrase(at, "cos panic") != NULL;
    log.is_cos_dump = dump != NULL;
    if (dump != NULL)
        read_dump_path(p, dump);
    if (p->log_count < PURPLE_LOGS_MAX)
        p->log[p->log_count++] = log;
    else
        unparsed(p, u->origin[0].line, "more log lines than are read");
}

/* ---- the console's own Oops ------------------------------------------------------------------ */

static void read_cos_log(struct purple *p, const struct purple_unit *u)
{
    const char *at = scan_phrase(u->text, "eip is at"), *release;
    char number[24];

    if (at != NULL && p->cos_function[0] == '\0') {
        (void)scan_blanks(&at);
        copy(p->cos_function, sizeof p->cos_function, at, at + strcspn(at, " "));
        release = strchr(at, '(');
        if (release != NULL)
            copy(p->cos_release, sizeof p->cos_release, release + 1,
                 release + 1 + strcspn(release + 1, "/)"));
    }
    at = scan_phrase(u->text, "process");
    const char *pid = at != NULL ? strstr(at, "(pid:") : NULL;
    if (pid == NULL || p->cos_process[0] != '\0')
        return;
    copy(p->cos_process, sizeof p->cos_process, at, pid);
    pid += 5;
    (void)scan_blanks(&pid);
    if (scan_until(&pid, ",)", number, sizeof number)) {
        const char *digits = number;
        (void)scan_i64(&digits, &p->cos_pid);
    }
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void read_status(struct purple *p, const struct purple_unit *u)
{
    if (scan_phrase(u->text, "starting coredump") != NULL ||
        scan_phrase(u->text, "using slot") != NULL)
        p->dump_started = true;
    if (scan_phrase(u->text, "dump successful") != NULL)
        p->dump_done = true;
}

static void read_unit(struct purple *p, const struct purple_unit *u)
{
    static void (*const readers[PURPLE_KINDS])(struct purple *, const struct purple_unit *) = {
        [PURPLE_LINE_PRODUCT] = read_product, [PURPLE_LINE_HEADLINE] = read_headline,
        [PURPLE_LINE_REGS] = read_regs,       [PURPLE_LINE_PCPUS] = read_pcpus,
        [PURPLE_LINE_FRAME] = read_frame,     [PURPLE_LINE_UPTIME] = read_uptime,
        [PURPLE_LINE_LOG] = read_log,         [PURPLE_LINE_STATUS] = read_status,
        [PURPLE_LINE_COS_LOG] = read_cos_log, [PURPLE_LINE_BLUESCREEN] = read_headline,
    };
    assert(u->kind < PURPLE_KINDS);
    if (readers[u->kind] != NULL)
        readers[u->kind](p, u);
}

static void decide_layout(struct purple *p)
{
    const bool cpu_words = p->pcpu_count > 0 && p->pcpu[0].place.from < p->pcpu[0].place.to;
    if (p->layout == PURPLE_ESXI5 || purple_find(p, "cr0") != NULL ||
        (p->is_esxi && p->version[0] >= '5'))
        p->layout = PURPLE_ESXI5;
    else if (purple_find(p, "rip") != NULL || purple_find(p, "rax") != NULL ||
             purple_find(p, "rflags") != NULL || p->layout == PURPLE_ESX4)
        p->layout = PURPLE_ESX4;
    else if (purple_find(p, "gate") != NULL || purple_find(p, "eip") != NULL ||
             purple_find(p, "ef") != NULL)
        p->layout = PURPLE_ESX30;
    else if (purple_find(p, "ip") != NULL || purple_find(p, "eax") != NULL || cpu_words ||
             p->frame_count > 0 || p->has_uptime || p->build != 0)
        p->layout = PURPLE_ESX35;
}

/* Without a legible headline the log lines say what it is; an alert alone does so only when it
 * reached its timeout. */
static void decide_class(struct purple *p, bool interim)
{
    for (uint32_t i = 0; i < p->log_count && p->class == PURPLE_UNKNOWN; i++) {
        const struct purple_log *l = &p->log[i];
        if (l->is_cos_error)
            p->class = purple_class_of(l->text);
        else if (l->is_alert && l->alert.to > 0 && l->alert.t >= l->alert.to)
            p->class = PURPLE_LOST_HEARTBEAT;
        p->class_from_log = p->class != PURPLE_UNKNOWN;
    }
    if (p->class == PURPLE_UNKNOWN && interim)
        p->class = PURPLE_INTERIM;
}

static bool is_screen(const struct purple *p, bool interim)
{
    const bool parts[] = { p->build != 0,      p->reg_count >= 3,
                           p->pcpu_count >= 2, p->has_uptime,
                           p->frame_count > 0, p->headline[0] != '\0',
                           p->dump_started,    interim };
    unsigned found = 0;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        found += parts[i];
    return found >= 2;
}

void purple_parse(const struct text *t, struct purple *ret)
{
    struct purple_units units;
    bool interim = false;

    *ret = (struct purple){ .cos_pid = -1 };
    purple_units_make(t, ret, &units);
    for (uint32_t i = 0; i < units.count; i++) {
        read_unit(ret, &units.unit[i]);
        interim = interim || units.unit[i].kind == PURPLE_LINE_INTERIM;
    }
    purple_units_free(&units);
    decide_layout(ret);
    decide_class(ret, interim);
    ret->is_screen = is_screen(ret, interim);
    if (!ret->is_screen)
        ret->layout = PURPLE_NO_LAYOUT;
}

void purple_free(struct purple *p)
{
    free(p->kind);
    free(p->repair);
    free(p->unparsed.line);
    *p = (struct purple){ 0 };
}

/* ---- questions ------------------------------------------------------------------------------- */

const struct purple_reg *purple_find(const struct purple *p, const char *name)
{
    for (uint32_t i = 0; i < p->reg_count; i++) {
        if (strcmp(p->reg[i].name, name) == 0)
            return &p->reg[i];
    }
    return NULL;
}

const struct purple_reg *purple_ip(const struct purple *p)
{
    const struct purple_reg *r = purple_find(p, "ip");
    if (r == NULL)
        r = purple_find(p, "eip");
    return r != NULL ? r : purple_find(p, "rip");
}

const struct purple_log *purple_last_alert(const struct purple *p)
{
    for (uint32_t i = p->log_count; i > 0; i--) {
        if (p->log[i - 1].is_alert)
            return &p->log[i - 1];
    }
    return NULL;
}
