/* expect.h - did a run end as its scenario says? Outcome, uptime, and what the artefacts hold.
 *
 * What is expected is part of a scenario file (`expect`); what is looked at is the host directory
 * without run/, so that an expectation is about what a support engineer would hold. Each thing that
 * is not so becomes one reason. */
#ifndef TOOLS_EXPECT_H
#define TOOLS_EXPECT_H

#include <stddef.h>
#include <stdint.h>

#define EXPECT_TEXTS_MAX 8u    /* of `contains` or `lacks` of one artefact */
#define EXPECT_TEXT_MAX 128u   /* bytes of one, zero included */
#define EXPECT_REASONS_MAX 16u /* more are not reported */
#define EXPECT_REASON_MAX 320u

/* What a text must and must not have, each somewhere within one line. */
struct expect_text {
    char contains[EXPECT_TEXTS_MAX][EXPECT_TEXT_MAX];
    int64_t contains_count;
    char lacks[EXPECT_TEXTS_MAX][EXPECT_TEXT_MAX];
    int64_t lacks_count;
};
/* Empty texts and zeros: anything will do. */
struct expect {
    char outcome[32];
    int64_t uptime_ns[2]; /* VMkernel uptime at the end, both included */
    struct expect_text psod, messages, vmkernel_log, vmkwarning, vmksummary;
    int64_t vmksummary_lines[2];
    char cos_core[16], zdump[16]; /* "present", "absent", "cut" */
    char alert_comm[16];          /* comm= of the last alert in var/log/vmkernel */
};

/* What there is to look at. */
struct expect_seen {
    const char *host_dir;
    const char *cos_core; /* relative to host_dir */
    const char *outcome;
    int64_t uptime_ns;
};
struct expect_verdict {
    size_t count; /* 0: as expected */
    char reason[EXPECT_REASONS_MAX][EXPECT_REASON_MAX];
};

/** Compare; artefacts are read only as far as something is expected of them. */
void expect_judge(const struct expect *e, const struct expect_seen *seen,
                  struct expect_verdict *ret);

/** Put an item into a list of texts, for schema.h. */
int expect_read_text(const char *text, void *items, int64_t *count, char *why, size_t why_size);

#endif /* TOOLS_EXPECT_H */
