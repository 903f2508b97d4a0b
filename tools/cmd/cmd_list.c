/* cmd_list.c - `lostbeat list`: the scenarios, what causes them and what they teach. */
#include <stdlib.h>

#include "tools/cmd/cmd.h"
#include "tools/scenario/faultspec_doc.h"
#include "tools/scenario/library.h"
#include "tools/scenario/scenario.h"
#include "tools/scenario/schema_json.h"

struct arguments {
    bool json, faults, schema;
};

static void print_scenario(struct out *o, const struct scenario *s)
{
    out_object(o, NULL);
    out_str(o, "schema", NULL, "lostbeat/scenario/1");
    out_str(o, "name", "%-12s", s->plan.scenario);
    out_str(o, "title", " %s\n", s->title);
    /* What a scenario draws has another cause for each seed. */
    out_str(o, "cause", "             cause:   %s\n", s->drawn_count > 0 ? "drawn" : s->plan.cause);
    out_str(o, "teaches", "             teaches: %s\n", s->teaches);
    out_str(o, "source", "             source:  %s\n", s->source);
    out_end(o);
}

/* All are loaded before the first one is printed; a broken one is an error, since a list with holes
 * would hide it. */
static int print_list(char **names, bool json)
{
    char path[PATH_SIZE];
    struct err err = { "no memory" };
    struct out o = cmd_out(json);
    size_t count = 0, loaded = 0;
    while (names[count] != NULL)
        count++;
    struct scenario *all = calloc(count + 1, sizeof *all);
    while (all != NULL && loaded < count && library_find(names[loaded], path, &err) == 0 &&
           scenario_load(path, &all[loaded], err.text) == 0)
        loaded++;
    if (all == NULL || loaded < count) {
        free(all);
        return cmd_fail(CMD_USAGE, "%s", err.text);
    }
    out_begin(&o, NULL);
    for (size_t i = 0; i < count; i++) {
        out_text(&o, "%s", i > 0 ? "\n" : "");
        print_scenario(&o, &all[i]);
    }
    free(all);
    return cmd_finish(&o, CMD_OK);
}

static int list(bool json)
{
    struct err err;
    char **names;
    if (library_names(&names, &err) != 0)
        return cmd_fail(CMD_USAGE, "%s", err.text);
    const int status = print_list(names, json);
    library_free_names(names);
    return status;
}

static int print_schema(void)
{
    json_t *schema = schema_json("Scenario of Lost Heartbeat", scenario_keys());
    const bool bad = schema == NULL || json_dumpf(schema, stdout, JSON_INDENT(1)) != 0 ||
                     fputc('\n', stdout) == EOF;
    json_decref(schema);
    return bad ? cmd_fail(CMD_USAGE, "cannot write JSON") : CMD_OK;
}

static int run(int argc, char **argv)
{
    struct arguments a = { .json = false };
    struct out o = cmd_out(false);
    int status = cmd_options(&cmd_list, argc, argv, &a);
    if (status != CMD_GO)
        return status;
    if (a.json + a.faults + a.schema > 1)
        return cmd_usage(&cmd_list, "one of --json, --faults and --schema is wanted");
    if (!a.faults && !a.schema)
        return list(a.json);
    status = CMD_OK;
    if (a.faults)
        faultspec_print_doc(stdout);
    else
        status = print_schema();
    return cmd_finish(&o, status);
}

static const struct cmd_option options[] = {
    CMD_JSON("an array of objects: schema \"lostbeat/scenario/1\", name, title, cause, teaches, "
             "source; the cause of a scenario that draws from the seed is \"drawn\""),
    CMD_FLAG("faults", 0, faults,
             "the faults that a scenario may have, with their keys, in Markdown"),
    CMD_FLAG("schema", 0, schema, "the JSON Schema of scenario files, for editors"),
    CMD_OPTIONS_END,
};

const struct cmd cmd_list = {
    .name = "list",
    .summary = "the scenarios: name, cause, what they teach",
    .usage = "[--json | --faults | --schema]",
    .about = "Lists the scenarios that `lostbeat run` knows by name.",
    .options = options,
    .more = "Exit status: 0 listed, 2 wrong usage, or a scenario that is broken.",
    .run = run,
};
