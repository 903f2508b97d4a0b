/* test_syslog.c - /dev/log: bounded, in order, and honest about what it lost.
 * links: cos/kernel/fs/syslog.c cos/kernel/arch/lib.c -no-pie -Wl,-Ttext-segment=0x60000000 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "cos/kernel/fs/syslog.h"

/* ---- what syslog.c uses of the kernel -------------------------------------------------------- */
struct cos_clock cos_clock = { .next_ns = UINT64_MAX };
static union task_union sender = { .task = { .pid = 9173 } };
kptr current_task;
static unsigned wakes;

void wait_queue_init(struct wait_queue *q)
{
    list_init(&q->sleepers);
}

void wake_up(struct wait_queue *q)
{
    assert_ptr_equal(q, &syslog_wait);
    wakes++;
}

void hand_over(void)
{
    fail();
}

void model_bug(const char *file, int line, const char *what)
{
    mock_assert(0, what, file, line);
    __builtin_trap();
}

/* ---- tests ----------------------------------------------------------------------------------- */
static int setup(void **state)
{
    (void)state;
    current_task = kptr_of(&sender);
    while (syslog_first() != NULL)
        syslog_drop();
    syslog_init();
    syslog_lost = 0;
    wakes = 0;
    return 0;
}

static void assert_first(enum syslog_file file, const char *line)
{
    const struct syslog_message *m = syslog_first();
    assert_non_null(m);
    assert_int_equal(m->file, file);
    assert_string_equal(m->line, line);
}

static void test_a_message_bears_tag_and_pid_of_its_sender(void **state)
{
    (void)state;
    assert_int_equal(syslog_send(SYSLOG_MESSAGES, "VMap", "signal 15 received"), 0);
    assert_int_equal(wakes, 1);
    assert_first(SYSLOG_MESSAGES, "VMap[9173]: signal 15 received");
}

static void test_messages_come_out_in_order(void **state)
{
    (void)state;
    assert_int_equal(syslog_send_line(SYSLOG_VMKSUMMARY, "logger: one"), 0);
    assert_int_equal(syslog_send_line(SYSLOG_CRON, "logger: two"), 0);
    assert_first(SYSLOG_VMKSUMMARY, "logger: one");
    syslog_drop();
    assert_first(SYSLOG_CRON, "logger: two");
    syslog_drop();
    assert_null(syslog_first());
}

static void test_a_full_queue_loses_the_new_message_and_counts_it(void **state)
{
    (void)state;
    char line[32];
    for (unsigned i = 0; i < SYSLOG_QUEUE_MAX; i++) {
        assert_true(syslog_has_room());
        (void)snprintf(line, sizeof line, "message %u", i);
        assert_int_equal(syslog_send_line(SYSLOG_MESSAGES, line), 0);
    }
    assert_false(syslog_has_room());
    assert_int_equal(syslog_send(SYSLOG_MESSAGES, "VMap", "too late"), -11);
    assert_int_equal(syslog_send_line(SYSLOG_MESSAGES, "too late"), -11);
    assert_int_equal(syslog_lost, 2);
    assert_int_equal(wakes, SYSLOG_QUEUE_MAX);

    assert_first(SYSLOG_MESSAGES, "message 0");
    syslog_drop();
    assert_int_equal(syslog_send_line(SYSLOG_MESSAGES, "fits again"), 0);
    for (unsigned i = 1; i < SYSLOG_QUEUE_MAX; i++)
        syslog_drop();
    assert_first(SYSLOG_MESSAGES, "fits again");
}

static void test_a_long_line_is_cut_and_leaves_no_old_bytes(void **state)
{
    (void)state;
    char line[2 * SYSLOG_LINE_MAX];
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\0';
    for (unsigned i = 0; i <= SYSLOG_QUEUE_MAX; i++) { /* every place of the ring once */
        assert_int_equal(syslog_send_line(SYSLOG_MESSAGES, line), 0);
        assert_int_equal(strlen(syslog_first()->line), SYSLOG_LINE_MAX - 1);
        syslog_drop();
    }
    assert_int_equal(syslog_send(SYSLOG_MESSAGES, "a", "b"), 0);
    const struct syslog_message *m = syslog_first();
    for (unsigned i = (unsigned)strlen("a[9173]: b"); i < SYSLOG_LINE_MAX; i++)
        assert_int_equal(m->line[i], '\0');
}

static void test_dropping_from_an_empty_queue_is_a_programmer_error(void **state)
{
    (void)state;
    expect_assert_failure(syslog_drop());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_message_bears_tag_and_pid_of_its_sender, setup),
        cmocka_unit_test_setup(test_messages_come_out_in_order, setup),
        cmocka_unit_test_setup(test_a_full_queue_loses_the_new_message_and_counts_it, setup),
        cmocka_unit_test_setup(test_a_long_line_is_cut_and_leaves_no_old_bytes, setup),
        cmocka_unit_test_setup(test_dropping_from_an_empty_queue_is_a_programmer_error, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
