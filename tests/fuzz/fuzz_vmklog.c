/* fuzz_vmklog.c - libFuzzer target: the reader of VMkernel logs against any bytes.
 *
 * Checked: every line that is not blank is a record or unparsed, and texts point into their lines.
 */
#include "tests/fuzz/fuzz.h"
#include "tools/parse/vmklog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text t;
    struct vmklog v;
    uint32_t lines = 0, counted = 0;

    text_from("input", data, size, &t);
    vmklog_parse(&t, 1, &v);
    for (uint32_t i = 0; i < t.count; i++)
        lines += t.lines[i].at[strspn(t.lines[i].at, " \t")] != '\0';
    CHECK(v.line_count + v.unparsed.count == lines);
    for (uint32_t i = 0; i < v.line_count; i++) {
        const struct text_line *l = &t.lines[v.line[i].line - 1];
        CHECK(v.line[i].text >= l->at && v.line[i].text <= l->at + l->length);
        CHECK(v.line[i].class < VMKLOG_CLASSES);
    }
    for (unsigned i = 0; i < VMKLOG_CLASSES; i++)
        counted += v.class_count[i];
    CHECK(counted == v.line_count);
    vmklog_free(&v);
    text_free(&t);
    return 0;
}
