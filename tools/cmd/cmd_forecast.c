/* cmd_forecast.c - `lostbeat forecast`: from vmksummary, who grows and when the memory is gone. */
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/err.h"
#include "shared/isodate.h"
#include "shared/path.h"
#include "tools/cmd/cmd.h"
#include "tools/forecast/forecast.h"
#include "tools/parse/purple.h"
#include "tools/scenario/quantity.h"

#define ROTATIONS_MAX 36 /* vmksummary.1 to .36 of a host are looked for */
#define ODDS_SHOWN 10u

struct arguments {
    int64_t ram_kb, swap_kb; /* 0 = not given */
    bool json;
};

struct input {
    struct text *texts; /* of vmksummary */
    uint32_t count, room;
    struct text meminfo_text;
    struct meminfo meminfo;
    bool has_meminfo;
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
    struct err err;
    if (text_load(path, &t, &err) != 0)
        return cmd_fail(CMD_USAGE, "%s", err.text);
    return take_text(in, &t);
}

/* A host directory, or an unpacked bundle: its vmksummary files and its meminfo. */
static int take_host(struct input *in, const char *dir)
{
    char path[PATH_SIZE];
    const uint32_t before = in->count;
    for (int i = 0; i <= ROTATIONS_MAX; i++) {
        char suffix[8] = "";
        if (i > 0)
            (void)snprintf(suffix, sizeof suffix, ".%d", i);
        (void)path_format(path, "%s/" PATH_VMKSUMMARY_LOG "%s", dir, suffix);
        const int status = access(path, F_OK) == 0 ? take_file(in, path) : 0;
        if (status != 0)
            return status;
    }
    if (in->count == before)
        return cmd_fail(CMD_USAGE, "%s: no " PATH_VMKSUMMARY_LOG " in this folder", dir);
    (void)path_join(path, dir, PATH_MEMINFO);
    return access(path, F_OK) == 0 && !in->has_meminfo ? take_file(in, path) : 0;
}

static int take_path(struct input *in, const char *path)
{
    struct stat st;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return take_host(in, path);
    return take_file(in, path);
}

/* An option counts for more than a meminfo. */
static struct forecast_memory totals(const struct input *in, const struct arguments *a)
{
    struct forecast_memory m = { .ram_kb = a->ram_kb, .swap_kb = a->swap_kb };
    m.ram_from = m.ram_kb > 0 ? "--ram" : NULL;
    m.swap_from = m.swap_kb > 0 ? "--swap" : NULL;
    if (!in->has_meminfo)
        return m;
    m.meminfo = &in->meminfo;
    if (m.ram_kb == 0) {
        m.ram_kb = meminfo_kb(&in->meminfo, "MemTotal");
        m.ram_from = in->meminfo_text.name;
    }
    if (m.swap_kb == 0) {
        m.swap_kb = meminfo_kb(&in->meminfo, "SwapTotal");
        m.swap_from = in->meminfo_text.name;
    }
    return m;
}

/* ---- the forecast ---------------------------------------------------------------------------- */

/* "2009-11-13 04:01" in the zone of the file. */
static const char *date_of(const struct input *in, double epoch_s, char ret[32])
{
    if (!(epoch_s >= 0 && epoch_s < 200e9))
        return "beyond all calendars";
    isodate_format((int64_t)epoch_s, (int32_t)in->v.zone_s, ret);
    ret[ISODATE_MINUTE_LENGTH] = '\0';
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

static void print_head(struct out *o, const struct input *in)
{
    static const char *const outlooks[] = { "no-data", "steady", "growing" };
    const struct vmksummary_record *r = present(in);
    const struct vmksummary_record *end = &in->v.record[in->f.end];
    char date[32], up[32];
    const char *release = purple_release_of(strtoull(r->vmk_build, NULL, 10));
    out_str(o, "outlook", NULL, outlooks[in->f.outlook]);
    out_str(o, "host", "host %s", r->host);
    out_str(o, "build", ", build %s", r->vmk_build);
    out_text(o, "%s%s", release != NULL ? " = " : "", release != NULL ? release : "");
    out_u64(o, "hourly_lines", ": %llu hourly lines of this boot", in->f.hourly_count);
    out_i64(o, "as_of_epoch_s", NULL, r->epoch_s);
    out_text(o, ", the last at %s", date_of(in, (double)r->epoch_s, date));
    out_real(o, "uptime_s", NULL, (double)r->vmk_ms / 1000);
    out_text(o, " (up %s", span_of((double)r->vmk_ms / 3600000, up));
    out_i64(o, "vms", ", %lld VMs)", r->vms);
    out_text(o, ", %s:%" PRIu32 "\n", in->texts[r->file].name, r->line);
    out_bool(o, "went_down", in->f.over);
    if (in->f.over)
        out_text(o,
                 "the host went down after that line; the next boot begins at %s, %s:%" PRIu32
                 ". What follows is what the line foretold\n",
                 date_of(in, (double)end->epoch_s, date), in->texts[end->file].name, end->line);
}

static void print_memory(struct out *o, const struct input *in)
{
    const struct forecast *f = &in->f;
    out_section(o, "memory");
    out_object(o, "memory");
    out_i64(o, "ram_kb", "  RAM %lld kB", f->memory.ram_kb);
    out_str(o, "ram_from", " (%s)", f->memory.ram_from);
    out_i64(o, "swap_kb", ", swap %lld kB", f->memory.swap_kb);
    out_str(o, "swap_from", " (%s)\n", f->memory.swap_from);
    out_i64(o, "swap_used_kb", "  swap used: %lld kB", f->swap_used_kb);
    out_real(o, "swap_used_pct", ", %.1f %%",
             100. * (double)f->swap_used_kb / (double)f->memory.swap_kb);
    if (in->v.unit != VMKSUMMARY_NO_UNIT)
        out_text(o, " (read as %s: %s)", in->v.unit == VMKSUMMARY_BYTES ? "bytes" : "kB",
                 in->v.unit_why);
    out_text(o, "\n");
    const bool fills = f->swap_full_h > 0;
    out_real(o, "swap_kb_per_h", fills ? "  swap grows by %.0f kB/h" : NULL, f->swap.per_h);
    out_real(o, "swap_full_in_h", fills ? " and is full in %.1f hours\n" : NULL, f->swap_full_h);
    out_end(o);
}

static void print_growers(struct out *o, const struct input *in)
{
    const struct forecast *f = &in->f;
    out_section(o, "who grows");
    out_array(o, "growers");
    for (uint32_t i = 0; i < f->grower_count; i++) {
        const struct growth *g = &f->grower[i];
        out_object(o, NULL);
        out_str(o, "name", "  %-16s", g->name);
        out_i64(o, "kb", " %8lld kB", g->kb);
        out_real(o, "pct_of_ram", " = %.1f %% of RAM",
                 100. * (double)g->kb / (double)f->memory.ram_kb);
        out_real(o, "kb_per_h", ", %+.0f kB/h", g->trend.per_h);
        out_real(o, "kb_per_h_low", " (80 %%: %.0f", g->trend.low);
        out_real(o, "kb_per_h_high", " to %.0f)", g->trend.high);
        out_real(o, "hours", ", over the last %.0f hours\n", g->trend.to_h - g->trend.from_h);
        out_u64(o, "lines",
                g->trend.point_count < 6
                    ? "                   only %llu lines: the interval is our choice\n"
                    : NULL,
                g->trend.point_count);
        out_end(o);
    }
    out_end(o);
    out_text(o, "%s", f->grower_count == 0 ? "  none of the three largest\n" : "");
}

static void print_outlook(struct out *o, const struct input *in)
{
    const struct forecast *f = &in->f;
    const double now = (double)present(in)->epoch_s;
    char a[32], b[32], c[32];
    out_section(o, "forecast");
    if (f->outlook != FORECAST_GROWING) {
        out_text(o, "  nothing grows: no end of the memory is foreseen\n");
        out_str(o, "exhaustion", NULL, NULL);
        return;
    }
    out_object(o, "exhaustion");
    out_real(o, "left_kb", "  the console bears %.0f kB more", f->left_kb);
    out_real(o, "left_kb_low", " (80 %%: %.0f", f->left_low_kb);
    out_real(o, "left_kb_high", " to %.0f; ", f->left_high_kb);
    out_str(o, "left_from", "from %s)\n", f->left_from);
    out_real(o, "kb_per_h", "  at %.0f kB/h", f->per_h);
    out_str(o, "pace_from", " (pace of %s)", f->pace_from);
    out_text(o, " RAM and swap are gone, and half an hour later the screen is purple,\n");
    out_real(o, "in_h", NULL, f->in_h);
    out_real(o, "in_h_low", NULL, f->in_low_h);
    out_real(o, "in_h_high", NULL, f->in_high_h);
    out_text(o, "  in %s (80 %%: %s to %s)\n", span_of(f->in_h, a), span_of(f->in_low_h, b),
             span_of(f->in_high_h, c));
    const double at = now + f->in_h * 3600, low = now + f->in_low_h * 3600,
                 high = now + f->in_high_h * 3600;
    out_real(o, "epoch_s", NULL, at);
    out_real(o, "epoch_s_low", NULL, low);
    out_real(o, "epoch_s_high", NULL, high);
    out_text(o, "  at %s (80 %%: %s to %s)\n", date_of(in, at, a), date_of(in, low, b),
             date_of(in, high, c));
    out_end(o);
}

static void print_assumed(struct out *o, const struct forecast *f)
{
    if (f->assumed_count > 0)
        out_section(o, "assumed");
    out_array(o, "assumed");
    for (uint32_t i = 0; i < f->assumed_count; i++)
        out_str(o, NULL, "  %s\n", f->assumed[i]);
    out_end(o);
}

/* As text, the first of each kind. */
static void print_findings(struct out *o, const struct input *in)
{
    const struct vmksummary *v = &in->v;
    const uint32_t all = v->finding_count + v->unparsed.count;
    if (all > 0)
        out_section(o, "also in the files");
    out_array(o, "findings");
    for (uint32_t i = 0; i < v->finding_count && (o->json || i < ODDS_SHOWN); i++) {
        const struct vmksummary_finding *x = &v->finding[i];
        const struct vmksummary_record *r = &v->record[x->record];
        out_object(o, NULL);
        out_str(o, "file", "  %s", in->texts[r->file].name);
        out_u64(o, "line", ":%llu: ", r->line);
        out_str(o, "kind", "%s", vmksummary_finding_name(x->kind));
        out_i64(o, "value", " %lld", x->value);
        out_str(o, "says", ": %s\n", x->text);
        out_end(o);
    }
    out_end(o);
    out_array(o, "not_understood");
    for (uint32_t i = 0; i < v->unparsed.count && (o->json || i < ODDS_SHOWN); i++) {
        const struct unparsed_line *l = &v->unparsed.line[i];
        out_object(o, NULL);
        out_str(o, "file", "  %s", in->texts[l->file].name);
        out_u64(o, "line", ":%llu: ", l->line);
        out_str(o, "why", "not understood: %s\n", l->why);
        out_end(o);
    }
    out_end(o);
    if (v->finding_count > ODDS_SHOWN || v->unparsed.count > ODDS_SHOWN)
        out_text(o, "  and more, %" PRIu32 " in all; --json has them\n", all);
}

/* ---- the command ----------------------------------------------------------------------------- */

static int show(struct input *in, const struct arguments *a)
{
    const struct forecast_memory m = totals(in, a);
    struct out o = cmd_out(a->json);
    vmksummary_parse(in->texts, in->count, &in->v);
    if (in->v.hourly_count == 0)
        return cmd_fail(CMD_BAD, "%s: no hourly line of ESX 3.x or 4.x%s", in->texts[0].name,
                        in->v.is_esxi5 ? "; this is of ESXi 5, which has no service console" : "");
    forecast_make(&in->v, &m, &in->f);
    if (in->f.outlook == FORECAST_NO_DATA && !a->json)
        return cmd_fail(CMD_BAD, "%s: one hourly line of the last boot; two are the least",
                        in->texts[0].name);
    out_begin(&o, "lostbeat/forecast/1");
    print_head(&o, in);
    print_memory(&o, in);
    print_growers(&o, in);
    print_outlook(&o, in);
    print_assumed(&o, &in->f);
    print_findings(&o, in);
    return cmd_finish(&o, in->f.outlook == FORECAST_NO_DATA ? CMD_BAD : CMD_OK);
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

static const char *take_size(void *member, const char *text)
{
    int64_t *kb = member;
    return quantity_parse(text, quantity_kb, kb) == 0 && *kb > 0 ? NULL : "a size as 800MB";
}

static int run(int argc, char **argv)
{
    struct arguments a = { .json = false };
    struct input in = { 0 };
    int status = cmd_options(&cmd_forecast, argc, argv, &a);
    if (status != CMD_GO)
        return status;
    status = CMD_OK;
    for (char **path = argv + optind; *path != NULL && status == CMD_OK; path++)
        status = take_path(&in, *path);
    if (status == CMD_OK && in.count == 0)
        status = cmd_fail(CMD_USAGE, "no vmksummary among the files");
    if (status == CMD_OK)
        status = show(&in, &a);
    release(&in);
    return status;
}

static const struct cmd_option options[] = {
    CMD_TAKE("ram", 0, "SIZE", ram_kb, take_size,
             "RAM of the console, as 800MB, when there is no meminfo"),
    CMD_TAKE("swap", 0, "SIZE", swap_kb, take_size, "likewise its swap"),
    CMD_JSON("one object: schema \"lostbeat/forecast/1\""),
    CMD_OPTIONS_END,
};

const struct cmd cmd_forecast = {
    .name = "forecast",
    .summary = "says from vmksummary who grows and when the memory is gone",
    .usage = "FILE|HOST... [--ram SIZE] [--swap SIZE] [--json]",
    .about =
        "Takes vmksummary files (rotated ones too, in any order; plain or gzip) of this simulator "
        "or of a real ESX 3.x or 4.x host, and a /proc/meminfo if there is one, or a host "
        "directory. Says which process grows and how fast, and when RAM and swap are gone, with "
        "an interval that should hold in 8 of 10 cases. A meminfo of the same hour makes it "
        "narrower.",
    .options = options,
    .more = "Exit status: 0 a forecast was made, 1 too few lines for one, 2 nothing could be read.",
    .operand = "vmksummary",
    .least = 1,
    .most = INT_MAX,
    .run = run,
};
