/* image.h - the COS kernel's ELF file: segments, and the note in which it describes itself.
 *
 * The file is the VMkernel's own (it started it), so it is trusted, which the RAM is not; still
 * every offset is checked once, when it is opened. It is read with <elf.h> and no libelf: program
 * headers and three sections of a mapped file are all that is needed, and the dump path of the
 * VMkernel then rests on nothing but the mapping. */
#ifndef VMK_IMAGE_H
#define VMK_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/err.h"

#define IMAGE_SEGMENTS_MAX 16u
#define IMAGE_PAGE 4096u

struct image_segment {   /* one PT_LOAD, rounded out to whole pages */
    uint64_t start, end; /* virtual addresses */
    uint64_t offset;     /* of `start` in the file, page-aligned */
    bool writable, executable;
};

struct image {
    const unsigned char *bytes; /* the mapped file */
    size_t len;
    uint64_t entry;
    struct image_segment segment[IMAGE_SEGMENTS_MAX]; /* by address */
    uint32_t segment_count;
    char *note; /* lines of .cosinfo and of the symbol table, as shared/cosinfo.h has them */
    size_t note_len;
    uint64_t phdr_va; /* address of the program headers in memory, 0 = not loaded */
    uint32_t phdr_count;
};

/** Map and check the file. @return 0; a code of err.h with one line in err (file, what is wrong),
 * *ret then untouched. Close with image_close(). */
int image_open(const char *path, struct image *ret, struct err *err);
void image_close(struct image *img);

/** The segment that the page of `address` belongs to, or NULL. */
const struct image_segment *image_segment_at(const struct image *img, uint64_t address);
/** Copy bytes of a segment as they stand in the file; zeros behind the end of the file. The range
 * must lie inside the segment. */
void image_read(const struct image *img, const struct image_segment *seg, uint64_t address,
                void *to, size_t len);

#endif /* VMK_IMAGE_H */
