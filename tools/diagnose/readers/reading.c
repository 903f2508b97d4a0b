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
/* Parse p->text as its kind. @return what was not understood */
static const struct unparsed *parse_text(struct parsed *p)
{
    switch (p->kind) {
    case ARTEFACT_SCREEN:
        purple_parse(&p->text, &p->screen);
        return &p->screen.unparsed;
    case ARTEFACT_VMKLOG:
        vmklog_parse(&p->text, 1, &p->vmklog);
        return &p->vmklog.unparsed;
    case ARTEFACT_MESSAGES:
        messages_parse(&p->text, 1, &p->messages);
        return &p->messages.unparsed;
    case ARTEFACT_MEMINFO:
        meminfo_parse(&p->text, &p->meminfo);
        return &p->meminfo.unparsed;
    default:
        assert(p->kind == ARTEFACT_TOP);
        top_parse(&p->text, &p->top);
        return &p->top.unparsed;
    }
}

/* What kind of text it is, the most special first: messages takes whatever has syslog's stamps.
 * Screen and meminfo are recognised by their whole; they are parsed then. @return what was not
 * understood; NULL = it is none of all */
static const struct unparsed *recognise(struct parsed *p)
{
    const struct text *t = &p->text;
    p->kind = ARTEFACT_SCREEN;
    const struct unparsed *unparsed = parse_text(p);
    if (p->screen.is_screen)
        return unparsed;
    purple_free(&p->screen);
    p->kind = vmklog_is(t) ? ARTEFACT_VMKLOG : top_is(t) ? ARTEFACT_TOP : ARTEFACT_MEMINFO;
    unparsed = parse_text(p);
    if (p->kind != ARTEFACT_MEMINFO || meminfo_is(&p->meminfo))
        return unparsed;
    meminfo_free(&p->meminfo);
    p->kind = ARTEFACT_MESSAGES;
    return messages_is(t) ? parse_text(p) : NULL;
}

static void add_summary(struct diagnosis *d, const char *path, const struct text *text)
{
    struct parsed *p = reading_next(d->reading, ARTEFACT_VMKSUMMARY, NULL);
    if (p == NULL) {
        p = new_parsed(ARTEFACT_VMKSUMMARY, path);
        keep(d, p);
    }
    struct parsed_summary *s = &p->summary;
    if (s->text_count < DIAGNOSIS_SOURCES_MAX)
        s->source[s->text_count] = add_source(d, ARTEFACT_VMKSUMMARY, path);
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
    const struct unparsed *unparsed = recognise(p);
    if (unparsed == NULL) {
        text_free(&p->text);
        free(p);
        return false;
    }
    p->source = add_source(d, p->kind, path);
    diagnosis_note_unparsed(p->source, &p->text, unparsed, 0);
    keep(d, p);
    return true;
}

/* ---- zdumps ---------------------------------------------------------------------------------- */
/* A section that is a text of another kind. */
static void add_section(struct diagnosis *d, const struct parsed *zdump, enum zdump_type section,
                        enum artefact kind)
{
    struct text text;
    if (!dumptext_load(&zdump->zdump.z, section, zdump->path, &text))
        return;
    struct parsed *p = new_parsed(kind, zdump->path);
    p->within = zdump;
    p->text = text;
    (void)parse_text(p);
    keep(d, p);
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
    add_section(d, p, ZDUMP_SCREEN, ARTEFACT_SCREEN);
    add_section(d, p, ZDUMP_LOG, ARTEFACT_VMKLOG);
    add_section(d, p, ZDUMP_COS_LOG, ARTEFACT_MESSAGES);
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
