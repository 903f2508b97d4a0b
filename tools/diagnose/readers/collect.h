/* collect.h - finds the artefacts at a path and has each parsed: the first phase of a diagnosis. */
#ifndef TOOLS_DIAGNOSE_READERS_COLLECT_H
#define TOOLS_DIAGNOSE_READERS_COLLECT_H

#include "shared/err.h"
#include "tools/diagnose/facts/diagnosis.h"

/** Read everything at `path`: a host directory, an unpacked or packed vm-support bundle, or one
 * file. @return how many artefacts were recognised there; -1 with one line in err when the path
 * cannot be read */
int diagnosis_read(struct diagnosis *d, const char *path, struct err *err);

#endif /* TOOLS_DIAGNOSE_READERS_COLLECT_H */
