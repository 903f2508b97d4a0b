/* hostclock.h - what time it is on a host, from its artefacts alone.
 *
 * A host that does not run has no clock that anybody could ask. Its newest record has: the epoch in
 * the lines of var/log/vmksummary ("logger: (1258102905) hb: ..."), hourly and at each start and
 * end [KB1009016], and in the slots of the dump partition. */
#ifndef TOOLS_HOSTCLOCK_H
#define TOOLS_HOSTCLOCK_H

#include <stdint.h>

/** The newest instant in the host's files, seconds UTC; 0 when they have none. */
int64_t hostclock_s(const char *host_dir);

/** The host's offset from UTC, seconds: what most lines of vmksummary agree on, whole quarters of
 * an hour; 0 when there are none. */
int32_t hostclock_offset_s(const char *host_dir);

#endif /* TOOLS_HOSTCLOCK_H */
