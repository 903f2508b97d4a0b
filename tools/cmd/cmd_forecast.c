/* cmd_forecast.c - `lostbeat forecast`: from vmksummary, who grows and when the memory is gone. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "shared/calendar.h"
#include "tools/cmd/cmd.h"
#include "tools/forecast/forecast.h"
#include "tools/parse/purple.h"
#include "tools/scenario/quantity.h"

#define ERROR_MAX 512
#define PATH_ROOM 4096
#define ROTATIONS_MAX 36 /* vmksummary.1 to .36 of a host are looked for */
#define ODDS_SHOWN 10u

struct input {
    struct text *texts; /* of vmksummary */
    uint32_t count, room;
    struct text meminfo_text;
    struct meminfo meminfo;
    bool has_meminfo;
    int64_t ram_kb, swap_kb; /* options; 0 = not given */
    struct vmksummary v;
    struct forecast f;
};

/* ---- reading --------------------------------------------------------------------------------- */

static int take_text(struct input *in, struct text *t)
{
    struct meminfo m;
    if (vmksummary_is(t)) {
        *PARSE_ADD(in->texts, in->count, in->room) = *t;
        return 0;
    }
    meminfo_parse(t, &m);
    if (meminfo_is(&m) && !in->has_meminfo) {
        in->has_meminfo = true;
        in->meminfo = m;
        in->meminfo_text = *t;
        return 0;
    }
    const bool second = meminfo_is(&m);
    const int status = second ? cmd_fail(CMD_USAGE, "%s: a second meminfo; give one", t->name)
                              : cmd_fail(CMD_USAGE,
                                         "%s: neither a vmksummary nor a meminfo: none of its "
                                         "%" PRIu32 " lines is of either",
                                         t->name, t->count);
    meminfo_free(&m);
    text_free(t);
    return status;
}

static int take_file(struct input *in, const char *path)
{
    struct text t;
    char err[ERROR_MAX];
    if (text_load(path, &t, err, sizeof err) != 0)
        return cmd_fail(CMD_USAGE, "%s", err);
    return take_text(in, &t);
}

/* A host directory, or an unpacked bundle: its vmksummary files and its meminfo. */
static int take_host(struct input *in, const char *dir)
{
    char path[PATH_ROOM];
    const uint32_t before = in->count;
    for (int i = 0; i <= ROTATIONS_MAX; i++) {
        char suffix[8] = "";
        if (i > 0)
            (void)snprintf(suffix, sizeof suffix, ".%d", i);
        (void)snprintf(path, sizeof path, "%s/var/log/vmksummary%s", dir, suffix);
        const int status = access(path, F_OK) == 0 ? take_file(in, path) : 0;
        if (status != 0)
            return status;
    }
    if (in->count == before)
        return cmd_fail(CMD_USAGE, "%s: no var/log/vmksummary in this folder", dir);
    (void)snprintf(path, sizeof path, "%s/proc/meminfo", dir);
    return access(path, F_OK) == 0 && !in->has_meminfo ? take_file(in, path) : 0;
}

static int take_path(struct input *in, const char *path)
{
    struct stat st;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return take_host(in, path);
    return take_file(in, path);
}

static struct forecast_memory totals(const struct input *in)
{
    struct forecast_memory m = { .meminfo = in->has_meminfo ? &in->meminfo : NULL };
    if (in->has_meminfo) {
        m.ram_kb = meminfo_kb(&in->meminfo, "MemTotal");
        m.swap_kb = meminfo_kb(&in->meminfo, "SwapTotal");
        m.ram_from = m.swap_from = in->meminfo_text.name;
    }
    if (in->ram_kb > 0) {
        m.ram_kb = in->ram_kb;
        m.ram_from = "--ram";
    }
    if (in->swap_kb > 0) {
        m.swap_kb = in->swap_kb;
        m.swap_from = "--swap";
    }
    return m;
}

/* ---- for people ------------------------------------------------------------------------------ */

/* "2009-11-13 04:01" in the zone of the file. */
static const char *date_of(const struct input *in, double epoch_s, char ret[32])
{
    struct calendar_date d;
    if (!(epoch_s >= 0 && epoch_s < 200e9))
        return "beyond all calendars";
    calendar_from_epoch((int64_t)epoch_s, (int32_t)in->v.zone_s, &d);
    (void)snprintf(ret, 32, "%04d-%02u-%02u %02u:%02u", (int)d.year, d.month, d.day, d.hour,
                   d.minute);
    return ret;
}

static const char *span_of(double h, char ret[32])
{
    if (h < 72)
        (void)snprintf(ret, 32, "%.1f hours", h);
    else
        (void)snprintf(ret, 32, "%.1f days", h / 24);
    return ret;
}

static const struct vmksummary_record *present(const struct input *in)
{
    return &in->v.record[in->f.last];
}

static void print_head(const struct input *in)
{
    const struct vmksummary_record *r = present(in);
    char date[32], up[32], *end;
    const char *release = purple_release_of(strtoull(r->vmk_build, &end, 10));
    (void)printf("host %s, build %s%s%s: %" PRIu32 " hourly lines of this boot, the last at %s "
                 "(up %s, %" PRId64 " VMs), %s:%" PRIu32 "\n",
                 r->host, r->vmk_build, release != NULL ? " = " : "",
                 release != NULL ? release : "", in->f.hourly_count,
                 date_of(in, (double)r->epoch_s, date), span_of((double)r->vmk_ms / 3600000, up),
                 r->vms, in->texts[r->file].name, r->line);
    if (in->f.over)
        (void)printf("the host went down after that line; the next boot begins at %s, %s:%" PRIu32
                     ". What follows is what the line foretold\n",
                     date_of(in, (double)in->v.record[in->f.end].epoch_s, date),
                     in->texts[in->v.record[in->f.end].file].name, in->v.record[in->f.end].line);
}

static void print_memory(const struct input *in)
{
    const struct forecast *f = &in->f;
    (void)printf("\nmemory\n  RAM %" PRId64 " kB (%s), swap %" PRId64 " kB (%s)\n",
                 f->memory.ram_kb, f->memory.ram_from, f->memory.swap_kb, f->memory.swap_from);
    (void)printf("  swap used: %" PRId64 " kB, %.1f %%", f->swap_used_kb,
                 100. * (double)f->swap_used_kb / (double)f->memory.swap_kb);
    if (in->v.unit != VMKSUMMARY_NO_UNIT)
        (void)printf(" (read as %s: %s)", in->v.unit == VMKSUMMARY_BYTES ? "bytes" : "kB",
                     in->v.unit_why);
    (void)printf("\n");
    if (f->swap_full_h > 0)
        (void)printf("  swap grows by %.0f kB/h and is full in %.1f hours\n", f->swap.per_h,
                     f->swap_full_h);
}

static void print_growers(const struct input *in)
{
    const struct forecast *f = &in->f;
    (void)printf("\nwho grows\n");
    for (uint32_t i = 0; i < f->grower_count; i++) {
        const struct growth *g = &f->grower[i];
        (void)printf("  %-16s %8" PRId64 " kB = %.1f %% of RAM, %+.0f kB/h (80 %%: %.0f to %.0f), "
                     "over the last %.0f hours\n",
                     g->name, g->kb, 100. * (double)g->kb / (double)f->memory.ram_kb,
                     g->trend.per_h, g->trend.low, g->trend.high, g->trend.to_h - g->trend.from_h);
        if (g->trend.point_count < 6)
            (void)printf("  %-16s only %" PRIu32 " lines: the interval is our choice\n", "",
                         g->trend.point_count);
    }
    if (f->grower_count == 0)
        (void)printf("  none of the three largest\n");
}

static void print_outlook(const struct input *in)
{
    const struct forecast *f = &in->f;
    const double now = (double)present(in)->epoch_s;
    char a[32], b[32], c[32];
    (void)printf("\nforecast\n");
    if (f->outlook == FORECAST_STEADY) {
        (void)printf("  nothing grows: no end of the memory is foreseen\n");
        return;
    }
    (void)printf("  the console bears %.0f kB more (80 %%: %.0f to %.0f; from %s)\n", f->left_kb,
                 f->left_low_kb, f->left_high_kb, f->left_from);
    (void)printf(
        "  at %.0f kB/h (pace of %s) RAM and swap are gone, and half an hour later the screen "
        "is purple,\n  in %s (80 %%: ",
        f->per_h, f->pace_from, span_of(f->in_h, a));
    (void)printf("%s to %s)\n", span_of(f->in_low_h, a), span_of(f->in_high_h, b));
    (void)printf("  at %s (80 %%: %s to %s)\n", date_of(in, now + f->in_h * 3600, a),
                 date_of(in, now + f->in_low_h * 3600, b),
                 date_of(in, now + f->in_high_h * 3600, c));
}

static void print_findings(const struct input *in)
{
    static const char *const head = "\nalso in the files\n";
    const struct vmksummary *v = &in->v;
    uint32_t shown = 0;
    for (uint32_t i = 0; i < v->finding_count; i++) {
        const struct vmksummary_record *r = &v->record[v->finding[i].record];
        if (shown++ < ODDS_SHOWN)
            (void)printf("%s  %s:%" PRIu32 ": %s %" PRId64 ": %s\n", shown == 1 ? head : "",
                         in->texts[r->file].name, r->line,
                         vmksummary_finding_name(v->finding[i].kind), v->finding[i].value,
                         v->finding[i].text);
    }
    for (uint32_t i = 0; i < v->unparsed.count; i++) {
        if (shown++ < 2 * ODDS_SHOWN)
            (void)printf("%s  %s:%" PRIu32 ": not understood: %s\n", shown == 1 ? head : "",
                         in->texts[v->unparsed.line[i].file].name, v->unparsed.line[i].line,
                         v->unparsed.line[i].why);
    }
    const uint32_t all = v->finding_count + v->unparsed.count;
    if (all > 2 * ODDS_SHOWN)
        (void)printf("  and more, %" PRIu32 " in all; --json has them\n", all);
}

static int print_text(const struct input *in)
{
    const struct forecast *f = &in->f;
    print_head(in);
    print_memory(in);
    print_growers(in);
    print_outlook(in);
    for (uint32_t i = 0; i < f->assumed_count; i++)
        (void)printf("%s  %s\n", i == 0 ? "\nassumed\n" : "", f->assumed[i]);
    print_findings(in);
    return ferror(stdout) != 0 ? -1 : 0;
}

/* ---- for scripts ----------------------------------------------------------------------------- */

/* JSON wants UTF-8: other bytes of a name become '?'. */
static json_t *ascii(const char *text)
{
    char *copy = strdup(text);
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

static json_t *json_growers(const struct forecast *f)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < f->grower_count; i++) {
        const struct growth *g = &f->grower[i];
        (void)json_array_append_new(
            list,
            json_pack("{s:o, s:I, s:f, s:f, s:f, s:f, s:i, s:f}", "name", ascii(g->name), "kb",
                      (json_int_t)g->kb, "pct_of_ram",
                      100. * (double)g->kb / (double)f->memory.ram_kb, "kb_per_h", g->trend.per_h,
                      "kb_per_h_low", g->trend.low, "kb_per_h_high", g->trend.high, "lines",
                      (int)g->trend.point_count, "hours", g->trend.to_h - g->trend.from_h));
    }
    return list;
}

static json_t *json_exhaustion(const struct input *in)
{
    const struct forecast *f = &in->f;
    const double now = (double)present(in)->epoch_s;
    if (f->outlook != FORECAST_GROWING)
        return json_null();
    return json_pack("{s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:s, s:s}", "in_h",
                     f->in_h, "in_h_low", f->in_low_h, "in_h_high", f->in_high_h, "epoch_s",
                     now + f->in_h * 3600, "epoch_s_low", now + f->in_low_h * 3600, "epoch_s_high",
                     now + f->in_high_h * 3600, "left_kb", f->left_kb, "left_kb_low",
                     f->left_low_kb, "left_kb_high", f->left_high_kb, "kb_per_h", f->per_h,
                     "left_from", f->left_from, "pace_from", f->pace_from);
}

static json_t *json_findings(const struct input *in)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < in->v.finding_count; i++) {
        const struct vmksummary_finding *x = &in->v.finding[i];
        const struct vmksummary_record *r = &in->v.record[x->record];
        (void)json_array_append_new(
            list, json_pack("{s:o, s:i, s:s, s:I, s:o}", "file", ascii(in->texts[r->file].name),
                            "line", (int)r->line, "kind", vmksummary_finding_name(x->kind), "value",
                            (json_int_t)x->value, "says", ascii(x->text)));
    }
    return list;
}

static json_t *json_odds(const struct input *in)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < in->v.unparsed.count; i++) {
        const struct unparsed_line *o = &in->v.unparsed.line[i];
        (void)json_array_append_new(list, json_pack("{s:o, s:i, s:s}", "file",
                                                    ascii(in->texts[o->file].name), "line",
                                                    (int)o->line, "why", o->why));
    }
    return list;
}

static json_t *json_memory(const struct forecast *f)
{
    return json_pack("{s:I, s:I, s:I, s:f, s:f, s:s, s:s, s:f}", "ram_kb",
                     (json_int_t)f->memory.ram_kb, "swap_kb", (json_int_t)f->memory.swap_kb,
                     "swap_used_kb", (json_int_t)f->swap_used_kb, "swap_used_pct",
                     100. * (double)f->swap_used_kb / (double)f->memory.swap_kb, "swap_kb_per_h",
                     f->swap.per_h, "ram_from", f->memory.ram_from, "swap_from",
                     f->memory.swap_from, "swap_full_in_h", f->swap_full_h);
}

static int print_json(const struct input *in)
{
    static const char *const outlooks[] = { "no-data", "steady", "growing" };
    const struct forecast *f = &in->f;
    const struct vmksummary_record *r = present(in);
    json_t *assumed = json_array();
    for (uint32_t i = 0; i < f->assumed_count; i++)
        (void)json_array_append_new(assumed, json_string(f->assumed[i]));
    json_t *root = json_pack(
        "{s:s, s:s, s:o, s:o, s:f, s:I, s:I, s:i, s:b, s:o, s:o, s:o, s:o, s:o, s:o}", "schema",
        "lostbeat/forecast/1", "outlook", outlooks[f->outlook], "host", ascii(r->host), "build",
        ascii(r->vmk_build), "uptime_s", (double)r->vmk_ms / 1000, "as_of_epoch_s",
        (json_int_t)r->epoch_s, "vms", (json_int_t)r->vms, "hourly_lines", (int)f->hourly_count,
        "went_down", f->over, "memory", json_memory(f), "growers", json_growers(f), "exhaustion",
        json_exhaustion(in), "assumed", assumed, "findings", json_findings(in), "not_understood",
        json_odds(in));
    const int status = root == NULL ? -1 : json_dumpf(root, stdout, JSON_INDENT(2));
    json_decref(root);
    return status == 0 && fputc('\n', stdout) != EOF ? 0 : -1;
}

/* ---- the command ----------------------------------------------------------------------------- */

static int show(struct input *in, bool json)
{
    const struct forecast_memory m = totals(in);
    vmksummary_parse(in->texts, in->count, &in->v);
    if (in->v.hourly_count == 0)
        return cmd_fail(CMD_BAD, "%s: no hourly line of ESX 3.x or 4.x%s", in->texts[0].name,
                        in->v.is_esxi5 ? "; this is of ESXi 5, which has no service console" : "");
    forecast_make(&in->v, &m, &in->f);
    if (in->f.outlook == FORECAST_NO_DATA && !json)
        return cmd_fail(CMD_BAD, "%s: one hourly line of the last boot; two are the least",
                        in->texts[0].name);
    const int status = json ? print_json(in) : print_text(in);
    if (status != 0 || fflush(stdout) != 0)
        return cmd_fail(CMD_USAGE, "stdout: %s", strerror(errno));
    return in->f.outlook == FORECAST_NO_DATA ? CMD_BAD : CMD_OK;
}

static void release(struct input *in)
{
    vmksummary_free(&in->v);
    meminfo_free(&in->meminfo);
    text_free(&in->meminfo_text);
    for (uint32_t i = 0; i < in->count; i++)
        text_free(&in->texts[i]);
    free(in->texts);
}

static int forecast_paths(struct input *in, char **paths, bool json)
{
    int status = CMD_OK;
    for (; *paths != NULL && status == CMD_OK; paths++)
        status = take_path(in, *paths);
    if (status == CMD_OK && in->count == 0)
        status = cmd_fail(CMD_USAGE, "no vmksummary among the files");
    if (status == CMD_OK)
        status = show(in, json);
    release(in);
    return status;
}

static int size_option(const char *name, const char *text, int64_t *ret)
{
    if (quantity_parse(text, quantity_kb, ret) == 0 && *ret > 0)
        return CMD_OK;
    return cmd_usage(&cmd_forecast, "--%s wants a size as 800MB, not '%s'", name, text);
}

static int run(int argc, char **argv)
{
    static const struct option options[] = { { "ram", required_argument, NULL, 'r' },
                                             { "swap", required_argument, NULL, 's' },
                                             { "json", no_argument, NULL, 'j' },
                                             { "help", no_argument, NULL, 'h' },
                                             { 0 } };
    struct input in = { 0 };
    bool json = false;
    int status = CMD_OK;

    opterr = 0;
    for (int o; (o = getopt_long(argc, argv, "h", options, NULL)) != -1 && status == CMD_OK;) {
        if (o == 'h')
            return cmd_help(&cmd_forecast);
        if (o == 'r')
            status = size_option("ram", optarg, &in.ram_kb);
        else if (o == 's')
            status = size_option("swap", optarg, &in.swap_kb);
        else if (o == 'j')
            json = true;
        else
            return cmd_bad_option(&cmd_forecast, argv);
    }
    if (status != CMD_OK)
        return status;
    if (optind == argc)
        return cmd_usage(&cmd_forecast, "which vmksummary?");
    return forecast_paths(&in, argv + optind, json);
}

const struct cmd cmd_forecast = {
    .name = "forecast",
    .summary = "tells from vmksummary who grows and when the memory is gone",
    .help =
        "usage: lostbeat forecast FILE|HOST... [--ram SIZE] [--swap SIZE] [--json]\n"
        "\n"
        "Takes vmksummary files (rotated ones too, in any order; plain or gzip) of this simulator "
        "or\n"
        "of a real ESX 3.x or 4.x host, and a /proc/meminfo if there is one, or a host directory.\n"
        "Says which process grows and how fast, and when RAM and swap are gone, with an interval\n"
        "that should hold in 8 of 10 cases. A meminfo of the same hour makes it narrower.\n"
        "\n"
        "  --ram SIZE, --swap SIZE   totals of the console, as 800MB, when there is no meminfo\n"
        "  --json                    one object: schema \"lostbeat/forecast/1\"\n"
        "\n"
        "Exit status: 0 a forecast was made, 1 too few lines for one, 2 nothing could be read.\n",
    .run = run,
};
