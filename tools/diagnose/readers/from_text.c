/* from_text.c - what kind of text a file holds, and the reader that it goes to. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/diagnose/readers/from.h"
#include "tools/parse/meminfo.h"
#include "tools/parse/messages.h"
#include "tools/parse/ps.h"
#include "tools/parse/purple.h"
#include "tools/parse/top.h"
#include "tools/parse/vmklog.h"
#include "tools/parse/vmksummary.h"

/* Of a bundle it is of the time after the start: its totals hold, what it says of the use says
 * nothing of the failure [KB308590]. */
void from_meminfo(struct diagnosis *d, const struct text *t, const char *shown,
                  struct diagnosis_source *source)
{
    struct meminfo m;
    meminfo_parse(t, &m);
    const int64_t total = meminfo_kb(&m, "MemTotal"), swap = meminfo_kb(&m, "SwapTotal");
    (void)snprintf(d->meminfo.file, sizeof d->meminfo.file, "%s", shown);
    if (total > 0) {
        d->meminfo.total_kb = total;
        if (d->memory.total_kb <= 0)
            d->memory.total_kb = total;
    }
    if (swap > 0) {
        d->meminfo.swap_total_kb = swap;
        if (d->memory.swap_total_kb <= 0)
            d->memory.swap_total_kb = swap;
    }
    if (source != NULL)
        diagnosis_note_unparsed(source, t, &m.unparsed, 0);
    meminfo_free(&m);
}

static bool is_screen(const struct text *t)
{
    struct purple p;
    purple_parse(t, &p);
    const bool is = p.is_screen;
    purple_free(&p);
    return is;
}

static bool is_meminfo(const struct text *t)
{
    struct meminfo m;
    meminfo_parse(t, &m);
    const bool is = meminfo_is(&m);
    meminfo_free(&m);
    return is;
}

/* The most special first: messages takes whatever has syslog's stamps. */
static const struct {
    bool (*is)(const struct text *t);
    enum artefact kind;
} kinds[] = {
    { vmksummary_is, ARTEFACT_VMKSUMMARY },
    { is_screen, ARTEFACT_SCREEN },
    { vmklog_is, ARTEFACT_VMKLOG },
    { top_is, ARTEFACT_TOP },
    { ps_is, ARTEFACT_TOP },
    { is_meminfo, ARTEFACT_MEMINFO },
    { messages_is, ARTEFACT_MESSAGES },
};
#define KINDS (sizeof kinds / sizeof kinds[0])

int from_text(struct diagnosis *d, const char *path, const char *shown,
              struct diagnosis_source *source, char *err, size_t err_size)
{
    struct text t;
    size_t i = 0;
    if (text_load(path, &t, err, err_size) != 0)
        return -1;
    free(t.name);
    t.name = strdup(shown);
    while (i < KINDS && !kinds[i].is(&t))
        i++;
    if (i == KINDS) {
        text_free(&t);
        return 0;
    }
    source->kind = kinds[i].kind;
    if (source->kind == ARTEFACT_VMKSUMMARY) {
        from_summary_add(d, &t);
    } else if (source->kind == ARTEFACT_SCREEN) {
        from_screen(d, &t, shown, source);
        text_free(&t);
    } else if (source->kind == ARTEFACT_MEMINFO) {
        from_meminfo(d, &t, shown, source);
        text_free(&t);
    } else {
        from_log_add(d, source->kind, &t);
    }
    return 1;
}
