/* test_log.c - the VMkernel's log: form of its lines, its copies, and the ring when it runs over.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "vmkernel/model/log.h"

#define MS(n) (1000000u * (uint64_t)(n))
/* 42:14:03:29.508 */
#define KB_NS MS((((42u * 24u + 14u) * 60u + 3u) * 60000u + 29508u))
#define KB_BOOT_S 1254426894 /* 2009-10-01 14:54:54 -0500 */

struct fixture {
    struct log log;
    int result;
    char text[LOG_FILES][4096];
};

static int append(void *context, enum log_file file, const char *text, size_t bytes)
{
    struct fixture *f = context;
    const size_t used = strlen(f->text[file]);
    if (f->result == 0 && used + bytes < sizeof f->text[file]) {
        memcpy(f->text[file] + used, text, bytes);
        f->text[file][used + bytes] = '\0';
    }
    return f->result;
}

static int setup(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    const struct log_effects effects = { .context = &f, .append = append };
    log_init(&f.log, &effects, "esxhostname", KB_BOOT_S, -18000);
    *state = &f;
    return 0;
}

static void test_log_line_has_the_form_of_the_article(void **state)
{
    struct fixture *f = *state;
    char line[1][LOG_LINE_MAX];
    log_put(&f->log, LOG_INFO, KB_NS, 0, 1024, "Host: 4781: COS Error: Lost heartbeat");
    assert_int_equal(log_tail(&f->log, line, 1), 1);
    assert_string_equal(line[0], "42:14:03:29.508 cpu0:1024)Host: 4781: COS Error: Lost heartbeat");
    assert_string_equal(f->text[LOG_FILE_VMKERNEL],
                        "Nov 13 04:58:23 esxhostname vmkernel: 42:14:03:29.508 cpu0:1024)Host: "
                        "4781: COS Error: Lost heartbeat\n");
    assert_string_equal(f->text[LOG_FILE_VMKWARNING], "");
}

static void test_log_warnings_and_alerts_are_copied(void **state)
{
    struct fixture *f = *state;
    log_put(&f->log, LOG_WARNING, 0, 0, 1024, "WARNING: a");
    log_put(&f->log, LOG_INFO, 0, 0, 1024, "b");
    log_put(&f->log, LOG_ALERT, 0, 0, 1024, "ALERT: c");
    assert_string_equal(
        f->text[LOG_FILE_VMKWARNING],
        "Oct  1 14:54:54 esxhostname vmkernel: 0:00:00:00.000 cpu0:1024)WARNING: a\n"
        "Oct  1 14:54:54 esxhostname vmkernel: 0:00:00:00.000 cpu0:1024)ALERT: c\n");
}

static void test_log_after_the_stun_only_the_ring_gets_lines(void **state)
{
    struct fixture *f = *state;
    log_files_stop(&f->log);
    log_put(&f->log, LOG_ALERT, 0, 7, 1047, "late");
    char to[128];
    assert_int_equal(log_copy(&f->log, to, sizeof to), strlen("0:00:00:00.000 cpu7:1047)late\n"));
    assert_string_equal(f->text[LOG_FILE_VMKERNEL], "");
}

static void test_log_long_and_dirty_lines_stay_one_line(void **state)
{
    struct fixture *f = *state;
    char text[2 * LOG_LINE_MAX];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    log_put(&f->log, LOG_INFO, 0, 0, 1024, text);
    log_put(&f->log, LOG_INFO, 0, 0, 1024, "a\nb\033c\xff");
    char lines[3][LOG_LINE_MAX];
    assert_int_equal(log_tail(&f->log, lines, 3), 2);
    assert_int_equal(strlen(lines[0]), LOG_LINE_MAX - 2);
    assert_string_equal(lines[1], "0:00:00:00.000 cpu0:1024)a?b?c?");
}

static void test_log_ring_keeps_the_newest_whole_lines(void **state)
{
    struct fixture *f = *state;
    static char copy[LOG_RING_BYTES];
    log_files_stop(&f->log);
    const uint32_t lines = 20000; /* about four rings' worth */
    for (uint32_t i = 0; i < lines; i++) {
        char text[64];
        (void)snprintf(text, sizeof text, "line %u%.*s", i, (int)(i % 37),
                       "-------------------------------------");
        log_put(&f->log, LOG_INFO, MS(i), 0, 1024, text);
    }
    const size_t bytes = log_copy(&f->log, copy, sizeof copy);
    assert_true(bytes > LOG_RING_BYTES - LOG_LINE_MAX && bytes <= LOG_RING_BYTES);
    assert_int_equal(copy[bytes - 1], '\n');
    assert_memory_equal(copy, "0:00:00:", 8); /* the first one is whole */
    char tail[2][LOG_LINE_MAX];
    assert_int_equal(log_tail(&f->log, tail, 2), 2);
    assert_string_equal(tail[1], "0:00:00:19.999 cpu0:1024)line 19999-------------------");

    char little[100];
    const size_t few = log_copy(&f->log, little, sizeof little);
    assert_true(few <= sizeof little && few > 0);
    assert_memory_equal(little, "0:00:00:19.999", 14);
}

static void test_log_counts_failing_files_and_goes_on(void **state)
{
    struct fixture *f = *state;
    f->result = -28;
    log_put(&f->log, LOG_ALERT, 0, 0, 1024, "x");
    assert_int_equal(f->log.errors, 2);
    char line[1][LOG_LINE_MAX];
    assert_int_equal(log_tail(&f->log, line, 1), 1);
}

static void test_log_lines_wait_while_the_console_does_not_run(void **state)
{
    struct fixture *f = *state;
    char line[1][LOG_LINE_MAX];
    log_files_hold(&f->log);
    log_put(&f->log, LOG_WARNING, KB_NS, 0, 1058, "one");
    log_put(&f->log, LOG_INFO, KB_NS, 0, 1058, "two");
    assert_string_equal(f->text[LOG_FILE_VMKERNEL], "");
    assert_int_equal(log_tail(&f->log, line, 1), 1); /* the ring has them at once */
    log_files_resume(&f->log, KB_NS + 60000000000u);
    /* The stamp of the file is that of the writing, the line's own that of the event. */
    assert_string_equal(f->text[LOG_FILE_VMKERNEL],
                        "Nov 13 04:59:23 esxhostname vmkernel: 42:14:03:29.508 cpu0:1058)one\n"
                        "Nov 13 04:59:23 esxhostname vmkernel: 42:14:03:29.508 cpu0:1058)two\n");
    assert_null(strstr(f->text[LOG_FILE_VMKWARNING], "two"));
    assert_non_null(strstr(f->text[LOG_FILE_VMKWARNING], "one"));
    log_files_resume(&f->log, KB_NS + 120000000000u);
    assert_null(strstr(strstr(f->text[LOG_FILE_VMKERNEL], "two"), "one")); /* once */
}

static void test_log_lines_that_wait_are_lost_at_the_stun_and_beyond_their_room(void **state)
{
    struct fixture *f = *state;
    log_files_hold(&f->log);
    for (unsigned i = 0; i < 4000; i++)
        log_put(&f->log, LOG_INFO, KB_NS, 0, 1024, "a line of some length");
    assert_true(f->log.held_used <= LOG_HELD_BYTES);
    log_files_stop(&f->log);
    log_files_resume(&f->log, KB_NS);
    assert_string_equal(f->text[LOG_FILE_VMKERNEL], "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_log_line_has_the_form_of_the_article, setup),
        cmocka_unit_test_setup(test_log_warnings_and_alerts_are_copied, setup),
        cmocka_unit_test_setup(test_log_after_the_stun_only_the_ring_gets_lines, setup),
        cmocka_unit_test_setup(test_log_long_and_dirty_lines_stay_one_line, setup),
        cmocka_unit_test_setup(test_log_ring_keeps_the_newest_whole_lines, setup),
        cmocka_unit_test_setup(test_log_counts_failing_files_and_goes_on, setup),
        cmocka_unit_test_setup(test_log_lines_wait_while_the_console_does_not_run, setup),
        cmocka_unit_test_setup(test_log_lines_that_wait_are_lost_at_the_stun_and_beyond_their_room,
                               setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
