/* faultspec.h - a fault as a scenario states it, and the record that it becomes.
 *
 * A statement is a record (shared/fault.h) and what it leaves open: a number may be a range that
 * the seed draws from, the fault may come by chance, and `then` counts `at` from the end of the
 * fault before it. Resolving settles all of that.
 *
 * shared/fault.def has the types and keys; scenario files, lines of faults, the JSON Schema and
 * docs/scenarios.md rest on the tables that are made of it here. A line of faults is what
 * reproduces them (schema_read_words() has the grammar):
 *
 *     leak target=VMap at=33d12h rate=2662kB/h and stop target=vmnixhbd at=34d for=20m
 *         then kill target=vmnixhbd at=1h unless=running:cimserver
 *
 * After `and`, `at` counts from the boot. What is printed is canonical: the keys in the order of
 * the table, the largest units that give whole numbers, `and` alone; read and resolved it gives the
 * same records. */
#ifndef TOOLS_FAULTSPEC_H
#define TOOLS_FAULTSPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/fault.h"
#include "tools/scenario/schema.h"

struct faultspec {
    struct fault from; /* also all that is no range. First: a key's offset is the record's, too */
    struct fault to;   /* of ranges the other end */
    struct schema_instant at[2];
    uint64_t said;      /* bit n: the statement has faultspec_keys[n] */
    uint32_t then;      /* 1: `at` counts from the end of the one before */
    int64_t chance_ppm; /* that it is there at all */
};
struct faultspecs {
    struct faultspec item[FAULTS_MAX];
    int64_t count;
};

/** All keys, in the order in which they are printed; ended by name NULL. */
extern const struct schema_key faultspec_keys[];
/** How a task may be scheduled, by Linux's numbers: what faults and programs say. */
extern const struct schema_name sched_policies[];
/** The list of faults in a scenario file, over struct faultspecs. */
extern const struct schema_list faultspec_list;
/** What a type does, in one line; NULL for no type. */
const char *faultspec_help(uint32_t type);
/** The n-th key that `type` may have (n from 0, in the order of printing), or NULL. */
const struct schema_key *faultspec_key_of(uint32_t type, size_t n);
/** Must a statement of `type` have this key? "either": one of those that are so. */
enum faultspec_need { FAULTSPEC_MAY, FAULTSPEC_MUST, FAULTSPEC_EITHER };
enum faultspec_need faultspec_need(uint32_t type, const struct schema_key *k);
/** What the record gets when a statement of `type` does not have the key. */
int64_t faultspec_default(uint32_t type, const struct schema_key *k);
/** Is that key's value a number of struct fault, at its offset? */
bool faultspec_is_number(const struct schema_key *k);

/** Read a line of faults behind those in `to`. `path` is for messages. @return 0, or -1 with one
 * line in err; `to` may then have more items */
int faultspec_read(const char *path, const char *line, struct faultspecs *to, char *err,
                   size_t err_size);
/** The line of `count` faults; "" when there are none. @return a text to free, or NULL: no
 * memory */
char *faultspec_text(const struct fault *f, size_t count);

/** Settle statements into records: draw what is open from `seed`, leave out what chance leaves out.
 * `boot_local_s` is the local time of the boot, that dates count from.
 * @param ret [out] room for FAULTS_MAX records, untouched on failure
 * @return how many there are, or -1 with "TYPE: what" in `why` */
int faultspec_resolve(const struct faultspecs *specs, uint64_t seed, int64_t boot_local_s,
                      struct fault *ret, char *why, size_t why_size);

#endif /* TOOLS_FAULTSPEC_H */
