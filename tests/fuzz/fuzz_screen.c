/* fuzz_screen.c - libFuzzer target: the reader and explainer of purple screens against any bytes.
 *
 * Checked: every line that is not blank has a kind or stands among the odd ones; places lie within
 * their lines; notes are in order; a screen that is drawn has a picture. */
#include "tests/fuzz/fuzz.h"
#include "tools/explain/explain.h"
#include "tools/parse/purple.h"

static void check_place(const struct text *t, struct purple_place p)
{
    if (p.line == 0)
        return;
    CHECK(p.line <= t->count);
    CHECK(p.from <= p.to);
    CHECK(p.to <= t->lines[p.line - 1].length || p.to == UINT16_MAX);
}

static void check_lines(const struct text *t, const struct purple *p)
{
    bool *told = calloc(t->count + 1u, sizeof *told);
    CHECK(told != NULL);
    for (uint32_t i = 0; i < p->unparsed.count; i++) {
        CHECK(p->unparsed.line[i].line >= 1 && p->unparsed.line[i].line <= t->count);
        told[p->unparsed.line[i].line] = true;
    }
    /* A line behind a second screen is told by that one's line. */
    for (uint32_t line = 1; line <= t->count; line++) {
        const bool blank = t->lines[line - 1].at[strspn(t->lines[line - 1].at, "> \t")] == '\0';
        CHECK(p->kind[line - 1] != PURPLE_LINE_BLANK || blank);
        CHECK(p->kind[line - 1] != PURPLE_LINE_UNPARSED || told[line] || p->unparsed.count > 0);
    }
    free(told);
}

static void check_facts(const struct text *t, const struct purple *p)
{
    CHECK(p->reg_count <= PURPLE_REGS_MAX && p->pcpu_count <= PURPLE_PCPUS_MAX);
    CHECK(p->frame_count <= PURPLE_FRAMES_MAX && p->log_count <= PURPLE_LOGS_MAX);
    for (uint32_t i = 0; i < p->reg_count; i++)
        check_place(t, p->reg[i].place);
    for (uint32_t i = 0; i < p->pcpu_count; i++)
        check_place(t, p->pcpu[i].place);
    for (uint32_t i = 0; i < p->log_count; i++) {
        check_place(t, p->log[i].place);
        check_place(t, p->log[i].alert.comm_place);
    }
}

static void check_notes(const struct text *t, const struct purple *p)
{
    struct explain e;
    explain_make(p, &e);
    for (uint32_t i = 0; i < e.note_count; i++) {
        check_place(t, e.note[i].place);
        CHECK(e.note[i].says != NULL && e.note[i].says[0] != '\0');
        CHECK(i == 0 || e.note[i - 1].place.line <= e.note[i].place.line);
    }
    explain_free(&e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text t;
    struct purple p;
    text_from("input", data, size, &t);
    purple_parse(&t, &p);
    check_lines(&t, &p);
    check_facts(&t, &p);
    if (p.is_screen)
        check_notes(&t, &p);
    purple_free(&p);
    text_free(&t);
    return 0;
}
