/* plan.h - a scenario made concrete: everything a run needs, as `lostbeat` hands it to the
 * VMkernel.
 *
 * `lostbeat run` reads a scenario file, checks it, and writes HOST/run/plan.json; `vmkernel --host
 * HOST` reads that file and nothing else about the scenario. The truth of a run (cause, seed,
 * faults) lies under run/ alone. The COS learns only what boot.h has. JSON by jansson; field names
 * equal the members below; times are ns of virtual time since VMkernel boot. */
#ifndef SHARED_PLAN_H
#define SHARED_PLAN_H

#include <stdint.h>

#include "shared/boot.h"
#include "shared/err.h"

#define PLAN_SCHEMA "lostbeat/plan/1"

/* plan.def says what the members are. `seed` is the one of this start, of a host that may have had
 * some before. */
#define PLAN_TEXT(member, size, ...) char member[size];
#define PLAN_NUMBER(member, ctype, ...) ctype member;
struct plan {
#include "shared/plan.def"
    struct boot_params
        boot; /* what the COS gets; magic, bytes, random are filled in by the VMkernel */
};

/** Read a plan. On failure writes one line "FILE:LINE: what" into err and returns -1; *ret is then
 * untouched. */
int plan_load(const char *path, struct plan *ret, struct err *err);
/** Write a plan to `path` by a temporary name, fsync and rename, and sync its folder.
 *  @return 0 or -1 with a line in err */
int plan_save(const char *path, const struct plan *plan, struct err *err);

#endif /* SHARED_PLAN_H */
