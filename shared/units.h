/* units.h - time and memory in the units that everything inside counts in: nanoseconds and bytes.
 *
 * Unsigned 64-bit constants, so that a product of one with anything is 64 bits wide. Seconds of a
 * day are signed, as times of the calendar are. No library behind it: the console's kernel uses it,
 * too. */
#ifndef SHARED_UNITS_H
#define SHARED_UNITS_H

#include <stdint.h>

#define NS_PER_US UINT64_C(1000)
#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S UINT64_C(1000000000)
#define NS_PER_MIN (60 * NS_PER_S)
#define NS_PER_HOUR (60 * NS_PER_MIN)
#define NS_PER_DAY (24 * NS_PER_HOUR)
#define NS_PER_YEAR (366 * NS_PER_DAY) /* no year is longer */

#define S_PER_MIN INT64_C(60)
#define S_PER_HOUR INT64_C(3600)
#define S_PER_DAY INT64_C(86400)

#define KB UINT64_C(1024) /* bytes */
#define MB (1024 * KB)
#define GB (1024 * MB)

#endif /* SHARED_UNITS_H */
