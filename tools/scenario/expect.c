/* expect.c - see expect.h. */
#include "tools/scenario/expect.h"

#include <elf.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "shared/calendar.h"
#include "shared/io.h"
#include "shared/path.h"
#include "shared/units.h"
#include "shared/zdump.h"

#define TEXT_MOST (256 * MB) /* bytes of a log; far more than months of one */
#define SEGMENTS_MAX 4096u
#define ROTATIONS_MAX 36u /* of a log: vmkernel has most */

static void __attribute__((format(printf, 2, 3)))
reason(struct expect_verdict *v, const char *format, ...)
{
    va_list args;

    if (v->count == EXPECT_REASONS_MAX)
        return;
    va_start(args, format);
    (void)vsnprintf(v->reason[v->count++], EXPECT_REASON_MAX, format, args);
    va_end(args);
}

/* ---- texts ----------------------------------------------------------------------------------- */

/* The text of a file below the host, to free; NULL when it is not there or cannot be read. */
static char *text_of(const char *host_dir, const char *place)
{
    char path[PATH_SIZE], *text = NULL;
    size_t len;

    return path_join(path, host_dir, place) == 0 && io_read_file(path, TEXT_MOST, &text, &len) == 0
               ? text
               : NULL;
}

/* `text` behind `front`; frees both. NULL: no memory, or there is neither. */
static char *joined(char *front, char *text)
{
    if (front == NULL || text == NULL)
        return front != NULL ? front : text;
    const size_t len = strlen(front), more = strlen(text);
    char *all = realloc(front, len + more + 1);
    if (all != NULL)
        memcpy(all + len, text, more + 1);
    else
        free(front);
    free(text);
    return all;
}

/* The text of a log, with that of its rotated files before it, the oldest first. */
static char *text_of_log(const char *host_dir, const char *place)
{
    char *text = NULL, rotated[PATH_SIZE];
    for (unsigned n = ROTATIONS_MAX; n > 0; n--)
        if (path_format(rotated, "%s.%u", place, n) == 0)
            text = joined(text, text_of(host_dir, rotated));
    return joined(text, text_of(host_dir, place));
}

static int64_t count_lines(const char *text)
{
    int64_t lines = 0;
    for (; *text != '\0'; text++)
        lines += *text == '\n';
    return lines;
}

static void check_text(const struct expect_text *e, const char *name, const char *text,
                       struct expect_verdict *v)
{
    for (int64_t i = 0; i < e->contains_count; i++) {
        if (text == NULL || strstr(text, e->contains[i]) == NULL)
            reason(v, "%s: '%s' does not stand there%s", name, e->contains[i],
                   text == NULL ? " (no such file)" : "");
    }
    for (int64_t i = 0; i < e->lacks_count; i++) {
        if (text != NULL && strstr(text, e->lacks[i]) != NULL)
            reason(v, "%s: '%s' stands there", name, e->lacks[i]);
    }
}

static void check_lines(const int64_t lines[2], const char *text, struct expect_verdict *v)
{
    const int64_t count = text == NULL ? 0 : count_lines(text);
    if (lines[1] != 0 && (count < lines[0] || count > lines[1]))
        reason(v, "vmksummary-lines: %" PRId64 " lines, not %" PRId64 " to %" PRId64, count,
               lines[0], lines[1]);
}

/* comm= of the last alert, "" when there is none. */
static void last_alert(const char *text, char *ret, size_t size)
{
    static const char mark[] = "Lost heartbeat (comm=";

    ret[0] = '\0';
    for (const char *at = text; at != NULL && (at = strstr(at, mark)) != NULL;) {
        at += strlen(mark);
        (void)snprintf(ret, size, "%.*s", (int)strcspn(at, " )\n"), at);
    }
}

static void check_alert(const char *comm, const char *log, struct expect_verdict *v)
{
    char seen[64];

    last_alert(log, seen, sizeof seen);
    if (comm[0] != '\0' && strcmp(comm, seen) != 0)
        reason(v, "alert-comm: '%s', not '%s'", seen[0] != '\0' ? seen : "(no alert)", comm);
}

static void check_logs(const struct expect *e, const char *host_dir, struct expect_verdict *v)
{
    const struct {
        const struct expect_text *text;
        const char *name, *place;
    } logs[] = {
        { &e->psod, "psod", PATH_SCREEN_TEXT },
        { &e->messages, "messages", PATH_MESSAGES_LOG },
        { &e->vmkernel_log, "vmkernel-log", PATH_VMKERNEL_LOG },
        { &e->vmkwarning, "vmkwarning", PATH_VMKWARNING_LOG },
        { &e->vmksummary, "vmksummary", PATH_VMKSUMMARY_LOG },
    };

    for (size_t i = 0; i < sizeof logs / sizeof logs[0]; i++) {
        char *text = text_of_log(host_dir, logs[i].place);
        check_text(logs[i].text, logs[i].name, text, v);
        if (logs[i].text == &e->vmksummary)
            check_lines(e->vmksummary_lines, text, v);
        if (logs[i].text == &e->vmkernel_log)
            check_alert(e->alert_comm, text, v);
        free(text);
    }
}

/* ---- dumps ----------------------------------------------------------------------------------- */

/* Does the file have all bytes that its program headers promise? */
static bool core_is_whole(FILE *f, uint64_t bytes)
{
    Elf64_Ehdr e;
    Elf64_Phdr p;

    if (fread(&e, sizeof e, 1, f) != 1 || memcmp(e.e_ident, ELFMAG, SELFMAG) != 0 ||
        e.e_phentsize != sizeof p || e.e_phnum > SEGMENTS_MAX || e.e_phoff > bytes ||
        fseeko(f, (off_t)e.e_phoff, SEEK_SET) != 0)
        return false;
    for (unsigned i = 0; i < e.e_phnum; i++) {
        if (fread(&p, sizeof p, 1, f) != 1 || p.p_offset > bytes || p.p_filesz > bytes - p.p_offset)
            return false;
    }
    return e.e_phnum > 0;
}

static const char *core_state(const struct expect_seen *seen)
{
    char path[PATH_SIZE];
    struct stat st;

    (void)path_join(path, seen->host_dir, seen->cos_core);
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return "absent";
    const bool whole = fstat(fileno(f), &st) == 0 && core_is_whole(f, (uint64_t)st.st_size);
    (void)fclose(f);
    return whole ? "present" : "cut";
}

/* Of the dump that was written last. */
static const char *zdump_state(const char *host_dir)
{
    const char *state = "absent";
    uint64_t newest_ns = 0;
    char path[PATH_SIZE];
    struct err err;
    struct zdump z;

    (void)path_join(path, host_dir, PATH_DUMP_PARTITION);
    for (uint32_t i = 0; i < ZDUMP_SLOTS_MAX && zdump_load(path, i, &z, &err) == 0; i++) {
        if (z.slot_ok && z.slot.state != ZDUMP_EMPTY && z.slot.uptime_ns >= newest_ns) {
            newest_ns = z.slot.uptime_ns;
            state = z.complete ? "present" : "cut";
        }
        const bool last = !z.slot_ok || i + 1 >= z.slot.slot_count;
        zdump_free(&z);
        if (last)
            break;
    }
    return state;
}

static void check_dumps(const struct expect *e, const struct expect_seen *seen,
                        struct expect_verdict *v)
{
    const char *core = e->cos_core[0] == '\0' ? "" : core_state(seen);
    const char *zdump = e->zdump[0] == '\0' ? "" : zdump_state(seen->host_dir);

    if (strcmp(core, e->cos_core) != 0)
        reason(v, "cos-core: %s, not %s", core, e->cos_core);
    if (strcmp(zdump, e->zdump) != 0)
        reason(v, "zdump: %s, not %s", zdump, e->zdump);
}

/* ---- all ------------------------------------------------------------------------------------- */

static void check_uptime(const struct expect *e, int64_t uptime_ns, struct expect_verdict *v)
{
    char seen[CALENDAR_UPTIME_SIZE], from[CALENDAR_UPTIME_SIZE], to[CALENDAR_UPTIME_SIZE];

    if (e->uptime_ns[1] == 0 || (uptime_ns >= e->uptime_ns[0] && uptime_ns <= e->uptime_ns[1]))
        return;
    (void)calendar_format_uptime((uint64_t)uptime_ns, seen);
    (void)calendar_format_uptime((uint64_t)e->uptime_ns[0], from);
    (void)calendar_format_uptime((uint64_t)e->uptime_ns[1], to);
    reason(v, "uptime: %s, not between %s and %s", seen, from, to);
}

void expect_judge(const struct expect *e, const struct expect_seen *seen,
                  struct expect_verdict *ret)
{
    struct expect_verdict *v = ret;

    memset(v, 0, sizeof *v);
    if (strcmp(seen->outcome, e->outcome) != 0)
        reason(v, "outcome: %s, not %s", seen->outcome, e->outcome);
    check_uptime(e, seen->uptime_ns, v);
    check_logs(e, seen->host_dir, v);
    check_dumps(e, seen, v);
}

int expect_read_text(const char *text, void *items, int64_t *count, char *why, size_t why_size)
{
    const size_t length = strlen(text);

    if (length == 0 || length >= EXPECT_TEXT_MAX || *count >= (int64_t)EXPECT_TEXTS_MAX ||
        strchr(text, '\n') != NULL) {
        (void)snprintf(why, why_size, "at most %u texts of one line, of 1 to %u bytes",
                       EXPECT_TEXTS_MAX, EXPECT_TEXT_MAX - 1);
        return -1;
    }
    memcpy((char *)items + (size_t)*count * EXPECT_TEXT_MAX, text, length + 1);
    ++*count;
    return 0;
}
