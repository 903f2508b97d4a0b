/* cosview.h - the one reader of console memory: names, bytes, lists, log; tasks and stacks lie
 * beside it (task.h, unwind.h).
 *
 * The VMkernel reads the RAM of a console that it has stopped, the tools read a cos-core. Both hand
 * in where the bytes come from, and the text in which the console describes itself:
 *
 *     note (shared/cosinfo.h) --> names, offsets, sizes --.
 *                                                         |--> fields, lists, tasks, stacks, log
 *     source: read(va, n), text(va) ----------------------'
 *
 * No header of the console is needed, and a field that its kernel does not have is simply not
 * there. Nothing that is read is believed: it is copied once, the copy is checked and used; every
 * walk has a bound that does not come from the memory; what does not fit becomes a problem, in
 * words, while reading goes on.
 *
 * Not here: what only a whole core can answer (tools/core/). Libraries neither print nor exit. */
#ifndef SHARED_COSVIEW_COSVIEW_H
#define SHARED_COSVIEW_COSVIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/cosinfo.h"
#include "shared/cosview/problems.h"

#define COSVIEW_KEYS_MAX 65536u /* lines of a note; ours has 1,200. OUR CHOICE */

/* Where the bytes are. */
struct cosview_source {
    const void *ctx;
    /* Copy n bytes at a virtual address. False, with nothing copied, when one of them is not
     * there. Whatever va and n are. */
    bool (*read)(const void *ctx, uint64_t va, void *to, size_t n);
    /* The segment of code that an address lies in, false when it lies in none. */
    bool (*text)(const void *ctx, uint64_t va, uint64_t *ret_start, uint64_t *ret_end);
};

enum cosview_kind { COSVIEW_PLAIN, COSVIEW_SIZE, COSVIEW_OFFSET, COSVIEW_NUMBER, COSVIEW_SYMBOL };

/* A line of the note. */
struct cosview_key {
    enum cosview_kind kind;
    const char *name; /* "task_struct.pid", "OSRELEASE" */
    const char *text; /* behind the '=' */
    uint64_t value;   /* the number that it is; 0 for text */
    uint64_t size;    /* COSVIEW_SYMBOL: bytes */
};

struct cosview {
    struct cosview_source from;
    struct problems *problems; /* NULL = not wanted */
    char *note;                /* its text, split at line ends; NULL = none was taken yet */
    struct cosview_key *keys;  /* sorted by kind and name */
    uint32_t key_count;
    const struct cosview_key **symbols; /* COSVIEW_SYMBOL alone, sorted by address */
    uint32_t symbol_count;
};

/* ---- the note (note.c) ---- */
/** Take the lines of a note; `from` and `problems` are set and all else is zero. What stands behind
 * the last '\n' was cut and is left out. A second note is a problem. @return 0, -1 out of memory;
 * cosview_close() in either case */
int cosview_take_note(struct cosview *v, const char *text, size_t len);
void cosview_close(struct cosview *v);
/** A line of the note by kind and name, NULL if there is none. */
const struct cosview_key *cosview_key(const struct cosview *v, enum cosview_kind kind,
                                      const char *name);
/** Offset of "struct.field". @return false if the note does not name it: not every kernel has every
 * field */
bool cosview_offset(const struct cosview *v, const char *field, uint64_t *ret);
/** SIZE(name), or `otherwise`. */
uint64_t cosview_size(const struct cosview *v, const char *name, uint64_t otherwise);
/** NUMBER(name), at most `max`; `otherwise` if it is not there. A larger one is a problem. */
uint64_t cosview_number(const struct cosview *v, const char *name, uint64_t otherwise,
                        uint64_t max);
/** Address of a symbol. @return false if there is none of that name, or several */
bool cosview_symbol(const struct cosview *v, const char *name, uint64_t *ret);
/** The symbol that an address lies in. @return its name and the offset, NULL if it lies in none */
const char *cosview_symbol_of(const struct cosview *v, uint64_t va, uint64_t *ret_offset);
/** The function that an address lies in. @return NULL if it lies in none */
const char *cosview_function(const struct cosview *v, uint64_t va, uint64_t *ret_offset);
/** The function that a return address leads back to. A call that never comes back may stand last in
 * its function, and the address behind it is then outside of it. *ret_offset is that of `va`. */
const char *cosview_caller(const struct cosview *v, uint64_t va, uint64_t *ret_offset);

/* ---- memory (memory.c) ---- */
/** Copy n bytes at a virtual address. @return false, with nothing copied, if one of them is not
 * there */
bool cosview_read(const struct cosview *v, uint64_t va, void *to, size_t n);
/** A number at an address. */
bool cosview_u32(const struct cosview *v, uint64_t va, uint32_t *ret);
/** Text of at most n - 1 bytes in a field of n; bytes that cannot be printed become '?'. `to` has n
 * bytes and is always terminated. @return false ("?" in `to`) if it cannot be read */
bool cosview_text(const struct cosview *v, uint64_t va, char *to, size_t n);
/** The first n bytes of the variable of that name. @return false, with nothing copied, if it is not
 * there */
bool cosview_variable(const struct cosview *v, const char *name, void *to, size_t n);
/** Value of a u32 variable, or `otherwise`. */
uint32_t cosview_value(const struct cosview *v, const char *name, uint32_t otherwise);
/** Fields of the structure at `address`, by "struct.field". @return false if the note does not name
 * it or the memory is not there */
bool cosview_field_u32(const struct cosview *v, uint64_t address, const char *field, uint32_t *ret);
bool cosview_field_u64(const struct cosview *v, uint64_t address, const char *field, uint64_t *ret);
/** The same with a value for what is not there. */
uint32_t cosview_field(const struct cosview *v, uint64_t address, const char *field,
                       uint32_t otherwise);
/** The kernel log in order, oldest byte first, zero-terminated, with levels ("<4>") as they stand
 * there; bytes that cannot be printed become '?'. @return it for free(); NULL with a problem when
 * it cannot be read */
char *cosview_log(const struct cosview *v);

/* ---- lists (walk.c) ----
 * for (cos_walk_begin(&w, v, "task list", head, offset, limit); cos_walk_next(&w, &link);) */
struct cos_walk {
    const struct cosview *view;
    const char *what; /* for problems */
    uint64_t head;    /* the walk ends when it comes back here; 0 = at a link of 0 */
    uint64_t at;      /* address of the link that was handed out last */
    uint64_t offset;  /* of the 32-bit link to the next one */
    uint32_t steps, limit;
    uint64_t trap;    /* Brent: a place that a cycle would come back to */
    uint32_t trap_at; /* steps at which the trap moves */
    uint32_t cycle;   /* how many links it has; 0 = none was met */
    bool broken;      /* ended for another reason than its end; a problem says so */
};
/** Walk from the link behind `head` until it comes back there. `head` itself is not handed out. */
void cos_walk_begin(struct cos_walk *w, const struct cosview *v, const char *what, uint64_t head,
                    uint64_t offset, uint32_t limit);
/** A list without a head: `first` is the first one, and a link of 0 its end. */
void cos_walk_chain(struct cos_walk *w, const struct cosview *v, const char *what, uint64_t first,
                    uint64_t offset, uint32_t limit);
/** The next one. @return false at the end, or when the list is broken (see `broken`) */
bool cos_walk_next(struct cos_walk *w, uint64_t *ret);

#endif /* SHARED_COSVIEW_COSVIEW_H */
