/* cmd_explain.c - `lostbeat explain`: a purple screen, line by line. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/err.h"
#include "shared/io.h"
#include "shared/picture.h"
#include "tools/cmd/cmd.h"
#include "tools/explain/explain.h"

struct arguments {
    bool json;
    const char *png;
};

struct explained {
    struct text text;
    struct purple p;
    struct explain e;
};

/* ---- the screen, line by line ---------------------------------------------------------------- */

/* What the note is about, with the name in front of a register's value, when it is short. */
static void label_of(const struct text_line *l, struct purple_place place, char *label, size_t size)
{
    unsigned from = place.from;
    if (place.to <= place.from || place.to > l->length)
        return;
    if (from > 0 && l->at[from - 1] == '=') {
        while (from > 0 && l->at[from - 1] != ' ' && l->at[from - 1] != '(')
            from--;
    }
    if (place.to - from <= 18)
        (void)snprintf(label, size, "%.*s", (int)(place.to - from), l->at + from);
}

static void print_note(struct out *o, const struct text_line *l, const struct explain_note *n)
{
    static const enum out_style styles[EXPLAIN_RATINGS] = { OUT_DIM, OUT_YELLOW, OUT_RED, OUT_CYAN,
                                                            OUT_CYAN };
    char label[32] = "";
    label_of(l, n->place, label, sizeof label);
    out_object(o, NULL);
    out_u64(o, "from", NULL, n->place.from);
    out_u64(o, "to", NULL, n->place.to);
    out_style(o, styles[n->rating]);
    out_str(o, "rating", "       %-14s", explain_rating_name(n->rating));
    out_style(o, OUT_PLAIN);
    out_text(o, " %-18s ", label);
    out_prose(o, "says", 42, n->says);
    out_end(o);
}

static void print_lines(struct out *o, const struct explained *x)
{
    uint32_t n = 0;
    out_array(o, "lines");
    for (uint32_t line = 1; line <= x->text.count; line++) {
        const struct text_line *l = &x->text.lines[line - 1];
        const enum purple_kind kind = x->p.kind[line - 1];
        const bool alone = n == x->e.note_count || x->e.note[n].place.line != line;
        out_object(o, NULL);
        out_u64(o, "line", "%4llu  ", line);
        out_strn(o, "text", "%s\n", l->at, l->length);
        out_str(o, "kind",
                alone && kind != PURPLE_LINE_BLANK ? "       (%s, with the line above)\n" : NULL,
                purple_kind_name(kind));
        out_array(o, "notes");
        for (; n < x->e.note_count && x->e.note[n].place.line == line; n++)
            print_note(o, l, &x->e.note[n]);
        out_end(o);
        out_end(o);
    }
    out_end(o);
}

/* ---- what it says ---------------------------------------------------------------------------- */

static void print_head(struct out *o, const struct explained *x)
{
    const struct purple *p = &x->p;
    const char *layout = purple_layout_name(p->layout);
    out_str(o, "file", "%s: a purple screen of ", x->text.name);
    out_bool(o, "recognised", p->is_screen);
    out_text(o, "%s", x->e.release == NULL ? layout : "");
    out_str(o, "release", "%s", x->e.release);
    out_u64(o, "build", NULL, p->build);
    out_str(o, "layout", ", laid out as on %s\n", layout);
    out_str(o, "class", "what it is: %s", purple_class_name(p->class));
    out_text(o, "%s\n\n", p->class_from_log ? " (by the log lines; the headline is missing)" : "");
    out_str(o, "headline", NULL, p->headline);
    out_str(o, "cos_core", NULL, p->cos_core[0] != '\0' ? p->cos_core : NULL);
}

/* What stands on the screen, by parts; as text, the lines show it. */
static void print_parts(struct out *o, const struct purple *p)
{
    out_object(o, "registers");
    for (uint32_t i = 0; i < p->reg_count; i++) {
        char value[24];
        (void)snprintf(value, sizeof value, "%s0x%" PRIx64, p->reg[i].negative ? "-" : "",
                       p->reg[i].value);
        out_str(o, p->reg[i].name, NULL, value);
    }
    out_end(o);
    out_array(o, "pcpus");
    for (uint32_t i = 0; i < p->pcpu_count; i++) {
        out_object(o, NULL);
        out_u64(o, "pcpu", NULL, p->pcpu[i].pcpu);
        out_u64(o, "world", NULL, p->pcpu[i].world);
        out_str(o, "name", NULL, p->pcpu[i].name);
        out_str(o, "kind", NULL, explain_world_kind(p->pcpu[i].name));
        out_bool(o, "panicking", p->pcpu[i].panicking);
        out_end(o);
    }
    out_end(o);
    out_array(o, "alerts");
    for (uint32_t i = 0; i < p->log_count; i++) {
        const struct purple_alert *a = &p->log[i].alert;
        if (!p->log[i].is_alert)
            continue;
        out_object(o, NULL);
        out_real(o, "uptime_s", NULL, (double)p->log[i].at_ms / 1000);
        out_str(o, "comm", NULL, a->comm);
        out_i64(o, "pid", NULL, a->pid);
        out_i64(o, "t", NULL, a->t);
        out_i64(o, "to", NULL, a->to);
        out_end(o);
    }
    out_end(o);
}

static void print_tail(struct out *o, const struct explain *e)
{
    out_section(o, "decoded:");
    out_object(o, "decoded");
    out_str(o, "ip_is_in", "  ip lies in         %s\n", e->ip_is_in);
    for (uint32_t i = 0; i < e->number_count; i++) {
        out_text(o, "  %-18s ", e->number[i].name);
        out_real(o, e->number[i].name, "%-12.10g", e->number[i].value);
        out_text(o, " (%s)\n", e->number[i].from);
    }
    out_end(o);
    out_array(o, "missing");
    for (uint32_t i = 0; i < e->missing_count; i++)
        out_str(o, NULL, i == 0 ? "missing from the text: %s" : ", %s", e->missing[i]);
    out_end(o);
    out_text(o,
             "%sThe screen does not show the cause. `lostbeat forecast` reads vmksummary, which "
             "may.\n",
             e->missing_count > 0 ? "\n" : "");
}

/* ---- the picture ----------------------------------------------------------------------------- */

/* What the picture marks: places with columns that are unique or misleading. */
static size_t collect_marks(const struct explain *e, struct picture_mark *marks)
{
    size_t count = 0;
    for (uint32_t i = 0; i < e->note_count; i++) {
        const struct explain_note *n = &e->note[i];
        if (n->place.to <= n->place.from ||
            (n->rating != EXPLAIN_UNIQUE && n->rating != EXPLAIN_MISLEADING))
            continue;
        marks[count++] = (struct picture_mark){
            .line = n->place.line,
            .from = n->place.from,
            .to = n->place.to,
            .style = n->rating == EXPLAIN_UNIQUE ? PICTURE_UNIQUE : PICTURE_MISLEADING,
        };
    }
    return count;
}

static int write_png(const struct explained *x, const char *path)
{
    struct picture_mark *marks = calloc(x->e.note_count + 1u, sizeof *marks);
    size_t size = 0;
    char *text = NULL;
    struct picture picture = { .png = NULL };
    FILE *f = open_memstream(&text, &size);
    for (uint32_t i = 0; f != NULL && i < x->text.count; i++)
        (void)fprintf(f, "%s\n", x->text.lines[i].at);
    const bool whole = f != NULL && fclose(f) == 0 && marks != NULL;
    const int drawn = whole ? picture_draw(text, marks, collect_marks(&x->e, marks), &picture) : -1;
    free(marks);
    free(text);
    if (drawn != 0)
        return cmd_fail(CMD_USAGE, "%s: the picture cannot be drawn", path);
    const int status = io_replace(AT_FDCWD, path, picture.png, picture.size, true);
    free(picture.png);
    return status == 0 ? CMD_OK : cmd_fail(CMD_USAGE, "%s: %s", path, err_text(status));
}

/* ---- the command ----------------------------------------------------------------------------- */

static int show(struct explained *x, const struct arguments *a)
{
    struct out o = cmd_out(a->json);
    explain_make(&x->p, &x->e);
    int status = a->png != NULL ? write_png(x, a->png) : CMD_OK;
    if (status == CMD_OK && x->p.class == PURPLE_UNKNOWN)
        status = CMD_BAD;
    out_begin(&o, "lostbeat/explain/1");
    print_head(&o, x);
    print_parts(&o, &x->p);
    print_lines(&o, x);
    print_tail(&o, &x->e);
    explain_free(&x->e);
    return cmd_finish(&o, status);
}

static int no_screen(const struct explained *x, bool json)
{
    struct out o = cmd_out(json);
    out_begin(&o, "lostbeat/explain/1");
    out_bool(&o, "recognised", false);
    return cmd_finish(&o, cmd_fail(CMD_BAD,
                                   "%s: no purple screen: %" PRIu32
                                   " lines, and neither product, registers, pCPUs nor uptime among "
                                   "them",
                                   x->text.name, x->text.count));
}

static int run(int argc, char **argv)
{
    struct explained x = { 0 };
    struct arguments a = { .json = false };
    struct err err;
    int status = cmd_options(&cmd_explain, argc, argv, &a);
    if (status != CMD_GO)
        return status;
    if (text_load(argv[optind], &x.text, &err) != 0)
        return cmd_fail(CMD_USAGE, "%s", err.text);
    purple_parse(&x.text, &x.p);
    status = x.p.is_screen ? show(&x, &a) : no_screen(&x, a.json);
    purple_free(&x.p);
    text_free(&x.text);
    return status;
}

static const struct cmd_option options[] = {
    CMD_JSON("one object: schema \"lostbeat/explain/1\""),
    CMD_TEXT("png", 0, "FILE", png,
             "the screen with its unique parts marked and the misleading ones struck out"),
    CMD_OPTIONS_END,
};

const struct cmd cmd_explain = {
    .name = "explain",
    .summary = "explains any purple screen text, line by line",
    .usage = "FILE [--json] [--png FILE]",
    .about =
        "Takes the text of a purple screen, of this simulator or of a real host, also typed off a "
        "photo (wrapped or missing lines, O for 0, l for 1), and says of each part whether it is "
        "boilerplate, unique or misleading, with the values that can be computed from it. "
        "Layouts: ESX 3.0, 3.5, 4.0/4.1; ESXi 5 and later are recognised as such.",
    .options = options,
    .more =
        "Exit status: 0 explained, 1 no purple screen or one of an unknown kind, 2 not to be read.",
    .operand = "screen's text",
    .least = 1,
    .most = 1,
    .run = run,
};
