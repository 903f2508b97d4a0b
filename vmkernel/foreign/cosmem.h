/* cosmem.h - reads the memory of a COS that may have gone mad: bytes at virtual addresses, the task
 * list, the kernel log.
 *
 *     virtual address                         comes from
 *     PAGE_OFFSET .. PAGE_OFFSET + RAM        the machine memory
 *       but pages of the image that it may    the image file: cos never copies text to RAM, and
 *       not write (text, rodata)              what lies there in RAM is not what runs
 *
 * Rules: an address is checked before it is followed; a structure is copied once and only the copy
 * is looked at; every walk has a bound that does not come from the memory; every oddity becomes a
 * note (notes.h), never a failure. Offsets of structures come from the image's .cosinfo alone, so
 * nothing here includes a header of the COS. */
#ifndef VMK_COSMEM_H
#define VMK_COSMEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/cosinfo.h"
#include "vmkernel/foreign/image.h"
#include "vmkernel/foreign/notes.h"

#define COSMEM_COMM 16u

struct cosmem {
    const struct image *image;
    const unsigned char *ram; /* machine memory, COS physical address 0 */
    uint64_t ram_bytes;
};

struct cos_task {     /* a copy of what the dump needs of a task_struct */
    uint32_t address; /* of the task_struct */
    uint32_t pid, ppid, state;
    char comm[COSMEM_COMM]; /* terminated, printable */
    uint32_t frame;         /* address of its register frame, 0 = it has never run */
    bool has_regs;          /* `regs` was read; all zero otherwise */
    struct cos_frame regs;
};

struct cos_tasks {
    struct cos_task *task; /* [0] is pid 0 where the list could be read at all; then oldest first */
    uint32_t count;
    uint32_t current; /* index of the task that was running; == count when that is not known */
};

/** Copy bytes at a virtual address. @return false when any of them lies outside (then nothing is
 * written) */
bool cosmem_read(const struct cosmem *m, uint64_t address, void *to, size_t len);
bool cosmem_read32(const struct cosmem *m, uint64_t address, uint32_t *ret);
/** The variable of that name in the image, from RAM. @return false when there is no such symbol or
 * its bytes are out of reach */
bool cosmem_variable(const struct cosmem *m, const char *name, void *to, size_t len);

/** Copy one task. @return false when its structure does not lie in RAM; oddities of its parts are
 * noted and leave has_regs false */
bool cosmem_task(const struct cosmem *m, uint64_t address, struct cos_task *ret,
                 struct notes *notes);

/** Walk the circle of tasks. Never fails: *ret holds what could be walked (perhaps nothing), notes
 * say the rest. The current task is appended when the walk did not meet it. Free with
 * cosmem_tasks_free(). */
void cosmem_tasks(const struct cosmem *m, struct cos_tasks *ret, struct notes *notes);
void cosmem_tasks_free(struct cos_tasks *tasks);

/** The kernel log in order, oldest byte first, as it stands (free with free()). NULL with a note
 * when it cannot be found. */
char *cosmem_log(const struct cosmem *m, size_t *ret_len, struct notes *notes);

/** Letter of a task state as SysRq-T prints it: R S D T Z X; '?' for another value. */
char cosmem_state_letter(uint32_t state);

#endif /* VMK_COSMEM_H */
