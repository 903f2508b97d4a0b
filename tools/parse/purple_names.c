/* purple_names.c - words, headlines and builds of purple screens; see purple.h. */
#include "tools/parse/purple.h"

#include <assert.h>
#include <stddef.h>

#include "tools/parse/scan.h"

const char *purple_layout_name(enum purple_layout l)
{
    static const char *const names[PURPLE_LAYOUTS] = { "unknown", "ESX 3.0", "ESX 3.5", "ESX 4.x",
                                                       "ESXi 5 or later" };
    assert(l < PURPLE_LAYOUTS);
    return names[l];
}

const char *purple_class_name(enum purple_class c)
{
    static const char *const names[PURPLE_CLASSES] = {
        "unknown",   "lost-heartbeat",     "cos-oops",
        "cos-panic", "vmkernel-exception", "machine-check",
        "tlb-ack",   "pcpu-no-heartbeat",  "pcpu-locked-up",
        "nmi",       "assertion",          "dumping-console-core",
        "spin-lock"
    };
    assert(c < PURPLE_CLASSES);
    return names[c];
}

const char *purple_kind_name(enum purple_kind k)
{
    static const char *const names[PURPLE_KINDS] = { "not understood", "blank",       "product",
                                                     "headline",       "registers",   "pcpus",
                                                     "bluescreen",     "backtrace",   "uptime",
                                                     "log line",       "dump status", "console log",
                                                     "interim" };
    assert(k < PURPLE_KINDS);
    return names[k];
}

/* The first phrase that a headline holds decides, so the more special ones stand first. */
static const struct {
    const char *phrase;
    enum purple_class class;
} headlines[] = {
    { "failed to ack tlb", PURPLE_TLB_ACK },                 /* [KB1004250] */
    { "no heartbeat", PURPLE_PCPU_NO_HEARTBEAT },            /* [KB2000091] */
    { "didn't have a heartbeat", PURPLE_PCPU_NO_HEARTBEAT }, /* [KB2000091] */
    { "lost heartbeat", PURPLE_LOST_HEARTBEAT },             /* [KB308590], [KB2009232] */
    { "machine check", PURPLE_MACHINE_CHECK },               /* [KB1005184] */
    { "hardware (machine) error", PURPLE_MACHINE_CHECK },    /* [KB1005184] */
    { "mce:", PURPLE_MACHINE_CHECK },
    { "mc:pcpu", PURPLE_MACHINE_CHECK },        /* [KB1005184] */
    { "exception type", PURPLE_VMK_EXCEPTION }, /* [KB1004250] */
    { "exception(", PURPLE_VMK_EXCEPTION },     /* [KB1020181] */
    { "exception (", PURPLE_VMK_EXCEPTION },
    { "exception 1", PURPLE_VMK_EXCEPTION }, /* ESXi 5: "#PF Exception 14 in world" */
    { "exception 6", PURPLE_VMK_EXCEPTION },
    { "cos error: oops", PURPLE_COS_OOPS }, /* [KB1006802] */
    { "cos panic: oops", PURPLE_COS_OOPS },
    { "cospanic", PURPLE_COS_PANIC },  /* [KB1006802] */
    { "cos panic", PURPLE_COS_PANIC }, /* [KB1016070] */
    { "cos error", PURPLE_COS_PANIC },
    { "locked up", PURPLE_PCPU_LOCKED },
    { "spin count", PURPLE_SPIN },
    { "lint1", PURPLE_NMI },
    { "non-maskable", PURPLE_NMI },
    { "assert", PURPLE_ASSERTION },
    { "not_reached", PURPLE_ASSERTION },
    { "not_implemented", PURPLE_ASSERTION },
    { "bugnr", PURPLE_ASSERTION },
    { "dumping console os core", PURPLE_INTERIM }, /* [KB308590/Screen] */
};

enum purple_class purple_class_of(const char *headline)
{
    for (size_t i = 0; i < sizeof headlines / sizeof headlines[0]; i++) {
        if (scan_phrase(headline, headlines[i].phrase) != NULL)
            return headlines[i].class;
    }
    const char *oops = scan_phrase_first(headline, "oops"); /* the word alone [KB1006802] */
    if (oops != NULL && (*oops == '\0' || *oops == ':' || *oops == ' '))
        return PURPLE_COS_OOPS;
    return PURPLE_UNKNOWN;
}

const char *purple_release_of(uint64_t build)
{
    static const struct {
        uint64_t build;
        const char *release;
    } list[] = {
        /* [KB2143832] */
        { 27701, "ESX 3.0.0" },          { 32039, "ESX 3.0.1" },
        { 52542, "ESX 3.0.2" },          { 64607, "ESX 3.5" },
        { 82663, "ESX 3.5 Update 1" },   { 103908, "ESX 3.5 Update 2" },
        { 110268, "ESX 3.5 Update 2" },  { 123630, "ESX 3.5 Update 3" },
        { 153875, "ESX 3.5 Update 4" },  { 207095, "ESX 3.5 Update 5" },
        { 164009, "ESX 4.0" },           { 208167, "ESX 4.0 Update 1" },
        { 261974, "ESX 4.0 Update 2" },  { 398348, "ESX 4.0 Update 3" },
        { 504850, "ESX 4.0 Update 4" },  { 260247, "ESX 4.1" },
        { 348481, "ESX 4.1 Update 1" },  { 502767, "ESX 4.1 Update 2" },
        { 800380, "ESX 4.1 Update 3" },  { 469512, "ESXi 5.0" },
        { 623860, "ESXi 5.0 Update 1" }, { 799733, "ESXi 5.1" },
        { 1331820, "ESXi 5.5" },         { 2494585, "ESXi 6.0" },
        { 4564106, "ESXi 6.5" },         { 8169922, "ESXi 6.7" },
    };
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        if (list[i].build == build)
            return list[i].release;
    }
    return NULL;
}
