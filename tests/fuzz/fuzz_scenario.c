/* fuzz_scenario.c - libFuzzer target: scenario files and lines of faults against any bytes.
 *
 * Byte 0 of the input: even = the rest is a scenario file, odd = a line of faults. No other file is
 * read. Checked: what is refused is refused with one line; what is accepted becomes a plan or is
 * refused with one line; and the faults of a plan print as a line that reads back to the same. */
#include "tests/fuzz/fuzz.h"
#include "tools/scenario/scenario.h"

static struct scenario scenario;
static struct plan plan;
static struct faultspecs specs;
static struct fault first[FAULTS_MAX], again[FAULTS_MAX];

/* What a person is shown: something, on one line. */
static void check_line(const char *line)
{
    CHECK(line[0] != '\0' && strchr(line, '\n') == NULL);
}

static void check_round_trip(const struct fault *f, size_t count)
{
    char err[SCENARIO_ERROR_MAX];
    char *line = faultspec_text(f, count);

    CHECK(line != NULL);
    specs.count = 0;
    if (count > 0) {
        CHECK(faultspec_read("line", line, &specs, err, sizeof err) == 0);
        CHECK(specs.count == (int64_t)count);
        memset(again, 0, sizeof again);
        CHECK(faultspec_resolve(&specs, 7, 0, again, err, sizeof err) == (int)count);
        CHECK(memcmp(again, f, count * sizeof *f) == 0);
    }
    free(line);
}

static void try_line(const char *text)
{
    char err[SCENARIO_ERROR_MAX] = "";

    specs.count = 0;
    if (faultspec_read("line", text, &specs, err, sizeof err) != 0) {
        CHECK(err[0] != '\0');
        return;
    }
    memset(first, 0, sizeof first);
    const int kept = faultspec_resolve(&specs, 1, 0, first, err, sizeof err);
    if (kept < 0)
        check_line(err);
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
