/* report_html.c - a diagnosis as one page that needs nothing else. */
#include "tools/diagnose/reports/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "shared/err.h"
#include "shared/io.h"
#include "tools/diagnose/reports/svg.h"
#include "tools/diagnose/reports/evidence.h"
#include "tools/diagnose/reports/plot.h"

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<style>\n"
    "body{font:15px/1.5 sans-serif;max-width:960px;margin:2em auto;padding:0 1em;color:#222}\n"
    "h1{font-size:1.4em;border-left:8px solid #a700a8;padding-left:.5em}\n"
    "h2{font-size:1.1em;margin-top:2em}table{border-collapse:collapse;width:100%}\n"
    "td,th{text-align:left;vertical-align:top;padding:.3em .6em;border-bottom:1px solid #ddd}\n"
    "td.n{text-align:right;white-space:nowrap}code{font-size:.85em;color:#666;"
    "overflow-wrap:anywhere}svg{max-width:100%;height:auto}\n</style>\n";

static void put(FILE *f, const char *before, const char *text, const char *after)
{
    (void)fputs(before, f);
    svg_put_escaped(f, text);
    (void)fputs(after, f);
}

static void put_evidence(FILE *f, const struct diagnosis *d)
{
    static struct evidence list[EVIDENCE_MAX];
    const uint32_t count = evidence_list(d, list);
    (void)fputs("<h2>Evidence</h2>\n<table>\n", f);
    for (uint32_t i = 0; i < count; i++) {
        (void)fprintf(f, "<tr><td class=\"n\">%+d</td>", list[i].weight);
        put(f, "<td>", list[i].says, "<br><code>");
        put(f, "", list[i].fact->file, "");
        if (list[i].fact->line != 0)
            (void)fprintf(f, ":%u", list[i].fact->line);
        put(f, " ", list[i].fact->text, "</code></td></tr>\n");
    }
    (void)fputs("</table>\n<p>Weights are decibans: +10 makes the cause ten times as likely.</p>\n",
                f);
}

static void put_host(FILE *f, const struct diagnosis *d)
{
    char text[256], uptime[DIAGNOSIS_WHEN_ROOM] = "?";
    if (d->host.uptime_ns > 0)
        diagnosis_uptime(d->host.uptime_ns, uptime);
    (void)snprintf(text, sizeof text, "Host %s, build %s, up %s",
                   d->host.name[0] != '\0' ? d->host.name : "?",
                   d->host.build[0] != '\0' ? d->host.build : "?", uptime);
    put(f, "<p>", text, "</p>\n");
}

static void put_memory(FILE *f, const struct diagnosis *d)
{
    if (d->memory.top_count == 0)
        return;
    (void)fputs("<h2>Memory</h2>\n<table><tr><th>program</th><th>kB</th><th>% of RAM</th></tr>\n",
                f);
    for (uint32_t i = 0; i < d->memory.top_count; i++) {
        put(f, "<tr><td>", d->memory.top[i].name, "</td>");
        (void)fprintf(f, "<td class=\"n\">%lld</td><td class=\"n\">%.1f</td></tr>\n",
                      (long long)d->memory.top[i].kb,
                      diagnosis_pct_of_ram(d, (double)d->memory.top[i].kb));
    }
    (void)fputs("</table>\n", f);
}

static void put_lists(FILE *f, const struct diagnosis *d)
{
    char text[VERDICT_TEXT_MAX];
    (void)fputs("<h2>Ruled out</h2>\n<table>\n", f);
    for (uint32_t i = 0; i < d->verdict.count; i++) {
        if (d->verdict.cause[i].hypothesis == d->verdict.best)
            continue;
        put(f, "<tr><td>", d->verdict.cause[i].hypothesis->cause, "</td>");
        put(f, "<td>", evidence_against(d, i, text, sizeof text), "</td></tr>\n");
    }
    (void)fputs("</table>\n", f);
    if (d->verdict.missing_count > 0)
        (void)fputs("<h2>Missing</h2>\n<ul>\n", f);
    for (uint32_t i = 0; i < d->verdict.missing_count; i++) {
        put(f, "<li>", artefact_name(d->verdict.missing[i].artefact), ": ");
        put(f, "", d->verdict.missing[i].would_tell, "</li>\n");
    }
    if (d->verdict.missing_count > 0)
        (void)fputs("</ul>\n", f);
    if (d->contradictions.count > 0)
        (void)fputs("<h2>Files that contradict each other</h2>\n<ul>\n", f);
    for (uint32_t i = 0; i < d->contradictions.count; i++)
        put(f, "<li>", d->contradictions.text[i], "</li>\n");
    if (d->contradictions.count > 0)
        (void)fputs("</ul>\n", f);
    (void)fputs("<h2>What to do</h2>\n<ol>\n", f);
    for (uint32_t i = 0; evidence_action(d, i, text, sizeof text); i++)
        put(f, "<li>", text, "</li>\n");
    (void)fputs("</ol>\n", f);
}

static void put_page(FILE *f, const struct diagnosis *d)
{
    (void)fputs(head, f);
    put(f, "<title>", verdict_cause_name(&d->verdict), "</title></head><body>\n");
    put(f, "<h1>", verdict_cause_name(&d->verdict), ": ");
    put(f, "", d->verdict.headline, "");
    (void)fprintf(f, " (confidence %.2f)</h1>\n", d->verdict.confidence);
    put_host(f, d);
    if (plot_height(d) > 0) {
        svg_begin(f, PLOT_WIDTH, plot_height(d));
        plot_draw(d, f);
        svg_end(f);
    }
    put_evidence(f, d);
    put_memory(f, d);
    put_lists(f, d);
    (void)fputs("</body></html>\n", f);
}

int report_diagnosis_html(const struct diagnosis *d, const char *path, struct err *err)
{
    char *page = NULL;
    size_t size = 0;
    int status = -ENOMEM;
    FILE *f = open_memstream(&page, &size);
    if (f != NULL) {
        put_page(f, d);
        if (fclose(f) == 0)
            status = io_replace(AT_FDCWD, path, page, size, false);
    }
    free(page);
    if (status != 0)
        (void)err_file(err, status, path);
    return status == 0 ? 0 : -1;
}
