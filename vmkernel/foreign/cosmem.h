/* cosmem.h - the memory of a COS that may have gone mad, as a source of bytes for the one reader of
 * console memory (shared/cosview/).
 *
 *     virtual address                         comes from
 *     PAGE_OFFSET .. PAGE_OFFSET + RAM        the machine memory
 *       but pages of the image that it may    the image file: cos never copies text to RAM, and
 *       not write (text, rodata)              what lies there in RAM is not what runs
 *
 * Names and offsets come from the image's own note. Oddities become lines among the problems and
 * never a failure. */
#ifndef VMK_COSMEM_H
#define VMK_COSMEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/cosview/task.h"
#include "shared/err.h"
#include "vmkernel/foreign/image.h"

struct cosmem {
    struct image image;
    struct cosview view;
    const unsigned char *ram; /* machine memory, COS physical address 0 */
    uint64_t page_offset;     /* where it lies: NUMBER(PAGE_OFFSET), or 1 MB below the image */
    uint64_t ram_bytes;
};

/** Open the COS's image at `path` and look through it at the RAM, which stays the caller's. *m must
 * not be moved until cosmem_close(). `problems` may be NULL. @return 0; a code of err.h with one
 * line in err, nothing is then to be closed */
int cosmem_open(struct cosmem *m, const char *path, const unsigned char *ram, uint64_t ram_bytes,
                struct problems *problems, struct err *err);
void cosmem_close(struct cosmem *m);

/** All tasks; the running one is appended when the walk did not meet it. Never fails: *ret holds
 * what could be read (perhaps nothing), problems say the rest. Free with cos_tasks_free(). */
void cosmem_tasks(const struct cosmem *m, struct cos_tasks *ret);

#endif /* VMK_COSMEM_H */
