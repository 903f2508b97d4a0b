/* fuzz_cosview.c - libFuzzer target: the reader of console memory against any memory and any note,
 * through a source of its own, as the VMkernel reads a console that has gone mad.
 *
 * The input is a list of edits of the mini console, 8 bytes each: a word, and where to store it:
 * the two low bits of the place choose the note, the text with its unwind tables, the tasks, or the
 * variables with the log. Checked: each task comes once, text can be printed, frames lie in text,
 * and everything stays within its bound. */
#include "shared/cosview/unwind.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/mini_core.h"

#define TASKS_TRIED 8u

static struct mini_core mini;

static bool read_mini(const void *ctx, uint64_t va, void *to, size_t n)
{
    const struct mini_core *m = ctx;
    const bool ram = va >= MINI_BASE && va < MINI_BASE + MINI_RAM;
    const uint64_t start = ram ? MINI_BASE : MINI_TEXT, room = ram ? MINI_RAM : 4096;
    if (va < start || va - start > room || n > room - (va - start))
        return false;
    memcpy(to, m->bytes + (ram ? m->ram_at : m->text_at) + (va - start), n);
    return true;
}

static bool text_of_mini(const void *ctx, uint64_t va, uint64_t *ret_start, uint64_t *ret_end)
{
    (void)ctx;
    *ret_start = MINI_TEXT;
    *ret_end = MINI_TEXT + 4096;
    return va >= *ret_start && va < *ret_end;
}

static void edit(uint32_t where, uint32_t word)
{
    const struct {
        size_t at, room;
    } parts[] = { { mini.note_at, mini.note_len },
                  { mini.text_at, 4096 },
                  { mini.ram_at + (MINI_TASK(0) - MINI_BASE), 4 * MINI_STACK },
                  { mini.ram_at + (MINI_VARS - MINI_BASE), 8192 } };
    const size_t at = (where / 4) % (parts[where % 4].room - sizeof word);
    memcpy(mini.bytes + parts[where % 4].at + at, &word, sizeof word);
}

static bool is_text(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((*text < ' ' || *text > '~') && *text != '\n' && *text != '\t')
            return false;
    }
    return true;
}

static void check_tasks(const struct cosview *v)
{
    struct cos_tasks tasks;
    struct cos_trace trace;
    struct cosview_unwinder *u = cosview_unwinder_create(v, MINI_TEXT + 64, 1);
    CHECK(u != NULL && cos_tasks_read(v, MINI_TASK(0), &tasks) == 0);
    CHECK(tasks.count <= COS_TASKS_MAX + 1);
    for (uint32_t i = 0; i < tasks.count; i++) {
        const struct cos_task *t = &tasks.task[i];
        CHECK(cos_task_by_address(&tasks, t->address) == t);
        CHECK(memchr(t->comm, '\0', sizeof t->comm) != NULL && is_text(t->comm));
        if (i >= TASKS_TRIED)
            continue;
        cosview_unwind(u, t, &trace);
        CHECK(trace.count <= COS_FRAMES_MAX && t->has_regs == (trace.end != COS_TRACE_NONE));
        for (uint32_t k = 1; k < trace.count; k++)
            CHECK(trace.frame[k].ip >= MINI_TEXT && trace.frame[k].ip < MINI_TEXT + 4096);
        (void)cos_trace_has(v, &trace, "task_start");
    }
    cosview_unwinder_destroy(u);
    cos_tasks_free(&tasks);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct problems problems;
    struct cosview v = { .from = { &mini, read_mini, text_of_mini }, .problems = &problems };
    mini_core_build(&mini);
    memset(&problems, 0, sizeof problems);
    for (; size >= 8; data += 8, size -= 8) {
        uint32_t words[2];
        memcpy(words, data, sizeof words);
        edit(words[0], words[1]);
    }
    CHECK(cosview_take_note(&v, (const char *)mini.bytes + mini.note_at, mini.note_len) == 0);
    check_tasks(&v);
    char *log = cosview_log(&v);
    CHECK(log == NULL || is_text(log));
    free(log);
    CHECK(problems.count <= PROBLEMS_MAX);
    for (uint32_t i = 0; i < problems.count; i++)
        CHECK(is_text(problems.line[i]));
    cosview_close(&v);
    return 0;
}
