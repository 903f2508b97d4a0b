/* fuzz_messages.c - libFuzzer target: the readers of messages, top, ps, meminfo and of the text in
 * dumps against any bytes.
 *
 * Checked: every line that is not blank is a record or unparsed; frames and rows that tasks and
 * snapshots name are there. */
#include "tests/fuzz/fuzz.h"
#include "tools/parse/dumptext.h"
#include "tools/parse/meminfo.h"
#include "tools/parse/messages.h"
#include "tools/parse/top.h"

static void check_messages(const struct text *t)
{
    struct messages m;
    uint32_t lines = 0;
    messages_parse(t, 1, &m);
    for (uint32_t i = 0; i < t->count; i++)
        lines += t->lines[i].at[strspn(t->lines[i].at, " \t")] != '\0';
    CHECK(m.line_count + m.unparsed.count == lines);
    for (uint32_t i = 0; i < m.task_count; i++)
        CHECK(m.task[i].first_frame + m.task[i].frame_count <= m.frame_count);
    for (uint32_t i = 0; i < m.oops_count; i++)
        CHECK(m.oops[i].line >= 1 && m.oops[i].line <= t->count);
    for (uint32_t i = 0; i < m.meminfo_count; i++)
        CHECK(m.meminfo[i].line >= 1 && m.meminfo[i].line <= t->count);
    messages_free(&m);
}

static void check_top(const struct text *t)
{
    struct top top;
    top_parse(t, &top);
    for (uint32_t i = 0; i < top.snapshot_count; i++)
        CHECK(top.snapshot[i].first_row + top.snapshot[i].row_count <= top.row_count);
    for (uint32_t i = 0; i < top.row_count; i++)
        CHECK(top.row[i].pid >= 0 && top.row[i].command[0] != '\0');
    top_free(&top);
}

/* The same bytes as sections of a dump: no field is longer than its line. */
static void check_sections(const uint8_t *data, size_t size)
{
    static const enum zdump_type types[] = { ZDUMP_STATE, ZDUMP_RING, ZDUMP_COS_TASKS };
    struct zdump z = { .count = 1 };
    struct dumptext d;
    z.sections[0].data = calloc(1, size + 1);
    CHECK(z.sections[0].data != NULL);
    memcpy(z.sections[0].data, data, size);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        uint32_t line = 0;
        z.sections[0].type = types[i];
        for (dumptext_begin(&d, &z, types[i]); dumptext_next(&d);) {
            CHECK(d.line == ++line && d.field_count <= DUMPTEXT_FIELDS_MAX);
            for (uint32_t n = 0; n < d.field_count; n++)
                CHECK(strlen(d.field[n].value) <= strlen(d.text));
        }
    }
    free(z.sections[0].data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text t;
    struct meminfo m;
    check_sections(data, size);
    text_from("input", data, size, &t);
    check_messages(&t);
    check_top(&t);
    meminfo_parse(&t, &m);
    CHECK(m.item_count <= MEMINFO_ITEMS_MAX);
    meminfo_free(&m);
    text_free(&t);
    return 0;
}
