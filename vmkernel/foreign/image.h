/* image.h - the COS kernel's ELF file: segments, symbols, its description of itself, unwind tables.
 *
 * The file is the VMkernel's own (it started it), so it is trusted, which the RAM is not; still
 * every offset is checked once, when it is opened. It is read with <elf.h> and no libelf: program
 * headers, three sections and one note of a mapped file are all that is needed, and the dump path
 * of the VMkernel then rests on nothing but the mapping. */
#ifndef VMK_IMAGE_H
#define VMK_IMAGE_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/cosinfo.h"

#define IMAGE_SEGMENTS_MAX 16u
#define IMAGE_PAGE 4096u
#define IMAGE_BUILD_ID_MAX 64u

struct image_segment {   /* one PT_LOAD, rounded out to whole pages */
    uint64_t start, end; /* virtual addresses */
    uint64_t offset;     /* of `start` in the file, page-aligned */
    bool writable, executable;
};

struct image_symbol {
    uint64_t address, size;
    const char *name; /* in the mapped file */
    bool function;
};

struct image {
    unsigned char *bytes; /* the mapped file */
    size_t len;
    char path[256];
    uint64_t entry;
    uint64_t page_offset; /* where COS RAM starts: NUMBER(PAGE_OFFSET), or 1 MB below the image */
    struct image_segment segment[IMAGE_SEGMENTS_MAX]; /* by address */
    uint32_t segment_count;
    struct image_symbol *symbol; /* functions and objects by address, then name */
    uint32_t symbol_count;
    struct cosinfo_entry *info;
    uint32_t info_count;
    uint64_t eh_frame_hdr, eh_frame_hdr_len; /* 0 = none */
    unsigned char build_id[IMAGE_BUILD_ID_MAX];
    uint32_t build_id_len;
    uint64_t phdr_va; /* address of the program headers in memory, 0 = not loaded */
    uint32_t phdr_count;
};

/** Map and check the file. @return 0; -1 with one line in err (file, what is wrong), *ret then
 * untouched. Close with image_close(). */
int image_open(const char *path, struct image *ret, char *err, size_t err_size);
void image_close(struct image *img);

/** Address of a symbol by name. @return false when there is none */
bool image_find(const struct image *img, const char *name, uint64_t *ret_address);
/** A value of .cosinfo by its whole key, e.g. "OFFSET(task_struct.pid)". @return false when there
 * is none */
bool image_info(const struct image *img, const char *key, uint64_t *ret_value);
/** The function that `address` lies in. @return NULL when it is in none; *ret_offset is set
 * otherwise */
const struct image_symbol *image_function(const struct image *img, uint64_t address,
                                          uint64_t *ret_offset);
/** The function that a return address leads back to. A call that never comes back may stand last in
 * its function, and the address behind it is then outside of it. *ret_offset is that of `address`.
 */
const struct image_symbol *image_caller(const struct image *img, uint64_t address,
                                        uint64_t *ret_offset);
/** The segment that the page of `address` belongs to, or NULL. */
const struct image_segment *image_segment_at(const struct image *img, uint64_t address);
/** Copy bytes of a segment as they stand in the file; zeros behind the end of the file. The range
 * must lie inside the segment. */
void image_read(const struct image *img, const struct image_segment *seg, uint64_t address,
                void *to, size_t len);

#endif /* VMK_IMAGE_H */
