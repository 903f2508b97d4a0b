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

static void put_registers(struct claims *c, const struct purple *p, struct claim_place file)
{
    for (uint32_t i = 0; i < p->reg_count; i++) {
        const struct purple_reg *r = &p->reg[i];
        const struct claim_place at = claim_line(file, r->place.line);
        claim_number(c, at, (int64_t)r->value, "screen.%s", r->name);
        if (strcmp(r->name, "cr3") == 0 && is_of_console(p))
            claim_number(c, at, ((int64_t)r->value - CR3_WITHOUT_RAM) / 1024, "screen.cr3.ram_kb");
    }
    if (p->frame_count == 0)
        return;
    const struct claim_place at = claim_line(file, p->frame[0].place.line);
    claim_number(c, at, (int64_t)p->frame[0].bp, "screen.frame0.bp");
    claim_number(c, at, (int64_t)p->frame[0].ip, "screen.frame0.ip");
}

static void put_pcpus(struct claims *c, const struct purple *p, struct claim_place file)
{
    struct claim_place at = file;
    for (uint32_t i = 0; i < p->pcpu_count; i++) {
        at = claim_line(file, p->pcpu[i].place.line);
        claim_number(c, at, p->pcpu[i].world, "screen.pcpu.world.%u", p->pcpu[i].pcpu);
        claim_text(c, at, p->pcpu[i].name, "screen.pcpu.name.%u", p->pcpu[i].pcpu);
    }
    if (p->pcpu_count > 0)
        claim_number(c, at, p->pcpu_count, "screen.pcpus");
}

static void put_times(struct claims *c, const struct purple *p, struct claim_place file)
{
    if (!p->has_uptime)
        return;
    claim_number(c, claim_line(file, p->uptime_place.line), (int64_t)p->uptime_ms,
                 "screen.uptime_ms");
    if (p->has_tsc && p->uptime_ms > 0)
        claim_number(c, claim_line(file, p->tsc_place.line), (int64_t)(p->tsc / p->uptime_ms),
                     "screen.tsc_khz");
}

static void put_alerts(struct claims *c, const struct purple *p, struct claim_place file)
{
    for (uint32_t i = 0; i < p->log_count; i++) {
        const struct purple_log *l = &p->log[i];
        const struct claim_place at = claim_line(file, l->place.line);
        if (!l->is_alert)
            continue;
        claim_text(c, at, l->text, "screen.alert.text.%llu", (unsigned long long)l->at_ms);
        if (l->alert.t >= l->alert.to)
            claim_number(c, at, (int64_t)l->at_ms, "screen.last-alert.at_ms");
    }
}

static void put_head(struct claims *c, const struct purple *p, const struct text *t,
                     struct claim_place file)
{
    claim_text(c, claim_line(file, 1), t->lines[0].at, "screen.product");
    claim_number(c, claim_line(file, p->build_place.line), (int64_t)p->build, "screen.build");
    claim_text(c, claim_line(file, p->headline_place.line), p->headline, "screen.headline");
    for (uint32_t i = 0; i < t->count; i++)
        claim_text(c, claim_line(file, i + 1), t->lines[i].at, "screen.line.%u", i + 1);
}

void read_screen(struct verify *v)
{
    struct claim_place at;
    struct text t;
    struct purple p;
    if (!verify_load(v, PATH_SCREEN_TEXT, &at, &t))
        return;
    purple_parse(&t, &p);
    if (p.is_screen && t.count > 0) {
        put_head(&v->claims, &p, &t, at);
        put_registers(&v->claims, &p, at);
        put_pcpus(&v->claims, &p, at);
        put_times(&v->claims, &p, at);
        put_alerts(&v->claims, &p, at);
    }
    purple_free(&p);
    text_free(&t);
}
