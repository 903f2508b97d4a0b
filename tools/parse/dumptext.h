/* dumptext.h - reads the sections of a VMkernel's dump (shared/zdump.h) that are text: records, one
 * a line, of fields `key=value` (docs/FORMATS.md).
 *
 *     line of a section                             kind      fields
 *     stun_ns=1860008202891                         ""        stun_ns
 *     pcpu=0 world=1024 name=console                ""        pcpu, world, name
 *     beat seq=1 ns=1443244 latency_ns=22040        "beat"    seq, ns, latency_ns
 *     task pid=1 ppid=0 state=S comm=init           "task"    pid, ppid, state, comm
 *      #0  ip=c0118655 sp=c10afec0 schedule+0x65    "#"       ip, sp, function ("schedule")
 *
 * A value ends at the next blank. What may hold blanks stands last on its line and goes to its end:
 * every value of the section `state`, each `name`, and a task's `comm`. Of a section that is cut or
 * damaged, what is left is read. */
#ifndef TOOLS_PARSE_DUMPTEXT_H
#define TOOLS_PARSE_DUMPTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/zdump.h"
#include "tools/parse/text.h"

#define DUMPTEXT_LINE_MAX 1024u /* bytes with the zero; what is longer is cut */
#define DUMPTEXT_FIELDS_MAX 16u /* a writer uses 9 */

/* A walk over the records of one section, and the record at which it stands. */
struct dumptext {
    uint32_t line;                /* in the section, from 1; 0 = before the first */
    char text[DUMPTEXT_LINE_MAX]; /* the line as it is */
    const char *kind;             /* the word in front of the fields, "" = none */
    uint32_t field_count;
    struct {
        const char *key, *value;
    } field[DUMPTEXT_FIELDS_MAX];

    /* of dumptext.c */
    enum zdump_type section;
    const char *rest;
    char cut[DUMPTEXT_LINE_MAX];
};

/** Begin a walk over a section: `while (dumptext_next(&d))`. A section that the dump lacks has no
 * records. The dump must outlive the walk. */
void dumptext_begin(struct dumptext *d, const struct zdump *z, enum zdump_type section);
/** Step to the next record. @return false at the end of the section; d->line is then the last's */
bool dumptext_next(struct dumptext *d);

/** Is the record of this kind? */
bool dumptext_is(const struct dumptext *d, const char *kind);
/** Is the line nothing but `key=value`? Then d->field[0] is it. */
bool dumptext_is_value(const struct dumptext *d);
/** A field of the record, NULL when it has none of this name. Valid until the next step. */
const char *dumptext_value(const struct dumptext *d, const char *key);
/** The same as a decimal number. @return false when there is none; *ret is then untouched */
bool dumptext_number(const struct dumptext *d, const char *key, int64_t *ret);
/** The same of hexadecimal digits without 0x. */
bool dumptext_hex(const struct dumptext *d, const char *key, uint64_t *ret);

/** The value of the section's first line `key=value`, into ret (cut to its
 * size). @return false when there is no such line; *ret is then untouched */
bool dumptext_find(const struct zdump *z, enum zdump_type section, const char *key, char *ret,
                   size_t size);
/** The same as a decimal number. */
bool dumptext_find_number(const struct zdump *z, enum zdump_type section, const char *key,
                          int64_t *ret);

/** A section that is a text of another kind (screen, vmkernel-log, cos-log), for its own parser;
 * `name` is the text's. @return false when the dump lacks it; else free *ret with text_free() */
bool dumptext_load(const struct zdump *z, enum zdump_type section, const char *name,
                   struct text *ret);

#endif /* TOOLS_PARSE_DUMPTEXT_H */
