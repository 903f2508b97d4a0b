/* zdump_write.c - see zdump_write.h. */
#include "vmkernel/dump/zdump_write.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

int zdump_partition_create(const struct dumpio *io, const char *path, uint32_t slots,
                           uint64_t bytes)
{
    assert(slots > 0 && slots <= ZDUMP_SLOTS_MAX);
    const uint64_t slot_bytes = bytes / slots / ZDUMP_ALIGN * ZDUMP_ALIGN;
    assert(slot_bytes > ZDUMP_SLOT_HEADER);
    const int fd = dumpio_begin(io, path);
    if (fd < 0)
        return fd;
    int result = io->truncate(io, fd, (off_t)bytes);
    for (uint32_t i = 0; i < slots && result == 0; i++) {
        unsigned char header[ZDUMP_SLOT_HEADER];
        const struct zdump_slot slot = {
            .slot = i, .slot_count = slots, .state = ZDUMP_EMPTY, .slot_bytes = slot_bytes
        };
        zdump_slot_encode(&slot, header);
        result = dumpio_write_all(io, fd, header, sizeof header, (off_t)(i * slot_bytes));
    }
    return dumpio_commit(io, path, fd, result);
}

/* How much would be lost: nothing, a second copy, a dump that nobody has copied yet. */
static unsigned worth(const struct zdump_slot *s)
{
    return s->state == ZDUMP_EMPTY ? 0 : s->state == ZDUMP_COLLECTED ? 1 : 2;
}

/* Of equal worth the older goes first; an empty slot has no age. */
static bool is_older(const struct zdump_slot *a, const struct zdump_slot *b)
{
    if (worth(a) != worth(b))
        return worth(a) < worth(b);
    return worth(a) != 0 && a->epoch_s < b->epoch_s;
}

static bool read_slot(const struct dumpio *io, int fd, uint64_t offset, struct zdump_slot *ret)
{
    unsigned char header[ZDUMP_SLOT_HEADER];
    return io->pread(io, fd, header, sizeof header, (off_t)offset) == (ssize_t)sizeof header &&
           zdump_slot_decode(header, sizeof header, ret) == 0;
}

static int choose(const struct dumpio *io, int fd, struct zdump_slot *ret)
{
    const int64_t got = io->size(io, fd);
    if (got <= (int64_t)ZDUMP_SLOT_HEADER)
        return got < 0 ? (int)got : -ENOSPC;
    const uint64_t size = (uint64_t)got;
    struct zdump_slot best;
    if (!read_slot(io, fd, 0, &best) || best.slot_bytes > size / best.slot_count) {
        *ret = (struct zdump_slot){ .slot = 0, .slot_count = 1, .slot_bytes = size };
        return 0;
    }
    const struct zdump_slot first = best;
    for (uint32_t i = 1; i < first.slot_count; i++) {
        struct zdump_slot s;
        if (!read_slot(io, fd, i * first.slot_bytes, &s))
            s = (struct zdump_slot){ .state = ZDUMP_EMPTY };
        s.slot = i;
        if (is_older(&s, &best))
            best = s;
    }
    *ret = (struct zdump_slot){ .slot = best.slot,
                                .state = best.state,
                                .slot_count = first.slot_count,
                                .slot_bytes = first.slot_bytes };
    return 0;
}

int zdump_partition_choose(const struct dumpio *io, const char *path, struct zdump_slot *ret)
{
    const int fd = io->open(io, path, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0)
        return fd;
    const int result = choose(io, fd, ret);
    (void)io->close(io, fd);
    return result;
}

struct writer {
    const struct dumpio *io;
    int fd;
    uint64_t base, at, end; /* file offsets: of the slot, of the next section, behind the slot */
};

static int put_header(struct writer *w, struct zdump_slot *slot, enum zdump_slot_state state)
{
    unsigned char header[ZDUMP_SLOT_HEADER];
    slot->state = state;
    slot->used_bytes = state == ZDUMP_COMPLETE ? w->at - w->base : 0;
    zdump_slot_encode(slot, header);
    return dumpio_write_all(w->io, w->fd, header, sizeof header, (off_t)w->base);
}

static int put_section(struct writer *w, uint64_t dump_id, uint32_t index,
                       const struct zdump_part *part)
{
    size_t len;
    unsigned char *bytes = zdump_section_pack(
        dump_id, index, part->type, zdump_type_name(part->type), part->data, part->len, &len);
    if (bytes == NULL)
        return -ENOMEM;
    const uint64_t room = w->end - w->at;
    int result =
        dumpio_write_all(w->io, w->fd, bytes, len < room ? len : (size_t)room, (off_t)w->at);
    free(bytes);
    if (result == 0 && len > room)
        result = -ENOSPC;
    if (result == 0)
        w->at += len;
    return result;
}

static int put_sections(struct writer *w, uint64_t dump_id, const struct zdump_part *parts,
                        uint32_t count)
{
    uint32_t index = 0;
    int result = 0;
    for (uint32_t i = 0; i < count && result == 0; i++) {
        if (parts[i].data != NULL)
            result = put_section(w, dump_id, index++, &parts[i]);
    }
    const struct zdump_part end = { .type = ZDUMP_END };
    return result == 0 ? put_section(w, dump_id, index, &end) : result;
}

int zdump_write(const struct dumpio *io, const char *path, const struct zdump_slot *slot,
                const struct zdump_part *parts, uint32_t count)
{
    struct zdump_slot s = *slot;
    assert(s.slot < s.slot_count && count < ZDUMP_SECTIONS_MAX);
    struct writer w = { .io = io, .base = s.slot * s.slot_bytes };
    w.at = w.base + ZDUMP_SLOT_HEADER;
    w.end = w.base + s.slot_bytes;
    w.fd = io->open(io, path, O_WRONLY | O_CLOEXEC, 0);
    if (w.fd < 0)
        return w.fd;
    int result = put_header(&w, &s, ZDUMP_WRITING);
    if (result == 0)
        result = put_sections(&w, s.dump_id, parts, count);
    /* The end must be on disk before the header says that it is there. */
    int synced = io->fsync(io, w.fd);
    if (result == 0)
        result = synced;
    if (result == 0)
        result = put_header(&w, &s, ZDUMP_COMPLETE);
    if (result == 0)
        result = io->fsync(io, w.fd);
    const int closed = io->close(io, w.fd);
    return result != 0 ? result : closed;
}
