/* fuzz.h - what every fuzz target has: its entry and its way to fail. */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/** One input of a target; the name is libFuzzer's. @return 0 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* On in every build, unlike assert(). */
#define CHECK(what)  \
    do {             \
        if (!(what)) \
            abort(); \
    } while (0)

#endif /* TESTS_FUZZ_H */
