/* isodate.h - dates as people write them in files and read them in reports: 2009-11-13 04:01:45.
 *
 * Not for the console's kernel, which writes the stamps of calendar.h alone. */
#ifndef SHARED_ISODATE_H
#define SHARED_ISODATE_H

#include <stdint.h>

#define ISODATE_SIZE 24u          /* bytes of the longest, "-9999-12-31 23:59:59", and its zero */
#define ISODATE_MINUTE_LENGTH 16u /* of "2009-11-13 04:01" */

/** Read "2009-11-13 04:01" with or without ":45", the gap a blank or a 'T', taken as UTC, of 1970
 * or later. Month to second may have one digit. Steps *at behind it. @return 0, or -1 when there is
 * no such date or it does not exist; then nothing is changed */
int isodate_read(const char **at, int64_t *ret_epoch_s);

/** Write "2009-11-13 04:01:45", utc_offset_s east of UTC. The year is within -9999 and 9999. */
void isodate_format(int64_t epoch_s, int32_t utc_offset_s, char ret[ISODATE_SIZE]);

#endif /* SHARED_ISODATE_H */
