/* faultexpr.h - faults as one line of text, which is also what reproduces them.
 *
 *     leak target=VMap at=33d12h rate=2662kB/h and stop target=vmnixhbd at=34d for=20m
 *         then kill target=vmnixhbd at=1h unless=running:cimserver
 *
 *     line  = fault { ("and" | "then") fault }
 *     fault = TYPE { KEY "=" VALUE | FLAG }
 *     VALUE = as in a scenario file, without blanks; a range is [from,to]
 *
 * Words are separated by blanks. Types and keys are those of faultspec.h. After `and`, `at` counts
 * from the boot; after `then` from the end of the fault before it. What is printed is canonical:
 * the keys in the order of the table, the largest units that give whole numbers, `and` alone;
 * parsed and resolved it gives the same records. */
#ifndef TOOLS_FAULTEXPR_H
#define TOOLS_FAULTEXPR_H

#include <stddef.h>
#include <stdint.h>

#include "tools/scenario/faultspec.h"

/** Read a line into items behind *count, at most FAULTS_MAX in all. @return 0 with *count raised,
 * or -1 with "KEY: what" in `why`, the offset of the word in *ret_at, and *count unchanged */
int faultexpr_parse(const char *text, struct faultspec *items, int64_t *count, size_t *ret_at,
                    char *why, size_t why_size);
/** The same, for the lists of schema.h. */
int faultexpr_read(const char *text, void *items, int64_t *count, size_t *ret_at, char *why,
                   size_t why_size);

/** The line of `count` faults; "" when there are none. @return a text to free, or NULL: no
 * memory */
char *faultexpr_text(const struct fault *f, size_t count);

#endif /* TOOLS_FAULTEXPR_H */
