/* cmd_list.c - `lostbeat list`: the scenarios, what causes them and what they teach. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "tools/cmd/cmd.h"
#include "tools/scenario/faultspec_doc.h"
#include "tools/scenario/library.h"
#include "tools/scenario/scenario.h"
#include "tools/scenario/schema_json.h"

/* What a scenario draws has another cause for each seed. */
static const char *cause_of(const struct scenario *s)
{
    return s->drawn_count > 0 ? "drawn" : s->cause;
}

static int print_json(const struct scenario *s, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(
            array, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "schema", "lostbeat/scenario/1",
                             "name", s[i].name, "title", s[i].title, "cause", cause_of(&s[i]),
                             "teaches", s[i].teaches, "source", s[i].source));
    const bool whole =
        json_array_size(array) == count && json_dumpf(array, stdout, JSON_INDENT(2)) == 0;
    (void)fputc('\n', stdout);
    json_decref(array);
    return whole ? CMD_OK : cmd_fail(CMD_USAGE, "cannot write JSON");
}

static void print_text(const struct scenario *s, size_t count)
{
    for (size_t i = 0; i < count; i++)
        (void)printf("%s%-12s %s\n%-12s cause:   %s\n%-12s teaches: %s\n%-12s source:  %s\n",
                     i > 0 ? "\n" : "", s[i].name, s[i].title, "", cause_of(&s[i]), "",
                     s[i].teaches, "", s[i].source);
}

/* Loads them all; a broken one is an error, since a list with holes would hide it. */
static int load_all(char **names, struct scenario **ret, size_t *ret_count)
{
    char path[LIBRARY_PATH_MAX], err[SCENARIO_ERROR_MAX];
    size_t count = 0;

    while (names[count] != NULL)
        count++;
    struct scenario *all = calloc(count + 1, sizeof *all);
    if (all == NULL)
        return cmd_fail(CMD_USAGE, "no memory");
    for (size_t i = 0; i < count; i++) {
        if (library_find(names[i], path, err, sizeof err) != 0 ||
            scenario_load(path, &all[i], err) != 0) {
            free(all);
            return cmd_fail(CMD_USAGE, "%s", err);
        }
    }
    *ret = all;
    *ret_count = count;
    return CMD_OK;
}

static int list(bool as_json)
{
    char err[SCENARIO_ERROR_MAX] = "no memory";
    struct scenario *all = NULL;
    size_t count = 0;
    char **names;

    if (library_names(&names, err, sizeof err) != 0)
        return cmd_fail(CMD_USAGE, "%s", err);
    int status = load_all(names, &all, &count);
    library_free_names(names);
    if (status != CMD_OK)
        return status;
    if (as_json)
        status = print_json(all, count);
    else
        print_text(all, count);
    free(all);
    return status;
}

static int print_faults(void)
{
    faultspec_print_doc(stdout);
    return fflush(stdout) == 0 ? CMD_OK : cmd_fail(CMD_USAGE, "cannot write");
}

static int print_schema(void)
{
    json_t *schema = schema_json("Scenario of Lost Heartbeat", scenario_keys());
    const bool bad = schema == NULL || json_dumpf(schema, stdout, JSON_INDENT(1)) != 0 ||
                     fputc('\n', stdout) == EOF || fflush(stdout) != 0;
    json_decref(schema);
    return bad ? cmd_fail(CMD_USAGE, "cannot write JSON") : CMD_OK;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = { { "json", no_argument, NULL, 'j' },
                                             { "faults", no_argument, NULL, 'f' },
                                             { "schema", no_argument, NULL, 's' },
                                             { "help", no_argument, NULL, 'h' },
                                             { 0 } };
    int what = 0;

    opterr = 0;
    for (int o; (o = getopt_long(argc, argv, "h", options, NULL)) != -1; what = o) {
        if (o == 'h')
            return cmd_help(&cmd_list);
        if (o == '?')
            return cmd_bad_option(&cmd_list, argv);
        if (what != 0)
            return cmd_usage(&cmd_list, "one of --json, --faults and --schema is wanted");
    }
    if (optind != argc)
        return cmd_usage(&cmd_list, "no arguments are wanted, not '%s'", argv[optind]);
    if (what == 'f')
        return print_faults();
    return what == 's' ? print_schema() : list(what == 'j');
}

const struct cmd cmd_list = {
    .name = "list",
    .summary = "the scenarios: name, cause, what they teach",
    .help = "usage: lostbeat list [--json | --faults | --schema]\n"
            "\n"
            "Lists the scenarios that `lostbeat run` knows by name.\n"
            "\n"
            "  --json   an array of objects: schema \"lostbeat/scenario/1\", name, title, cause, "
            "teaches, source;\n"
            "           the cause of a scenario that draws from the seed is \"drawn\"\n"
            "  --faults the faults that a scenario may have, with their keys, in Markdown\n"
            "  --schema the JSON Schema of scenario files, for editors\n",
    .run = run,
};
