/* report_json.c - a diagnosis for scripts: lostbeat/diagnose/1 [CONTRACT]. */
#include <jansson.h>
#include <stdio.h>

#include "tools/diagnose/reports/evidence.h"
#include "tools/diagnose/reports/why.h"

static json_t *text_or_null(const char *text)
{
    return text[0] != '\0' ? json_string(text) : json_null();
}

static json_t *number_or_null(double value, bool known)
{
    return known ? json_real(value) : json_null();
}

static json_t *kb_or_null(int64_t kb)
{
    return number_or_null((double)kb, kb >= 0);
}

static json_t *verdict_json(const struct verdict *v)
{
    const struct fact *who = v->culprit;
    return json_pack("{s:s, s:o, s:o, s:f, s:s}", "cause", verdict_cause_name(v), "process",
                     who != NULL ? json_string(who->who) : json_null(), "pid",
                     who != NULL && who->pid != 0 ? json_integer(who->pid) : json_null(),
                     "confidence", v->confidence, "headline", v->headline);
}

static json_t *evidence_json(const struct diagnosis *d)
{
    static struct evidence list[EVIDENCE_MAX];
    json_t *array = json_array();
    const uint32_t count = evidence_list(d, list);
    for (uint32_t i = 0; i < count; i++) {
        const struct evidence *e = &list[i];
        (void)json_array_append_new(
            array,
            json_pack("{s:s, s:o, s:s, s:s, s:i, s:s, s:f, s:s}", "file", e->fact->file, "line",
                      e->fact->line != 0 ? json_integer(e->fact->line) : json_null(), "text",
                      e->fact->text, "says", e->says, "weight", e->weight, "fact",
                      fact_name((enum fact_id)(e->fact - d->facts.fact)), "value", e->fact->value,
                      "unit", fact_unit((enum fact_id)(e->fact - d->facts.fact))));
    }
    return array;
}

static json_t *ruled_out_json(const struct diagnosis *d)
{
    json_t *array = json_array();
    char because[VERDICT_TEXT_MAX];
    for (uint32_t i = 0; i < d->verdict.count; i++) {
        const struct verdict_cause *c = &d->verdict.cause[i];
        if (c->hypothesis == d->verdict.best)
            continue;
        (void)json_array_append_new(
            array, json_pack("{s:s, s:s, s:i, s:f}", "cause", c->hypothesis->cause, "because",
                             evidence_against(d, i, because, sizeof because), "score", c->score,
                             "probability", c->probability));
    }
    return array;
}

static json_t *missing_json(const struct verdict *v)
{
    json_t *array = json_array();
    for (uint32_t i = 0; i < v->missing_count; i++)
        (void)json_array_append_new(array, json_pack("{s:s, s:s}", "artefact",
                                                     artefact_name(v->missing[i].artefact),
                                                     "would_tell", v->missing[i].would_tell));
    return array;
}

static json_t *actions_json(const struct diagnosis *d)
{
    json_t *array = json_array();
    char action[VERDICT_TEXT_MAX];
    for (uint32_t i = 0; evidence_action(d, i, action, sizeof action); i++)
        (void)json_array_append_new(array, json_string(action));
    return array;
}

static json_t *remarks_json(const struct diagnosis_remarks *r)
{
    json_t *array = json_array();
    for (uint32_t i = 0; i < r->count; i++)
        (void)json_array_append_new(array, json_string(r->text[i]));
    return array;
}

static json_t *why_json(const struct diagnosis *d)
{
    json_t *array = json_array();
    char sentence[WHY_MAX];
    for (uint32_t i = 0; why_sentence(d, i, sentence, sizeof sentence); i++)
        (void)json_array_append_new(array, json_string(sentence));
    return array;
}

static json_t *memory_json(const struct diagnosis *d)
{
    json_t *top = json_array();
    for (uint32_t i = 0; i < d->memory.top_count; i++)
        (void)json_array_append_new(
            top, json_pack("{s:s, s:f, s:o}", "name", d->memory.top[i].name, "kb",
                           (double)d->memory.top[i].kb, "pct_of_ram",
                           number_or_null(diagnosis_pct_of_ram(d, d->memory.top[i].kb),
                                          d->memory.total_kb > 0)));
    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o}", "total_kb", kb_or_null(d->memory.total_kb), "swap_total_kb",
        kb_or_null(d->memory.swap_total_kb), "swap_used_kb", kb_or_null(d->memory.swap_used_kb),
        "swap_used_pct",
        number_or_null(100.0 * (double)d->memory.swap_used_kb / (double)d->memory.swap_total_kb,
                       d->memory.swap_used_kb >= 0 && d->memory.swap_total_kb > 0),
        "top", top);
}

static json_t *host_json(const struct diagnosis *d)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "name", text_or_null(d->host.name), "build",
                     text_or_null(d->host.build), "profile", text_or_null(d->host.profile),
                     "uptime_s",
                     number_or_null((double)d->host.uptime_ns / 1e9, d->host.uptime_ns > 0),
                     "vms_affected", d->host.vms >= 0 ? json_integer(d->host.vms) : json_null());
}

static json_t *unparsed_json(const struct diagnosis_source *s)
{
    json_t *array = json_array();
    for (uint32_t i = 0; i < s->unparsed_count && i < DIAGNOSIS_UNPARSED_SHOWN; i++)
        (void)json_array_append_new(array, json_pack("{s:i, s:s}", "line", (int)s->unparsed[i].line,
                                                     "why", s->unparsed[i].why));
    return array;
}

static json_t *sources_json(const struct diagnosis *d)
{
    json_t *array = json_array();
    for (uint32_t i = 0; i < d->source_count; i++) {
        const struct diagnosis_source *s = &d->source[i];
        (void)json_array_append_new(array, json_pack("{s:s, s:s, s:s, s:i, s:i, s:o}", "file",
                                                     s->path, "kind", artefact_name(s->kind),
                                                     "note", s->note, "lines", (int)s->line_count,
                                                     "not_understood", (int)s->unparsed_count,
                                                     "odd_lines", unparsed_json(s)));
    }
    return array;
}

int report_diagnosis_json(const struct diagnosis *d)
{
    json_t *root = json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
                             "schema", "lostbeat/diagnose/1", "verdict", verdict_json(&d->verdict),
                             "evidence", evidence_json(d), "ruled_out", ruled_out_json(d),
                             "missing", missing_json(&d->verdict), "inconsistencies",
                             remarks_json(&d->contradictions), "actions", actions_json(d), "host",
                             host_json(d), "memory", memory_json(d), "why", why_json(d), "sources",
                             sources_json(d), "earlier_failures", remarks_json(&d->earlier));
    if (root == NULL)
        return -1;
    const int bad = json_dumpf(root, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    json_decref(root);
    return bad == 0 && fputc('\n', stdout) != EOF ? 0 : -1;
}
