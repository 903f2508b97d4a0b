/* read_console.c - what the console says of itself: vmksummary, the snapshot of /proc, esx.conf. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/esxconf.h"
#include "shared/path.h"
#include "tools/parse/meminfo.h"
#include "tools/parse/vmksummary.h"
#include "tools/verify/read.h"

/* ---- vmksummary ------------------------------------------------------------------------------ */
static void put_hour(struct verify *v, struct claim_place at, const struct vmksummary_record *r)
{
    const long long key = r->epoch_s;
    at.line = r->line;
    claim_text(&v->claims, at, r->vmk_build, "vmksummary.vmk_build.%lld", key);
    claim_text(&v->claims, at, r->vmm_build, "vmksummary.vmm_build.%lld", key);
    claim_text(&v->claims, at, r->host, "vmksummary.host");
    claim_number(&v->claims, at, r->epoch_s, "vmksummary.epoch_s.%lld", key);
    claim_number(&v->claims, at, (int64_t)r->vmk_ms, "vmksummary.vmk_ms.%lld", key);
    claim_number(&v->claims, at, (int64_t)r->cos_ms - (int64_t)r->vmk_ms, "vmksummary.lead_ms.%lld",
                 key);
    if (r->stamp_gap_s != INT64_MIN)
        claim_number(&v->claims, at, r->stamp_gap_s, "vmksummary.stamp_gap_s.%lld", key);
}

static void put_last(struct verify *v, struct claim_place at, const struct vmksummary_record *r)
{
    int64_t swap_kb = 0;
    at.line = r->line;
    claim_number(&v->claims, at, r->vms, "vmksummary.last.vms");
    claim_number(&v->claims, at, r->swap_kb, "vmksummary.last.swap_kb");
    if (claim_get(&v->claims, "core.swap_kb", &swap_kb))
        claim_number(&v->claims, at, r->swap_kb > swap_kb ? r->swap_kb - swap_kb : 0,
                     "vmksummary.last.swap_over_kb");
}

static void read_vmksummary(struct verify *v)
{
    struct verify_logs logs;
    struct vmksummary s;
    uint32_t last = UINT32_MAX;
    int64_t boot_s = 0, end_ms = 0;
    verify_load_logs(v, PATH_VMKSUMMARY_LOG, &logs);
    vmksummary_parse(logs.text, logs.count, &s);
    const bool known = claim_get(&v->claims, "zdump.state.boot_epoch_s", &boot_s) &&
                       claim_get(&v->claims, "zdump.state.dump_end_ms", &end_ms);
    for (uint32_t i = 0; i < s.record_count; i++) {
        const struct vmksummary_record *r = &s.record[i];
        if (r->kind != VMKSUMMARY_HOURLY ||
            (known && (r->epoch_s < boot_s || r->epoch_s > boot_s + end_ms / 1000)))
            continue;
        put_hour(v, logs.at[r->file], r);
        last = i;
    }
    if (last != UINT32_MAX)
        put_last(v, logs.at[s.record[last].file], &s.record[last]);
    vmksummary_free(&s);
    verify_free_logs(&logs);
}

/* ---- /proc ----------------------------------------------------------------------------------- */
static void read_meminfo(struct verify *v)
{
    struct claim_place at;
    struct text t;
    struct meminfo m;
    if (!verify_load(v, PATH_MEMINFO, &at, &t))
        return;
    meminfo_parse(&t, &m);
    for (uint32_t i = 0; i < m.item_count; i++) {
        at.line = m.item[i].line;
        claim_number(&v->claims, at, m.item[i].value, "meminfo.%s", m.item[i].name);
    }
    const int64_t total = meminfo_kb(&m, "SwapTotal"), left = meminfo_kb(&m, "SwapFree");
    const struct meminfo_item *item = meminfo_find(&m, "SwapFree");
    if (item != NULL) {
        at.line = item->line;
        claim_number(&v->claims, at, total - left, "meminfo.swap_used_kb");
    }
    meminfo_free(&m);
    text_free(&t);
}

static void read_swaps(struct verify *v)
{
    struct claim_place at;
    struct text t;
    long long size, used;
    if (!verify_load(v, "proc/swaps", &at, &t))
        return;
    at.line = 2;
    if (t.count >= 2 && sscanf(t.lines[1].at, "%*s partition %lld %lld", &size, &used) == 2) {
        claim_number(&v->claims, at, size, "swaps.size_kb");
        claim_number(&v->claims, at, used, "swaps.used_kb");
    }
    text_free(&t);
}

/* ---- esx.conf -------------------------------------------------------------------------------- */
static void read_esxconf(struct verify *v)
{
    static const char *const names[] = { PATH_ESXCONF, NULL };
    struct claim_place at = { .file = verify_find(v, names), .section = "" };
    struct esxconf c;
    struct err err;
    if (at.file[0] == '\0')
        return;
    if (esxconf_load(at.file, &c, &err) != 0) {
        verify_problem(v, "%s", err.text);
        return;
    }
    for (size_t i = 0; i < c.count; i++) {
        at.line = (uint32_t)i + 1;
        if (strcmp(c.line[i].key, ESXCONF_HOST_NAME) == 0)
            claim_text(&v->claims, at, c.line[i].value, "esxconf.host");
    }
    esxconf_free(&c);
}

void read_console(struct verify *v)
{
    read_vmksummary(v);
    read_meminfo(v);
    read_swaps(v);
    read_esxconf(v);
}
