/* text.c - see text.h. */
#include "tools/parse/text.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <isa-l/igzip_lib.h>

#include "shared/err.h"
#include "tools/parse/memory.h"

#include "shared/units.h"

#define FIRST_ROOM 16u
#define UNPACK_STEP MB

void *parse_room(void *items, uint32_t count, uint32_t *room, size_t item_size)
{
    assert(count <= *room);
    if (count == *room) {
        const uint32_t more = *room == 0 ? FIRST_ROOM : *room * 2;
        assert(more > *room);
        items = memory_more(items, more * item_size);
        *room = more;
    }
    memset((char *)items + count * item_size, 0, item_size);
    return items;
}

void unparsed_add(struct unparsed *u, uint32_t file, uint32_t line, const char *why)
{
    *PARSE_ADD(u->line, u->count, u->room) =
        (struct unparsed_line){ .file = file, .line = line, .why = why };
}

/* ---- lines ----------------------------------------------------------------------------------- */

static void add_line(struct text *t, uint32_t *room, char *at, size_t length)
{
    struct text_line *line = PARSE_ADD(t->lines, t->count, *room);
    line->damaged = length > TEXT_LINE_MAX;
    if (length > TEXT_LINE_MAX)
        length = TEXT_LINE_MAX;
    if (length > 0 && at[length - 1] == '\r')
        length--;
    at[length] = '\0';
    for (size_t i = 0; i < length; i++) {
        if (at[i] == '\0') {
            at[i] = '?';
            line->damaged = true;
        }
    }
    line->at = at;
    line->length = (uint32_t)length;
}

/* Takes over `bytes`, which has room for one byte more than `size`. */
static void cut_lines(const char *name, char *bytes, size_t size, struct text *ret)
{
    struct text t = { .bytes = bytes, .name = memory_text(name) };
    uint32_t room = 0;
    size_t at = size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0; /* an editor's mark */

    bytes[size] = '\0';
    while (at < size) {
        const char *end = memchr(bytes + at, '\n', size - at);
        const size_t length = end != NULL ? (size_t)(end - bytes) - at : size - at;
        add_line(&t, &room, bytes + at, length);
        at += length + 1;
    }
    *ret = t;
}

void text_from(const char *name, const void *bytes, size_t size, struct text *ret)
{
    char *copy = memory_get(size + 1);
    memcpy(copy, bytes, size);
    cut_lines(name, copy, size, ret);
}

void text_free(struct text *t)
{
    free(t->name);
    free(t->bytes);
    free(t->lines);
    *t = (struct text){ 0 };
}

/* ---- files ----------------------------------------------------------------------------------- */

/* Unpack all gzip members. @return the bytes, with room for one more, and their number, or NULL:
 * damaged or too large */
static char *unpack(const char *packed, size_t packed_size, size_t *ret_size)
{
    struct inflate_state state;
    size_t room = UNPACK_STEP, used = 0;
    char *to = memory_get(room + 1);

    isal_inflate_init(&state);
    state.crc_flag = ISAL_GZIP;
    state.next_in = (uint8_t *)(uintptr_t)packed;
    state.avail_in = (uint32_t)packed_size;
    for (;;) {
        const uint32_t left = state.avail_in;
        const size_t before = used;
        state.next_out = (uint8_t *)to + used;
        state.avail_out = (uint32_t)(room - used);
        const int status = isal_inflate(&state);
        used = room - state.avail_out;
        if (status != ISAL_DECOMP_OK || used > TEXT_BYTES_MAX)
            break;
        if (state.block_state == ISAL_BLOCK_FINISH) {
            if (state.avail_in == 0) {
                *ret_size = used;
                return to;
            }
            isal_inflate_reset(&state);
            state.crc_flag = ISAL_GZIP;
        } else if (state.avail_in == left && used == before) {
            break; /* cut short */
        }
        if (used == room)
            to = memory_more(to, (room *= 2) + 1);
    }
    free(to);
    return NULL;
}

/* The file may be a pipe. @return the bytes with room for one more, or NULL with errno */
static char *read_all(FILE *f, size_t *ret_size)
{
    size_t room = UNPACK_STEP, used = 0;
    char *to = memory_get(room + 1);

    while ((used += fread(to + used, 1, room - used, f)) == room && used <= TEXT_BYTES_MAX)
        to = memory_more(to, (room *= 2) + 1);
    if (ferror(f) == 0 && used <= TEXT_BYTES_MAX) {
        *ret_size = used;
        return to;
    }
    if (ferror(f) == 0)
        errno = EFBIG;
    free(to);
    return NULL;
}

int text_load(const char *path, struct text *ret, struct err *err)
{
    size_t size = 0;
    FILE *f = fopen(path, "re");
    char *bytes = f != NULL ? read_all(f, &size) : NULL;
    const int why = errno;

    if (f != NULL)
        (void)fclose(f);
    if (bytes == NULL) {
        return err_file(err, -why, path);
    }
    if (size >= 2 && memcmp(bytes, "\x1f\x8b", 2) == 0) {
        char *unpacked = unpack(bytes, size, &size);
        free(bytes);
        bytes = unpacked;
    }
    if (bytes == NULL) {
        return err_set(err, ERR_SYNTAX, "%s: damaged or too large gzip file; copy it again", path);
    }
    cut_lines(path, bytes, size, ret);
    return 0;
}
