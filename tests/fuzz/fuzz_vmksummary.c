/* fuzz_vmksummary.c - libFuzzer target: the reader of vmksummary and the forecast against any
 * bytes.
 *
 * Checked: every line that is not blank is a record, a duplicate or unparsed; records are in order;
 * findings name records; a forecast's interval is in order and not before now. */
#include <math.h>

#include "tests/fuzz/fuzz.h"
#include "tools/forecast/forecast.h"
#include "tools/parse/vmksummary.h"

static void check_records(const struct text *t, const struct vmksummary *v)
{
    uint32_t lines = 0, duplicates = 0;
    for (uint32_t i = 0; i < t->count; i++)
        lines += t->lines[i].at[strspn(t->lines[i].at, " \t")] != '\0';
    for (uint32_t i = 0; i < v->finding_count; i++) {
        CHECK(v->finding[i].record < v->record_count);
        CHECK(v->finding[i].text != NULL);
        duplicates += v->finding[i].kind == VMKSUMMARY_DUPLICATE;
    }
    CHECK(v->record_count + duplicates + v->unparsed.count == lines);
    for (uint32_t i = 1; i < v->record_count; i++) {
        CHECK(v->record[i - 1].epoch_s <= v->record[i].epoch_s);
        CHECK(v->record[i - 1].boot <= v->record[i].boot);
    }
}

static void check_forecast(const struct vmksummary *v)
{
    const struct forecast_memory memory = { .ram_kb = 799732, .swap_kb = 554168 };
    struct forecast f;
    forecast_make(v, &memory, &f);
    if (f.outlook != FORECAST_GROWING)
        return;
    CHECK(f.per_h > 0 && isfinite(f.per_h));
    CHECK(f.left_low_kb <= f.left_kb && f.left_kb <= f.left_high_kb);
    CHECK(f.in_low_h >= 0 && f.in_low_h <= f.in_h && f.in_h <= f.in_high_h &&
          isfinite(f.in_high_h));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text t;
    struct vmksummary v;
    text_from("input", data, size, &t);
    vmksummary_parse(&t, 1, &v);
    check_records(&t, &v);
    check_forecast(&v);
    vmksummary_free(&v);
    text_free(&t);
    return 0;
}
