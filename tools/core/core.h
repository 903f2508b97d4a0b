/* core.h - a cos-core as its own note describes it: bytes, addresses, names.
 *
 * A core is opened once and then only read. Nothing in it is believed: each address is looked up in
 * the segments that the file really has, each list is walked with a limit and a check for cycles,
 * and what does not fit is noted as a problem, in words, while reading goes on. No header of the
 * console is needed: sizes, offsets, constants and symbols come from the LOSTBEAT note
 * (docs/FORMATS.md, "cos-core"), and a field that this core's kernel does not have is simply not
 * there.
 *
 *     file (plain, mapped; .gz, inflated) --> segments --> addresses --> structures by the note
 *
 * Not here: what the structures mean (core_model.h), stacks (core_unwind.h). Libraries neither
 * print nor exit. */
#ifndef TOOLS_CORE_CORE_H
#define TOOLS_CORE_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/cosinfo.h"
#include "shared/units.h"

#define CORE_PAGE 4096u
#define CORE_SEGMENTS_MAX 64u      /* ours has 5. OUR CHOICE */
#define CORE_FILE_MAX (2ull << 30) /* bytes; an 800-MB console's core has 839 million */
#define CORE_NOTE_MAX (16 * MB)    /* bytes of notes that are looked at */
#define CORE_KEYS_MAX 65536u       /* lines of the note */
#define CORE_THREADS_MAX 65536u    /* NT_PRSTATUS */
#define CORE_PROBLEMS_MAX 100u     /* kept; the rest is counted */
#define CORE_PROBLEM_ROOM 256u     /* bytes of one */
#define CORE_THREAD_SWAPPER 32768u /* pr_pid of pid 0 (docs/FORMATS.md) */

struct core_segment {
    uint64_t va, end; /* virtual addresses */
    uint64_t offset;  /* in the file */
    uint64_t have;    /* bytes from va on that the file really has; less than end - va when it was
                         cut */
    bool writable, executable;
};

enum core_kind { CORE_PLAIN, CORE_SIZE, CORE_OFFSET, CORE_NUMBER, CORE_SYMBOL };

struct core_key {
    enum core_kind kind;
    const char *name; /* "task_struct.pid", "OSRELEASE" */
    const char *text; /* behind the '=' */
    uint64_t value;   /* the number that it is; 0 for text */
    uint64_t size;    /* CORE_SYMBOL: bytes */
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

    char *note; /* text of the LOSTBEAT note, split at line ends */
    struct core_key *keys;
    uint32_t key_count;              /* sorted by kind and name */
    const struct core_key **symbols; /* CORE_SYMBOL alone, sorted by address */
    uint32_t symbol_count;
    struct core_thread *threads; /* as they stand in the file: the running task first */
    uint32_t thread_count;
    uint64_t phdr_va; /* of the image, from NT_AUXV; 0 = unknown */
    uint32_t phdr_count;

    uint64_t page_offset;
    const char *release;
    bool stunned;
    uint64_t time_ns; /* VMkernel's uptime at the stun */
    uint64_t current; /* running task_struct, 0 = none that makes sense */

    char (*problems)[CORE_PROBLEM_ROOM];
    uint32_t problem_count, problems_dropped;
};

/* ---- opening (core_open.c) ---- */
/** Open a core, plain or gzip, whole or cut. @return 0 with *ret to be given to core_close(), or -1
 * with one line in err: file, place, what is wrong, what to do */
int core_open(const char *path, struct core **ret, char *err, size_t err_size);
/** The same for a core in memory, which must outlive it and is not changed. `path` is its name in
 * messages. */
int core_from_bytes(const char *path, const void *bytes, uint64_t size, struct core **ret,
                    char *err, size_t err_size);
/** Free everything. NULL is allowed. */
void core_close(struct core *c);
/** Does the file begin like a core of ours or like its gzip form? Reads a few bytes; a file that
 * cannot be read is none. */
bool core_is_core(const char *path);
/** Note once what is inconsistent: one sentence. Repetitions and what is beyond CORE_PROBLEMS_MAX
 * are counted only. */
void __attribute__((format(printf, 2, 3)))
core_note_problem(struct core *c, const char *format, ...);

/* ---- memory (core_mem.c) ---- */
/** Copy n bytes at a virtual address. @return false, with nothing copied, if the file lacks one of
 * them */
bool core_read(const struct core *c, uint64_t va, void *to, size_t n);
/** The bytes themselves, valid until core_close(). @return NULL if the file lacks one of them or
 * they are spread over two segments */
const unsigned char *core_at(const struct core *c, uint64_t va, size_t n);
/** Numbers at an address, little-endian. */
bool core_u16(const struct core *c, uint64_t va, uint16_t *ret);
bool core_u32(const struct core *c, uint64_t va, uint32_t *ret);
bool core_u64(const struct core *c, uint64_t va, uint64_t *ret);
/** Text of at most n - 1 bytes in a field of n; bytes that cannot be printed become '?'. `to` has n
 * bytes and is always terminated. @return false ("?" in `to`) if it cannot be read */
bool core_text(const struct core *c, uint64_t va, char *to, size_t n);
/** Bytes of console RAM and image that the headers promise and the file lacks. */
uint64_t core_missing(const struct core *c);
/** The segment that holds an address, NULL if none does. */
const struct core_segment *core_segment_of(const struct core *c, uint64_t va);

/* ---- names (core_note.c) ---- */
/** A line of the note by kind and name, NULL if there is none. */
const struct core_key *core_key(const struct core *c, enum core_kind kind, const char *name);
/** Is there an OFFSET("struct.field")? Commands for fields that not every kernel has ask first. */
bool core_has(const struct core *c, const char *field);
/** Offset of "struct.field". @return false if the note does not name it */
bool core_offset(const struct core *c, const char *field, uint64_t *ret);
/** SIZE(name), or `otherwise`. */
uint64_t core_size(const struct core *c, const char *name, uint64_t otherwise);
/** NUMBER(name), at most `max`; `otherwise` if it is not there. A larger one is noted. */
uint64_t core_number(struct core *c, const char *name, uint64_t otherwise, uint64_t max);
/** Address of a symbol. @return false if there is none of that name, or several */
bool core_symbol(const struct core *c, const char *name, uint64_t *ret);
/** A u32 variable by its name. @return its value, or `otherwise` */
uint32_t core_variable(const struct core *c, const char *name, uint32_t otherwise);
/** The symbol that an address lies in. @return its name and the offset, NULL if it lies in none */
const char *core_symbol_of(const struct core *c, uint64_t va, uint64_t *ret_offset);
/** Fields of the structure at `address`, by "struct.field". @return false if the note does not name
 * it or the memory is not there */
bool core_field_u32(const struct core *c, uint64_t address, const char *field, uint32_t *ret);
bool core_field_u64(const struct core *c, uint64_t address, const char *field, uint64_t *ret);
/** The same with a value for what is not there. */
uint32_t core_field(const struct core *c, uint64_t address, const char *field, uint32_t otherwise);

/* ---- lists (core_list.c) ----
 * for (core_walk_begin(&w, c, "task list", head, offset, limit); core_walk_next(&w, &link);) */
struct core_walk {
    struct core *core;
    const char *what; /* for problems */
    uint64_t head;    /* the walk ends when it comes back here; 0 = at a link of 0 */
    uint64_t at;      /* address of the link that was handed out last */
    uint64_t offset;  /* of the 32-bit link to the next one */
    uint32_t steps, limit;
    uint64_t trap;    /* Brent: a place that a cycle would come back to */
    uint32_t trap_at; /* steps at which the trap moves */
    bool broken;      /* ended for another reason than its end; noted as a problem */
};
/** Walk from the links behind `head`. `head` itself is not handed out; if it is 0, `first` is the
 * first one. */
void core_walk_begin(struct core_walk *w, struct core *c, const char *what, uint64_t head,
                     uint64_t offset, uint32_t limit);
/** A list without a head that ends with 0. */
void core_walk_chain(struct core_walk *w, struct core *c, const char *what, uint64_t first,
                     uint64_t offset, uint32_t limit);
/** The next one. @return false at the end, or when the list is broken (see `broken`) */
bool core_walk_next(struct core_walk *w, uint64_t *ret);

#endif /* TOOLS_CORE_CORE_H */
