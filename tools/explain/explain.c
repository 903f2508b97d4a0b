/* explain.c - see explain.h. One function for each part of a screen. */
#include "tools/explain/explain.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/units.h"
#include "tools/parse/scan.h"

#define CR3_BASE 0x2401000u     /* [D]: two screens, consoles of 800 and 272 MB */
#define PAGE_OFFSET 0xc0000000u /* the console's kernel begins here */
#define LRU_OFFSET 0x1cu        /* of `lru` in struct page [RHEL3MM 1.1] */
#define NOT_SAVED 0xffffffffu   /* what a VMkernel panic shows for registers it did not save */

struct work {
    const struct purple *p;
    struct explain *e;
};

/* ---- writing --------------------------------------------------------------------------------- */

static void __attribute__((format(printf, 4, 5)))
note(struct work *w, struct purple_place place, enum explain_rating rating, const char *format, ...)
{
    va_list args;
    if (place.line == 0)
        return;
    struct explain_note *n = PARSE_ADD(w->e->note, w->e->note_count, w->e->room);
    n->place = place;
    n->rating = rating;
    va_start(args, format);
    (void)vsnprintf(n->says, sizeof n->says, format, args);
    va_end(args);
}

static void number(struct work *w, const char *name, double value, const char *from)
{
    if (w->e->number_count < EXPLAIN_NUMBER_MAX)
        w->e->number[w->e->number_count++] = (struct explain_number){ name, value, from };
}

const struct explain_number *explain_find(const struct explain *e, const char *name)
{
    for (uint32_t i = 0; i < e->number_count; i++) {
        if (strcmp(e->number[i].name, name) == 0)
            return &e->number[i];
    }
    return NULL;
}

/* The place of the first line of a kind; for what has no columns of its own. */
static struct purple_place line_of(const struct purple *p, enum purple_kind kind, uint32_t nth)
{
    for (uint32_t i = 0; i < p->line_count; i++) {
        if (p->kind[i] == kind && nth-- == 0)
            return (struct purple_place){ .line = i + 1 };
    }
    return (struct purple_place){ 0 };
}

const char *explain_rating_name(enum explain_rating r)
{
    static const char *const names[EXPLAIN_RATINGS] = { "boilerplate", "unique", "misleading",
                                                        "corrected", "not understood" };
    assert(r < EXPLAIN_RATINGS);
    return names[r];
}

/* ---- first lines ----------------------------------------------------------------------------- */

static void explain_product(struct work *w)
{
    const struct purple *p = w->p;
    w->e->release = p->build != 0 ? purple_release_of(p->build) : NULL;
    if (p->build == 0)
        note(w, line_of(p, PURPLE_LINE_PRODUCT, 0), EXPLAIN_BOILERPLATE,
             "the product; its build is not legible");
    else if (w->e->release != NULL)
        note(w, p->build_place, EXPLAIN_UNIQUE, "build %" PRIu64 " is %s", p->build, w->e->release);
    else
        note(w, p->build_place, EXPLAIN_UNIQUE,
             "build %" PRIu64 " is not in our list of releases (a patch, perhaps); by its layout "
             "the screen is of %s",
             p->build, purple_layout_name(p->layout));
}

static const struct {
    enum explain_rating rating;
    const char *says;
} classes[PURPLE_CLASSES] = {
    [PURPLE_UNKNOWN] = { EXPLAIN_NOT_UNDERSTOOD, "a headline that is not known here" },
    [PURPLE_LOST_HEARTBEAT] = { EXPLAIN_BOILERPLATE,
                                "the VMkernel had no heartbeat of the service console for 30 "
                                "minutes. It says what happened, not why: look at vmksummary, "
                                "meminfo and the cos-core" },
    [PURPLE_COS_OOPS] = { EXPLAIN_UNIQUE,
                          "the console's Linux kernel made an Oops; its text is in the console's "
                          "log. This is no lost heartbeat" },
    [PURPLE_COS_PANIC] = { EXPLAIN_UNIQUE,
                           "the console's Linux kernel panicked. This is no lost heartbeat" },
    [PURPLE_VMK_EXCEPTION] = { EXPLAIN_UNIQUE,
                               "the VMkernel itself made an exception; the world that is named is "
                               "the one that was running. This is no failure of the console" },
    [PURPLE_MACHINE_CHECK] = { EXPLAIN_UNIQUE,
                               "a physical CPU reported a hardware error. Look at bank and status, "
                               "and at the server's hardware log" },
    [PURPLE_TLB_ACK] = { EXPLAIN_UNIQUE,
                         "a physical CPU did not answer another one's request to forget "
                         "translations. This is no lost heartbeat" },
    [PURPLE_PCPU_NO_HEARTBEAT] = { EXPLAIN_UNIQUE,
                                   "a physical CPU did not answer the VMkernel. It is no heartbeat "
                                   "of a service console" },
    [PURPLE_PCPU_LOCKED] = { EXPLAIN_UNIQUE, "a physical CPU did not answer the VMkernel" },
    [PURPLE_NMI] = { EXPLAIN_UNIQUE, "a non-maskable interrupt: hardware, or somebody's button" },
    [PURPLE_ASSERTION] = { EXPLAIN_UNIQUE,
                           "the VMkernel found itself in a state that it excludes" },
    [PURPLE_SPIN] = { EXPLAIN_UNIQUE,
                      "a lock of the VMkernel was not given back. This is no lost heartbeat" },
    [PURPLE_INTERIM] = { EXPLAIN_BOILERPLATE,
                         "the screen before the screen: the console's core is being written, which "
                         "may take up to an hour. Wait, and do not reset" },
};

static void explain_headline(struct work *w)
{
    const struct purple *p = w->p;
    struct purple_place place = p->headline_place;
    const bool interim = p->class == PURPLE_INTERIM;

    if (place.line == 0)
        place = line_of(p, interim ? PURPLE_LINE_INTERIM : PURPLE_LINE_PRODUCT, 0);
    if (p->headline[0] != '\0' || interim)
        note(w, place, classes[p->class].rating, "%s", classes[p->class].says);
    else if (p->class != PURPLE_UNKNOWN)
        note(w, place, EXPLAIN_BOILERPLATE, "no headline; by the log lines it is %s",
             purple_class_name(p->class));
    const bool names_console =
        strstr(p->headline, "1024:console") != NULL || strstr(p->headline, "4096:console") != NULL;
    if (p->class == PURPLE_VMK_EXCEPTION && names_console)
        note(w, place, EXPLAIN_MISLEADING,
             "the console's world was running when the VMkernel faulted, and is not the culprit: "
             "in a failure of the console ip would be 0xc0......");
    place = line_of(p, PURPLE_LINE_BLUESCREEN, 0);
    if (place.line != p->headline_place.line)
        note(w, place, EXPLAIN_BOILERPLATE, "the headline again");
}

/* ---- registers ------------------------------------------------------------------------------- */

static bool is_cos_class(enum purple_class c)
{
    return c == PURPLE_LOST_HEARTBEAT || c == PURPLE_COS_OOPS || c == PURPLE_COS_PANIC;
}

/* Where code lies: 32-bit addresses on ESX 3.x, 64-bit ones ("wide") from ESX 4.x on. */
static const struct code_range {
    bool is_wide;
    bool of_cos_errors; /* meant only on the screen of an error of the console */
    uint64_t from, to;
    const char *is_in;
    bool is_cos;
    const char *says;
} code_ranges[] = {
    { false, false, PAGE_OFFSET, UINT64_MAX, "console kernel", true,
      "code of the console's Linux kernel (from 0xc0000000 on), so the registers are the "
      "console's. "
      "Which function it is only the kernel's symbols or the cos-core can say" },
    { false, false, 0x600000, 0xffffff, "VMkernel", false,
      "code of the VMkernel (0x6..... on ESX 3.x)" },
    { true, false, 0x418000000000, 0x41ffffffffff, "VMkernel", false,
      "code of the VMkernel (0x4180........ on ESX 4.x and later)" },
    { false, true, 1, UINT64_MAX, "console program", true,
      "below 0xc0000000: a program of the console was running" },
};

static void explain_ip(struct work *w, const struct purple_reg *r)
{
    const bool is_wide = w->p->layout == PURPLE_ESX4 || w->p->layout == PURPLE_ESXI5;
    for (size_t i = 0; i < sizeof code_ranges / sizeof code_ranges[0]; i++) {
        const struct code_range *c = &code_ranges[i];
        if (c->is_wide != is_wide || r->value < c->from || r->value > c->to ||
            (c->of_cos_errors && !is_cos_class(w->p->class)))
            continue;
        w->e->ip_is_in = c->is_in;
        w->e->registers_are_cos = c->is_cos;
        note(w, r->place, EXPLAIN_UNIQUE, "%s", c->says);
        return;
    }
    note(w, r->place, EXPLAIN_NOT_UNDERSTOOD,
         "neither code of the console's kernel nor of the VMkernel");
}

static void explain_cr2(struct work *w, const struct purple_reg *r)
{
    if (w->p->class == PURPLE_VMK_EXCEPTION)
        note(w, r->place, EXPLAIN_UNIQUE, "the address that faulted, if it was a page fault (#PF)");
    else if (r->value == 0)
        note(w, r->place, EXPLAIN_BOILERPLATE, "no page fault is recorded");
    else
        note(w, r->place, EXPLAIN_MISLEADING,
             "address of the last page fault%s: an ordinary one of the past, and not what failed",
             r->value < PAGE_OFFSET ? ", of a program of the console" : "");
}

static void explain_cr3(struct work *w, const struct purple_reg *r)
{
    const uint64_t ram = r->value - CR3_BASE;
    const bool fits = r->value > CR3_BASE && ram % MB == 0 && ram / MB >= 32 && ram / MB <= 1024;
    if (!w->e->registers_are_cos) {
        note(w, r->place, EXPLAIN_BOILERPLATE, "page tables of the world that was running");
        return;
    }
    if (!fits) {
        note(w, r->place, EXPLAIN_NOT_UNDERSTOOD,
             "page tables; on a screen of the console 0x2401000 + its RAM is expected");
        return;
    }
    const uint64_t ram_mb = ram / MB;
    number(w, "cos_ram_mb", (double)ram_mb, "cr3 - 0x2401000");
    note(w, r->place, EXPLAIN_UNIQUE,
         "0x2401000 + %" PRIu64 " MB: the console has %" PRIu64 " MB of RAM", ram_mb, ram_mb);
}

static void explain_cr4(struct work *w, const struct purple_reg *r)
{
    static const struct {
        unsigned bit;
        const char *name;
    } bits[] = { { 4, "PSE" }, { 5, "PAE" },    { 6, "MCE" },         { 7, "PGE" },
                 { 8, "PCE" }, { 9, "OSFXSR" }, { 10, "OSXMMEXCPT" }, { 13, "VMXE" } };
    char names[96] = "";
    size_t used = 0;
    for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++) {
        if ((r->value >> bits[i].bit & 1) != 0)
            used += (size_t)snprintf(names + used, sizeof names - used, " %s", bits[i].name);
    }
    number(w, "pae", (double)(r->value >> 5 & 1), "bit 5 of cr4");
    note(w, r->place, EXPLAIN_BOILERPLATE, "switched on:%s", used > 0 ? names : " nothing");
}

static const char *selector_name(unsigned selector)
{
    static const struct {
        unsigned selector;
        const char *name;
    } names[] = { { 0x68, "data of the console's kernel" },
                  { 0x60, "code of the console's kernel" },
                  { 0x7b, "data of a console program" },
                  { 0x73, "code of a console program" },
                  { 0, "none" } };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].selector == selector)
            return names[i].name;
    return "of the VMkernel or not known";
}

/* The low 16 bits of a segment word are the selector; a push of 16 bits leaves the upper half as it
 * was on the stack. */
static void explain_segment(struct work *w, const struct purple_reg *r)
{
    const unsigned selector = r->value & 0xffff, stale = (unsigned)(r->value >> 16 & 0xffff);
    const char *what = selector_name(selector);
    if (r->value == NOT_SAVED)
        note(w, r->place, EXPLAIN_BOILERPLATE, "not saved");
    else if (stale != 0)
        note(w, r->place, EXPLAIN_MISLEADING,
             "selector 0x%x, %s; the upper half 0x%x is left over on the stack and means nothing",
             selector, what, stale);
    else
        note(w, r->place, EXPLAIN_BOILERPLATE, "selector 0x%x, %s", selector, what);
}

static void explain_frame(struct work *w, const struct purple_reg *r)
{
    note(w, r->place, EXPLAIN_BOILERPLATE, "where and how the registers were saved");
}

static void explain_flags(struct work *w, const struct purple_reg *r)
{
    if (r->value == NOT_SAVED || (r->negative && r->value == 1))
        note(w, r->place, EXPLAIN_BOILERPLATE, "not saved");
    else if (is_cos_class(w->p->class) && r->value == 0)
        note(w, r->place, EXPLAIN_BOILERPLATE,
             "0 on every screen of a console's error; the true value is in the console's log");
    else
        note(w, r->place, EXPLAIN_UNIQUE, "of the exception");
}

static void explain_general(struct work *w, const struct purple_reg *r)
{
    const struct explain_number *ram = explain_find(w->e, "cos_ram_mb");
    const uint64_t ram_end = ram != NULL ? PAGE_OFFSET + (uint64_t)ram->value * MB : 0xffffffff;

    if (r->value == NOT_SAVED)
        note(w, r->place, EXPLAIN_BOILERPLATE, "not saved");
    else if (r->value == 0)
        note(w, r->place, EXPLAIN_BOILERPLATE, "0");
    else if (w->e->registers_are_cos && r->value >= PAGE_OFFSET && r->value < ram_end)
        note(w, r->place, EXPLAIN_UNIQUE, "an address in the console's RAM, seen by its kernel");
    else if (w->e->registers_are_cos && r->value < PAGE_OFFSET)
        note(w, r->place, EXPLAIN_UNIQUE, "a number (%" PRIu64 ") or an address of a program",
             r->value);
    else
        note(w, r->place, EXPLAIN_UNIQUE, "a value of the code that was running");
}

/* Registers that differ by the offset of `lru` in struct page are a page and its place on a list
 * of the memory manager; neighbours among small numbers are a counter that runs. */
static void explain_pairs(struct work *w)
{
    const struct purple *p = w->p;
    for (uint32_t i = 0; i < p->reg_count; i++) {
        for (uint32_t j = 0; j < p->reg_count; j++) {
            const struct purple_reg *a = &p->reg[i], *b = &p->reg[j];
            if (a->name[0] != 'e' || b->name[0] != 'e' || a->value < b->value)
                continue;
            if (b->value >= PAGE_OFFSET && a->value - b->value == LRU_OFFSET)
                note(
                    w, a->place, EXPLAIN_UNIQUE,
                    "%s - %s = 0x1c, the offset of a list entry in the kernel's struct page: pages "
                    "of a list were being looked at (memory management)",
                    a->name, b->name);
            else if (a->value < PAGE_OFFSET && b->value > 4096 && a->value - b->value == 1)
                note(w, a->place, EXPLAIN_UNIQUE, "%s = %s + 1: a counter that was running",
                     a->name, b->name);
        }
    }
}

static void explain_register(struct work *w, const struct purple_reg *r)
{
    static const struct {
        const char *name;
        void (*explain)(struct work *w, const struct purple_reg *r);
    } special[] = {
        { "cr2", explain_cr2 },      { "cr3", explain_cr3 },    { "cr4", explain_cr4 },
        { "frame", explain_frame },  { "gate", explain_frame }, { "cr0", explain_frame },
        { "es", explain_segment },   { "ds", explain_segment }, { "fs", explain_segment },
        { "gs", explain_segment },   { "cs", explain_segment }, { "ss", explain_segment },
        { "err", explain_flags },    { "ef", explain_flags },   { "eflags", explain_flags },
        { "rflags", explain_flags },
    };
    size_t i = 0;
    if (r == purple_ip(w->p))
        return; /* it came first: others depend on it */
    while (i < sizeof special / sizeof special[0] && strcmp(r->name, special[i].name) != 0)
        i++;
    if (i < sizeof special / sizeof special[0])
        special[i].explain(w, r);
    else
        explain_general(w, r);
}

static void explain_registers(struct work *w)
{
    const struct purple *p = w->p;
    const struct purple_reg *ip = purple_ip(p);
    if (ip != NULL)
        explain_ip(w, ip);
    for (uint32_t i = 0; i < p->reg_count; i++)
        explain_register(w, &p->reg[i]);
    if (w->e->registers_are_cos)
        explain_pairs(w);
    if (ip != NULL && p->class == PURPLE_VMK_EXCEPTION && w->e->registers_are_cos)
        note(w, ip->place, EXPLAIN_NOT_UNDERSTOOD,
             "an exception of the VMkernel with the console's registers");
}

/* ---- worlds ---------------------------------------------------------------------------------- */

const char *explain_world_kind(const char *name)
{
    static const struct {
        const char *begins, *kind;
    } kinds[] = {
        { "console", "the service console" },
        { "idle", "idle" },
        { "helper", "a helper of the VMkernel" },
        { "vmm", "a vCPU of a virtual machine (its monitor)" },
        { "vcpu-", "a vCPU of a virtual machine" },
        { "mks:", "keyboard, mouse and screen of a virtual machine" },
        { "Worker#", "a worker of a virtual machine" },
        { "vmware-vm", "the process of a virtual machine" },
        { "vmkload_a", "an application loaded by the VMkernel" },
        { "driver-", "a device driver" },
        { "hostd", "the management agent" },
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strncmp(name, kinds[i].begins, strlen(kinds[i].begins)) == 0)
            return kinds[i].kind;
    }
    return "another world";
}

static const char *world_base(const struct purple_pcpu *w)
{
    if (strcmp(w->name, "console") != 0)
        return "";
    return w->world == 1024   ? " (world 1024: ESX 3.x)"
           : w->world == 4096 ? " (world 4096: ESX 4.x)"
                              : " (an unusual number)";
}

static void explain_worlds(struct work *w)
{
    const struct purple *p = w->p;
    for (uint32_t i = 0; i < p->pcpu_count; i++) {
        const struct purple_pcpu *item = &p->pcpu[i];
        const char *kind = explain_world_kind(item->name);
        if (!item->panicking) {
            note(w, item->place, EXPLAIN_BOILERPLATE, "pCPU %u %s%s%s", item->pcpu,
                 strcmp(kind, "idle") == 0 ? "was " : "ran ", kind, world_base(item));
            continue;
        }
        const bool console = strcmp(item->name, "console") == 0;
        note(w, item->place,
             console && is_cos_class(p->class) ? EXPLAIN_BOILERPLATE : EXPLAIN_UNIQUE,
             "pCPU %u panicked; it ran world %u, %s%s", item->pcpu, item->world, kind,
             world_base(item));
    }
}

/* ---- backtrace, uptime ----------------------------------------------------------------------- */

static void explain_frames(struct work *w)
{
    const struct purple *p = w->p;
    for (uint32_t i = 0; i < p->frame_count; i++) {
        const struct purple_frame *f = &p->frame[i];
        const bool cos_address = p->layout != PURPLE_ESX4 && f->ip >= PAGE_OFFSET;
        if (cos_address) {
            const uint32_t base = (uint32_t)(f->ip - f->offset);
            number(w, "symbol_base", base, "ip - offset, modulo 2^32");
            note(
                w, f->place, EXPLAIN_MISLEADING,
                "not a function: the VMkernel looked the console's address up in its own symbols, "
                "and %s (at 0x%x) is merely the nearest. No block device is meant; the three zeros "
                "behind it are always there",
                f->symbol, base);
        } else if (strncmp(f->symbol, "Panic", 5) == 0) {
            note(w, f->place, EXPLAIN_BOILERPLATE, "the VMkernel on its way to this screen");
        } else {
            note(w, f->place, EXPLAIN_UNIQUE,
                 "a function of the VMkernel; the topmost that is not "
                 "about panic is where it happened");
        }
    }
}

static void explain_uptime(struct work *w)
{
    const struct purple *p = w->p;
    const uint64_t minutes = p->uptime_ms / 60000;
    if (p->has_uptime) {
        number(w, "uptime_s", (double)p->uptime_ms / 1000, "VMK uptime");
        note(w, p->uptime_place, EXPLAIN_UNIQUE,
             "the host was up for %" PRIu64 " days, %" PRIu64 " hours, %" PRIu64
             " minutes when this was painted",
             minutes / 1440, minutes / 60 % 24, minutes % 60);
    }
    if (!p->has_uptime || !p->has_tsc || p->uptime_ms == 0)
        return;
    const double mhz = (double)p->tsc / (double)p->uptime_ms / 1000;
    number(w, "tsc_mhz", mhz, "TSC / uptime");
    if (mhz >= 500 && mhz <= 6000)
        note(w, p->tsc_place, EXPLAIN_BOILERPLATE,
             "TSC / uptime = %.1f MHz, a clock rate of a CPU: both numbers are well copied", mhz);
    else
        note(w, p->tsc_place, EXPLAIN_NOT_UNDERSTOOD,
             "TSC / uptime = %.1f MHz, which no CPU has: a digit of one of them is wrong", mhz);
}

/* ---- log lines ------------------------------------------------------------------------------- */

static void explain_alert(struct work *w, const struct purple_log *l)
{
    const struct purple_alert *a = &l->alert;
    const bool daemon = strcmp(a->comm, "vmnixhbd") == 0;
    if (a->t >= 0)
        note(w, l->place, EXPLAIN_BOILERPLATE,
             "no heartbeat for t=%" PRId64 " of to=%" PRId64 " minutes%s", a->t, a->to,
             a->to > 0 && a->t >= a->to       ? ": the VMkernel gives up"
             : a->to > 0 && a->t == a->to - 1 ? ": the one warning, a minute before the end"
                                              : "");
    if (a->comm[0] != '\0')
        note(w, a->comm_place, EXPLAIN_MISLEADING,
             daemon ? "the heartbeat daemon itself was current (pid %" PRId64
                      "): the victim, on its way to get a page"
                    : "the task that was current when the check ran (pid %" PRId64
                      "), by chance as it were: a hint, and no proof",
             a->pid);
}

static const struct {
    const char *phrase;
    enum explain_rating rating;
    const char *says;
} log_lines[] = {
    { "reclaimed timed out heartbeat", EXPLAIN_MISLEADING,
      "a heartbeat of VMFS, with which hosts keep locks on a datastore: nothing to do with the "
      "console's" },
    { "have a heartbeat for", EXPLAIN_UNIQUE,
      "a physical CPU that does not answer: not the console's heartbeat" },
    { "can't find serial#", EXPLAIN_UNIQUE,
      "completions of SCSI commands are lost [KB2009232]: console disk I/O hangs. Points to "
      "storage, "
      "not memory" },
    { "machine check", EXPLAIN_UNIQUE, "a hardware error of a CPU" },
    { "mce:", EXPLAIN_UNIQUE, "a hardware error of a CPU" },
    { "mc:pcpu", EXPLAIN_UNIQUE, "bank and status of a hardware error" },
};

static void explain_cos_error(struct work *w, const struct purple_log *l)
{
    const struct purple *p = w->p;
    const struct explain_number *ram = explain_find(w->e, "cos_ram_mb");
    note(w, l->place, EXPLAIN_BOILERPLATE, "the VMkernel stops the console and begins its dump");
    if (!p->has_uptime || p->uptime_ms < l->at_ms)
        return;
    const double s = (double)(p->uptime_ms - l->at_ms) / 1000;
    number(w, "cos_core_s", s, "VMK uptime - time of the COS error line");
    if (ram != NULL && s > 0.5) {
        number(w, "cos_core_mb_per_s", ram->value / s, "RAM of the console / cos_core_s");
        note(w, (struct purple_place){ .line = l->place.line }, EXPLAIN_UNIQUE,
             "%.1f s later the screen was painted: in that time the console's core was written "
             "(%.0f MB, %.0f MB/s)",
             s, ram->value, ram->value / s);
    }
}

static void explain_log_line(struct work *w, const struct purple_log *l)
{
    if (l->is_alert) {
        explain_alert(w, l);
        return;
    }
    if (l->is_cos_error) {
        explain_cos_error(w, l);
        return;
    }
    if (l->is_cos_dump) {
        note(w, l->place, EXPLAIN_UNIQUE,
             "the console's core goes to %s (under /vmfs): the best evidence there is; keep it",
             w->p->cos_core);
        return;
    }
    for (size_t i = 0; i < sizeof log_lines / sizeof log_lines[0]; i++) {
        if (scan_phrase(l->text, log_lines[i].phrase) != NULL) {
            note(w, l->place, log_lines[i].rating, "%s", log_lines[i].says);
            return;
        }
    }
    note(w, l->place, EXPLAIN_UNIQUE, "a line of the VMkernel's log; not explained here");
}

static void explain_log(struct work *w)
{
    const struct purple *p = w->p;
    const struct purple_log *before = NULL;
    for (uint32_t i = 0; i < p->log_count; i++) {
        const struct purple_log *l = &p->log[i];
        explain_log_line(w, l);
        if (l->is_alert && before != NULL && l->at_ms > before->at_ms)
            number(w, "alerts_apart_s", (double)(l->at_ms - before->at_ms) / 1000,
                   "between the last two alerts");
        if (l->is_alert)
            before = l;
    }
}

/* ---- the console's own text, dump, gaps ------------------------------------------------------ */

static void explain_console_text(struct work *w)
{
    const struct purple *p = w->p;
    const struct purple_place place = line_of(p, PURPLE_LINE_COS_LOG, 0);
    if (place.line == 0)
        return;
    note(w, place, EXPLAIN_BOILERPLATE, "text of the console's own kernel begins here");
    if (p->cos_function[0] != '\0')
        note(w, place, p->class == PURPLE_LOST_HEARTBEAT ? EXPLAIN_MISLEADING : EXPLAIN_UNIQUE,
             "it was in %s of kernel %s%s", p->cos_function, p->cos_release,
             p->class == PURPLE_LOST_HEARTBEAT
                 ? ": a stack of a lost heartbeat shows memory management at work, whoever is to "
                   "blame"
                 : "");
    if (p->cos_process[0] != '\0')
        note(w, place, EXPLAIN_MISLEADING,
             "process %s (pid %" PRId64 ") was current: not necessarily responsible",
             p->cos_process, p->cos_pid);
}

static void explain_status(struct work *w)
{
    note(w, line_of(w->p, PURPLE_LINE_STATUS, 0), EXPLAIN_BOILERPLATE,
         "the VMkernel's own dump goes to a slot of the dump partition; the next start makes a "
         "vmkernel-zdump file of it%s",
         w->p->dump_done ? "" : ". That it was finished is not on the screen");
}

static void missing(struct work *w, bool there, const char *what)
{
    const uint32_t most = sizeof w->e->missing / sizeof w->e->missing[0];
    if (!there && w->e->missing_count < most)
        w->e->missing[w->e->missing_count++] = what;
}

static void explain_missing(struct work *w)
{
    const struct purple *p = w->p;
    if (p->class == PURPLE_INTERIM)
        return;
    missing(w, p->build != 0, "the product line with its build");
    missing(w, p->headline[0] != '\0', "the headline");
    missing(w, purple_ip(p) != NULL, "ip");
    missing(w, purple_find(p, "cr3") != NULL, "cr3 (the console's RAM)");
    missing(w, p->pcpu_count > 0 || p->layout == PURPLE_ESXI5, "the list of pCPUs");
    missing(w, p->frame_count > 0, "the backtrace");
    missing(w, p->has_uptime, "VMK uptime");
    missing(w, p->has_tsc || p->layout == PURPLE_ESXI5, "TSC");
    missing(w, p->class != PURPLE_LOST_HEARTBEAT || purple_last_alert(p) != NULL,
            "the alerts of the lost heartbeat");
}

/* All repairs of one line in one note. */
static void explain_repairs(struct work *w, uint32_t i)
{
    const struct purple_repair *r = w->p->repair;
    uint32_t count = 0;
    for (uint32_t j = 0; j < w->p->repair_count; j++) {
        if (r[j].line == r[i].line && j < i)
            return;
        count += r[j].line == r[i].line ? r[j].count : 0;
    }
    note(w, (struct purple_place){ .line = r[i].line }, EXPLAIN_CORRECTED,
         "read as typed by hand: letters for digits (O as 0, l as 1) and blanks within numbers, %u "
         "in all",
         count);
}

static void explain_unparsed(struct work *w)
{
    for (uint32_t i = 0; i < w->p->unparsed.count; i++)
        note(w, (struct purple_place){ .line = w->p->unparsed.line[i].line },
             EXPLAIN_NOT_UNDERSTOOD, "%s", w->p->unparsed.line[i].why);
    for (uint32_t i = 0; i < w->p->repair_count; i++)
        explain_repairs(w, i);
}

static int compare_notes(const void *a, const void *b)
{
    const struct explain_note *x = a, *y = b;
    if (x->place.line != y->place.line)
        return x->place.line < y->place.line ? -1 : 1;
    if (x->place.from != y->place.from)
        return x->place.from < y->place.from ? -1 : 1;
    if (x->rating != y->rating)
        return x->rating < y->rating ? -1 : 1;
    return strcmp(x->says, y->says);
}

void explain_make(const struct purple *p, struct explain *ret)
{
    struct explain e = { .ip_is_in = "unknown" };
    struct work w = { .p = p, .e = &e };

    assert(p->is_screen);
    explain_product(&w);
    explain_headline(&w);
    explain_registers(&w);
    explain_worlds(&w);
    explain_frames(&w);
    explain_uptime(&w);
    explain_log(&w);
    explain_console_text(&w);
    explain_status(&w);
    explain_missing(&w);
    explain_unparsed(&w);
    if (e.note_count > 0)
        qsort(e.note, e.note_count, sizeof *e.note, compare_notes);
    *ret = e;
}

void explain_free(struct explain *e)
{
    free(e->note);
    *e = (struct explain){ 0 };
}
