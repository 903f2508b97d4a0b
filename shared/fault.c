/* fault.c - see fault.h. Freestanding: the COS links it. */
#include "shared/fault.h"

#include <stdbool.h>
#include <stddef.h>

#define HEARTBEAT_DAEMON "vmnixhbd"

static const struct {
    const char *name;
    enum fault_side side;
} types[FAULT_TYPES] = {
#define FAULT_ROW(id, value, text, who) [id] = { text, FAULT_SIDE_##who },
    FAULT_LIST(FAULT_ROW)
#undef FAULT_ROW
};

static bool same(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

const char *fault_name(uint32_t type)
{
    return type < FAULT_TYPES ? types[type].name : NULL;
}

uint32_t fault_find(const char *name)
{
    for (uint32_t type = 1; type < FAULT_TYPES; type++)
        if (same(types[type].name, name))
            return type;
    return FAULT_NONE;
}

enum fault_side fault_side(const struct fault *f)
{
    if (f->type >= FAULT_TYPES)
        return FAULT_SIDE_DISKS;
    const bool signals = f->type == FAULT_KILL || f->type == FAULT_STOP || f->type == FAULT_CONT;
    if (signals && same(f->target, HEARTBEAT_DAEMON))
        return FAULT_SIDE_VMKERNEL;
    return types[f->type].side;
}

uint64_t fault_begins_ns(const struct fault *f, uint32_t n)
{
    if (n == 0)
        return f->at_ns;
    if (f->every_ns == 0 || (f->times != 0 && n >= f->times) ||
        n > (UINT64_MAX - f->at_ns) / f->every_ns)
        return UINT64_MAX;
    return f->at_ns + n * f->every_ns;
}
