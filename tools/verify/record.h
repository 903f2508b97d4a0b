/* record.h - what verify knows of one host: its claims, the files that they point to, and what
 * could not be read. The readers write into it and know nothing of each other. */
#ifndef TOOLS_VERIFY_RECORD_H
#define TOOLS_VERIFY_RECORD_H

#include "shared/path.h"
#include "tools/parse/text.h"
#include "tools/verify/claims.h"

#define VERIFY_PROBLEMS_MAX 16u
#define VERIFY_FILES_MAX 160u /* of which logs with all rotations are 131 */

struct verify {
    char host[PATH_SIZE];
    char path[VERIFY_FILES_MAX][PATH_SIZE]; /* files that claims point to */
    uint32_t path_count;
    struct claims claims;
    char problem[VERIFY_PROBLEMS_MAX][512];
    uint32_t problem_count;
};

/** The path of one file below the host; it need not exist. It stays valid as long as v. */
const char *verify_path(struct verify *v, const char *name);
/** The first file below the host that fits one of the patterns (glob; by name, the last one of a
 * pattern); "" = none. It stays valid as long as v. */
const char *verify_find(struct verify *v, const char *const *patterns);
/** Load a text below the host and set *at to its file. @return false when there is none, or when
 * it cannot be read, which becomes a problem; else free *ret with text_free() */
bool verify_load(struct verify *v, const char *name, struct claim_place *at, struct text *ret);

#define VERIFY_ROTATIONS_MAX 36u /* NAME.1 to NAME.36 are looked for */

/* A log and its rotated files, the oldest first. */
struct verify_logs {
    struct text text[VERIFY_ROTATIONS_MAX + 1];
    struct claim_place at[VERIFY_ROTATIONS_MAX + 1];
    uint32_t count;
};

/** Load what there is of a log. Free with verify_free_logs(). */
void verify_load_logs(struct verify *v, const char *name, struct verify_logs *ret);
void verify_free_logs(struct verify_logs *logs);
/** Say what could not be read; from the 17th on they are dropped. */
void __attribute__((format(printf, 2, 3)))
verify_problem(struct verify *v, const char *format, ...);
/** Give back the claims; harmless on a zeroed record. */
void verify_free(struct verify *v);

#endif /* TOOLS_VERIFY_RECORD_H */
