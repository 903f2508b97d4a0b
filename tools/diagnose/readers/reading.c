/* reading.c - see reading.h. */
#include "tools/diagnose/readers/reading.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/units.h"
#include "tools/parse/dumptext.h"
#include "tools/parse/memory.h"

/* ---- records --------------------------------------------------------------------------------- */
static void free_parsed(struct parsed *p)
{
    switch (p->kind) {
    case ARTEFACT_SCREEN:
        purple_free(&p->screen);
        break;
    case ARTEFACT_VMKSUMMARY:
        vmksummary_free(&p->summary.v);
        for (uint32_t i = 0; i < p->summary.text_count; i++)
            text_free(&p->summary.text[i]);
        free(p->summary.text);
        break;
    case ARTEFACT_VMKLOG:
        vmklog_free(&p->vmklog);
        break;
    case ARTEFACT_MESSAGES:
        messages_free(&p->messages);
        break;
    case ARTEFACT_MEMINFO:
        meminfo_free(&p->meminfo);
        break;
    case ARTEFACT_CORE:
        free(p->core.tasks.task);
        break;
    case ARTEFACT_ZDUMP:
        zdump_free(&p->zdump.z);
        break;
    case ARTEFACT_TOP:
        top_free(&p->top);
        break;
    case ARTEFACTS:
        assert(!"a record is of a kind");
    }
    text_free(&p->text);
    free(p);
}

void reading_free(struct reading *r)
{
    for (uint32_t i = 0; r != NULL && i < r->count; i++)
        free_parsed(r->parsed[i]);
    if (r != NULL)
        free(r->parsed);
    free(r);
}

static struct parsed *new_parsed(enum artefact kind, const char *path)
{
    struct parsed *p = memory_get(sizeof *p);
    p->kind = kind;
    (void)snprintf(p->path, sizeof p->path, "%s", path);
    return p;
}

static void keep(struct diagnosis *d, struct parsed *p)
{
    if (d->reading == NULL)
        d->reading = memory_get(sizeof *d->reading);
    struct reading *r = d->reading;
    *PARSE_ADD(r->parsed, r->count, r->room) = p;
}

static struct diagnosis_source *add_source(struct diagnosis *d, enum artefact kind,
                                           const char *path)
{
    if (d->source_count == DIAGNOSIS_SOURCES_MAX)
        return NULL;
    struct diagnosis_source *s = &d->source[d->source_count++];
    s->kind = kind;
    (void)snprintf(s->path, sizeof s->path, "%s", path);
    return s;
}

struct parsed *reading_add(struct diagnosis *d, enum artefact kind, const char *path)
{
    struct parsed *p = new_parsed(kind, path);
    p->source = add_source(d, kind, path);
    keep(d, p);
    return p;
}

struct parsed *reading_next(const struct reading *r, enum artefact kind, const struct parsed *last)
{
    bool is_behind = last == NULL;
    for (uint32_t i = 0; r != NULL && i < r->count; i++) {
        if (is_behind && r->parsed[i]->kind == kind)
            return r->parsed[i];
        is_behind = is_behind || r->parsed[i] == last;
    }
    return NULL;
}

const char *reading_line(const struct text *t, uint32_t line)
{
    return line > 0 && line <= t->count ? t->lines[line - 1].at : "";
}

/* ---- texts ----------------------------------------------------------------------------------- */
/* Each parses p->text if it is of its kind, which in a zdump is known. @return what was not
 * understood; NULL = it is something else */
static const struct unparsed *parse_screen(struct parsed *p, bool is_known)
{
    (void)is_known; /* a screen is seen by its whole */
    purple_parse(&p->text, &p->screen);
    if (p->screen.is_screen)
        return &p->screen.unparsed;
    purple_free(&p->screen);
    return NULL;
}

static const struct unparsed *parse_vmklog(struct parsed *p, bool is_known)
{
    if (!is_known && !vmklog_is(&p->text))
        return NULL;
    vmklog_parse(&p->text, 1, &p->vmklog);
    return &p->vmklog.unparsed;
}

static const struct unparsed *parse_top(struct parsed *p, bool is_known)
{
    if (!is_known && !top_is(&p->text))
        return NULL;
    top_parse(&p->text, &p->top);
    return &p->top.unparsed;
}

static const struct unparsed *parse_meminfo(struct parsed *p, bool is_known)
{
    meminfo_parse(&p->text, &p->meminfo);
    if (is_known || meminfo_is(&p->meminfo))
        return &p->meminfo.unparsed;
    meminfo_free(&p->meminfo);
    return NULL;
}

static const struct unparsed *parse_messages(struct parsed *p, bool is_known)
{
    if (!is_known && !messages_is(&p->text))
        return NULL;
    messages_parse(&p->text, 1, &p->messages);
    return &p->messages.unparsed;
}

/* The most special first: messages takes whatever has syslog's stamps. */
static const struct {
    enum artefact kind;
    const struct unparsed *(*parse)(struct parsed *p, bool is_known);
} kinds[] = {
    { ARTEFACT_SCREEN, parse_screen },     { ARTEFACT_VMKLOG, parse_vmklog },
    { ARTEFACT_TOP, parse_top },           { ARTEFACT_MEMINFO, parse_meminfo },
    { ARTEFACT_MESSAGES, parse_messages },
};
#define KINDS (sizeof kinds / sizeof kinds[0])

static void add_summary(struct diagnosis *d, const char *path, const struct text *text)
{
    struct parsed *p = reading_next(d->reading, ARTEFACT_VMKSUMMARY, NULL);
    if (p == NULL) {
        p = new_parsed(ARTEFACT_VMKSUMMARY, path);
        keep(d, p);
    }
    struct parsed_summary *s = &p->summary;
    struct diagnosis_source *source = add_source(d, ARTEFACT_VMKSUMMARY, path);
    if (s->text_count < DIAGNOSIS_SOURCES_MAX)
        s->source[s->text_count] = source;
    *PARSE_ADD(s->text, s->text_count, s->text_room) = *text;
}

bool reading_add_text(struct diagnosis *d, const char *path, struct text *text)
{
    if (vmksummary_is(text)) {
        add_summary(d, path, text);
        return true;
    }
    struct parsed *p = new_parsed(ARTEFACT_SCREEN, path);
    p->text = *text;
    for (size_t i = 0; i < KINDS; i++) {
        const struct unparsed *unparsed = kinds[i].parse(p, false);
        if (unparsed == NULL)
            continue;
        p->kind = kinds[i].kind;
        p->source = add_source(d, p->kind, path);
        diagnosis_note_unparsed(p->source, &p->text, unparsed, 0);
        keep(d, p);
        return true;
    }
    text_free(&p->text);
    free(p);
    return false;
}

/* ---- zdumps ---------------------------------------------------------------------------------- */
/* A section that is a text of another kind; what a parser makes of it is nobody's to mend. */
static void add_section(struct diagnosis *d, const struct parsed *zdump, enum zdump_type section,
                        enum artefact kind,
                        const struct unparsed *(*parse)(struct parsed *p, bool is_known))
{
    struct parsed *p = new_parsed(kind, zdump->path);
    p->within = zdump;
    if (dumptext_load(&zdump->zdump.z, section, zdump->path, &p->text) && parse(p, true) != NULL) {
        keep(d, p);
        return;
    }
    text_free(&p->text);
    free(p);
}

int reading_add_zdump(struct diagnosis *d, const char *path, const char *shown, struct err *err)
{
    struct zdump z;
    int64_t boot_s;
    if (zdump_load(path, 0, &z, err) != 0)
        return -1;
    if (!z.slot_ok && z.count == 0) {
        zdump_free(&z);
        return 0;
    }
    struct parsed *p = reading_add(d, ARTEFACT_ZDUMP, shown);
    p->zdump.z = z;
    (void)dumptext_find_number(&z, ZDUMP_STATE, "stun_ns", &p->zdump.stun_ns);
    if (dumptext_find_number(&z, ZDUMP_STATE, "boot_epoch_s", &boot_s))
        p->zdump.end_s = boot_s + p->zdump.stun_ns / (int64_t)NS_PER_S;
    if (!z.complete)
        diagnosis_note(p->source, "cut: %u sections could be read", z.count);
    add_section(d, p, ZDUMP_SCREEN, ARTEFACT_SCREEN, parse_screen);
    add_section(d, p, ZDUMP_LOG, ARTEFACT_VMKLOG, parse_vmklog);
    add_section(d, p, ZDUMP_COS_LOG, ARTEFACT_MESSAGES, parse_messages);
    return 1;
}

/* ---- after the last file --------------------------------------------------------------------- */
static void parse_summary(struct parsed_summary *s)
{
    vmksummary_parse(s->text, s->text_count, &s->v);
    for (uint32_t i = 0; i < s->text_count && i < DIAGNOSIS_SOURCES_MAX; i++) {
        diagnosis_note_unparsed(s->source[i], &s->text[i], &s->v.unparsed, i);
        if (s->v.is_esxi5 && s->v.hourly_count == 0)
            diagnosis_note(s->source[i],
                           "of ESXi 5, which has no service console and no such heartbeat");
    }
}

/* "vmkernel" 0, "vmkernel.3", "vmkernel.3.gz" 3: how often it was rotated. */
static uint32_t age_of(const char *name)
{
    const char *slash = strrchr(name, '/');
    for (const char *dot = strchr(slash != NULL ? slash : name, '.'); dot != NULL;
         dot = strchr(dot + 1, '.')) {
        char *end;
        const unsigned long age = strtoul(dot + 1, &end, 10);
        if (end != dot + 1 && (*end == '\0' || *end == '.') && age < 1000)
            return (uint32_t)age;
    }
    return 0;
}

static int by_rank(const void *a, const void *b)
{
    const struct parsed *x = *(struct parsed *const *)a, *y = *(struct parsed *const *)b;
    const uint32_t s = age_of(x->path), t = age_of(y->path);
    return s != t ? (s < t ? -1 : 1) : strcmp(x->path, y->path);
}

void reading_end(struct diagnosis *d)
{
    struct reading *r = d->reading;
    struct parsed *summary = reading_next(r, ARTEFACT_VMKSUMMARY, NULL);
    if (summary != NULL)
        parse_summary(&summary->summary);
    /* Rotated logs go on from one to the next; other artefacts stay as they came. */
    uint32_t logs = 0;
    for (uint32_t i = 0; i < r->count; i++) {
        struct parsed *p = r->parsed[i];
        if (p->within != NULL ||
            (p->kind != ARTEFACT_VMKLOG && p->kind != ARTEFACT_MESSAGES && p->kind != ARTEFACT_TOP))
            continue;
        memmove(&r->parsed[logs + 1], &r->parsed[logs], (i - logs) * sizeof(struct parsed *));
        r->parsed[logs++] = p;
    }
    if (logs > 0)
        qsort(r->parsed, logs, sizeof(struct parsed *), by_rank);
}
