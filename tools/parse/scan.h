/* scan.h - reading pieces of a line from left to right.
 *
 * Each function looks at *at; when the piece is there it steps over it and returns true, else it
 * returns false and changes nothing. Numbers that do not fit are not there. The `repairs` of the
 * typed forms count letters that were read as digits: a screen that was typed off a photo has O for
 * 0 and l for 1. */
#ifndef TOOLS_PARSE_SCAN_H
#define TOOLS_PARSE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A stamp of syslog: it has no year. */
struct scan_stamp {
    uint8_t month, day, hour, minute, second; /* month and day from 1 */
};

/** The text `literal`. */
bool scan_text(const char **at, const char *literal);
/** Any number of blanks and tabs, also none; always true. */
bool scan_blanks(const char **at);
/** A decimal number. */
bool scan_u64(const char **at, uint64_t *ret);
/** A decimal number with an optional minus. */
bool scan_i64(const char **at, int64_t *ret);
/** A number with an optional fraction of which `digits` digits count: "3.25", 2 -> 325. */
bool scan_fixed(const char **at, unsigned digits, uint64_t *ret);
/** Hexadecimal digits, at least one, at most 16, without 0x. */
bool scan_hex(const char **at, uint64_t *ret);
/** Bytes up to a blank or the end, at least one; fails when they do not fit. */
bool scan_word(const char **at, char *ret, size_t size);
/** Bytes up to the first of `stop` or the end, at least one; fails when they do not fit. */
bool scan_until(const char **at, const char *stop, char *ret, size_t size);
/** "Nov 13 04:01:45" with one or two blanks before the day. */
bool scan_stamp(const char **at, struct scan_stamp *ret);
/** "42:14:03:29.508" -> ms. Letters for digits are counted in *repairs; NULL = not allowed. */
bool scan_uptime(const char **at, uint64_t *ret_ms, unsigned *repairs);

/** The digit (base 10 or 16) that c is or, when typed, was meant to be (O, o: 0; l, I, |: 1).
 * @return 0..15, or -1; *ret_repaired is set when it was no digit itself */
int scan_digit(char c, unsigned base, bool *ret_repaired);
/** Like scan_u64() and scan_hex() for typed text. */
bool scan_typed_u64(const char **at, uint64_t *ret, unsigned *repairs);
bool scan_typed_hex(const char **at, uint64_t *ret, unsigned *repairs);

/** Does `text` contain `phrase`, when case, the likes of O and 0 or l and 1, and the number of
 * blanks do not matter? @return the place behind it, or NULL */
const char *scan_phrase(const char *text, const char *phrase);
/** The same at the beginning of `text`, blanks before it apart. */
const char *scan_phrase_first(const char *text, const char *phrase);

/** Seconds since 1970 of a stamp, taken as UTC, in the year in which it comes nearest to `near_s`.
 */
int64_t scan_stamp_near(const struct scan_stamp *s, int64_t near_s);

#endif /* TOOLS_PARSE_SCAN_H */
