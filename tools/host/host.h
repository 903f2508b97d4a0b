/* host.h - which host a tool works on.
 *
 * The programs with ESX's names are typed on the host itself; here a host is a directory. It is the
 * one that --host names, else the current directory if that is a host, else the one in the
 * environment variable LOSTBEAT_HOST. A host is known by its etc/vmware/esx.conf. */
#ifndef TOOLS_HOST_H
#define TOOLS_HOST_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/err.h"
#include "shared/path.h"

/** Find the host. `option` = what --host said, or NULL. @return 0, or a code of err.h with one line
 * in err that says how to name one */
int host_find(const char *option, char ret[PATH_SIZE], struct err *err);

/** The path of a file below the host. @return 0, or a code of err.h with one line in err when it is
 * too long */
int host_path(const char *host_dir, const char *name, char ret[PATH_SIZE], struct err *err);

/** Is anything below HOST_DIR under this name? */
bool host_has(const char *host_dir, const char *name);

/** Give a name with a number: the smallest N from 1 on so that PREFIX N SUFFIX is not there.
 * Created at once and empty, so that no other program takes it. @return a descriptor open for
 * writing, or a code of err.h with one line in err */
int host_create_numbered(const char *prefix, const char *suffix, char ret[PATH_SIZE],
                         struct err *err);

#endif /* TOOLS_HOST_H */
