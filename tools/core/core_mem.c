/* core_mem.c - virtual addresses to bytes of the file; see core.h. */
#include <assert.h>
#include <string.h>

#include "tools/core/core.h"

const struct core_segment *core_segment_of(const struct core *c, uint64_t va)
{
    for (uint32_t i = 0; i < c->segment_count; i++) {
        if (va >= c->segments[i].va && va < c->segments[i].end)
            return &c->segments[i];
    }
    return NULL;
}

const unsigned char *core_at(const struct core *c, uint64_t va, size_t n)
{
    const struct core_segment *s = core_segment_of(c, va);
    if (s == NULL)
        return NULL;
    const uint64_t from = va - s->va;
    if (from > s->have || n > s->have - from)
        return NULL;
    assert(s->offset + from + n <= c->size);
    return c->bytes + s->offset + from;
}

static bool is_there(const struct core *c, uint64_t va, size_t n)
{
    while (n > 0) {
        const struct core_segment *s = core_segment_of(c, va);
        if (s == NULL || va - s->va >= s->have)
            return false;
        const uint64_t part = s->have - (va - s->va);
        if (part >= n)
            return true;
        va += part;
        n -= (size_t)part;
    }
    return true;
}

bool core_read(const struct core *c, uint64_t va, void *to, size_t n)
{
    const unsigned char *from = core_at(c, va, n);
    if (from != NULL) {
        memcpy(to, from, n);
        return true;
    }
    if (n > UINT64_MAX - va || !is_there(c, va, n))
        return false;
    for (char *at = to; n > 0;) { /* across segments */
        const struct core_segment *s = core_segment_of(c, va);
        const uint64_t rest = s->have - (va - s->va);
        const size_t part = rest < n ? (size_t)rest : n;
        memcpy(at, c->bytes + s->offset + (va - s->va), part);
        at += part;
        va += part;
        n -= part;
    }
    return true;
}

static uint64_t little_endian(const unsigned char *b, unsigned n)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < n; i++)
        v |= (uint64_t)b[i] << 8 * i;
    return v;
}

bool core_u16(const struct core *c, uint64_t va, uint16_t *ret)
{
    unsigned char b[2];
    if (!core_read(c, va, b, sizeof b))
        return false;
    *ret = (uint16_t)little_endian(b, sizeof b);
    return true;
}

bool core_u32(const struct core *c, uint64_t va, uint32_t *ret)
{
    unsigned char b[4];
    if (!core_read(c, va, b, sizeof b))
        return false;
    *ret = (uint32_t)little_endian(b, sizeof b);
    return true;
}

bool core_u64(const struct core *c, uint64_t va, uint64_t *ret)
{
    unsigned char b[8];
    if (!core_read(c, va, b, sizeof b))
        return false;
    *ret = little_endian(b, sizeof b);
    return true;
}

bool core_text(const struct core *c, uint64_t va, char *to, size_t n)
{
    assert(n >= 2);
    const unsigned char *from = core_at(c, va, n);
    size_t used = 0;
    if (from == NULL) {
        memcpy(to, "?", 2);
        return false;
    }
    for (; used + 1 < n && from[used] != '\0'; used++)
        to[used] = (char)(from[used] >= ' ' && from[used] <= '~' ? from[used] : '?');
    to[used] = '\0';
    return true;
}

uint64_t core_missing(const struct core *c)
{
    uint64_t missing = 0;
    for (uint32_t i = 0; i < c->segment_count; i++)
        missing += c->segments[i].end - c->segments[i].va - c->segments[i].have;
    return missing;
}
