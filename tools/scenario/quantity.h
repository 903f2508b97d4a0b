/* quantity.h - numbers with units, as people write them in a scenario: "800MB", "2672kB/h",
 * "42d14h3m", "2009-10-01 14:54".
 *
 * Pure text to integer; no files, no messages. A value that is not a whole number of the base unit
 * is refused, never rounded: a scenario must mean one thing. 1 MB is 1024 kB, as in KB 308590 (800
 * MB set, 819200 kB there). */
#ifndef TOOLS_QUANTITY_H
#define TOOLS_QUANTITY_H

#include <stddef.h>
#include <stdint.h>

#include "shared/units.h"

/* A unit and how many base units it is. A list ends with name NULL; the unit with factor 1 is the
 * base. */
struct quantity_unit {
    const char *name;
    int64_t factor;
};
extern const struct quantity_unit quantity_kb[];       /* kB, MB, GB -> kB */
extern const struct quantity_unit quantity_kb_per_h[]; /* kB/h, MB/h, kB/min, kB/s, MB/s -> kB/h */
extern const struct quantity_unit quantity_kb_per_s[]; /* kB/s, MB/s -> kB/s */
extern const struct quantity_unit quantity_khz[];      /* MHz, GHz -> kHz */
extern const struct quantity_unit quantity_time[];     /* d, h, m, s, ms, us -> ns */

/** Parse a number, decimals allowed, and one unit. @return 0, or -1 with *ret untouched: no number,
 * no such unit, not whole, too large. */
int quantity_parse(const char *text, const struct quantity_unit *units, int64_t *ret);

/** Parse a duration to ns: "90s", "1.5h", units in falling order as "42d14h3m", or the VMkernel's
 * d:hh:mm[:ss[.mmm]]. @return 0 or -1 */
int quantity_duration(const char *text, int64_t *ret_ns);

/** Parse "YYYY-MM-DD hh:mm[:ss]" ('T' may stand for the blank) to seconds since 1970-01-01 00:00 of
 * the same clock. @return 0 or -1 */
int quantity_date(const char *text, int64_t *ret_s);

/** Parse an offset from UTC, "-05:00" or "+01:30", to seconds. @return 0 or -1 */
int quantity_offset(const char *text, int64_t *ret_s);

/** Parse a whole decimal number with an optional minus. @return 0 or -1 */
int quantity_integer(const char *text, int64_t *ret);

/** Write `value` in the largest unit that divides it, e.g. 819200 -> "800MB". */
void quantity_format(int64_t value, const struct quantity_unit *units, char *text, size_t size);
/** Write ns >= 0 as quantity_duration reads it, in falling units: "33d12h", "0s". */
void quantity_format_duration(int64_t ns, char *text, size_t size);

#endif /* TOOLS_QUANTITY_H */
