/* zdump.c - see zdump.h. Packing and reading stand in one file, so that each field is written and
 * read a few lines apart. */
#include "shared/zdump.h"

#include <assert.h>
#include <errno.h>
#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "shared/err.h"
#include "shared/io.h"

static const char slot_magic[8] = { 'V', 'M', 'K', 'Z', 'D', 'U', 'M', 'P' };
static const char section_magic[8] = { 'Z', 'S', 'E', 'C', 'T', 'I', 'O', 'N' };

const enum zdump_type zdump_order[ZDUMP_PARTS] = {
    ZDUMP_NOTES,      ZDUMP_SCREEN, ZDUMP_STATE, ZDUMP_LOG,  ZDUMP_COS_LOG,   ZDUMP_PCPUS,
    ZDUMP_HEARTBEATS, ZDUMP_RING,   ZDUMP_VMNIX, ZDUMP_SCSI, ZDUMP_COS_TASKS, ZDUMP_WORLDS,
};

/* ---- fields ---------------------------------------------------------------------------------- */

static void put32(unsigned char *to, uint32_t v)
{
    for (unsigned i = 0; i < 4; i++)
        to[i] = (unsigned char)(v >> 8 * i);
}

static void put64(unsigned char *to, uint64_t v)
{
    put32(to, (uint32_t)v);
    put32(to + 4, (uint32_t)(v >> 32));
}

static uint32_t get32(const unsigned char *from)
{
    return (uint32_t)from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 |
           (uint32_t)from[3] << 24;
}

static uint64_t get64(const unsigned char *from)
{
    return get32(from) | (uint64_t)get32(from + 4) << 32;
}

static void put_text(unsigned char *to, const char *text, size_t size)
{
    const size_t n = strnlen(text, size - 1);
    memcpy(to, text, n);
}

static void get_text(char *to, const unsigned char *from, size_t size)
{
    size_t n = 0;
    for (; n + 1 < size && from[n] != '\0'; n++)
        to[n] = (char)(from[n] >= ' ' && from[n] <= '~' ? from[n] : '?');
    memset(to + n, 0, size - n);
}

static uint32_t crc(const unsigned char *bytes, size_t len)
{
    return crc32_gzip_refl(0, bytes, len);
}

/* ---- slot header ----------------------------------------------------------------------------- */

enum {
    SLOT_VERSION = 8,
    SLOT_INDEX = 12,
    SLOT_COUNT = 16,
    SLOT_STATE = 20,
    SLOT_BYTES = 24,
    SLOT_USED = 32,
    SLOT_ID = 40,
    SLOT_UPTIME = 48,
    SLOT_EPOCH = 56,
    SLOT_BUILD = 64,
    SLOT_HOST = 96,
    SLOT_REASON = 160,
    SLOT_CRC = 508
};

void zdump_slot_encode(const struct zdump_slot *slot, unsigned char ret[ZDUMP_SLOT_HEADER])
{
    assert(slot->slot < slot->slot_count);
    memset(ret, 0, ZDUMP_SLOT_HEADER);
    memcpy(ret, slot_magic, sizeof slot_magic);
    put32(ret + SLOT_VERSION, ZDUMP_VERSION);
    put32(ret + SLOT_INDEX, slot->slot);
    put32(ret + SLOT_COUNT, slot->slot_count);
    put32(ret + SLOT_STATE, slot->state);
    put64(ret + SLOT_BYTES, slot->slot_bytes);
    put64(ret + SLOT_USED, slot->used_bytes);
    put64(ret + SLOT_ID, slot->dump_id);
    put64(ret + SLOT_UPTIME, slot->uptime_ns);
    put64(ret + SLOT_EPOCH, (uint64_t)slot->epoch_s);
    put_text(ret + SLOT_BUILD, slot->build, sizeof slot->build);
    put_text(ret + SLOT_HOST, slot->host, sizeof slot->host);
    put_text(ret + SLOT_REASON, slot->reason, sizeof slot->reason);
    put32(ret + SLOT_CRC, crc(ret, SLOT_CRC));
}

int zdump_slot_decode(const unsigned char *bytes, size_t len, struct zdump_slot *ret)
{
    if (len < ZDUMP_SLOT_HEADER || memcmp(bytes, slot_magic, sizeof slot_magic) != 0)
        return -1;
    if (get32(bytes + SLOT_CRC) != crc(bytes, SLOT_CRC) ||
        get32(bytes + SLOT_VERSION) != ZDUMP_VERSION)
        return -1;
    struct zdump_slot slot = {
        .version = get32(bytes + SLOT_VERSION),
        .slot = get32(bytes + SLOT_INDEX),
        .slot_count = get32(bytes + SLOT_COUNT),
        .state = get32(bytes + SLOT_STATE),
        .slot_bytes = get64(bytes + SLOT_BYTES),
        .used_bytes = get64(bytes + SLOT_USED),
        .dump_id = get64(bytes + SLOT_ID),
        .uptime_ns = get64(bytes + SLOT_UPTIME),
        .epoch_s = (int64_t)get64(bytes + SLOT_EPOCH),
    };
    if (slot.slot_count == 0 || slot.slot_count > ZDUMP_SLOTS_MAX || slot.slot >= slot.slot_count)
        return -1;
    get_text(slot.build, bytes + SLOT_BUILD, sizeof slot.build);
    get_text(slot.host, bytes + SLOT_HOST, sizeof slot.host);
    get_text(slot.reason, bytes + SLOT_REASON, sizeof slot.reason);
    *ret = slot;
    return 0;
}

/* ---- section: packing ------------------------------------------------------------------------ */

enum {
    SEC_TYPE = 8,
    SEC_INDEX = 12,
    SEC_ID = 16,
    SEC_RAW = 24,
    SEC_STORED = 32,
    SEC_NAME = 40,
    SEC_SHA = 72,
    SEC_CRC = 124
};
_Static_assert(SEC_CRC + 4 == ZDUMP_SECTION_HEADER, "the header's checksum is its last field");
_Static_assert(SLOT_CRC + 4 == ZDUMP_SLOT_HEADER, "likewise");

/* gzip level 1 of ISA-L: the same bytes on every processor for levels 0 to 2, and no time or name
 * in the header. */
static size_t compress_bytes(const void *data, size_t len, unsigned char *to, size_t size)
{
    struct isal_zstream *z = calloc(1, sizeof *z);
    unsigned char *work = calloc(1, ISAL_DEF_LVL1_DEFAULT);
    size_t used = 0;

    if (z != NULL && work != NULL) {
        isal_deflate_init(z);
        z->level = 1;
        z->level_buf = work;
        z->level_buf_size = ISAL_DEF_LVL1_DEFAULT;
        z->gzip_flag = IGZIP_GZIP;
        z->end_of_stream = 1;
        z->flush = NO_FLUSH;
        z->next_in = (uint8_t *)(uintptr_t)data;
        z->avail_in = (uint32_t)len;
        z->next_out = to;
        z->avail_out = (uint32_t)size;
        if (isal_deflate(z) == COMP_OK && z->avail_in == 0 && z->internal_state.state == ZSTATE_END)
            used = z->total_out;
    }
    free(work);
    free(z);
    return used;
}

static size_t align_up(size_t n)
{
    return (n + ZDUMP_ALIGN - 1) / ZDUMP_ALIGN * ZDUMP_ALIGN;
}

unsigned char *zdump_section_pack(uint64_t dump_id, uint32_t index, enum zdump_type type,
                                  const char *name, const void *data, size_t len, size_t *ret_len)
{
    assert(type != ZDUMP_END || len == 0);
    if (len > ZDUMP_RAW_MAX)
        return NULL;
    /* Deflate's worst case is stored blocks, 5 bytes per 64 kB. */
    const size_t room = len + len / 8 + 1024;
    unsigned char *bytes = calloc(1, align_up(ZDUMP_SECTION_HEADER + room));
    if (bytes == NULL)
        return NULL;
    size_t stored = 0;
    if (type != ZDUMP_END &&
        (stored = compress_bytes(data, len, bytes + ZDUMP_SECTION_HEADER, room)) == 0) {
        free(bytes);
        return NULL;
    }
    memcpy(bytes, section_magic, sizeof section_magic);
    put32(bytes + SEC_TYPE, type);
    put32(bytes + SEC_INDEX, index);
    put64(bytes + SEC_ID, dump_id);
    put64(bytes + SEC_RAW, len);
    put64(bytes + SEC_STORED, stored);
    put_text(bytes + SEC_NAME, name, 32);
    (void)SHA256(len > 0 ? data : (const void *)"", len, bytes + SEC_SHA);
    put32(bytes + SEC_CRC, crc(bytes, SEC_CRC));
    *ret_len = align_up(ZDUMP_SECTION_HEADER + stored);
    return bytes;
}

/* ---- section: reading ------------------------------------------------------------------------ */

static bool section_decode(const unsigned char *bytes, size_t len, struct zdump_section *ret,
                           uint64_t *ret_id)
{
    if (len < ZDUMP_SECTION_HEADER || memcmp(bytes, section_magic, sizeof section_magic) != 0)
        return false;
    if (get32(bytes + SEC_CRC) != crc(bytes, SEC_CRC) || get64(bytes + SEC_RAW) > ZDUMP_RAW_MAX)
        return false;
    *ret = (struct zdump_section){
        .type = get32(bytes + SEC_TYPE),
        .index = get32(bytes + SEC_INDEX),
        .raw_bytes = get64(bytes + SEC_RAW),
        .stored_bytes = get64(bytes + SEC_STORED),
    };
    *ret_id = get64(bytes + SEC_ID);
    get_text(ret->name, bytes + SEC_NAME, sizeof ret->name);
    memcpy(ret->sha256, bytes + SEC_SHA, sizeof ret->sha256);
    return ret->stored_bytes <= 2ull * ZDUMP_RAW_MAX;
}

/* Unpack at most `size` bytes; a stream that is cut or damaged gives what came before. */
static size_t inflate_bytes(const unsigned char *from, size_t len, char *to, size_t size)
{
    struct inflate_state *z = calloc(1, sizeof *z); /* damaged input may reach any of it */
    if (z == NULL)
        return 0;
    isal_inflate_init(z);
    z->crc_flag = ISAL_GZIP;
    z->next_in = (uint8_t *)(uintptr_t)from;
    z->avail_in = (uint32_t)len;
    z->next_out = (uint8_t *)to;
    z->avail_out = (uint32_t)size;
    (void)isal_inflate(z); /* the SHA-256 decides whether it came out whole */
    const size_t used = size - z->avail_out;
    free(z);
    return used;
}

/* Read the section whose header stands at `offset`. @return false when memory is short. */
static bool section_read(const unsigned char *bytes, size_t len, size_t offset,
                         struct zdump_section *s)
{
    const size_t begin = offset + ZDUMP_SECTION_HEADER;
    const size_t at_hand = len - begin < s->stored_bytes ? len - begin : (size_t)s->stored_bytes;
    s->offset = offset;
    s->data = calloc(1, (size_t)s->raw_bytes + 1);
    if (s->data == NULL)
        return false;
    s->data_len = inflate_bytes(bytes + begin, at_hand, s->data, (size_t)s->raw_bytes);

    unsigned char sum[32];
    (void)SHA256((const unsigned char *)s->data, s->data_len, sum);
    if (s->data_len == s->raw_bytes && memcmp(sum, s->sha256, sizeof sum) == 0)
        s->health = at_hand == s->stored_bytes ? ZDUMP_WHOLE : ZDUMP_CUT;
    else
        s->health = at_hand < s->stored_bytes ? ZDUMP_CUT : ZDUMP_CORRUPT;
    return true;
}

/* The next offset at which a header of this dump stands; `len` if there is none. */
static size_t next_header(const unsigned char *bytes, size_t len, size_t from, bool id_known,
                          uint64_t id, struct zdump_section *ret, uint64_t *ret_id)
{
    for (size_t at = from; at + ZDUMP_SECTION_HEADER <= len; at += ZDUMP_ALIGN) {
        if (section_decode(bytes + at, len - at, ret, ret_id) && (!id_known || *ret_id == id))
            return at;
    }
    return len;
}

int zdump_parse(const void *data, size_t len, struct zdump *ret)
{
    const unsigned char *bytes = data;
    *ret = (struct zdump){ 0 };
    ret->slot_ok = zdump_slot_decode(bytes, len, &ret->slot) == 0;
    if (ret->slot_ok && ret->slot.state == ZDUMP_EMPTY)
        return 0;

    bool id_known = ret->slot_ok, ended = false, whole = true;
    uint64_t id = ret->slot.dump_id;
    size_t at = ZDUMP_SLOT_HEADER;
    while (!ended && ret->count < ZDUMP_SECTIONS_MAX) {
        struct zdump_section s;
        uint64_t found_id;
        const size_t found = next_header(bytes, len, at, id_known, id, &s, &found_id);
        if (found >= len)
            break;
        whole &= found == at && s.index == ret->count;
        id = found_id;
        id_known = true;
        if (s.type == ZDUMP_END) {
            ended = true;
            ret->end = found + ZDUMP_ALIGN < len ? found + ZDUMP_ALIGN : len;
            break;
        }
        if (!section_read(bytes, len, found, &s)) {
            zdump_free(ret);
            return -1;
        }
        ret->sections[ret->count++] = s;
        whole &= s.health == ZDUMP_WHOLE;
        at = found + align_up(ZDUMP_SECTION_HEADER + (size_t)s.stored_bytes);
        ret->end = at < len ? at : len;
    }
    ret->complete = ret->slot_ok && ended && whole;
    return 0;
}

/* Where the slot lies in the file, by the header of slot 0. */
static int slot_range(const unsigned char *bytes, size_t len, uint32_t slot, size_t *ret_from,
                      size_t *ret_len)
{
    struct zdump_slot first;
    *ret_from = 0;
    *ret_len = len;
    if (zdump_slot_decode(bytes, len, &first) != 0)
        return slot == 0 ? 0 : -1; /* perhaps a damaged file: let the reader look for sections */
    if (slot == 0 && first.slot_bytes > len)
        return 0; /* a file taken from a slot is shorter than the slot */
    if (slot >= first.slot_count || first.slot_bytes == 0 || first.slot_bytes > len / (slot + 1))
        return slot == 0 ? 0 : -1;
    *ret_from = (size_t)first.slot_bytes * slot;
    *ret_len = (size_t)first.slot_bytes;
    return 0;
}

int zdump_load(const char *path, uint32_t slot, struct zdump *ret, struct err *err)
{
    const unsigned char *bytes;
    size_t len, from, slot_len;
    const int error = io_map(path, &bytes, &len);
    if (error != 0)
        return err_file(err, error, path);
    int result = 0;
    if (slot_range(bytes, len, slot, &from, &slot_len) != 0)
        result = err_set(err, ERR_SYNTAX, "%s: has no slot %u", path, slot);
    else if (zdump_parse(bytes + from, slot_len, ret) != 0)
        result = err_file(err, -ENOMEM, path);
    (void)munmap((void *)(uintptr_t)bytes, len);
    return result;
}

const struct zdump_section *zdump_find(const struct zdump *z, enum zdump_type type)
{
    for (uint32_t i = 0; i < z->count; i++) {
        if (z->sections[i].type == (uint32_t)type)
            return &z->sections[i];
    }
    return NULL;
}

const char *zdump_type_name(uint32_t type)
{
    switch ((enum zdump_type)type) {
    case ZDUMP_NOTES:
        return "notes";
    case ZDUMP_SCREEN:
        return "screen";
    case ZDUMP_LOG:
        return "vmkernel-log";
    case ZDUMP_COS_LOG:
        return "cos-log";
    case ZDUMP_STATE:
        return "state";
    case ZDUMP_PCPUS:
        return "pcpus";
    case ZDUMP_WORLDS:
        return "worlds";
    case ZDUMP_HEARTBEATS:
        return "heartbeats";
    case ZDUMP_RING:
        return "ring";
    case ZDUMP_COS_TASKS:
        return "cos-tasks";
    case ZDUMP_VMNIX:
        return "vmnix";
    case ZDUMP_SCSI:
        return "scsi";
    case ZDUMP_END:
        return "end";
    }
    return "unknown";
}

const char *zdump_health_name(enum zdump_health health)
{
    static const char *const names[] = { "whole", "cut", "corrupt" };
    assert((unsigned)health < 3);
    return names[health];
}

void zdump_free(struct zdump *z)
{
    for (uint32_t i = 0; i < z->count; i++)
        free(z->sections[i].data);
    *z = (struct zdump){ 0 };
}
