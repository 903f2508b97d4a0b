/* cmd_verify.c - `lostbeat verify`: every artefact of a failure against every other. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <jansson.h>

#include "tools/cmd/cmd.h"
#include "tools/verify/rows.h"
#include "tools/verify/verify.h"

static const char help[] =
    "usage: lostbeat verify [--json] [--all] HOST\n"
    "       lostbeat verify --rows\n"
    "\n"
    "Holds every artefact of one failure in the host directory HOST against every other:\n"
    "the screen's registers against the core's, alerts against the core's tasks, the logs\n"
    "against the zdump's ring, and so on. One failure is one chain: whatever two files say\n"
    "of the same thing must be the same.\n"
    "\n"
    "  --all    show what agrees, too, with the values\n"
    "  --json   everything, with the places of both values (lostbeat/verify/1)\n"
    "  --rows   what is compared, as a table for docs/verify.md\n"
    "\n"
    "Exit status: 0 all agrees, 1 something contradicts something, 2 no host.\n"
    "\n"
    "Example:\n"
    "  lostbeat verify hosts/kb-308590-1\n";

struct options {
    bool json, all, rows;
};

static int print_rows(void)
{
    (void)printf("| number | one source | the other | may differ by |\n|---|---|---|---|\n");
    for (uint32_t i = 0; i < rows_count; i++)
        (void)printf("| %s%s%s%s | `%s` | `%s` | %lld |\n", rows[i].what,
                     rows[i].why[0] != '\0' ? " (" : "", rows[i].why,
                     rows[i].why[0] != '\0' ? ")" : "", rows[i].a, rows[i].b,
                     (long long)(rows[i].apart > 0 ? rows[i].apart : 0));
    return CMD_OK;
}

/* ---- text ------------------------------------------------------------------------------------ */
static void print_place(const char *lead, const struct claim *c)
{
    (void)printf("      %-8s %s", lead, c->value);
    if (c->place.file[0] != '\0')
        (void)printf("   %s%s%s", c->place.file, c->place.section[0] != '\0' ? ":" : "",
                     c->place.section);
    if (c->place.line != 0)
        (void)printf(":%u", c->place.line);
    (void)putchar('\n');
}

static void print_result(const struct row_result *r, bool all, bool colours)
{
    static const char *const words[] = { "agrees", "DIFFERS", "absent" };
    static const char *const ink[] = { "\033[32m", "\033[1;31m", "\033[2m" };
    if (r->verdict != ROW_DIFFERS && !all)
        return;
    (void)printf("%s%-8s%s %s", colours ? ink[r->verdict] : "", words[r->verdict],
                 colours ? "\033[0m" : "", r->row->what);
    if (r->compared > 1)
        (void)printf(" (%u of %u)", r->compared - r->differing, r->compared);
    (void)putchar('\n');
    if (r->verdict == ROW_DIFFERS || (all && r->a != NULL)) {
        print_place("one:", r->a);
        print_place("other:", r->b);
    }
}

/* ---- JSON ------------------------------------------------------------------------------------ */
static json_t *claim_json(const struct claim *c)
{
    if (c == NULL)
        return json_null();
    return json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I}", "key", c->key, "value", c->value,
                     "file", c->place.file, "section", c->place.section, "line",
                     (json_int_t)c->place.line, "offset", (json_int_t)c->place.offset, "bytes",
                     (json_int_t)c->place.bytes);
}

static json_t *result_json(const struct row_result *r)
{
    static const char *const words[] = { "agrees", "differs", "absent" };
    return json_pack("{s:s, s:s, s:I, s:I, s:o, s:o}", "what", r->row->what, "verdict",
                     words[r->verdict], "compared", (json_int_t)r->compared, "differing",
                     (json_int_t)r->differing, "a", claim_json(r->a), "b", claim_json(r->b));
}

/* ---- the whole ------------------------------------------------------------------------------- */
struct sums {
    uint32_t rows[3];
    uint64_t pairs;
};

static int finish(const struct verify *v, const struct sums *s, json_t *list, bool json)
{
    const bool bad = s->rows[ROW_DIFFERS] > 0;
    if (json) {
        json_t *problems = json_array();
        for (uint32_t i = 0; i < v->problem_count; i++)
            (void)json_array_append_new(problems, json_string(v->problem[i]));
        json_t *root = json_pack("{s:s, s:s, s:b, s:I, s:I, s:I, s:I, s:o, s:o}", "schema",
                                 "lostbeat/verify/1", "host", v->host, "agrees", !bad,
                                 "rows_agreeing", (json_int_t)s->rows[ROW_AGREES], "rows_differing",
                                 (json_int_t)s->rows[ROW_DIFFERS], "rows_absent",
                                 (json_int_t)s->rows[ROW_ABSENT], "pairs", (json_int_t)s->pairs,
                                 "problems", problems, "checks", list);
        (void)json_dumpf(root, stdout, JSON_INDENT(1));
        (void)putchar('\n');
        json_decref(root);
    } else {
        for (uint32_t i = 0; i < v->problem_count; i++)
            (void)printf("note     %s\n", v->problem[i]);
        (void)printf("%u kinds of figures agree (%llu pairs), %u differ, %u had no counterpart\n",
                     s->rows[ROW_AGREES], (unsigned long long)s->pairs, s->rows[ROW_DIFFERS],
                     s->rows[ROW_ABSENT]);
    }
    return bad ? CMD_BAD : CMD_OK;
}

static int verify_host(const char *host, const struct options *o)
{
    static struct verify v;
    struct sums sums = { { 0 }, 0 };
    char err[4608];
    if (verify_read(&v, host, err, sizeof err) != 0)
        return cmd_fail(CMD_USAGE, "%s", err);
    json_t *list = json_array();
    for (uint32_t i = 0; i < rows_count; i++) {
        struct row_result r;
        row_judge(&v.claims, &rows[i], &r);
        sums.rows[r.verdict]++;
        sums.pairs += r.compared;
        if (o->json)
            (void)json_array_append_new(list, result_json(&r));
        else
            print_result(&r, o->all, isatty(STDOUT_FILENO) == 1);
    }
    const int status = finish(&v, &sums, list, o->json);
    if (!o->json)
        json_decref(list);
    verify_free(&v);
    return status;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = { { "json", no_argument, NULL, 'j' },
                                             { "all", no_argument, NULL, 'a' },
                                             { "rows", no_argument, NULL, 'r' },
                                             { "help", no_argument, NULL, 'h' },
                                             { NULL, 0, NULL, 0 } };
    struct options o = { 0 };
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c == 'h')
            return cmd_help(&cmd_verify);
        if (c == '?')
            return cmd_bad_option(&cmd_verify, argv);
        o.json = o.json || c == 'j';
        o.all = o.all || c == 'a';
        o.rows = o.rows || c == 'r';
    }
    if (o.rows)
        return print_rows();
    if (argc - optind != 1)
        return cmd_usage(&cmd_verify, "which host?");
    return verify_host(argv[optind], &o);
}

const struct cmd cmd_verify = { "verify", "every artefact of a failure against every other", help,
                                run };
