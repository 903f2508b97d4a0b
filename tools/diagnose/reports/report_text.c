/* report_text.c - a diagnosis as an engineer would send it on: the verdict first, then the evidence
 * line by line, what was ruled out, what is missing, what to do. */
#include <stdio.h>
#include <string.h>

#include "tools/diagnose/reports/evidence.h"
#include "tools/diagnose/reports/why.h"

#define WIDTH 96

struct style {
    const char *bold, *dim, *good, *bad, *off;
};
static const struct style plain = { "", "", "", "", "" };
static const struct style colour = { "\033[1m", "\033[2m", "\033[32m", "\033[31m", "\033[0m" };

/* Words folded at WIDTH, the first line behind `lead`, the others indented by as much. */
static void put_folded(const char *lead, const char *text)
{
    const int indent = (int)strlen(lead);
    int column = indent;
    (void)printf("%s", lead);
    while (*text != '\0') {
        const int length = (int)strcspn(text, " ");
        if (column > indent && column + 1 + length > WIDTH) {
            (void)printf("\n%*s", indent, "");
            column = indent;
        } else if (column > indent) {
            (void)putchar(' ');
            column++;
        }
        (void)printf("%.*s", length, text);
        column += length;
        text += length;
        text += strspn(text, " ");
    }
    (void)putchar('\n');
}

static void put_host(const struct diagnosis *d)
{
    char uptime[DIAGNOSIS_WHEN_ROOM];
    if (d->host.name[0] != '\0')
        (void)printf("Host      %s", d->host.name);
    else
        (void)printf("Host      (its name stands nowhere)");
    if (d->host.build[0] != '\0')
        (void)printf(", build %s", d->host.build);
    if (d->host.uptime_ns > 0)
        (void)printf(", up %s", (diagnosis_uptime(d->host.uptime_ns, uptime), uptime));
    if (d->host.vms >= 0)
        (void)printf(", %lld virtual machines affected", (long long)d->host.vms);
    (void)putchar('\n');
}

static void put_memory(const struct diagnosis *d)
{
    if (d->memory.total_kb <= 0 && d->memory.swap_used_kb < 0 && d->memory.top_count == 0)
        return;
    (void)printf("Memory    ");
    if (d->memory.total_kb > 0)
        (void)printf("RAM %lld kB", (long long)d->memory.total_kb);
    if (d->memory.swap_used_kb >= 0 && d->memory.swap_total_kb > 0)
        (void)printf(", swap %lld of %lld kB in use (%.1f %%)", (long long)d->memory.swap_used_kb,
                     (long long)d->memory.swap_total_kb,
                     100.0 * (double)d->memory.swap_used_kb / (double)d->memory.swap_total_kb);
    else if (d->memory.swap_used_kb >= 0)
        (void)printf("%sswap %lld kB in use", d->memory.total_kb > 0 ? ", " : "",
                     (long long)d->memory.swap_used_kb);
    (void)putchar('\n');
    for (uint32_t i = 0; i < d->memory.top_count; i++) {
        (void)printf("          %-16s %9lld kB", d->memory.top[i].name,
                     (long long)d->memory.top[i].kb);
        if (d->memory.total_kb > 0)
            (void)printf("  %5.1f %% of RAM", diagnosis_pct_of_ram(d, d->memory.top[i].kb));
        (void)putchar('\n');
    }
}

static void put_evidence(const struct diagnosis *d, const struct style *s)
{
    static struct evidence list[EVIDENCE_MAX];
    const uint32_t count = evidence_list(d, list);
    (void)printf("\n%sEvidence%s\n", s->bold, s->off);
    if (count == 0)
        (void)printf("  none\n");
    for (uint32_t i = 0; i < count; i++) {
        char lead[16];
        (void)snprintf(lead, sizeof lead, "  %+4d  ", list[i].weight);
        put_folded(lead, list[i].says);
        (void)printf("        %s%s", s->dim, list[i].fact->file);
        if (list[i].fact->line != 0)
            (void)printf(":%u", list[i].fact->line);
        if (list[i].fact->text[0] != '\0')
            (void)printf(": %s", list[i].fact->text);
        (void)printf("%s\n", s->off);
    }
}

static void put_ruled_out(const struct diagnosis *d, const struct style *s)
{
    (void)printf("\n%sRuled out%s\n", s->bold, s->off);
    for (uint32_t i = 0; i < d->verdict.count; i++) {
        const struct verdict_cause *c = &d->verdict.cause[i];
        char lead[40], because[VERDICT_TEXT_MAX];
        if (c->hypothesis == d->verdict.best)
            continue;
        (void)snprintf(lead, sizeof lead, "  %-20s ", c->hypothesis->cause);
        (void)evidence_against(d, i, because, sizeof because);
        if (c->probability >= 0.01)
            (void)snprintf(because + strlen(because), sizeof because - strlen(because),
                           " (still possible: %.0f %%)", 100 * c->probability);
        put_folded(lead, because);
    }
}

static void put_missing(const struct diagnosis *d, const struct style *s)
{
    if (d->verdict.missing_count > 0)
        (void)printf("\n%sMissing%s\n", s->bold, s->off);
    for (uint32_t i = 0; i < d->verdict.missing_count; i++) {
        char lead[32];
        (void)snprintf(lead, sizeof lead, "  %-16s ",
                       artefact_name(d->verdict.missing[i].artefact));
        put_folded(lead, d->verdict.missing[i].would_tell);
    }
    if (d->contradictions.count > 0)
        (void)printf("\n%sFiles that contradict each other%s\n", s->bold, s->off);
    for (uint32_t i = 0; i < d->contradictions.count; i++)
        put_folded("  - ", d->contradictions.text[i]);
}

static void put_earlier(const struct diagnosis *d, const struct style *s)
{
    if (d->earlier.count > 0)
        (void)printf("\n%sEarlier failures of this host%s\n", s->bold, s->off);
    for (uint32_t i = 0; i < d->earlier.count; i++)
        put_folded("  - ", d->earlier.text[i]);
}

static void put_unparsed(const struct diagnosis_source *s)
{
    for (uint32_t i = 0; i < s->unparsed_count && i < DIAGNOSIS_UNPARSED_SHOWN; i++)
        (void)printf("%18s line %u: %s\n", "", s->unparsed[i].line, s->unparsed[i].why);
}

static void put_actions(const struct diagnosis *d, const struct style *s)
{
    char action[VERDICT_TEXT_MAX];
    (void)printf("\n%sWhat to do%s\n", s->bold, s->off);
    for (uint32_t i = 0; evidence_action(d, i, action, sizeof action); i++) {
        char lead[8];
        (void)snprintf(lead, sizeof lead, "  %u. ", i + 1);
        put_folded(lead, action);
    }
}

static void put_why(const struct diagnosis *d, const struct style *s)
{
    char sentence[WHY_MAX];
    (void)printf("\n%sHow the figures come about%s\n", s->bold, s->off);
    for (uint32_t i = 0; why_sentence(d, i, sentence, sizeof sentence); i++)
        put_folded("  - ", sentence);
}

static void put_sources(const struct diagnosis *d, const struct style *s)
{
    (void)printf("\n%sRead%s\n", s->bold, s->off);
    for (uint32_t i = 0; i < d->source_count; i++) {
        (void)printf("  %-16s %s%s%s\n", artefact_name(d->source[i].kind), d->source[i].path,
                     d->source[i].note[0] != '\0' ? ": " : "", d->source[i].note);
        put_unparsed(&d->source[i]);
    }
}

int report_diagnosis_text(const struct diagnosis *d, bool why, bool colours)
{
    const struct style *s = colours ? &colour : &plain;
    const bool sure = d->verdict.best != NULL && d->verdict.confidence >= VERDICT_SURE;
    (void)printf("%s%s%s: %s%s (confidence %.2f)\n\n", s->bold, sure ? s->good : s->bad,
                 verdict_cause_name(&d->verdict), d->verdict.headline, s->off,
                 d->verdict.confidence);
    put_host(d);
    put_memory(d);
    put_evidence(d, s);
    put_ruled_out(d, s);
    put_missing(d, s);
    put_earlier(d, s);
    put_actions(d, s);
    if (why)
        put_why(d, s);
    put_sources(d, s);
    return fflush(stdout) == 0 ? 0 : -1;
}
