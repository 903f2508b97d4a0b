/* test_dumptext.c - the records of a dump's sections are what the VMkernel wrote, also when the
 * dump is damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "tools/parse/dumptext.h"

static struct zdump dump;

static const struct zdump *dump_of(enum zdump_type section, char *text)
{
    dump = (struct zdump){ .count = 1 };
    dump.sections[0] =
        (struct zdump_section){ .type = section, .data = text, .data_len = strlen(text) };
    return &dump;
}

/* The records as "LINE KIND|KEY=VALUE|..." for comparison. */
static const char *as_text(const struct zdump *z, enum zdump_type section)
{
    static char all[2048];
    struct dumptext d;
    size_t used = 0;
    all[0] = '\0';
    for (dumptext_begin(&d, z, section); dumptext_next(&d);) {
        used += (size_t)snprintf(all + used, sizeof all - used, "%u %s", d.line, d.kind);
        for (uint32_t i = 0; i < d.field_count; i++)
            used += (size_t)snprintf(all + used, sizeof all - used, "|%s=%s", d.field[i].key,
                                     d.field[i].value);
        used += (size_t)snprintf(all + used, sizeof all - used, "\n");
        assert_true(used < sizeof all);
    }
    return all;
}

static void test_dumptext_cuts_records_into_fields(void **state)
{
    static char text[] = "beats=2\n"
                         "beat seq=1 ns=1443244 latency_ns=22040\n"
                         "outstanding call=7 comm=VMap pid=3 name=helper 1 x=2\n"
                         "\n"
                         "end without a newline=no";
    (void)state;
    assert_string_equal(as_text(dump_of(ZDUMP_VMNIX, text), ZDUMP_VMNIX),
                        "1 |beats=2\n"
                        "2 beat|seq=1|ns=1443244|latency_ns=22040\n"
                        "3 outstanding|call=7|comm=VMap|pid=3|name=helper 1 x=2\n"
                        "4 \n"
                        "5 end|newline=no\n");
}

static void test_dumptext_of_state_takes_blanks_into_the_value(void **state)
{
    static char text[] = "product=VMware ESX Server [Releasebuild-1]\nreason=COS Error: a=b\n";
    char value[64];
    (void)state;
    assert_true(
        dumptext_find(dump_of(ZDUMP_STATE, text), ZDUMP_STATE, "product", value, sizeof value));
    assert_string_equal(value, "VMware ESX Server [Releasebuild-1]");
    assert_true(dumptext_find(&dump, ZDUMP_STATE, "reason", value, sizeof value));
    assert_string_equal(value, "COS Error: a=b");
    assert_false(dumptext_find(&dump, ZDUMP_STATE, "a", value, sizeof value));
    assert_string_equal(value, "COS Error: a=b"); /* untouched */
}

static void test_dumptext_reads_tasks_and_their_frames(void **state)
{
    static char text[] = "task pid=9 ppid=1 state=D current=1 comm=a b pid=7\n"
                         " #0  ip=c0118655 sp=c10afec0 schedule+0x65\n"
                         " #12 ip=c0118a95 sp=c10aff00 ?\n"
                         " (cut)\n";
    struct dumptext d;
    uint64_t ip;
    int64_t pid;
    (void)state;
    dumptext_begin(&d, dump_of(ZDUMP_COS_TASKS, text), ZDUMP_COS_TASKS);
    assert_true(dumptext_next(&d));
    assert_true(dumptext_is(&d, "task"));
    assert_true(dumptext_number(&d, "pid", &pid));
    assert_int_equal(pid, 9);
    assert_string_equal(dumptext_value(&d, "comm"), "a b pid=7");
    assert_true(dumptext_next(&d));
    assert_true(dumptext_is(&d, "#"));
    assert_string_equal(d.text, " #0  ip=c0118655 sp=c10afec0 schedule+0x65");
    assert_string_equal(dumptext_value(&d, "function"), "schedule");
    assert_true(dumptext_hex(&d, "ip", &ip));
    assert_int_equal(ip, 0xc0118655);
    assert_true(dumptext_next(&d));
    assert_string_equal(dumptext_value(&d, "function"), "?");
    assert_true(dumptext_next(&d));
    assert_false(dumptext_is(&d, "#"));
    assert_null(dumptext_value(&d, "function"));
    assert_false(dumptext_next(&d));
}

/* `key=value` is a line of its own: a record's first field is none. */
static void test_dumptext_finds_lines_and_not_fields(void **state)
{
    static char text[] = "partition=swap posted=5 closed=0\nposted=3\nposted=4\nclosed=x\n";
    char value[8];
    int64_t n = -1;
    (void)state;
    assert_true(dumptext_find_number(dump_of(ZDUMP_SCSI, text), ZDUMP_SCSI, "posted", &n));
    assert_int_equal(n, 3);
    assert_false(dumptext_find(&dump, ZDUMP_SCSI, "partition", value, sizeof value));
    assert_false(dumptext_find_number(&dump, ZDUMP_SCSI, "closed", &n));
    assert_false(dumptext_find_number(&dump, ZDUMP_VMNIX, "posted", &n));
    assert_int_equal(n, 3);
}

static void test_dumptext_survives_lines_that_nobody_wrote(void **state)
{
    static char text[3 * DUMPTEXT_LINE_MAX];
    struct dumptext d;
    (void)state;
    memset(text, 'a', sizeof text - 1);
    for (size_t i = 1; i < 200; i += 4) /* more fields than a record has */
        memcpy(text + i, "=1 ", 3);
    dumptext_begin(&d, dump_of(ZDUMP_RING, text), ZDUMP_RING);
    assert_true(dumptext_next(&d));
    assert_int_equal(strlen(d.text), DUMPTEXT_LINE_MAX - 1);
    assert_int_equal(d.field_count, DUMPTEXT_FIELDS_MAX);
    assert_false(dumptext_next(&d));
    assert_int_equal(d.line, 1);
}

static void test_dumptext_loads_a_section_for_another_parser(void **state)
{
    static char text[] = "one\ntwo\n";
    struct text t;
    (void)state;
    assert_true(dumptext_load(dump_of(ZDUMP_LOG, text), ZDUMP_LOG, "dump", &t));
    assert_int_equal(t.count, 2);
    assert_string_equal(t.lines[1].at, "two");
    assert_string_equal(t.name, "dump");
    text_free(&t);
    assert_false(dumptext_load(&dump, ZDUMP_SCREEN, "dump", &t));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dumptext_cuts_records_into_fields),
        cmocka_unit_test(test_dumptext_of_state_takes_blanks_into_the_value),
        cmocka_unit_test(test_dumptext_reads_tasks_and_their_frames),
        cmocka_unit_test(test_dumptext_finds_lines_and_not_fields),
        cmocka_unit_test(test_dumptext_survives_lines_that_nobody_wrote),
        cmocka_unit_test(test_dumptext_loads_a_section_for_another_parser),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
