/* from_text.c - what kind of text a file holds, and the reader that it goes to. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/diagnose/from.h"
#include "tools/parse/meminfo.h"
#include "tools/parse/purple.h"
#include "tools/parse/vmksummary.h"

#define LINES_LOOKED_AT 400u

void from_meminfo(struct diagnosis *d, const struct text *t, const char *shown)
{
    struct meminfo m;
    meminfo_parse(t, &m);
    const int64_t total = meminfo_kb(&m, "MemTotal"), swap = meminfo_kb(&m, "SwapTotal");
    (void)snprintf(d->meminfo.file, sizeof d->meminfo.file, "%s", shown);
    if (total > 0) {
        d->meminfo.total_kb = (double)total;
        if (d->memory.total_kb <= 0)
            d->memory.total_kb = (double)total;
    }
    if (swap > 0) {
        d->meminfo.swap_total_kb = (double)swap;
        if (d->memory.swap_total_kb <= 0)
            d->memory.swap_total_kb = (double)swap;
    }
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

/* Lines of a VMkernel's log: "cpu0:1024)" behind an uptime. Of the console's: dates and a tag, or
 * printk levels. */
static bool has_line_like(const struct text *t, const char *a, const char *b)
{
    for (uint32_t i = 0; i < t->count && i < LINES_LOOKED_AT; i++) {
        const char *at = strstr(t->lines[i].at, a);
        if (at != NULL && (b == NULL || strstr(at, b) != NULL))
            return true;
    }
    return false;
}

static bool is_vmklog(const struct text *t)
{
    return has_line_like(t, "cpu", ")") && has_line_like(t, ":", " cpu");
}

static bool is_messages(const struct text *t)
{
    return has_line_like(t, " kernel: ", NULL) || has_line_like(t, "syslogd", NULL) ||
           has_line_like(t, "SysRq : ", NULL) || has_line_like(t, "Linux version ", NULL) ||
           has_line_like(t, "]: ", NULL);
}

static bool is_top(const struct text *t)
{
    return has_line_like(t, "load average:", NULL) && has_line_like(t, "COMMAND", NULL);
}

int from_text(struct diagnosis *d, const char *path, const char *shown, enum artefact *ret_kind,
              char *note, size_t note_size, char *err, size_t err_size)
{
    struct text t;
    int found = 1;
    (void)note;
    (void)note_size;
    if (text_load(path, &t, err, err_size) != 0)
        return -1;
    free(t.name);
    t.name = strdup(shown);
    if (vmksummary_is(&t)) {
        *ret_kind = ARTEFACT_VMKSUMMARY;
        from_summary_add(d, &t);
        return 1;
    }
    if (is_screen(&t)) {
        *ret_kind = ARTEFACT_SCREEN;
        from_screen(d, &t, shown);
    } else if (is_meminfo(&t)) {
        *ret_kind = ARTEFACT_MEMINFO;
        from_meminfo(d, &t, shown);
    } else if (is_vmklog(&t)) {
        *ret_kind = ARTEFACT_VMKLOG;
        from_vmklog(d, &t, shown);
    } else if (is_top(&t)) {
        *ret_kind = ARTEFACT_TOP;
    } else if (is_messages(&t)) {
        *ret_kind = ARTEFACT_MESSAGES;
        from_messages(d, &t, shown);
    } else {
        found = 0;
    }
    text_free(&t);
    return found;
}
