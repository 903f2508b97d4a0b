/* meminfo.c - see meminfo.h. */
#include "tools/parse/meminfo.h"

#include <stdlib.h>
#include <string.h>

#include "tools/parse/scan.h"

/* "Mem:  818925568 815030272 ...": of 2.4, in bytes, what the kB lines say again. */
static bool is_row(const char *at, const char *tag, unsigned count)
{
    int64_t bytes;
    if (!scan_text(&at, tag))
        return false;
    while (count-- > 0) {
        if (!scan_blanks(&at) || !scan_i64(&at, &bytes))
            return false;
    }
    return scan_blanks(&at) && *at == '\0';
}

/* "MemTotal:       799732 kB" */
static bool read_item(const char *at, struct meminfo_item *item)
{
    if (!scan_until(&at, ": \t", item->name, sizeof item->name) || !scan_text(&at, ":") ||
        !scan_blanks(&at) || !scan_i64(&at, &item->value))
        return false;
    (void)scan_blanks(&at);
    item->is_kb = scan_text(&at, "kB") || scan_text(&at, "KB");
    return scan_blanks(&at) && *at == '\0';
}

static bool read_header(const char *at)
{
    (void)scan_blanks(&at);
    return scan_text(&at, "total:") && scan_blanks(&at) && scan_text(&at, "used:");
}

/* @return why not; NULL = understood */
static const char *read_line(struct meminfo *m, const char *at, uint32_t line)
{
    struct meminfo_item item = { .line = line };

    at += strspn(at, " \t") * (strchr(at, ':') != NULL && !read_header(at));
    if (*at == '\0' || read_header(at) || is_row(at, "Mem:", 6) || is_row(at, "Swap:", 3))
        return NULL;
    if (!read_item(at, &item))
        return "not of the form 'Name: N kB'";
    if (meminfo_find(m, item.name) != NULL)
        return "this name stands above already";
    if (m->item_count == MEMINFO_ITEMS_MAX)
        return "more values than are read";
    m->item[m->item_count++] = item;
    return NULL;
}

void meminfo_parse(const struct text *t, struct meminfo *ret)
{
    *ret = (struct meminfo){ 0 };
    for (uint32_t i = 0; i < t->count; i++) {
        const char *why = read_line(ret, t->lines[i].at, i + 1);
        if (why != NULL)
            unparsed_add(&ret->unparsed, 0, i + 1, why);
    }
}

void meminfo_free(struct meminfo *m)
{
    free(m->unparsed.line);
    *m = (struct meminfo){ 0 };
}

const struct meminfo_item *meminfo_find(const struct meminfo *m, const char *name)
{
    for (uint32_t i = 0; i < m->item_count; i++) {
        if (strcmp(m->item[i].name, name) == 0)
            return &m->item[i];
    }
    return NULL;
}

int64_t meminfo_kb(const struct meminfo *m, const char *name)
{
    const struct meminfo_item *item = meminfo_find(m, name);
    return item != NULL && item->is_kb ? item->value : -1;
}

bool meminfo_is(const struct meminfo *m)
{
    return meminfo_find(m, "MemTotal") != NULL;
}
