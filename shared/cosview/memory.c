/* memory.c - fields, variables and the log of a console's memory; see cosview.h. */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "shared/cosview/cosview.h"
#include "shared/units.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "numbers lie there as they do here");

#define LOG_MAX MB /* a 2.4 log buffer is 16 to 128 kB */

bool cosview_read(const struct cosview *v, uint64_t va, void *to, size_t n)
{
    return v->from.read(v->from.ctx, va, to, n);
}

bool cosview_u32(const struct cosview *v, uint64_t va, uint32_t *ret)
{
    return cosview_read(v, va, ret, sizeof *ret);
}

static bool is_printable(char c)
{
    return c >= ' ' && c <= '~';
}

bool cosview_text(const struct cosview *v, uint64_t va, char *to, size_t n)
{
    assert(n >= 2);
    if (!cosview_read(v, va, to, n)) {
        memcpy(to, "?", 2);
        return false;
    }
    to[n - 1] = '\0';
    for (char *c = to; *c != '\0'; c++) {
        if (!is_printable(*c))
            *c = '?';
    }
    return true;
}

bool cosview_variable(const struct cosview *v, const char *name, void *to, size_t n)
{
    uint64_t address;
    return cosview_symbol(v, name, &address) && cosview_read(v, address, to, n);
}

uint32_t cosview_value(const struct cosview *v, const char *name, uint32_t otherwise)
{
    uint32_t value;
    return cosview_variable(v, name, &value, sizeof value) ? value : otherwise;
}

bool cosview_field_u32(const struct cosview *v, uint64_t address, const char *field, uint32_t *ret)
{
    uint64_t offset;
    return cosview_offset(v, field, &offset) && cosview_u32(v, address + offset, ret);
}

bool cosview_field_u64(const struct cosview *v, uint64_t address, const char *field, uint64_t *ret)
{
    uint64_t offset;
    return cosview_offset(v, field, &offset) && cosview_read(v, address + offset, ret, sizeof *ret);
}

uint32_t cosview_field(const struct cosview *v, uint64_t address, const char *field,
                       uint32_t otherwise)
{
    uint32_t value;
    return cosview_field_u32(v, address, field, &value) ? value : otherwise;
}

/* Both ends run freely and wrap at NUMBER(log_buf_len), so they may only differ by as much. */
char *cosview_log(const struct cosview *v)
{
    uint64_t at;
    uint32_t start, end;
    const size_t size = cosview_number(v, "log_buf_len", 0, LOG_MAX);
    char *ring = malloc(size + 1), *text = malloc(size + 1);
    if (ring == NULL || text == NULL || size == 0 || !cosview_symbol(v, "log_buf", &at) ||
        !cosview_read(v, at, ring, size) ||
        !cosview_variable(v, "log_start", &start, sizeof start) ||
        !cosview_variable(v, "log_end", &end, sizeof end)) {
        problems_add(v->problems, "the console's kernel log cannot be read");
        free(ring);
        free(text);
        return NULL;
    }
    size_t len = end - start;
    if (len > size) {
        problems_add(v->problems,
                     "console's kernel log: %zu bytes between start and end, more than it has",
                     len);
        len = size;
    }
    for (size_t i = 0; i < len; i++) {
        const char c = ring[(end - (uint32_t)len + (uint32_t)i) % size];
        text[i] = is_printable(c) || c == '\n' || c == '\t' ? c : '?';
    }
    text[len] = '\0';
    free(ring);
    return text;
}
