/* extract.h - the third phase of a diagnosis: from the parsed artefacts of the failure to facts.
 *
 * Each extractor reads one record and writes a set of facts of its own. Which of two sources is
 * believed is a column of a table in extract.c. */
#ifndef TOOLS_DIAGNOSE_READERS_EXTRACT_H
#define TOOLS_DIAGNOSE_READERS_EXTRACT_H

#include "tools/diagnose/readers/reading.h"

/** Merge the facts of all records of the failure into d->facts. Once, after failure_decide(). */
void extract_facts(struct diagnosis *d);

/* The extractors, one a kind of artefact: facts of the record into *ret, which is empty. */
void from_screen(const struct diagnosis *d, const struct parsed *p, struct facts *ret);
void from_zdump(const struct diagnosis *d, const struct parsed *p, struct facts *ret);
void from_core(const struct diagnosis *d, const struct parsed *p, struct facts *ret);
void from_summary(const struct diagnosis *d, const struct parsed *p, struct facts *ret);
void from_vmklog(const struct diagnosis *d, const struct parsed *p, struct facts *ret);
void from_messages(const struct diagnosis *d, const struct parsed *p, struct facts *ret);
void from_top(const struct diagnosis *d, const struct parsed *p, struct facts *ret);

/** Set a fact to 1 by line number `line` of a log, unless a line before it has. */
void extract_line(struct facts *ret, enum fact_id id, const char *who, const struct parsed *p,
                  uint32_t line);

/** The last Mem-info block of the boot that failed: memory as the console itself saw it. NULL =
 * there is none with figures. */
const struct messages_meminfo *from_messages_meminfo(const struct parsed *p);

/** The rows of the last listing of top or ps; NULL = there is none. */
const struct top_row *from_top_rows(const struct parsed *p, uint32_t *ret_count);

/** The program that grew most by a vmksummary or by a log of top; *ret is left as it is when none
 * did. */
void from_summary_grower(const struct diagnosis *d, const struct parsed *p, struct gain *ret);
void from_top_grower(const struct diagnosis *d, const struct parsed *p, struct gain *ret);

#endif /* TOOLS_DIAGNOSE_READERS_EXTRACT_H */
