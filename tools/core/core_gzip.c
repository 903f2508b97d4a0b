/* core_gzip.c - a core that was compressed after the failure. It is inflated into memory of its
 * own; pages of zeros are left as they are there, so a console that was half empty costs half. */
#include <errno.h>
#include <inttypes.h>
#include <isa-l/igzip_lib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "shared/units.h"
#include "tools/core/core_internal.h"

#define STEP_BYTES MB        /* output of one call; whole pages */
#define INPUT_MAX (1u << 30) /* what one call is given: avail_in has 32 bits */

static bool is_zero(const unsigned char *page)
{
    return page[0] == 0 && memcmp(page, page + 1, CORE_PAGE - 1) == 0;
}

/* Keep `n` inflated bytes as the next of the core. */
static void keep(struct core *c, const unsigned char *from, size_t n)
{
    unsigned char *to = (unsigned char *)c->mapping + c->size;
    for (size_t at = 0; at < n; at += CORE_PAGE) {
        const size_t part = n - at < CORE_PAGE ? n - at : CORE_PAGE;
        if (part < CORE_PAGE || !is_zero(from + at))
            memcpy(to + at, from + at, part);
    }
    c->size += n;
}

static void refill(struct inflate_state *z, const unsigned char **from, uint64_t *left)
{
    if (z->avail_in > 0 || *left == 0)
        return;
    const uint32_t part = *left < INPUT_MAX ? (uint32_t)*left : INPUT_MAX;
    z->next_in = (uint8_t *)(uintptr_t)*from;
    z->avail_in = part;
    *from += part;
    *left -= part;
}

/* All members, until the end or the first damage. `out` has STEP_BYTES. */
static void inflate_all(struct core *c, const unsigned char *from, uint64_t left,
                        unsigned char *out)
{
    struct inflate_state z;
    isal_inflate_init(&z);
    z.crc_flag = ISAL_GZIP;
    for (;;) {
        refill(&z, &from, &left);
        z.next_out = out;
        z.avail_out = STEP_BYTES;
        const int result = isal_inflate(&z);
        const size_t got = STEP_BYTES - z.avail_out;
        if (got > c->mapping_size - c->size) {
            problems_add(&c->problems,
                         "the file inflates to more than %" PRIu64 " bytes; the rest is not read",
                         CORE_FILE_MAX);
            return;
        }
        keep(c, out, got);
        if (result != ISAL_DECOMP_OK) {
            problems_add(&c->problems, "gzip: damaged behind inflated byte %" PRIu64 " (error %d)",
                         c->size, result);
            return;
        }
        if (z.block_state == ISAL_BLOCK_FINISH) {
            if (z.avail_in == 0 && left == 0)
                return;
            isal_inflate_reset(&z);
            z.crc_flag = ISAL_GZIP;
        } else if (got == 0 && z.avail_in == 0 && left == 0) {
            problems_add(&c->problems,
                         "gzip: the file ends before its end is reached, behind inflated "
                         "byte %" PRIu64,
                         c->size);
            return;
        }
    }
}

int core_inflate(struct core *c, const unsigned char *from, uint64_t size, struct err *err)
{
    void *map = mmap(NULL, CORE_FILE_MAX, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    unsigned char *out = map != MAP_FAILED ? malloc(STEP_BYTES) : NULL;
    if (out == NULL) {
        if (map != MAP_FAILED)
            (void)munmap(map, CORE_FILE_MAX);
        return err_set(err, -ENOMEM,
                       "%s: no room to inflate it (%s); gunzip it and give the plain core", c->path,
                       strerror(errno));
    }
    c->mapping = map;
    c->mapping_size = CORE_FILE_MAX;
    c->bytes = map;
    c->size = 0;
    c->compressed = true;
    inflate_all(c, from, size, out);
    free(out);
    return 0;
}
