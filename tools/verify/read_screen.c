/* read_screen.c - what console/psod.txt says. */
#include <stdio.h>
#include <string.h>

#include "tools/parse/purple.h"
#include "tools/verify/read.h"

#define CR3_WITHOUT_RAM 0x2401000 /* cr3 less the console's size [KB308590/Screen] [D] */

/* A screen of the VMkernel's own has the VMkernel's page tables in cr3. */
static bool is_of_console(const struct purple *p)
{
    return p->class == PURPLE_LOST_HEARTBEAT || p->class == PURPLE_COS_OOPS ||
           p->class == PURPLE_COS_PANIC;
}

static void put_registers(struct verify *v, const struct purple *p, struct claim_place *at)
{
    for (uint32_t i = 0; i < p->reg_count; i++) {
        const struct purple_reg *r = &p->reg[i];
        at->line = r->place.line;
        claim_number(&v->claims, at, (int64_t)r->value, "screen.%s", r->name);
        if (strcmp(r->name, "cr3") == 0 && is_of_console(p))
            claim_number(&v->claims, at, ((int64_t)r->value - CR3_WITHOUT_RAM) / 1024,
                         "screen.cr3.ram_kb");
    }
    if (p->frame_count > 0) {
        at->line = p->frame[0].place.line;
        claim_number(&v->claims, at, (int64_t)p->frame[0].bp, "screen.frame0.bp");
        claim_number(&v->claims, at, (int64_t)p->frame[0].ip, "screen.frame0.ip");
    }
}

static void put_pcpus(struct verify *v, const struct purple *p, struct claim_place *at)
{
    for (uint32_t i = 0; i < p->pcpu_count; i++) {
        at->line = p->pcpu[i].place.line;
        claim_number(&v->claims, at, p->pcpu[i].world, "screen.pcpu.world.%u", p->pcpu[i].pcpu);
        claim_text(&v->claims, at, p->pcpu[i].name, "screen.pcpu.name.%u", p->pcpu[i].pcpu);
    }
    if (p->pcpu_count > 0)
        claim_number(&v->claims, at, p->pcpu_count, "screen.pcpus");
}

static void put_times(struct verify *v, const struct purple *p, struct claim_place *at)
{
    if (!p->has_uptime)
        return;
    at->line = p->uptime_place.line;
    claim_number(&v->claims, at, (int64_t)p->uptime_ms, "screen.uptime_ms");
    at->line = p->tsc_place.line;
    if (p->has_tsc && p->uptime_ms > 0)
        claim_number(&v->claims, at, (int64_t)(p->tsc / p->uptime_ms), "screen.tsc_khz");
}

static void put_alerts(struct verify *v, const struct purple *p, struct claim_place *at)
{
    for (uint32_t i = 0; i < p->log_count; i++) {
        if (!p->log[i].is_alert)
            continue;
        at->line = p->log[i].place.line;
        const unsigned long long key = (unsigned long long)p->log[i].at_ms;
        claim_text(&v->claims, at, p->log[i].text, "screen.alert.text.%llu", key);
        if (p->log[i].alert.t >= p->log[i].alert.to)
            claim_number(&v->claims, at, (int64_t)p->log[i].at_ms, "screen.last-alert.at_ms");
    }
}

static void put_head(struct verify *v, const struct purple *p, const struct text *t,
                     struct claim_place *at)
{
    at->line = 1;
    claim_text(&v->claims, at, t->lines[0].at, "screen.product");
    at->line = p->build_place.line;
    claim_number(&v->claims, at, (int64_t)p->build, "screen.build");
    at->line = p->headline_place.line;
    claim_text(&v->claims, at, p->headline, "screen.headline");
    for (uint32_t i = 0; i < t->count; i++) {
        at->line = i + 1;
        claim_text(&v->claims, at, t->lines[i].at, "screen.line.%u", i + 1);
    }
}

void read_screen(struct verify *v)
{
    struct claim_place at;
    struct text t;
    struct purple p;
    if (!verify_load(v, "console/psod.txt", &at, &t))
        return;
    purple_parse(&t, &p);
    if (p.is_screen && t.count > 0) {
        put_head(v, &p, &t, &at);
        put_registers(v, &p, &at);
        put_pcpus(v, &p, &at);
        put_times(v, &p, &at);
        put_alerts(v, &p, &at);
    }
    purple_free(&p);
    text_free(&t);
}
