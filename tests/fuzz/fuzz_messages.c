/* fuzz_messages.c - libFuzzer target: the readers of messages, top, ps and meminfo against any
 * bytes.
 *
 * Checked: every line that is not blank is a record or odd; frames and rows that tasks, snapshots
 * and listings name are there. */
#include "tests/fuzz/fuzz.h"
#include "tools/parse/meminfo.h"
#include "tools/parse/messages.h"
#include "tools/parse/ps.h"
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
        CHECK(m.oops[i].first_frame + m.oops[i].frame_count <= m.frame_count);
    for (uint32_t i = 0; i < m.meminfo_count; i++)
        CHECK(m.meminfo[i].zone_count <= MESSAGES_ZONES_MAX &&
              m.meminfo[i].list_count <= m.meminfo[i].zone_count);
    messages_free(&m);
}

static void check_lists(const struct text *t)
{
    struct top top;
    struct ps ps;
    top_parse(t, &top);
    for (uint32_t i = 0; i < top.snapshot_count; i++)
        CHECK(top.snapshot[i].first_row + top.snapshot[i].row_count <= top.row_count);
    for (uint32_t i = 0; i < top.row_count; i++)
        CHECK(top.row[i].pid >= 0 && top.row[i].command[0] != '\0');
    top_free(&top);
    ps_parse(t, &ps);
    for (uint32_t i = 0; i < ps.listing_count; i++)
        CHECK(ps.listing[i].first_row + ps.listing[i].row_count <= ps.row_count);
    ps_free(&ps);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text t;
    struct meminfo m;
    text_from("input", data, size, &t);
    check_messages(&t);
    check_lists(&t);
    meminfo_parse(&t, &m);
    CHECK(m.item_count <= MEMINFO_ITEMS_MAX);
    meminfo_free(&m);
    text_free(&t);
    return 0;
}
