/* verify.h - the readers of verify: each puts what one artefact of a host says into the claims.
 *
 * They read the failure that the host's zdump tells of, or, when it has none, what logs there are.
 * An artefact that is not there puts nothing; one that cannot be read is named in `problem`. */
#ifndef TOOLS_VERIFY_VERIFY_H
#define TOOLS_VERIFY_VERIFY_H

#include "tools/verify/claims.h"

#define VERIFY_PATH_MAX 4096u
#define VERIFY_PROBLEMS_MAX 16u
#define VERIFY_FILES_MAX 64u

struct verify {
    char host[VERIFY_PATH_MAX];
    char path[VERIFY_FILES_MAX][VERIFY_PATH_MAX]; /* files that claims point to */
    uint32_t paths;
    struct claims claims;
    char problem[VERIFY_PROBLEMS_MAX][512];
    uint32_t problems;
};

/** Read all that lies in the host directory. @return 0, or -1 with one line in err when it is no
 * host */
int verify_read(struct verify *v, const char *host, char *err, size_t err_size);
void verify_free(struct verify *v);

/* ---- for the readers ------------------------------------------------------------------------- */
/** The first file under the host that fits one of the patterns (glob, by name, the last one of a
 * pattern), "" = none. It stays valid as long as v. */
const char *verify_find(struct verify *v, const char *const *patterns);
/** The path of one file below the host; it need not exist. */
const char *verify_path(struct verify *v, const char *name);
void __attribute__((format(printf, 2, 3)))
verify_problem(struct verify *v, const char *format, ...);

void verify_read_screen(struct verify *v);  /* read_screen.c */
void verify_read_zdump(struct verify *v);   /* read_zdump.c */
void verify_read_core(struct verify *v);    /* read_core.c */
void verify_read_logs(struct verify *v);    /* read_logs.c, after the zdump */
void verify_read_console(struct verify *v); /* read_console.c: /proc, vmksummary, esx.conf */
void verify_derive(struct verify *v);       /* derive.c: what follows from several */

#endif /* TOOLS_VERIFY_VERIFY_H */
