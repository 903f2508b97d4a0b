/* core.h - a cos-core: from a file to a view of the console's memory.
 *
 * A core is opened once and then only read. Nothing in it is believed: each number of its headers
 * is held against the file, and what does not fit becomes a problem, in words, while reading goes
 * on.
 *
 *     file (plain, mapped; .gz, inflated) --> segments, notes --> view (shared/cosview/cosview.h)
 *
 * Names, fields, lists, tasks and stacks are read through `view`, by the LOSTBEAT note alone
 * (docs/FORMATS.md, "cos-core"). Not here: what only a core can answer of the console's structures
 * (core_model.h). Libraries neither print nor exit. */
#ifndef TOOLS_CORE_CORE_H
#define TOOLS_CORE_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/cosview/cosview.h"
#include "shared/err.h"
#include "shared/units.h"

#define CORE_PAGE 4096u
#define CORE_SEGMENTS_MAX 64u      /* ours has 5. OUR CHOICE */
#define CORE_FILE_MAX (2 * GB)     /* bytes; an 800-MB console's core has 839 million */
#define CORE_NOTE_MAX (16 * MB)    /* bytes of notes that are looked at */
#define CORE_THREADS_MAX 65536u    /* NT_PRSTATUS */
#define CORE_THREAD_SWAPPER 32768u /* pr_pid of pid 0 (docs/FORMATS.md) */

struct core_segment {
    uint64_t va, end; /* virtual addresses */
    uint64_t offset;  /* in the file */
    uint64_t have;    /* bytes from va on that the file really has; less than end - va when it was
                         cut */
    bool writable, executable;
};

/* One NT_PRSTATUS. */
struct core_thread {
    uint32_t pid; /* console pid; 0 for the idle task */
    bool ran;     /* not all registers are zero */
    struct cos_frame regs;
};

struct core {
    const char *path;
    const unsigned char *bytes;
    uint64_t size;     /* bytes of the file, inflated */
    uint64_t expected; /* bytes that its headers promise; more than `size` when it was cut */
    void *mapping;     /* what core_close() unmaps */
    uint64_t mapping_size;
    bool compressed;

    struct core_segment segments[CORE_SEGMENTS_MAX];
    uint32_t segment_count;

    struct cosview view; /* through the LOSTBEAT note; what is wrong goes to `problems` */
    struct problems problems;
    struct core_thread *threads; /* as they stand in the file: the running task first */
    uint32_t thread_count;
    uint64_t phdr_va; /* of the image, from NT_AUXV; 0 = unknown */
    uint32_t phdr_count;

    uint64_t page_offset;
    const char *release;
    bool stunned;
    uint64_t time_ns; /* VMkernel's uptime at the stun */
    uint64_t current; /* running task_struct, 0 = none that makes sense */
};

/* ---- opening (core_open.c) ---- */
/** Open a core, plain or gzip, whole or cut. @return 0 with *ret to be given to core_close(), or a
 * negative code with one line in err: file, place, what is wrong, what to do */
int core_open(const char *path, struct core **ret, struct err *err);
/** The same for a core in memory, which must outlive it and is not changed. `path` is its name in
 * messages. */
int core_from_bytes(const char *path, const void *bytes, uint64_t size, struct core **ret,
                    struct err *err);
/** Free everything. NULL is allowed. */
void core_close(struct core *c);

/* ---- memory (core_mem.c) ---- */
/** The bytes themselves, valid until core_close(). @return NULL if the file lacks one of them or
 * they are spread over two segments */
const unsigned char *core_at(const struct core *c, uint64_t va, size_t n);
/** Bytes of console RAM and image that the headers promise and the file lacks. */
uint64_t core_missing(const struct core *c);
/** The segment that holds an address, NULL if none does. */
const struct core_segment *core_segment_of(const struct core *c, uint64_t va);

#endif /* TOOLS_CORE_CORE_H */
