/* out.h - one description of a command's result, printed as text for people or as JSON.
 *
 * A command says what it found once: out_u64(o, "pid", "%5llu", pid) prints the number in its
 * column, or stores it under its key. What a person wants and a program does not (headings, units)
 * is out_text(); what a program wants and a person does not has the format NULL.
 *
 *     out_begin(o, "lostbeat/ps/1")  {"schema": "lostbeat/ps/1",
 *       out_array(o, "tasks")          "tasks": [
 *         out_object(o, NULL)            {
 *           out_u64(o, "pid", ...)         "pid": 20
 *         out_end(o)                     } ]
 *       out_end(o)
 *     out_finish(o)                  }
 *
 * Text is printed as it comes, JSON when it is finished. Strings may come from damaged files: what
 * would act on a terminal or is no UTF-8 becomes '?'. */
#ifndef TOOLS_OUT_OUT_H
#define TOOLS_OUT_OUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#define OUT_DEPTH_MAX 8u
#define OUT_COLUMNS 96u /* of prose */
#define OUT_DIGITS 15   /* with 17, 0.1 would be 0.10000000000000001 */

enum out_style { OUT_PLAIN, OUT_BOLD, OUT_DIM, OUT_RED, OUT_GREEN, OUT_YELLOW, OUT_CYAN };

struct out {
    FILE *to;
    bool json;       /* as JSON; else as text */
    bool colour;     /* escape sequences are welcome; text only */
    unsigned digits; /* of a number with a fraction, in JSON; 0 = OUT_DIGITS */
    json_t *stack[OUT_DEPTH_MAX];
    unsigned depth;
    bool failed; /* there was no memory for a value */
};

/** Begin a result of that schema; NULL: an array, whose objects have schemas of their own. */
void out_begin(struct out *o, const char *schema);
/** End it, print it when it is JSON, and flush. @return 0, or -1 with errno when it could not be
 * written */
int out_finish(struct out *o);

/** An array or object under `key`; within an array `key` is NULL. */
void out_array(struct out *o, const char *key);
void out_object(struct out *o, const char *key);
/** End the innermost array or object. */
void out_end(struct out *o);

/** A number: `format` has one %llu or %llx. NULL = JSON only. In an array the key is NULL. */
void out_u64(struct out *o, const char *key, const char *format, unsigned long long v);
/** A number with a sign: one %lld. */
void out_i64(struct out *o, const char *key, const char *format, long long v);
/** A number with a fraction: one %f or %g. One that is not finite is not known: null,
 * and no text. */
void out_real(struct out *o, const char *key, const char *format, double v);
/** An address: one %llx; in JSON a string of hexadecimal digits. */
void out_hex(struct out *o, const char *key, const char *format, unsigned long long v);
/** Text: one %s. NULL = not known: null, and no text. */
void out_str(struct out *o, const char *key, const char *format, const char *v);
/** The first `length` bytes of a text that need not end there. */
void out_strn(struct out *o, const char *key, const char *format, const char *v, size_t length);
/** Something that is so or not; JSON only. */
void out_bool(struct out *o, const char *key, bool v);
/** Sentences, folded at OUT_COLUMNS. The first line goes on where the text stands, in column
 * `indent`; the others are indented by as much. A line break of `v` stays one. */
void out_prose(struct out *o, const char *key, unsigned indent, const char *v);

/** Text alone. */
void __attribute__((format(printf, 2, 3))) out_text(struct out *o, const char *format, ...);
/** An empty line and a heading; text only. */
void out_section(struct out *o, const char *title);
/** What follows is emphasised so, in addition to what was before; OUT_PLAIN ends all. Nothing
 * without colour. */
void out_style(struct out *o, enum out_style style);

#endif /* TOOLS_OUT_OUT_H */
