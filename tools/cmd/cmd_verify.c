/* cmd_verify.c - `lostbeat verify`: every artefact of a failure against every other. */
#include <getopt.h>

#include "shared/err.h"
#include "tools/cmd/cmd.h"
#include "tools/verify/rows.h"
#include "tools/verify/verify.h"

struct arguments {
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

/* One of the two values of a row, and where it stands. */
static void print_claim(struct out *o, const char *key, const char *lead, const struct claim *c)
{
    if (c == NULL) {
        out_str(o, key, NULL, NULL);
        return;
    }
    const bool has_file = c->place.file[0] != '\0', has_section = c->place.section[0] != '\0';
    out_object(o, key);
    out_str(o, "key", NULL, c->key);
    out_text(o, "      %-8s", lead);
    out_str(o, "value", " %s", c->value);
    out_str(o, "file", has_file ? "   %s" : NULL, c->place.file);
    out_str(o, "section", has_file && has_section ? ":%s" : NULL, c->place.section);
    out_u64(o, "line", c->place.line != 0 ? ":%llu" : NULL, c->place.line);
    out_u64(o, "offset", NULL, c->place.offset);
    out_u64(o, "bytes", NULL, c->place.bytes);
    out_text(o, "\n");
    out_end(o);
}

/* As text, what agrees is shown only when all is wanted. */
static void print_row(struct out *o, const struct row_result *r, bool all)
{
    static const char *const words[] = { "agrees", "DIFFERS", "absent" };
    static const char *const keys[] = { "agrees", "differs", "absent" };
    static const enum out_style styles[] = { OUT_GREEN, OUT_RED, OUT_DIM };
    if (r->verdict != ROW_DIFFERS && !all && !o->json)
        return;
    out_object(o, NULL);
    out_style(o, r->verdict == ROW_DIFFERS ? OUT_BOLD : OUT_PLAIN);
    out_style(o, styles[r->verdict]);
    out_str(o, "verdict", NULL, keys[r->verdict]);
    out_text(o, "%-8s", words[r->verdict]);
    out_style(o, OUT_PLAIN);
    out_str(o, "what", " %s", r->row->what);
    if (r->compared > 1)
        out_text(o, " (%u of %u)", r->compared - r->differing, r->compared);
    out_u64(o, "compared", NULL, r->compared);
    out_u64(o, "differing", NULL, r->differing);
    out_text(o, "\n");
    if (r->a != NULL || o->json) {
        print_claim(o, "a", "one:", r->a);
        print_claim(o, "b", "other:", r->b);
    }
    out_end(o);
}

static int print_verdicts(struct out *o, struct verify *v, bool all)
{
    uint32_t count[3] = { 0 };
    uint64_t pairs = 0;
    out_begin(o, "lostbeat/verify/1");
    out_str(o, "host", NULL, v->host);
    out_array(o, "checks");
    for (uint32_t i = 0; i < rows_count; i++) {
        struct row_result r;
        row_judge(&v->claims, &rows[i], &r);
        count[r.verdict]++;
        pairs += r.compared;
        print_row(o, &r, all);
    }
    out_end(o);
    out_array(o, "problems");
    for (uint32_t i = 0; i < v->problem_count; i++)
        out_str(o, NULL, "note     %s\n", v->problem[i]);
    out_end(o);
    out_bool(o, "agrees", count[ROW_DIFFERS] == 0);
    out_u64(o, "rows_agreeing", "%llu kinds of figures agree", count[ROW_AGREES]);
    out_u64(o, "pairs", " (%llu pairs)", pairs);
    out_u64(o, "rows_differing", ", %llu differ", count[ROW_DIFFERS]);
    out_u64(o, "rows_absent", ", %llu had no counterpart\n", count[ROW_ABSENT]);
    return count[ROW_DIFFERS] > 0 ? CMD_BAD : CMD_OK;
}

static int run(int argc, char **argv)
{
    static struct verify v;
    struct arguments a = { .json = false };
    struct err err;
    int status = cmd_options(&cmd_verify, argc, argv, &a);
    if (status != CMD_GO)
        return status;
    if (a.rows)
        return print_rows();
    if (optind == argc)
        return cmd_usage(&cmd_verify, "which host?");
    if (verify_read(&v, argv[optind], &err) != 0)
        return cmd_fail(CMD_USAGE, "%s", err.text);
    struct out o = cmd_out(a.json);
    status = print_verdicts(&o, &v, a.all);
    verify_free(&v);
    return cmd_finish(&o, status);
}

static const struct cmd_option options[] = {
    CMD_FLAG("all", 0, all, "show what agrees, too, with the values"),
    CMD_JSON("everything, with the places of both values (lostbeat/verify/1)"),
    CMD_FLAG("rows", 0, rows, "what is compared, as a table for docs/verify.md"),
    CMD_OPTIONS_END,
};

const struct cmd cmd_verify = {
    .name = "verify",
    .summary = "every artefact of a failure against every other",
    .usage = "[--json] [--all] HOST | --rows",
    .about =
        "Holds every artefact of one failure in the host directory HOST against every other: the "
        "screen's registers against the core's, alerts against the core's tasks, the logs "
        "against the zdump's ring, and so on. One failure is one chain: whatever two files say "
        "of the same thing must be the same.",
    .options = options,
    .more = "Exit status: 0 all agrees, 1 something contradicts something, 2 no host.\n\n"
            "Example:\n"
            "  lostbeat verify hosts/kb-308590-1",
    .operand = "host",
    .most = 1,
    .run = run,
};
