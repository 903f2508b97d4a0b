/* cmd_explain.c - `lostbeat explain`: a purple screen, line by line. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "shared/picture.h"
#include "tools/cmd/cmd.h"
#include "tools/explain/explain.h"
#include "tools/host/outfile.h"

#define ERROR_MAX 512
#define WIDTH 98u /* columns of a sentence */

struct explained {
    struct text text;
    struct purple p;
    struct explain e;
};

/* ---- for people ------------------------------------------------------------------------------ */

static const char *colour_of(enum explain_rating r)
{
    static const char *const colours[EXPLAIN_RATINGS] = { "\x1b[2m", "\x1b[1;33m", "\x1b[31m",
                                                          "\x1b[36m", "\x1b[36m" };
    return colours[r];
}

/* Bytes of a file must not act on the terminal. */
static void print_line(const struct text_line *l)
{
    for (uint32_t i = 0; i < l->length; i++)
        (void)putchar(l->at[i] == '\t' || ((unsigned char)l->at[i] >= ' ' && l->at[i] != 0x7f)
                          ? l->at[i]
                          : '?');
    (void)putchar('\n');
}

static void print_wrapped(const char *text, unsigned indent)
{
    unsigned column = indent;
    while (*text != '\0') {
        const size_t word = strcspn(text, " ");
        if (column + 1 + word > WIDTH && column > indent) {
            (void)printf("\n%*s", (int)indent, "");
            column = indent;
        }
        (void)printf("%s%.*s", column > indent ? " " : "", (int)word, text);
        column += (unsigned)word + (column > indent);
        text += word + (text[word] == ' ');
    }
    (void)putchar('\n');
}

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

static void print_note(const struct explained *x, const struct explain_note *n, bool colours)
{
    char label[32] = "";
    label_of(&x->text.lines[n->place.line - 1], n->place, label, sizeof label);
    (void)printf("       %s%-14s%s %-18s ", colours ? colour_of(n->rating) : "",
                 explain_rating_name(n->rating), colours ? "\x1b[0m" : "", label);
    print_wrapped(n->says, 42);
}

static void print_head(const struct explained *x)
{
    const struct purple *p = &x->p;
    (void)printf("%s: a purple screen of %s, laid out as on %s\n", x->text.name,
                 x->e.release != NULL ? x->e.release : purple_layout_name(p->layout),
                 purple_layout_name(p->layout));
    (void)printf("what it is: %s%s\n\n", purple_class_name(p->class),
                 p->class_from_log ? " (told by the log lines; the headline is missing)" : "");
}

static void print_tail(const struct explained *x)
{
    const struct explain *e = &x->e;
    (void)printf("\ndecoded:\n");
    (void)printf("  %-18s %s\n", "ip lies in", e->ip_is_in);
    for (uint32_t i = 0; i < e->numbers; i++)
        (void)printf("  %-18s %-12.10g (%s)\n", e->number[i].name, e->number[i].value,
                     e->number[i].from);
    for (uint32_t i = 0; i < e->missings; i++)
        (void)printf("%s %s", i == 0 ? "missing from the text:" : ",", e->missing[i]);
    if (e->missings > 0)
        (void)putchar('\n');
    (void)printf("The screen does not tell the cause. `lostbeat forecast` reads vmksummary, which "
                 "may.\n");
}

static void print_text(const struct explained *x, bool colours)
{
    uint32_t n = 0;
    print_head(x);
    for (uint32_t line = 1; line <= x->text.count; line++) {
        (void)printf("%4" PRIu32 "  ", line);
        print_line(&x->text.lines[line - 1]);
        const bool alone = n == x->e.notes || x->e.note[n].place.line != line;
        if (alone && x->p.kind[line - 1] != PURPLE_LINE_BLANK)
            (void)printf("       (%s, with the line above)\n",
                         purple_kind_name(x->p.kind[line - 1]));
        for (; n < x->e.notes && x->e.note[n].place.line == line; n++)
            print_note(x, &x->e.note[n], colours);
    }
    print_tail(x);
}

/* ---- for scripts ----------------------------------------------------------------------------- */

/* JSON wants UTF-8; a screen is ASCII, and anything else in it is a mistake of its copy. */
static json_t *ascii(const char *text, size_t length)
{
    char *copy = strndup(text, length);
    if (copy == NULL)
        abort();
    for (char *c = copy; *c != '\0'; c++) {
        if ((unsigned char)*c >= 0x7f || *c < ' ')
            *c = '?';
    }
    json_t *s = json_string(copy);
    free(copy);
    return s;
}

static json_t *json_lines(const struct explained *x)
{
    json_t *lines = json_array();
    uint32_t n = 0;
    for (uint32_t line = 1; line <= x->text.count; line++) {
        const struct text_line *l = &x->text.lines[line - 1];
        json_t *notes = json_array();
        for (; n < x->e.notes && x->e.note[n].place.line == line; n++) {
            const struct explain_note *note = &x->e.note[n];
            (void)json_array_append_new(
                notes, json_pack("{s:i, s:i, s:s, s:o}", "from", note->place.from, "to",
                                 note->place.to, "rating", explain_rating_name(note->rating),
                                 "says", ascii(note->says, strlen(note->says))));
        }
        (void)json_array_append_new(lines, json_pack("{s:i, s:o, s:s, s:o}", "line", (int)line,
                                                     "text", ascii(l->at, l->length), "kind",
                                                     purple_kind_name(x->p.kind[line - 1]), "notes",
                                                     notes));
    }
    return lines;
}

static json_t *json_registers(const struct purple *p)
{
    json_t *regs = json_object();
    for (uint32_t i = 0; i < p->reg_count; i++) {
        char value[24];
        (void)snprintf(value, sizeof value, "%s0x%" PRIx64, p->reg[i].negative ? "-" : "",
                       p->reg[i].value);
        (void)json_object_set_new(regs, p->reg[i].name, json_string(value));
    }
    return regs;
}

static json_t *json_worlds(const struct purple *p)
{
    json_t *worlds = json_array();
    for (uint32_t i = 0; i < p->pcpu_count; i++)
        (void)json_array_append_new(
            worlds,
            json_pack("{s:i, s:I, s:o, s:s, s:b}", "pcpu", (int)p->pcpu[i].pcpu, "world",
                      (json_int_t)p->pcpu[i].world, "name",
                      ascii(p->pcpu[i].name, strlen(p->pcpu[i].name)), "kind",
                      explain_world_kind(p->pcpu[i].name), "panicking", p->pcpu[i].panicking));
    return worlds;
}

static json_t *json_alerts(const struct purple *p)
{
    json_t *alerts = json_array();
    for (uint32_t i = 0; i < p->log_count; i++) {
        const struct purple_alert *a = &p->log[i].alert;
        if (p->log[i].is_alert)
            (void)json_array_append_new(alerts, json_pack("{s:f, s:o, s:I, s:I, s:I}", "uptime_s",
                                                          (double)p->log[i].at_ms / 1000, "comm",
                                                          ascii(a->comm, strlen(a->comm)), "pid",
                                                          (json_int_t)a->pid, "t", (json_int_t)a->t,
                                                          "to", (json_int_t)a->to));
    }
    return alerts;
}

static json_t *json_decoded(const struct explain *e)
{
    json_t *decoded = json_pack("{s:s}", "ip_is_in", e->ip_is_in);
    for (uint32_t i = 0; i < e->numbers; i++)
        (void)json_object_set_new(decoded, e->number[i].name, json_real(e->number[i].value));
    return decoded;
}

static json_t *json_of(const struct explained *x)
{
    const struct purple *p = &x->p;
    json_t *missing = json_array();
    for (uint32_t i = 0; i < x->e.missings; i++)
        (void)json_array_append_new(missing, json_string(x->e.missing[i]));
    json_t *root =
        json_pack("{s:s, s:o, s:b, s:s, s:s?, s:I, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
                  "schema", "lostbeat/explain/1", "file", ascii(x->text.name, strlen(x->text.name)),
                  "recognised", p->is_screen, "layout", purple_layout_name(p->layout), "release",
                  x->e.release, "build", (json_int_t)p->build, "class", purple_class_name(p->class),
                  "headline", ascii(p->headline, strlen(p->headline)), "cos_core",
                  p->cos_core[0] != '\0' ? ascii(p->cos_core, strlen(p->cos_core)) : json_null(),
                  "registers", json_registers(p), "pcpus", json_worlds(p), "alerts", json_alerts(p),
                  "decoded", json_decoded(&x->e), "missing", missing, "lines", json_lines(x));
    return root;
}

/* ---- the picture ----------------------------------------------------------------------------- */

/* What the picture marks: places with columns that are unique or misleading. */
static size_t collect_marks(const struct explain *e, struct picture_mark *marks)
{
    size_t count = 0;
    for (uint32_t i = 0; i < e->notes; i++) {
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
    struct picture_mark *marks = malloc((x->e.notes + 1u) * sizeof *marks);
    size_t size = 0;
    char *text = NULL, err[ERROR_MAX];
    struct picture picture;
    FILE *f = open_memstream(&text, &size);

    if (marks == NULL || f == NULL)
        abort();
    for (uint32_t i = 0; i < x->text.count; i++)
        (void)fprintf(f, "%s\n", x->text.lines[i].at);
    (void)fclose(f);
    int status = picture_draw(text, marks, collect_marks(&x->e, marks), &picture);
    free(marks);
    free(text);
    if (status != 0)
        return cmd_fail(CMD_USAGE, "%s: the picture cannot be drawn", path);
    status = outfile_write(path, picture.png, picture.size, err, sizeof err);
    free(picture.png);
    return status == 0 ? CMD_OK : cmd_fail(CMD_USAGE, "%s", err);
}

/* ---- the command ----------------------------------------------------------------------------- */

static int show(struct explained *x, bool json, const char *png)
{
    int status = CMD_OK;
    explain_make(&x->p, &x->e);
    if (png != NULL)
        status = write_png(x, png);
    if (json) {
        json_t *root = json_of(x);
        if (root == NULL || json_dumpf(root, stdout, JSON_INDENT(2)) != 0)
            status = cmd_fail(CMD_USAGE, "%s: the result cannot be written", x->text.name);
        (void)putchar('\n');
        json_decref(root);
    } else {
        print_text(x, isatty(STDOUT_FILENO) == 1);
    }
    explain_free(&x->e);
    if (fflush(stdout) != 0)
        status = cmd_fail(CMD_USAGE, "stdout: %s", strerror(errno));
    return status != CMD_OK ? status : x->p.class == PURPLE_UNKNOWN ? CMD_BAD : CMD_OK;
}

static int no_screen(const struct explained *x, bool json)
{
    if (json)
        (void)printf("{\"schema\": \"lostbeat/explain/1\", \"recognised\": false}\n");
    return cmd_fail(CMD_BAD,
                    "%s: no purple screen: %" PRIu32
                    " lines, and neither product, registers, pCPUs "
                    "nor uptime among them",
                    x->text.name, x->text.count);
}

static int explain_file(const char *path, bool json, const char *png)
{
    struct explained x = { 0 };
    char err[ERROR_MAX];
    int status;

    if (text_load(path, &x.text, err, sizeof err) != 0)
        return cmd_fail(CMD_USAGE, "%s", err);
    purple_parse(&x.text, &x.p);
    if (x.p.is_screen)
        status = show(&x, json, png);
    else
        status = no_screen(&x, json);
    purple_free(&x.p);
    text_free(&x.text);
    return status;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = { { "png", required_argument, NULL, 'p' },
                                             { "json", no_argument, NULL, 'j' },
                                             { "help", no_argument, NULL, 'h' },
                                             { 0 } };
    const char *png = NULL;
    bool json = false;

    opterr = 0;
    for (int o; (o = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (o == 'h')
            return cmd_help(&cmd_explain);
        if (o != 'p' && o != 'j')
            return cmd_bad_option(&cmd_explain, argv);
        json = json || o == 'j';
        png = o == 'p' ? optarg : png;
    }
    if (optind + 1 != argc)
        return cmd_usage(&cmd_explain,
                         optind == argc ? "the text of which screen?" : "one file is wanted");
    return explain_file(argv[optind], json, png);
}

const struct cmd cmd_explain = {
    .name = "explain",
    .summary = "explains any purple screen text, line by line",
    .help =
        "usage: lostbeat explain FILE [--json] [--png FILE]\n"
        "\n"
        "Takes the text of a purple screen, of this simulator or of a real host, also typed off a\n"
        "photo (wrapped or missing lines, O for 0, l for 1), and says of each part whether it is\n"
        "boilerplate, unique or misleading, with the values that can be computed from it.\n"
        "Layouts: ESX 3.0, 3.5, 4.0/4.1; ESXi 5 and later are recognised as such.\n"
        "\n"
        "  --json       one object: schema \"lostbeat/explain/1\"\n"
        "  --png FILE   the screen with its unique parts marked and the misleading ones struck "
        "out\n"
        "\n"
        "Exit status: 0 explained, 1 no purple screen or one of an unknown kind, 2 not to be "
        "read.\n",
    .run = run,
};
