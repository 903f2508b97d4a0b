/* meminfo.h - reads /proc/meminfo: of a 2.4 kernel (with rows of bytes above the kB lines) or 2.6.
 *
 * A real console's meminfo from a bundle is of the time after the reboot: its totals hold, its free
 * values say nothing about the failure [KB308590]. Pages of the article print it without blanks
 * ("MemTotal:799732 kB"). */
#ifndef TOOLS_PARSE_MEMINFO_H
#define TOOLS_PARSE_MEMINFO_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/parse/text.h"

#define MEMINFO_ITEMS_MAX 64u

struct meminfo_item {
    char name[32];
    int64_t value; /* kB, or a plain number where the kernel prints no unit (HugePages_Total) */
    bool is_kb;
    uint32_t line;
};
struct meminfo {
    struct meminfo_item item[MEMINFO_ITEMS_MAX];
    uint32_t item_count;
    struct unparsed unparsed;
};

/** Read it. Always succeeds; what is something else yields unparsed lines alone. Free with
 * meminfo_free(). */
void meminfo_parse(const struct text *t, struct meminfo *ret);
void meminfo_free(struct meminfo *m);

/** A value in kB, or -1. */
int64_t meminfo_kb(const struct meminfo *m, const char *name);
/** The item, or NULL. */
const struct meminfo_item *meminfo_find(const struct meminfo *m, const char *name);

/** Is it one: does it name MemTotal? */
bool meminfo_is(const struct meminfo *m);

#endif /* TOOLS_PARSE_MEMINFO_H */
