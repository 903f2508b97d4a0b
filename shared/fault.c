/* fault.c - see fault.h: sides and times. Freestanding: the COS links it, but not the names
 * (fault_name.c), which would then stand in the image of every core. */
#include "shared/fault.h"

#include <stdbool.h>

#define HEARTBEAT_DAEMON "vmnixhbd"

static const enum fault_side sides[FAULT_TYPES] = {
#define FAULT_SIDE_OF(id, value, text, who) [id] = FAULT_SIDE_##who,
    FAULT_LIST(FAULT_SIDE_OF)
#undef FAULT_SIDE_OF
};

static bool same(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

enum fault_side fault_side(const struct fault *f)
{
    if (f->type >= FAULT_TYPES)
        return FAULT_SIDE_DISKS;
    const bool signals = f->type == FAULT_KILL || f->type == FAULT_STOP || f->type == FAULT_CONT;
    if (signals && same(f->target, HEARTBEAT_DAEMON))
        return FAULT_SIDE_VMKERNEL;
    return sides[f->type];
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
