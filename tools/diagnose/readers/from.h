/* from.h - readers of artefacts: each turns one file into facts.
 *
 * `path` is what is opened, `shown` what a person is told (a member of a bundle is opened from a
 * temporary place). What is odd about the file ("cut", "3 of 120 lines not understood") they put
 * into *source, which is nobody's yet.
 * @return 1 when the file is what the reader reads, 0 when it is not, -1 with a line in err when it
 * cannot be read. The *_text forms take what another file holds (a zdump holds the screen). */
#ifndef TOOLS_DIAGNOSE_FROM_H
#define TOOLS_DIAGNOSE_FROM_H

#include "tools/diagnose/diagnosis.h"
#include "tools/parse/text.h"

/** A zdump or a dump partition. */
int from_zdump(struct diagnosis *d, const char *path, const char *shown,
               struct diagnosis_source *source, char *err, size_t err_size);
/** A cos-core, plain or .gz. */
int from_core(struct diagnosis *d, const char *path, const char *shown,
              struct diagnosis_source *source, char *err, size_t err_size);
/** A text of any kind: screen, vmksummary, logs, meminfo, top, ps. What it is decides the reader;
 * source->kind says. */
int from_text(struct diagnosis *d, const char *path, const char *shown,
              struct diagnosis_source *source, char *err, size_t err_size);

/** Texts of a known kind, from a file or out of another artefact; `source` NULL = what is odd about
 * them is of no interest. */
void from_screen(struct diagnosis *d, const struct text *text, const char *shown,
                 struct diagnosis_source *source);
void from_vmklog(struct diagnosis *d, const struct text *text, const char *shown,
                 struct diagnosis_source *source);
void from_messages(struct diagnosis *d, const struct text *text, const char *shown,
                   struct diagnosis_source *source);
void from_meminfo(struct diagnosis *d, const struct text *text, const char *shown,
                  struct diagnosis_source *source);

/** Keep a log (vmkernel log, messages, top, ps) until all else was read; *text is taken over. */
void from_log_add(struct diagnosis *d, enum artefact kind, struct text *text);
/** Facts of the kept VMkernel logs and messages: of the boot that failed. Called once, when the end
 * of the failure is known. */
void from_logs_conclude(struct diagnosis *d);
/** Facts of the kept logs of top and ps; called once, after the trends of vmksummary. */
void from_top_conclude(struct diagnosis *d);
/** Forget a core that is not of the failure that the zdump tells of; called once, first. */
void from_dumps_conclude(struct diagnosis *d);

/** Compare what single artefacts say of the same thing (check.c). */
void check_contradictions(struct diagnosis *d);

/** Take a vmksummary into the set over which trends are computed; *text is taken over. */
void from_summary_add(struct diagnosis *d, struct text *text);
/** Trends over all hourly lines that were read; called once by diagnosis_conclude(). */
void from_summary_conclude(struct diagnosis *d);

#endif /* TOOLS_DIAGNOSE_FROM_H */
