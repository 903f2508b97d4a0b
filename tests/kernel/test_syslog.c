/* test_syslog.c - /dev/log: bounded, in order, and honest about what it lost. */
#include "tests/kernel/cos_harness.h"

#include "cos/kernel/fs/syslog.h"

static const struct cos_machine machine = { .ram_mb = 32, .swap_slots = 1000 };

/* syslogd's wait. */
static int __attribute__((noreturn)) reader(struct program *p)
{
    (void)p;
    for (;;)
        sleep_on(&syslog_wait, TASK_UNINTERRUPTIBLE);
}

static void assert_first(enum syslog_file file, const char *line)
{
    const struct syslog_message *m = syslog_first();
    assert_non_null(m);
    assert_int_equal(m->file, file);
    assert_string_equal(m->line, line);
}

static void test_a_message_bears_tag_and_pid_of_its_sender_and_wakes_the_reader(void)
{
    const struct task_struct *t = cos_child("syslogd", 0, reader);
    cos_sleep(SECONDS(1));
    assert_int_equal(t->state, TASK_UNINTERRUPTIBLE);
    assert_int_equal(sys_send(SYSLOG_MESSAGES, "VMap[1]: signal 15 received"), 0);
    assert_int_equal(t->state, TASK_RUNNING);
    assert_first(SYSLOG_MESSAGES, "VMap[1]: signal 15 received");
}

static void test_messages_come_out_in_order(void)
{
    assert_int_equal(sys_send(SYSLOG_VMKSUMMARY, "logger: one"), 0);
    assert_int_equal(sys_send(SYSLOG_CRON, "logger: two"), 0);
    assert_first(SYSLOG_VMKSUMMARY, "logger: one");
    syslog_drop();
    assert_first(SYSLOG_CRON, "logger: two");
    syslog_drop();
    assert_null(syslog_first());
}

static void test_a_full_queue_loses_the_new_message_and_counts_it(void)
{
    char line[32];
    for (unsigned i = 0; i < SYSLOG_QUEUE_MAX; i++) {
        (void)snprintf(line, sizeof line, "message %u", i);
        assert_int_equal(sys_send(SYSLOG_MESSAGES, line), 0);
    }
    assert_int_equal(sys_send(SYSLOG_MESSAGES, "too late"), -11); /* init does not wait */
    assert_int_equal(syslog_lost, 1);

    assert_first(SYSLOG_MESSAGES, "message 0");
    syslog_drop();
    assert_int_equal(sys_send(SYSLOG_MESSAGES, "fits again"), 0);
    for (unsigned i = 1; i < SYSLOG_QUEUE_MAX; i++)
        syslog_drop();
    assert_first(SYSLOG_MESSAGES, "fits again");
}

static int sent;

static int sender(struct program *p)
{
    (void)p;
    sent = sys_send(SYSLOG_MESSAGES, "VMap[9173]: shutting down");
    return 0;
}

static struct task_struct *sender_at_a_full_queue(void)
{
    sent = 1;
    for (unsigned i = 0; i < SYSLOG_QUEUE_MAX; i++)
        assert_int_equal(sys_send(SYSLOG_MESSAGES, "x"), 0);
    struct task_struct *t = cos_child("VMap", 0, sender);
    cos_sleep(SECONDS(60));
    assert_int_equal(t->state, TASK_INTERRUPTIBLE);
    assert_int_equal(sent, 1);
    assert_int_equal(syslog_blocked, 1);
    return t;
}

static void test_who_finds_the_queue_full_sleeps_until_a_line_is_taken(void)
{
    (void)sender_at_a_full_queue();
    syslog_drop();
    cos_sleep(SECONDS(1));
    assert_int_equal(sent, 0);
    assert_int_equal(syslog_lost, 0);
    for (unsigned i = 1; i < SYSLOG_QUEUE_MAX; i++)
        syslog_drop();
    assert_first(SYSLOG_MESSAGES, "VMap[9173]: shutting down");
}

static void test_a_signal_ends_the_wait_and_the_line_is_lost(void)
{
    struct task_struct *t = sender_at_a_full_queue();
    t->sig_caught = 1u << SIGTERM;
    send_sig(SIGTERM, t);
    cos_sleep(SECONDS(1));
    assert_int_equal(sent, -4);
    assert_int_equal(syslog_lost, 1);
}

static void test_who_waits_gets_an_error_when_the_reader_ends(void)
{
    struct task_struct *t = sender_at_a_full_queue();
    syslog_open(); /* the test reads */
    syslog_close(t->pid);
    cos_sleep(SECONDS(1));
    assert_int_equal(sent, 1);
    syslog_close(current->pid);
    cos_sleep(SECONDS(1));
    assert_int_equal(sent, -111);
    assert_int_equal(syslog_lost, 1);
}

static void test_a_long_line_is_cut_and_leaves_no_old_bytes(void)
{
    char line[2 * SYSLOG_LINE_MAX];
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\0';
    for (unsigned i = 0; i <= SYSLOG_QUEUE_MAX; i++) { /* every place of the ring once */
        assert_int_equal(sys_send(SYSLOG_MESSAGES, line), 0);
        assert_int_equal(strlen(syslog_first()->line), SYSLOG_LINE_MAX - 1);
        syslog_drop();
    }
    assert_int_equal(sys_send(SYSLOG_MESSAGES, "a[1]: b"), 0);
    const struct syslog_message *m = syslog_first();
    for (unsigned i = (unsigned)strlen("a[1]: b"); i < SYSLOG_LINE_MAX; i++)
        assert_int_equal(m->line[i], '\0');
}

static void test_dropping_from_an_empty_queue_is_a_programmer_error(void)
{
    expect_assert_failure(syslog_drop());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cos_unit_test(&machine,
                      test_a_message_bears_tag_and_pid_of_its_sender_and_wakes_the_reader),
        cos_unit_test(&machine, test_messages_come_out_in_order),
        cos_unit_test(&machine, test_a_full_queue_loses_the_new_message_and_counts_it),
        cos_unit_test(&machine, test_who_finds_the_queue_full_sleeps_until_a_line_is_taken),
        cos_unit_test(&machine, test_a_signal_ends_the_wait_and_the_line_is_lost),
        cos_unit_test(&machine, test_who_waits_gets_an_error_when_the_reader_ends),
        cos_unit_test(&machine, test_a_long_line_is_cut_and_leaves_no_old_bytes),
        cos_unit_test(&machine, test_dropping_from_an_empty_queue_is_a_programmer_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
