/* faultspec.h - a fault as a scenario states it, and the record that it becomes.
 *
 * A statement may leave things open: a number may be a range that the seed draws from, the fault
 * may come by chance, and `then` counts `at` from the end of the fault before it. Resolving settles
 * all of that and gives the `struct fault` of shared/fault.h, whose times count from the boot.
 *
 * One table has all keys (name, what may stand there, which member they fill), another says which
 * of them a type needs and allows. Scenario files, fault expressions (faultexpr.h), the JSON Schema
 * and docs/scenarios.md rest on these two alone.
 *
 * `times` means two things, as the kernel's knob has that name: to fail-page-alloc it is the knob
 * (how many failures at the most, -1 = no limit), to all other types how often `every` comes. How
 * often a fail-page-alloc with `every` comes is its `repeats`. */
#ifndef TOOLS_FAULTSPEC_H
#define TOOLS_FAULTSPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/fault.h"
#include "tools/scenario/schema.h"

#define FAULTSPEC_UNSET INT64_MIN /* of a number: the statement does not say */

struct faultspec_unless {
    int64_t what, pct; /* enum fault_unless */
    char name[FAULT_NAME_MAX];
};

/* Numbers are [from, to]; equal when the statement gives one. */
struct faultspec {
    int64_t type;       /* enum fault_type */
    int64_t after;      /* 1: `then`, at counts from the end of the one before */
    int64_t chance_ppm; /* that it is there at all */
    char target[FAULT_NAME_MAX], name[FAULT_NAME_MAX];
    struct faultspec_unless unless;
    struct schema_instant at[2];
    int64_t for_ns[2], every_ns[2], times[2];
    int64_t resource, shape, policy, signal;
    int64_t rate_kb_h[2], size_kb[2], count[2], level_ppm[2], within_ns[2], hold_ns[2];
    int64_t period_ns[2], delay_ns[2], serial[2], nice[2], rt_prio[2];
    int64_t probability[2], interval[2], fail_times[2], space[2], min_order[2];
    int64_t verbose, ignore_gfp_wait, shared, oom_first, catches_sigterm, ordinary_user;
};

/* One key of the language. */
struct faultspec_key {
    struct schema_key key;
    size_t to_offset, to_size; /* the member of struct fault; size 0: none of its own */
    uint32_t flag;             /* FAULT_FLAG_* that it sets */
    const char *help;
};

/** All keys, in the order in which they are printed; ended by name NULL. */
extern const struct faultspec_key faultspec_keys[];
/** What an item is before its keys are read: nothing said. */
extern const struct faultspec faultspec_fresh;
/** The names of all types, in the order of fault.h, ended by NULL. */
extern const char *const faultspec_types[];
/** What a type does, in one line; NULL for no type. */
const char *faultspec_help(uint32_t type);
/** The same, by the type's name. */
const char *faultspec_help_of(const char *type);
/** The keys of a type, `type` first, for schema.h; NULL when there is no such type. */
const struct schema_key *faultspec_table(const char *type);
/** The n-th key that `type` may have (n from 0, in the order in which they are printed), or
 * NULL. */
const struct faultspec_key *faultspec_key_of(uint32_t type, size_t n);
/** Must a statement of `type` have this key? "either": one of those that are so. */
enum faultspec_need { FAULTSPEC_MAY, FAULTSPEC_MUST, FAULTSPEC_EITHER };
enum faultspec_need faultspec_need(uint32_t type, const struct faultspec_key *k);
/** What the record gets when a statement of `type` does not have the key. */
int64_t faultspec_default(uint32_t type, const struct faultspec_key *k);

/** Is a statement whole: all needed keys, sensible names? For schema.h. @return 0, or -1 with
 * "KEY: what" in `why` */
int faultspec_check(const void *spec, char *why, size_t why_size);

/** Settle statements into records: draw what is open from `seed`, leave out what chance leaves out.
 * `boot_local_s` is the local time of the boot, that dates count from.
 * @param ret [out] room for `count` records, untouched on failure
 * @return how many there are, or -1 with "TYPE: what" in `why` */
int faultspec_resolve(const struct faultspec *spec, size_t count, uint64_t seed,
                      int64_t boot_local_s, struct fault *ret, char *why, size_t why_size);

#endif /* TOOLS_FAULTSPEC_H */
