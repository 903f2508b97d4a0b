/* fault.c - see fault.h: sides, traits and `unless`. Freestanding: the COS links it, but not the
 * names (fault_name.c), which would then stand in the image of every core. */
#include "shared/fault.h"

#include <stddef.h>

#define HEARTBEAT_DAEMON "vmnixhbd"
/* Linux's numbers on i386. */
#define LINUX_SIGKILL 9u
#define LINUX_SIGCONT 18u
#define LINUX_SIGSTOP 19u

static const struct {
    uint8_t side, traits;
} types[FAULT_TYPES] = {
#define FAULT_TYPE(id, value, name, side, traits, ...) [id] = { FAULT_SIDE_##side, traits },
#include "shared/fault.def"
};

bool fault_is(uint32_t type, enum fault_trait trait)
{
    return type < FAULT_TYPES && (types[type].traits & trait) != 0;
}

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
    if (fault_is(f->type, FAULT_SIGNALS) && same(f->target, HEARTBEAT_DAEMON))
        return FAULT_SIDE_VMKERNEL;
    return (enum fault_side)types[f->type].side;
}

uint32_t fault_signal(const struct fault *f)
{
    if (f->type == FAULT_STOP)
        return LINUX_SIGSTOP;
    if (f->type == FAULT_CONT)
        return LINUX_SIGCONT;
    return f->signal != 0 ? f->signal : LINUX_SIGKILL;
}

static bool is_used(uint64_t used, uint64_t all, uint32_t percent)
{
    return all != 0 && used <= all && used * 100 >= all * percent;
}

bool fault_is_prevented(const struct fault *f, const struct fault_world *world)
{
    switch ((enum fault_unless)f->unless) {
    case FAULT_ALWAYS:
        return false;
    case FAULT_UNLESS_RAM_USED:
        return is_used(world->ram_used, world->ram_all, f->unless_pct);
    case FAULT_UNLESS_SWAP_USED:
        return is_used(world->swap_used, world->swap_all, f->unless_pct);
    case FAULT_UNLESS_RUNNING:
        return world->running;
    case FAULT_UNLESS_OOM:
        return world->oom_kills > 0;
    }
    return false;
}
