/* core_all.h - run everything that tools/core/ and tools/crash/ can do over one core, for tests
 * that feed them damaged ones: nothing may crash, hang or read beyond the file. */
#ifndef TESTS_LIB_CORE_ALL_H
#define TESTS_LIB_CORE_ALL_H

#include <stddef.h>
#include <stdint.h>

#include "shared/err.h"

/** Open the bytes as a core and run each command, as text and as JSON, for each task. What they
 * print is thrown away. @return 0, or -1 if it was refused: then `err` has one line */
int core_all(const void *bytes, size_t size, struct err *err);

#endif /* TESTS_LIB_CORE_ALL_H */
