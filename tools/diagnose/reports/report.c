/* report.c - a diagnosis as an engineer would send it on: the verdict first, then the evidence line
 * by line, what was ruled out, what is missing, what to do. As JSON: lostbeat/diagnose/1. */
#include "tools/diagnose/reports/report.h"

#include <math.h>
#include <string.h>

#include "tools/diagnose/reports/evidence.h"
#include "tools/diagnose/reports/why.h"

#define NUMBER_DIGITS 6 /* of figures in JSON: more would be noise */

static const char *known_text(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

static double known_kb(int64_t kb)
{
    return kb >= 0 ? (double)kb : NAN;
}

/* A whole number, or null. */
static void put_known(struct out *o, const char *key, const char *format, bool known, long long v)
{
    if (known)
        out_i64(o, key, format, v);
    else
        out_str(o, key, NULL, NULL);
}

/* @return is the cause found? */
static bool put_verdict(struct out *o, const struct verdict *v)
{
    const bool sure = v->best != NULL && v->confidence >= VERDICT_SURE;
    const struct fact *who = v->culprit;
    out_object(o, "verdict");
    out_style(o, OUT_BOLD);
    out_style(o, sure ? OUT_GREEN : OUT_RED);
    out_str(o, "cause", "%s: ", verdict_cause_name(v));
    out_str(o, "headline", "%s", v->headline);
    out_style(o, OUT_PLAIN);
    out_real(o, "confidence", " (confidence %.2f)\n\n", v->confidence);
    out_str(o, "process", NULL, who != NULL ? who->who : NULL);
    put_known(o, "pid", NULL, who != NULL && who->pid != 0, who != NULL ? who->pid : 0);
    out_end(o);
    return sure;
}

static void put_host(struct out *o, const struct diagnosis *d)
{
    char uptime[DIAGNOSIS_WHEN_ROOM];
    const bool has_uptime = d->host.uptime_ns > 0;
    out_object(o, "host");
    out_text(o, "Host      %s", d->host.name[0] != '\0' ? "" : "(its name stands nowhere)");
    out_str(o, "name", "%s", known_text(d->host.name));
    out_str(o, "build", ", build %s", known_text(d->host.build));
    out_str(o, "profile", NULL, known_text(d->host.profile));
    out_real(o, "uptime_s", NULL, has_uptime ? (double)d->host.uptime_ns / 1e9 : NAN);
    if (has_uptime) {
        diagnosis_uptime(d->host.uptime_ns, uptime);
        out_text(o, ", up %s", uptime);
    }
    put_known(o, "vms_affected", ", %lld virtual machines affected", d->host.vms >= 0, d->host.vms);
    out_text(o, "\n");
    out_end(o);
}

static void put_memory(struct out *o, const struct diagnosis *d)
{
    const double total = known_kb(d->memory.total_kb), used = known_kb(d->memory.swap_used_kb);
    const double swap = known_kb(d->memory.swap_total_kb);
    const bool has_line = !isnan(total) || !isnan(used) || d->memory.top_count > 0;
    out_object(o, "memory");
    out_text(o, "%s", has_line ? "Memory    " : "");
    out_real(o, "total_kb", "RAM %.0f kB", total);
    out_text(o, "%s", isnan(total) || isnan(used) ? "" : ", ");
    out_real(o, "swap_used_kb", isnan(swap) ? "swap %.0f kB in use" : "swap %.0f", used);
    out_real(o, "swap_total_kb", isnan(used) ? NULL : " of %.0f kB in use", swap);
    out_real(o, "swap_used_pct", " (%.1f %%)", 100 * used / swap);
    out_text(o, "%s", has_line ? "\n" : "");
    out_array(o, "top");
    for (uint32_t i = 0; i < d->memory.top_count; i++) {
        const struct diagnosis_process *p = &d->memory.top[i];
        out_object(o, NULL);
        out_str(o, "name", "          %-16s", p->name);
        out_real(o, "kb", " %9.0f kB", (double)p->kb);
        out_real(o, "pct_of_ram", "  %5.1f %% of RAM",
                 isnan(total) ? NAN : diagnosis_pct_of_ram(d, (double)p->kb));
        out_text(o, "\n");
        out_end(o);
    }
    out_end(o);
    out_end(o);
}

static void put_evidence(struct out *o, const struct diagnosis *d)
{
    static struct evidence list[EVIDENCE_MAX];
    const uint32_t count = evidence_list(d, list);
    out_section(o, "Evidence");
    out_text(o, "%s", count == 0 ? "  none\n" : "");
    out_array(o, "evidence");
    for (uint32_t i = 0; i < count; i++) {
        const struct fact *f = list[i].fact;
        const enum fact_id id = (enum fact_id)(f - d->facts.fact);
        out_object(o, NULL);
        out_i64(o, "weight", "  %+4lld  ", list[i].weight);
        out_prose(o, "says", 8, list[i].says);
        out_style(o, OUT_DIM);
        out_str(o, "file", "        %s", f->file);
        put_known(o, "line", ":%lld", f->line != 0, f->line);
        out_str(o, "text", f->text[0] != '\0' ? ": %s" : "%s", f->text);
        out_style(o, OUT_PLAIN);
        out_text(o, "\n");
        out_str(o, "fact", NULL, fact_name(id));
        out_real(o, "value", NULL, f->value);
        out_str(o, "unit", NULL, fact_unit(id));
        out_end(o);
    }
    out_end(o);
}

static void put_ruled_out(struct out *o, const struct diagnosis *d)
{
    char because[VERDICT_TEXT_MAX], possible[32];
    out_section(o, "Ruled out");
    out_array(o, "ruled_out");
    for (uint32_t i = 0; i < d->verdict.count; i++) {
        const struct verdict_cause *c = &d->verdict.cause[i];
        if (c->hypothesis == d->verdict.best)
            continue;
        (void)evidence_against(d, i, because, sizeof because);
        (void)snprintf(possible, sizeof possible, " (still possible: %.0f %%)",
                       100 * c->probability);
        if (c->probability >= 0.01 && !o->json &&
            strlen(because) + strlen(possible) < sizeof because)
            memcpy(because + strlen(because), possible, strlen(possible) + 1);
        out_object(o, NULL);
        out_str(o, "cause", "  %-20s ", c->hypothesis->cause);
        out_prose(o, "because", 23, because);
        out_i64(o, "score", NULL, c->score);
        out_real(o, "probability", NULL, c->probability);
        out_end(o);
    }
    out_end(o);
}

static void put_missing(struct out *o, const struct verdict *v)
{
    if (v->missing_count > 0)
        out_section(o, "Missing");
    out_array(o, "missing");
    for (uint32_t i = 0; i < v->missing_count; i++) {
        out_object(o, NULL);
        out_str(o, "artefact", "  %-16s ", artefact_name(v->missing[i].artefact));
        out_prose(o, "would_tell", 19, v->missing[i].would_tell);
        out_end(o);
    }
    out_end(o);
}

static void put_remarks(struct out *o, const char *key, const char *title,
                        const struct diagnosis_remarks *remarks)
{
    if (remarks->count > 0)
        out_section(o, title);
    out_array(o, key);
    for (uint32_t i = 0; i < remarks->count; i++) {
        out_text(o, "  - ");
        out_prose(o, NULL, 4, remarks->text[i]);
    }
    out_end(o);
}

static void put_actions(struct out *o, const struct diagnosis *d)
{
    char action[VERDICT_TEXT_MAX];
    out_section(o, "What to do");
    out_array(o, "actions");
    for (uint32_t i = 0; evidence_action(d, i, action, sizeof action); i++) {
        out_text(o, "  %u. ", i + 1);
        out_prose(o, NULL, 5, action);
    }
    out_end(o);
}

static void put_why(struct out *o, const struct diagnosis *d)
{
    char sentence[WHY_MAX];
    out_section(o, "How the figures come about");
    out_array(o, "why");
    for (uint32_t i = 0; why_sentence(d, i, sentence, sizeof sentence); i++) {
        out_text(o, "  - ");
        out_prose(o, NULL, 4, sentence);
    }
    out_end(o);
}

static void put_source(struct out *o, const struct diagnosis_source *s)
{
    out_object(o, NULL);
    out_str(o, "kind", "  %-16s ", artefact_name(s->kind));
    out_str(o, "file", "%s", s->path);
    out_str(o, "note", s->note[0] != '\0' ? ": %s" : "%s", s->note);
    out_text(o, "\n");
    out_u64(o, "lines", NULL, s->line_count);
    out_u64(o, "not_understood", NULL, s->unparsed_count);
    out_array(o, "odd_lines");
    for (uint32_t i = 0; i < s->unparsed_count && i < DIAGNOSIS_UNPARSED_SHOWN; i++) {
        out_object(o, NULL);
        out_u64(o, "line", "                   line %llu: ", s->unparsed[i].line);
        out_str(o, "why", "%s\n", s->unparsed[i].why);
        out_end(o);
    }
    out_end(o);
    out_end(o);
}

static void put_sources(struct out *o, const struct diagnosis *d)
{
    out_section(o, "Read");
    out_array(o, "sources");
    for (uint32_t i = 0; i < d->source_count; i++)
        put_source(o, &d->source[i]);
    out_end(o);
}

bool report_diagnosis(const struct diagnosis *d, bool why, struct out *o)
{
    o->digits = NUMBER_DIGITS;
    out_begin(o, "lostbeat/diagnose/1");
    const bool sure = put_verdict(o, &d->verdict);
    put_host(o, d);
    put_memory(o, d);
    put_evidence(o, d);
    put_ruled_out(o, d);
    put_missing(o, &d->verdict);
    put_remarks(o, "inconsistencies", "Files that contradict each other", &d->contradictions);
    put_remarks(o, "earlier_failures", "Earlier failures of this host", &d->earlier);
    put_actions(o, d);
    if (why || o->json)
        put_why(o, d);
    put_sources(o, d);
    return sure;
}
