/* fuzz_zdump.c - libFuzzer target: the reader of zdumps against any bytes.
 *
 * Byte 0 of the input: bit 0 = make the checksums of all headers fit, so that lengths and types are
 * reached. The rest is the file. Checked: every length stays within the bytes at hand and the
 * limits, and a dump that is complete has only whole sections. */
#include <isa-l/crc.h>

#include "shared/zdump.h"
#include "tests/fuzz/fuzz.h"

#define FILE_MAX 65536u

static void fix(uint8_t *header, size_t bytes)
{
    const uint32_t crc = crc32_gzip_refl(0, header, bytes - 4);
    memcpy(header + bytes - 4, &crc, 4);
}

static void fix_headers(uint8_t *file, size_t size)
{
    if (size >= ZDUMP_SLOT_HEADER)
        fix(file, ZDUMP_SLOT_HEADER);
    for (size_t at = ZDUMP_ALIGN; at + ZDUMP_SECTION_HEADER <= size; at += ZDUMP_ALIGN) {
        if (memcmp(file + at, "ZSECTION", 8) == 0)
            fix(file + at, ZDUMP_SECTION_HEADER);
    }
}

static void check(const struct zdump *z, size_t size)
{
    bool whole = true;
    CHECK(z->count <= ZDUMP_SECTIONS_MAX);
    for (uint32_t i = 0; i < z->count; i++) {
        const struct zdump_section *s = &z->sections[i];
        CHECK(s->data_len <= s->raw_bytes && s->raw_bytes <= ZDUMP_RAW_MAX);
        CHECK(s->offset % ZDUMP_ALIGN == 0 && s->offset + ZDUMP_SECTION_HEADER <= size);
        CHECK(s->data[s->data_len] == '\0');
        CHECK(memchr(s->name, '\0', sizeof s->name) != NULL);
        CHECK(s->health != ZDUMP_WHOLE || s->data_len == s->raw_bytes);
        whole = whole && s->health == ZDUMP_WHOLE;
    }
    CHECK(!z->complete || (z->slot_ok && whole));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t file[FILE_MAX];
    struct zdump z;
    if (size < 1 || size - 1 > FILE_MAX)
        return 0;
    memcpy(file, data + 1, --size);
    if (data[0] & 1)
        fix_headers(file, size);
    CHECK(zdump_parse(file, size, &z) == 0);
    check(&z, size);
    zdump_free(&z);
    return 0;
}
