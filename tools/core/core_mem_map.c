/* core_mem_map.c - the table of page frames; see core_model.h. It is read in place: 200,000 frames
 * are 12 MB, and a copy would double the time of `kmem -i`. */
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "tools/core/core_model.h"

#define PAGE_STRUCT_MAX 256u
#define FRAMES_MAX (1u << 20) /* 4 GB, what 32-bit links can reach */

static uint32_t field_offset(struct core *c, const char *field, uint32_t size, bool *ok)
{
    uint64_t offset;
    if (cosview_offset(&c->view, field, &offset) && offset + sizeof(uint32_t) <= size)
        return (uint32_t)offset;
    problems_add(&c->problems, "mem_map: the note has no place in struct page for %s", field);
    *ok = false;
    return 0;
}

/* How many of `count` frames at c->mem_map lie in the core, from the first on. */
static void map_frames(struct core *c, struct core_frames *f)
{
    const struct core_segment *s = core_segment_of(c, f->address);
    assert(f->size > 0); /* its fields lie in it */
    const uint64_t have =
        s != NULL && f->address - s->va < s->have ? s->have - (f->address - s->va) : 0;
    f->count = have / f->size < f->promised ? (uint32_t)(have / f->size) : f->promised;
    f->map = core_at(c, f->address, (size_t)f->count * f->size);
    if (f->map == NULL)
        f->count = 0;
    if (f->count < f->promised)
        problems_add(&c->problems, "mem_map: %u of %u page frames are in the core", f->count,
                     f->promised);
}

void core_frames_init(struct core *c, struct core_frames *ret)
{
    struct core_frames f = { .core = c };
    bool ok = true;
    const uint64_t size = cosview_size(&c->view, "page", 0);
    f.address = cosview_value(&c->view, "mem_map", 0);
    f.promised = cosview_value(&c->view, "max_mapnr", 0);
    f.size = size <= PAGE_STRUCT_MAX ? (uint32_t)size : 0;
    f.off_flags = field_offset(c, "page.flags", f.size, &ok);
    f.off_count = field_offset(c, "page.count", f.size, &ok);
    f.off_mapping = field_offset(c, "page.mapping", f.size, &ok);
    if (f.promised > FRAMES_MAX) {
        problems_add(&c->problems, "max_mapnr is %u frames, more than 4 GB have", f.promised);
        f.promised = 0;
    }
    if (ok && f.promised > 0)
        map_frames(c, &f);
    *ret = f;
}

static uint32_t field(const struct core_frames *f, uint32_t pfn, uint32_t offset)
{
    uint32_t v = 0;
    if (pfn < f->count)
        memcpy(&v, f->map + (size_t)pfn * f->size + offset, sizeof v);
    return v;
}

uint32_t core_frame_flags(const struct core_frames *f, uint32_t pfn)
{
    return field(f, pfn, f->off_flags);
}

uint32_t core_frame_refs(const struct core_frames *f, uint32_t pfn)
{
    return field(f, pfn, f->off_count);
}

uint32_t core_frame_mapping(const struct core_frames *f, uint32_t pfn)
{
    return field(f, pfn, f->off_mapping);
}

bool core_frame_of(const struct core_frames *f, uint64_t address, uint32_t *ret)
{
    if (f->size == 0 || address < f->address || (address - f->address) % f->size != 0 ||
        (address - f->address) / f->size >= f->count)
        return false;
    *ret = (uint32_t)((address - f->address) / f->size);
    return true;
}

uint32_t core_page_flag(const struct core *c, const char *pg_name)
{
    const struct cosview_key *k = cosview_key(&c->view, COSVIEW_NUMBER, pg_name);
    return k != NULL ? (uint32_t)k->value : 0;
}

/* ---- summing up ------------------------------------------------------------------------------ */

/* The order of a free block says how many frames behind its first are free, too. */
static uint32_t block_frames(const struct core_frames *f, uint32_t pfn, uint64_t order_at)
{
    const unsigned char order = f->map[(size_t)pfn * f->size + order_at];
    return order < CORE_ORDERS_MAX ? 1u << order : 1;
}

void core_frames_sum(const struct core_frames *f, struct core_frame_sum *ret)
{
    const struct core *c = f->core;
    struct core_frame_sum sum = { 0 };
    uint64_t order_at = 0;
    const bool has_order = cosview_offset(&c->view, "page.order", &order_at) && order_at < f->size;
    const uint32_t buddy = has_order ? core_page_flag(c, "PG_buddy") : 0;
    const struct {
        uint32_t flag;
        uint32_t *to;
    } kinds[] = {
        { core_page_flag(c, "PG_reserved"), &sum.reserved },
        { core_page_flag(c, "PG_slab"), &sum.slab },
        { core_page_flag(c, "PG_table"), &sum.table },
        { core_page_flag(c, "PG_hot"), &sum.hot },
        { core_page_flag(c, "PG_active_anon"), &sum.anon },
        { core_page_flag(c, "PG_active_cache"), &sum.cache },
        { core_page_flag(c, "PG_inactive_dirty"), &sum.dirty },
        { core_page_flag(c, "PG_inactive_laundry"), &sum.laundry },
        { core_page_flag(c, "PG_inactive_clean"), &sum.clean },
        { core_page_flag(c, "PG_swapcache"), &sum.swapcache },
        { core_page_flag(c, "PG_locked"), &sum.locked },
    };
    const uint32_t cache = core_page_flag(c, "PG_active_cache");
    for (uint32_t pfn = 0; pfn < f->count; pfn++) {
        const uint32_t flags = core_frame_flags(f, pfn);
        const uint32_t refs = core_frame_refs(f, pfn);
        for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
            *kinds[i].to += (flags & kinds[i].flag) != 0;
        if (flags & buddy)
            sum.free += block_frames(f, pfn, order_at);
        if ((flags & cache) != 0 && refs > 1)
            sum.shared += refs - 1;
    }
    *ret = sum;
}
