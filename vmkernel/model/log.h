/* log.h - the VMkernel's log: a ring of text in memory, and its copies in the host's files.
 *
 *     memory       42:14:03:29.508 cpu0:1024)Host: 4781: COS Error: Lost heartbeat
 *     vmkernel     Nov 13 04:08:46 esxhostname vmkernel: 42:14:03:29.508 cpu0:1024)Host: ...
 *     vmkwarning   the same line, if it is an alert or a warning
 *
 * The files are written by the COS's syslogd in the product, so a line that comes after the COS was
 * stunned stands in the ring (and with it in the zdump and on the screen) alone: log_files_stop().
 * While the COS merely does not run, lines wait: log_files_hold().
 * The ring holds whole lines: what is overwritten is overwritten from the oldest line's start on.
 *
 * Writing goes through a table of effects, so the module itself does no I/O.
 * Sources: [KB308590/Screen] for the line, facts of [NSMALL] for vmkwarning; the size of the ring
 * is OUR CHOICE (a zdump's log of 186 kB is on record). */
#ifndef VMK_LOG_H
#define VMK_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmkernel/model/profile.h"

#define LOG_RING_BYTES (256u * 1024)
#define LOG_LINE_MAX 512u /* bytes of a line with stamp and zero; longer ones are cut */

enum log_level { LOG_INFO, LOG_WARNING, LOG_ALERT };
enum log_file { LOG_FILE_VMKERNEL, LOG_FILE_VMKWARNING, LOG_FILES };

#define LOG_HELD_BYTES \
    (64u * 1024) /* of lines that wait for the COS; later ones are lost. OUR CHOICE */

struct log_effects {
    void *context;
    /** Append `bytes` of text to a file. @return 0 or negative */
    int (*append)(void *context, enum log_file file, const char *text, size_t bytes);
};

struct log {
    struct log_effects effects;
    bool files;       /* lines still reach the files */
    uint64_t errors;  /* appends that failed */
    uint64_t written; /* bytes ever put into the ring; the next goes to written % LOG_RING_BYTES */
    uint64_t start;   /* free-running position of the oldest whole line */
    int64_t epoch_boot_s; /* for the stamps of the files */
    int32_t utc_offset_s;
    char host[64];
    char ring[LOG_RING_BYTES];
    bool holding;       /* lines for the files wait in `held` */
    uint32_t held_used; /* records: level, line, 0 */
    char held[LOG_HELD_BYTES];
};

/** Start an empty log. `host` is copied. */
void log_init(struct log *log, const struct log_effects *effects, const char *host,
              int64_t epoch_boot_s, int32_t utc_offset_s);

/** Put one line. `text` is one line without '\n'; a byte that is not printable becomes '?'.
 *  @param now_ns virtual time; the caller's order of calls is the order of lines */
void log_put(struct log *log, enum log_level level, uint64_t now_ns, uint32_t pcpu, uint32_t world,
             const char *text);
/** The same with a form of the profile, `count` values in it (profile_format()). */
void log_form(struct log *log, enum log_level level, uint64_t now_ns, uint32_t pcpu, uint32_t world,
              const char *form, const struct profile_value *values, size_t count);

/** From now on lines reach the ring alone: the COS, whose syslogd writes the files, was stunned or
 * has died. */
void log_files_stop(struct log *log);

/** The COS does not run, so its syslogd writes nothing: lines for the files wait until
 * log_files_resume(), which writes them with the stamp of that moment, as syslogd stamps what it
 * receives. Lines that do not fit LOG_HELD_BYTES are lost to the files. */
void log_files_hold(struct log *log);
void log_files_resume(struct log *log, uint64_t now_ns);

/** Copy the ring's text, oldest whole line first, lines ended by '\n', without a zero.
 *  @return bytes copied: the newest lines that fit `size` whole */
size_t log_copy(const struct log *log, char *to, size_t size);

/** Copy the newest `count` lines, each terminated, oldest first. @return how many there were */
uint32_t log_tail(const struct log *log, char (*to)[LOG_LINE_MAX], uint32_t count);

#endif /* VMK_LOG_H */
