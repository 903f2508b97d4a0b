/* core_mem.c - virtual addresses to bytes of the file; see core.h. */
#include <assert.h>
#include <string.h>

#include "tools/core/core_internal.h"

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

static bool read_bytes(const void *ctx, uint64_t va, void *to, size_t n)
{
    const struct core *c = ctx;
    const unsigned char *from = core_at(c, va, n);
    if (from != NULL) {
        memcpy(to, from, n);
        return true;
    }
    if (n > UINT64_MAX - va || !is_there(c, va, n))
        return false;
    for (char *at = to; n > 0;) { /* across segments */
        const struct core_segment *s = core_segment_of(c, va);
        assert(s != NULL && c->bytes != NULL); /* is_there() */
        const uint64_t rest = s->have - (va - s->va);
        const size_t part = rest < n ? (size_t)rest : n;
        memcpy(at, c->bytes + s->offset + (va - s->va), part);
        at += part;
        va += part;
        n -= part;
    }
    return true;
}

static bool find_text(const void *ctx, uint64_t va, uint64_t *ret_start, uint64_t *ret_end)
{
    const struct core_segment *s = core_segment_of(ctx, va);
    if (s == NULL || !s->executable)
        return false;
    *ret_start = s->va;
    *ret_end = s->end;
    return true;
}

struct cosview_source core_view_source(const struct core *c)
{
    return (struct cosview_source){ .ctx = c, .read = read_bytes, .text = find_text };
}

uint64_t core_missing(const struct core *c)
{
    uint64_t missing = 0;
    for (uint32_t i = 0; i < c->segment_count; i++)
        missing += c->segments[i].end - c->segments[i].va - c->segments[i].have;
    return missing;
}
