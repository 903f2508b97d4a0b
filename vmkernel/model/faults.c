/* faults.c - see faults.h. */
#include "vmkernel/model/faults.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

/* Faults that strike and are over. */
static bool strikes_once(uint32_t type)
{
    static const uint32_t types[] = { FAULT_KILL,        FAULT_CONT,         FAULT_RING_CORRUPT,
                                      FAULT_NO_START,    FAULT_SCSI_SERIAL,  FAULT_STALE_GENERATION,
                                      FAULT_VMKERNEL_PF, FAULT_MACHINE_CHECK };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (types[i] == type)
            return true;
    return false;
}

void faults_init(struct faults *f, const struct fault *fault, uint32_t count)
{
    assert(f != NULL && count <= FAULTS_MAX);
    memset(f, 0, sizeof *f);
    for (uint32_t i = 0; i < count; i++) {
        if (fault[i].type == FAULT_NONE || fault_side(&fault[i]) != FAULT_SIDE_VMKERNEL)
            continue;
        f->one[f->count++] = (struct faults_one){ .fault = &fault[i], .index = i };
    }
}

static uint64_t next_of(const struct faults_one *o, bool begins)
{
    if (begins)
        return fault_begins_ns(o->fault, o->next);
    return o->on ? o->ends_ns : UINT64_MAX;
}

/* The earliest beginning or end: among equal instants an end, and then the first of the plan. */
static struct faults_one *earliest(struct faults *f, bool *ret_begins, uint64_t *ret_ns)
{
    struct faults_one *found = NULL;
    uint64_t least = UINT64_MAX;
    for (unsigned begins = 0; begins < 2; begins++) {
        for (uint32_t i = 0; i < f->count; i++) {
            const uint64_t at_ns = next_of(&f->one[i], begins != 0);
            if (at_ns >= least)
                continue;
            found = &f->one[i];
            least = at_ns;
            *ret_begins = begins != 0;
        }
    }
    *ret_ns = least;
    return found;
}

uint64_t faults_next_ns(const struct faults *f)
{
    uint64_t least = UINT64_MAX;
    for (uint32_t i = 0; i < f->count; i++) {
        const uint64_t end = next_of(&f->one[i], false), begin = next_of(&f->one[i], true);
        least = end < least ? end : least;
        least = begin < least ? begin : least;
    }
    return least;
}

static void begin(struct faults_one *o, uint64_t at_ns)
{
    const uint64_t for_ns = o->fault->for_ns;
    o->next++;
    if (strikes_once(o->fault->type))
        return;
    o->on = true;
    o->ends_ns = for_ns == 0 || for_ns > UINT64_MAX - at_ns ? UINT64_MAX : at_ns + for_ns;
}

bool faults_take(struct faults *f, uint64_t now_ns, struct faults_event *ret)
{
    bool begins = false;
    uint64_t at_ns;
    struct faults_one *o = earliest(f, &begins, &at_ns);
    if (o == NULL || at_ns > now_ns)
        return false;
    if (begins)
        begin(o, at_ns);
    else
        o->on = false;
    *ret = (struct faults_event){
        .fault = o->fault, .index = o->index, .begins = begins, .at_ns = at_ns
    };
    return true;
}

void faults_skip(struct faults *f, uint32_t index)
{
    for (uint32_t i = 0; i < f->count; i++)
        if (f->one[i].index == index)
            f->one[i].on = false;
}

const struct fault *faults_active(const struct faults *f, uint32_t type)
{
    for (uint32_t i = 0; i < f->count; i++)
        if (f->one[i].on && f->one[i].fault->type == type)
            return f->one[i].fault;
    return NULL;
}

const struct fault *faults_active_on(const struct faults *f, uint32_t type, const char *target,
                                     uint64_t *ret_ends_ns)
{
    for (uint32_t i = 0; i < f->count; i++) {
        const struct faults_one *o = &f->one[i];
        if (!o->on || o->fault->type != type ||
            (o->fault->target[0] != '\0' &&
             strncmp(o->fault->target, target, sizeof o->fault->target) != 0))
            continue;
        if (ret_ends_ns != NULL)
            *ret_ends_ns = o->ends_ns;
        return o->fault;
    }
    return NULL;
}
