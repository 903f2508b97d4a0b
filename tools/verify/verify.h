/* verify.h - reads every artefact of a host into claims (claims.h) for the table of rows.h.
 *
 * The failure is the one in the host's zdump or, when it has none, what the logs hold. An artefact
 * that is not there claims nothing; one that cannot be read is a problem of the record. */
#ifndef TOOLS_VERIFY_VERIFY_H
#define TOOLS_VERIFY_VERIFY_H

#include "shared/err.h"
#include "tools/verify/record.h"

/** Read all that lies in the host directory. Free *v with verify_free(). @return 0, or -1 with one
 * line in err when it is no host */
int verify_read(struct verify *v, const char *host, struct err *err);

#endif /* TOOLS_VERIFY_VERIFY_H */
