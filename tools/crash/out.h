/* out.h - one description of a command's result, printed as text for people or as JSON.
 *
 * A command says what it found once: out_u64(o, "pid", "%5llu", pid) prints the number in its
 * column, or stores it under its key. What a person wants and a program does not (headings, units)
 * is out_text(); what a program wants and a person does not has the format NULL.
 *
 *     out_begin(o, "ps", core)     {"schema": "lostbeat/crash-ps/1", "core": "...",
 *       out_array(o, "tasks")        "tasks": [
 *         out_object(o, NULL)          {
 *           out_u64(o, "pid", ...)       "pid": 20
 *         out_end(o)                   } ]
 *       out_end(o)
 *     out_finish(o)                  "problems": []} */
#ifndef TOOLS_CRASH_OUT_H
#define TOOLS_CRASH_OUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include "tools/core/core.h"

#define OUT_DEPTH_MAX 8u

struct out {
    FILE *to;
    bool json;   /* as JSON; else as text */
    bool colour; /* escape sequences are welcome; text only */
    json_t *stack[OUT_DEPTH_MAX];
    unsigned depth;
};

/** Begin the result of command `name`; `path` is the core's. */
void out_begin(struct out *o, const char *name, const char *path);
/** End it: add what is inconsistent in the core (JSON), and print the object. Text was printed as
 * it came. */
void out_finish(struct out *o, const struct core *c);
/** Text alone. */
void __attribute__((format(printf, 2, 3))) out_text(struct out *o, const char *format, ...);
/** An array or object under `key`; within an array `key` is NULL. */
void out_array(struct out *o, const char *key);
void out_object(struct out *o, const char *key);
/** End the innermost array or object. */
void out_end(struct out *o);
/** A number: `format` has one %llu or %llx. NULL = JSON only. In an array the key is NULL. */
void out_u64(struct out *o, const char *key, const char *format, unsigned long long v);
/** A number with a sign: one %lld. */
void out_i64(struct out *o, const char *key, const char *format, long long v);
/** An address: one %llx; in JSON a string of hexadecimal digits. */
void out_hex(struct out *o, const char *key, const char *format, unsigned long long v);
/** Text: one %s. */
void out_str(struct out *o, const char *key, const char *format, const char *v);
/** Something that is so or not; JSON only. */
void out_bool(struct out *o, const char *key, bool v);
/** Start and end of emphasis; nothing without colour. */
void out_bold(struct out *o, bool on);

#endif /* TOOLS_CRASH_OUT_H */
