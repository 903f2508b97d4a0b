/* fuzz_core.c - libFuzzer target: the reader of cos-cores, and every command of `lostbeat crash`,
 * against any bytes.
 *
 * Byte 0 of the input: bit 0 = the rest is the file; else it is a list of edits of the mini core,
 * 8 bytes each: where (modulo its size) and the word to store there. Bit 1 = the first 4 bytes
 * behind it are the size that the edited core is cut to. The edited core is handed over in a block
 * of just its size, so that a sanitizer sees the first byte too far. */
#include "tests/fuzz/fuzz.h"
#include "tests/lib/core_all.h"
#include "tests/lib/mini_core.h"

static uint32_t word_at(const uint8_t *data)
{
    uint32_t v;
    memcpy(&v, data, sizeof v);
    return v;
}

static void edit(unsigned char *bytes, size_t room, const uint8_t *data, size_t size)
{
    for (; size >= 8; data += 8, size -= 8) {
        const uint32_t v = word_at(data + 4);
        memcpy(bytes + word_at(data) % (room - sizeof v), &v, sizeof v);
    }
}

static void try_it(const void *bytes, size_t size)
{
    struct err err;
    unsigned char *exact = malloc(size + 1);
    if (exact == NULL)
        return;
    memcpy(exact, bytes, size);
    if (core_all(exact, size, &err) != 0 &&
        (strncmp(err.text, "core: ", 6) != 0 || strchr(err.text, '\n') != NULL))
        abort();
    free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct mini_core m;
    if (size < 1)
        return 0;
    const uint8_t mode = *data++;
    size--;
    if (mode & 1) {
        try_it(data, size);
        return 0;
    }
    mini_core_build(&m);
    size_t kept = m.size;
    if ((mode & 2) && size >= 4) {
        kept = word_at(data) % (m.size + 1);
        data += 4;
        size -= 4;
    }
    edit(m.bytes, m.size, data, size);
    try_it(m.bytes, kept);
    return 0;
}
