/* library.h - where scenarios and programs lie, seen from the running `lostbeat`.
 *
 * Everything is found from the place of the own executable, never from the environment or the
 * current directory:
 *
 *     build/bin/lostbeat
 *     build/bin/vmkernel
 *     build/scenarios/NAME.yaml     (a link to tools/scenarios that the Makefile makes) */
#ifndef TOOLS_LIBRARY_H
#define TOOLS_LIBRARY_H

#include "shared/err.h"
#include "shared/path.h"

#define LIBRARY_NAMES_MAX 256u

/** The names of all scenarios, sorted, ended by NULL; free with library_free_names(). @return 0, or
 * a code of err.h with one line in err */
int library_names(char **ret[], struct err *err);
void library_free_names(char **names);

/** The file of a scenario: `scenario` itself when it is a path (has a '/' or ends in .yaml), else
 * the one of that name.
 *  @return 0, or a code of err.h with one line in err */
int library_find(const char *scenario, char ret[PATH_SIZE], struct err *err);

#endif /* TOOLS_LIBRARY_H */
