/* from.h - readers of artefacts: each turns one file into facts.
 *
 * `path` is what is opened, `shown` what a person is told (a member of a bundle is opened from a
 * temporary place). `note` says what was odd about the file ("cut", "3 lines not understood").
 * @return 1 when the file is what the reader reads, 0 when it is not, -1 with a line in err when it
 * cannot be read. The *_text forms take what another file holds (a zdump holds the screen). */
#ifndef TOOLS_DIAGNOSE_FROM_H
#define TOOLS_DIAGNOSE_FROM_H

#include "tools/diagnose/diagnosis.h"
#include "tools/parse/text.h"

/** A zdump or a dump partition. */
int from_zdump(struct diagnosis *d, const char *path, const char *shown, char *note,
               size_t note_size, char *err, size_t err_size);
/** A cos-core, plain or .gz. */
int from_core(struct diagnosis *d, const char *path, const char *shown, char *note,
              size_t note_size, char *err, size_t err_size);
/** A text of any kind: screen, vmksummary, logs, meminfo, top. What it is decides the reader;
 * *ret_kind says. */
int from_text(struct diagnosis *d, const char *path, const char *shown, enum artefact *ret_kind,
              char *note, size_t note_size, char *err, size_t err_size);

/** Texts of a known kind, from a file or out of another artefact. */
void from_screen(struct diagnosis *d, const struct text *text, const char *shown);
void from_vmklog(struct diagnosis *d, const struct text *text, const char *shown);
void from_messages(struct diagnosis *d, const struct text *text, const char *shown);
void from_meminfo(struct diagnosis *d, const struct text *text, const char *shown);

/** Compare what single artefacts say of the same thing (check.c). */
void check_contradictions(struct diagnosis *d);

/** Take a vmksummary into the set over which trends are computed; *text is taken over. */
void from_summary_add(struct diagnosis *d, struct text *text);
/** Trends over all hourly lines that were read; called once by diagnosis_conclude(). */
void from_summary_conclude(struct diagnosis *d);

#endif /* TOOLS_DIAGNOSE_FROM_H */
