/* dumpview.c - see dumpview.h. */
#include "tools/parse/dumpview.h"

#include <inttypes.h>
#include <string.h>

const char *dumpview_state(const struct zdump *z)
{
    if (!z->slot_ok)
        return "unknown";
    switch ((enum zdump_slot_state)z->slot.state) {
    case ZDUMP_EMPTY:
        return "empty";
    case ZDUMP_WRITING:
        return "interrupted";
    case ZDUMP_COMPLETE:
        return "complete";
    case ZDUMP_COLLECTED:
        return "collected";
    }
    return "unknown";
}

uint32_t dumpview_newest_slot(const char *path)
{
    uint32_t newest = 0, count = 1;
    int64_t newest_s = INT64_MIN;
    struct err err;
    for (uint32_t i = 0; i < count; i++) {
        struct zdump z;
        if (zdump_load(path, i, &z, &err) != 0)
            break;
        if (z.slot_ok && i == 0 && z.slot.slot_count <= ZDUMP_SLOTS_MAX)
            count = z.slot.slot_count;
        if (z.slot_ok && z.slot.state != ZDUMP_EMPTY && z.slot.epoch_s > newest_s) {
            newest = i;
            newest_s = z.slot.epoch_s;
        }
        zdump_free(&z);
    }
    return newest;
}

unsigned dumpview_missing(FILE *to, const struct zdump *z)
{
    unsigned count = 0;
    if (!z->slot_ok)
        (void)fprintf(to, "missing: the header of the slot\n");
    for (size_t i = 0; i < ZDUMP_PARTS; i++) {
        const struct zdump_section *s = zdump_find(z, zdump_order[i]);
        if (s != NULL && s->health == ZDUMP_WHOLE)
            continue;
        count++;
        if (s == NULL)
            (void)fprintf(to, "missing: section %s\n", zdump_type_name(zdump_order[i]));
        else
            (void)fprintf(to, "%s: section %s: %zu of %" PRIu64 " bytes can be read\n",
                          zdump_health_name(s->health), zdump_type_name(zdump_order[i]),
                          s->data_len, s->raw_bytes);
    }
    if (!z->complete && count == 0 && z->slot_ok)
        (void)fprintf(to, "missing: the end of the dump\n");
    return count;
}

const struct zdump_section *dumpview_find(const struct zdump *z, const char *name)
{
    const char *wanted = strcmp(name, "log") == 0 ? zdump_type_name(ZDUMP_LOG) : name;
    for (uint32_t i = 0; i < z->count; i++)
        if (strcmp(z->sections[i].name, wanted) == 0)
            return &z->sections[i];
    return NULL;
}
