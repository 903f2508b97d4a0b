/* fuzz_scenario.c - libFuzzer target: scenario files and lines of faults against any bytes.
 *
 * Byte 0 of the input: even = the rest is a scenario file, odd = a line of faults. No other file is
 * read. Checked: what is refused is refused with one line; what is accepted becomes a plan or is
 * refused with one line; and the faults of a plan print as a line that reads back to the same. */
#include "tests/fuzz/fuzz.h"
#include "tools/scenario/faultexpr.h"
#include "tools/scenario/scenario.h"

static struct scenario scenario;
static struct plan plan;
static struct faultspec spec[FAULTS_MAX];
static struct fault first[FAULTS_MAX], again[FAULTS_MAX];

/* What a person is shown: something, on one line. */
static void check_line(const char *line)
{
    CHECK(line[0] != '\0' && strchr(line, '\n') == NULL);
}

static void check_round_trip(const struct fault *f, size_t count)
{
    char why[SCHEMA_WHY_MAX];
    int64_t parsed = 0;
    size_t at = 0;
    char *line = faultexpr_text(f, count);

    CHECK(line != NULL);
    if (count > 0) {
        CHECK(faultexpr_parse(line, spec, &parsed, &at, why, sizeof why) == 0);
        CHECK(parsed == (int64_t)count);
        memset(again, 0, sizeof again);
        CHECK(faultspec_resolve(spec, count, 7, 0, again, why, sizeof why) == (int)count);
        CHECK(memcmp(again, f, count * sizeof *f) == 0);
    }
    free(line);
}

static void try_line(const char *text)
{
    char why[SCHEMA_WHY_MAX] = "";
    int64_t count = 0;
    size_t at = 0;

    if (faultexpr_parse(text, spec, &count, &at, why, sizeof why) != 0) {
        CHECK(count == 0 && at <= strlen(text) && why[0] != '\0');
        return;
    }
    memset(first, 0, sizeof first);
    const int kept = faultspec_resolve(spec, (size_t)count, 1, 0, first, why, sizeof why);
    if (kept < 0)
        check_line(why);
    else
        check_round_trip(first, (size_t)kept);
}

static void try_file(const char *text, size_t size)
{
    char err[SCENARIO_ERROR_MAX] = "";

    memset(&scenario, 0, sizeof scenario);
    if (schema_read_text("fuzz.yaml", text, size, scenario_keys(), &scenario, err, sizeof err) !=
        0) {
        CHECK(err[0] != '\0');
        return;
    }
    if (scenario_plan("fuzz.yaml", &scenario, 1, &plan, err) != 0)
        CHECK(err[0] != '\0');
    else
        check_round_trip(plan.boot.fault, plan.boot.fault_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    char *text = malloc(size);
    CHECK(text != NULL);
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    if ((data[0] & 1) != 0)
        try_line(text);
    else
        try_file(text, size - 1);
    free(text);
    return 0;
}
