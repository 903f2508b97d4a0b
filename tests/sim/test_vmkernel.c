/* test_vmkernel.c - a whole VMkernel with a COS that misbehaves (tests/lib/fakecos): how each host
 * ends.
 *
 * The VMkernel, vmnixhbd and the gate are the real ones. The stand-in has no image that a dump
 * could read, so a lost host has no cos-core and the VMkernel ends with status 3; what counts here
 * is the outcome. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "shared/err.h"
#include "shared/plan.h"

#define SECONDS(n) (1000000000u * (uint64_t)(n))
#define UUID "4533e089-1dfcdd21-f1d3-001a140ebdca"
#define POLLS_MAX 2000 /* of 5 ms */

struct fixture {
    char build[512]; /* BUILD */
    char dir[64];    /* the host */
    struct plan plan;
    json_t *result; /* run/result.json; NULL = there is none */
    int status;     /* exit status of the VMkernel, 128 + N after signal N */
};

static struct fixture f;

/* ---- hosts ---------------------------------------------------------------------------------- */
static void find_build(void)
{
    const ssize_t len = readlink("/proc/self/exe", f.build, sizeof f.build - 1);
    assert_true(len > 0);
    f.build[len] = '\0';
    char *tests = strstr(f.build, "/tests/");
    assert_non_null(tests);
    *tests = '\0';
}

static int setup(void **state)
{
    (void)state;
    memset(&f, 0, sizeof f);
    find_build();
    (void)strcpy(f.dir, "/tmp/test_vmkernel.XXXXXX");
    assert_non_null(mkdtemp(f.dir));
    struct plan *p = &f.plan;
    *p = (struct plan){
        .scenario = "test",
        .seed = 1,
        .profile = "esx-3.5",
        .host = "h1",
        .datastore_uuid = UUID,
        .datastore_kb_per_s = 27733,
        .ram_mb = MACHINE_RAM_MB_MIN,
        .pcpus = 16,
        .cpu_khz = 2992500,
        .vms = 3,
        .epoch_boot_s = 1254426894,
        .utc_offset_s = -18000,
        .duration_ns = SECONDS(86400),
    };
    p->boot.hbd_interval_ns = SECONDS(60);
    p->boot.hbd_pid = 20;
    p->boot.swap_pages = 16;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    char command[128];
    json_decref(f.result);
    (void)snprintf(command, sizeof command, "rm -rf %s", f.dir);
    return system(command) == 0 ? 0 : -1;
}

static const char *path(const char *name)
{
    static char text[256];
    (void)snprintf(text, sizeof text, "%s/%s", f.dir, name);
    return text;
}

/* A file as a string in a buffer that the next call overwrites; "" when there is none. */
static const char *file_text(const char *name)
{
    static char text[65536];
    const int fd = open(path(name), O_RDONLY);
    const ssize_t got = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
    text[got > 0 ? got : 0] = '\0';
    if (fd >= 0)
        (void)close(fd);
    return text;
}

static pid_t start(const char *mode, const char *clock)
{
    char vmkernel[600], cos[600];
    struct err err = { "" };
    (void)snprintf(f.plan.boot.release, sizeof f.plan.boot.release, "fake:%s", mode);
    (void)mkdir(path("run"), 0755);
    assert_int_equal(plan_save(path("run/plan.json"), &f.plan, &err), 0);
    (void)snprintf(vmkernel, sizeof vmkernel, "%s/bin/vmkernel", f.build);
    (void)snprintf(cos, sizeof cos, "%s/tests/fake_cos", f.build);
    const pid_t pid = fork();
    if (pid == 0) {
        const int null = open("/dev/null", O_WRONLY);
        (void)dup2(null, 2);
        (void)execl(vmkernel, vmkernel, "--host", f.dir, "--cos", cos, "--clock", clock,
                    (char *)NULL);
        _exit(127);
    }
    assert_true(pid > 0);
    return pid;
}

static void finish(pid_t pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    f.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    json_decref(f.result);
    f.result = json_load_file(path("run/result.json"), 0, NULL);
}

static void run(const char *mode)
{
    finish(start(mode, "virtual"));
}

static void assert_result(const char *outcome, const char *headline)
{
    assert_non_null(f.result);
    assert_string_equal(json_string_value(json_object_get(f.result, "outcome")), outcome);
    assert_string_equal(json_string_value(json_object_get(f.result, "headline")), headline);
}

static double number(const char *key)
{
    return json_number_value(json_object_get(f.result, key));
}

static const char *note(void)
{
    return json_string_value(json_object_get(f.result, "note"));
}

static unsigned count_of(const char *text, const char *what)
{
    unsigned n = 0;
    for (const char *at = text; (at = strstr(at, what)) != NULL; at++)
        n++;
    return n;
}

static void pause_5_ms(void)
{
    const struct timespec ts = { .tv_nsec = 5000000 };
    (void)nanosleep(&ts, NULL);
}

/* The pid in run/NAME.pid, waiting until it is there. */
static pid_t pid_of(const char *name)
{
    char file[64];
    (void)snprintf(file, sizeof file, "run/%s.pid", name);
    for (int i = 0; i < POLLS_MAX; i++, pause_5_ms()) {
        const int pid = atoi(file_text(file));
        if (pid > 0)
            return pid;
    }
    fail_msg("no %s", file);
    return 0;
}

/* Wait until there is no such process; one that init has yet to reap counts as gone. */
static void assert_gone(pid_t pid)
{
    char name[64], text[256] = "";
    (void)snprintf(name, sizeof name, "/proc/%d/stat", (int)pid);
    for (int i = 0; i < POLLS_MAX; i++, pause_5_ms()) {
        const int fd = open(name, O_RDONLY);
        if (fd < 0)
            return;
        const ssize_t got = read(fd, text, sizeof text - 1);
        (void)close(fd);
        text[got > 0 ? got : 0] = '\0';
        if (got <= 0 || strstr(text, ") Z ") != NULL)
            return;
    }
    fail_msg("process %d lives: %s", (int)pid, text);
}

/* ---- how a host ends ------------------------------------------------------------------------ */
static void test_vmkernel_a_host_that_beats_survives(void **state)
{
    (void)state;
    run("idle,1000000");
    assert_int_equal(f.status, 0);
    assert_result("survived", "");
    assert_int_equal((int)number("beats"), 1440);
    assert_true(number("uptime_s") == 86400.0);
    assert_null(strstr(file_text("var/log/vmkwarning"), "HB: "));
    assert_string_equal(file_text("run/journal"), "");
}

static void test_vmkernel_beats_that_stop_lose_the_host_after_thirty_minutes(void **state)
{
    (void)state;
    run("idle,1000"); /* the last beat is at 960 s: minute 16 */
    assert_result("lost-heartbeat", "Lost heartbeat");
    assert_int_equal((int)number("beats"), 16);
    assert_true(json_is_true(json_object_get(f.result, "stunned")));
    const char *warnings = file_text("var/log/vmkwarning");
    const char *first = strstr(warnings, "0:00:45:00."), *second = strstr(warnings, "0:00:46:00.");
    assert_true(first != NULL && second != NULL && first < second);
    assert_non_null(strstr(first, " t=29 to=30 clt=1).\n"));
    assert_non_null(strstr(second, " t=30 to=30 clt=1).\n"));
    assert_int_equal(count_of(warnings, "\n"), 2);
    assert_null(strstr(
        warnings, "COS Error")); /* the COS, whose syslogd writes the file, is stunned by then */
    assert_non_null(strstr(file_text("console/psod.txt"), "Host: 4781: COS Error: Lost heartbeat"));
}

static void test_vmkernel_paced_runs_end_with_the_same_bytes(void **state)
{
    (void)state;
    char *before;
    run("idle,3000");
    assert_result("lost-heartbeat", "Lost heartbeat");
    before = strdup(file_text("console/psod.txt"));
    const double uptime_s = number("uptime_s");
    char command[256];
    (void)snprintf(command, sizeof command, "rm -rf %s/*", f.dir);
    assert_int_equal(system(command), 0);
    finish(start("idle,3000", "x20000"));
    assert_string_equal(before, file_text("console/psod.txt"));
    assert_true(number("uptime_s") == uptime_s);
    free(before);
}

static void test_vmkernel_a_ring_that_runs_fast_loses_no_beat(void **state)
{
    (void)state;
    f.plan.boot.hbd_interval_ns = SECONDS(1); /* 1740 beats in 29 minutes, 64 slots */
    run("idle,1000000");
    assert_result("survived", "");
    assert_int_equal((int)number("beats"), 86400);
    assert_null(strstr(file_text("var/log/vmkwarning"), "HB: "));
}

static void test_vmkernel_a_cos_that_panics_or_oopses_has_its_headline(void **state)
{
    (void)state;
    run("panic,500");
    assert_result("cos-panic", "CosPanic");
    assert_non_null(strstr(note(), "as?told")); /* untrusted text */
    run("oops,500");
    assert_result("cos-oops", "Oops");
}

static void test_vmkernel_a_bug_of_the_model_is_no_outcome(void **state)
{
    (void)state;
    run("bug,500");
    assert_int_equal(f.status, 3);
    assert_non_null(strstr(note(), "as?told"));
}

static void test_vmkernel_a_cos_that_ends_by_itself_is_our_bug(void **state)
{
    (void)state;
    run("die,500");
    assert_int_equal(f.status, 3);
    assert_result("cos-panic", "Terminated");
    assert_non_null(strstr(note(), "cos ended with status 7"));
    assert_true(json_is_false(json_object_get(f.result, "stunned")));
    run("crash,500");
    assert_int_equal(f.status, 3);
    assert_non_null(strstr(note(), "signal 6"));
}

static void test_vmkernel_a_cos_that_uses_no_time_is_a_runaway(void **state)
{
    (void)state;
    run("null,500");
    assert_result("cos-panic", "Runaway");
}

static void test_vmkernel_a_cos_that_spins_is_a_runaway_after_ten_seconds(void **state)
{
    (void)state;
    struct timespec from, to;
    (void)clock_gettime(CLOCK_MONOTONIC, &from);
    run("spin,500");
    (void)clock_gettime(CLOCK_MONOTONIC, &to);
    assert_result("cos-panic", "Runaway");
    assert_in_range(to.tv_sec - from.tv_sec, 9, 60);
    assert_non_null(strstr(file_text("run/journal"), "\"event\":\"runaway\",\"target\":\"cos\""));
}

static void test_vmkernel_a_clock_beyond_the_grant_is_cut(void **state)
{
    (void)state;
    run("early,500"); /* the last beat is at 480 s */
    assert_result("lost-heartbeat", "Lost heartbeat");
    assert_true(number("uptime_s") > (8 + 30) * 60 && number("uptime_s") < (8 + 31) * 60 + 60);
}

static void test_vmkernel_a_beat_from_the_future_counts_as_one_of_now(void **state)
{
    (void)state;
    run("future,500"); /* it comes with the first grant, which ends at 29 minutes */
    assert_result("lost-heartbeat", "Lost heartbeat");
    assert_int_equal((int)number("beats"), 9);
    assert_true(number("uptime_s") > 59 * 60 && number("uptime_s") < 61 * 60);
}

static void test_vmkernel_a_forged_ring_is_logged_once_a_minute_and_is_no_beat(void **state)
{
    (void)state;
    run("forge,500");
    assert_result("lost-heartbeat", "Lost heartbeat");
    assert_int_equal((int)number("beats"), 0);
    assert_int_equal(count_of(file_text("var/log/vmkwarning"), "ring: jump, 1 new, 1 in all"), 1);
}

/* ---- faults of the plan --------------------------------------------------------------------- */
static struct fault *add_fault(uint32_t type, uint64_t at_s, uint64_t for_s)
{
    struct boot_params *boot = &f.plan.boot;
    struct fault *fault = &boot->fault[boot->fault_count++];
    *fault = (struct fault){ .type = type, .at_ns = SECONDS(at_s), .for_ns = SECONDS(for_s) };
    return fault;
}

static void test_vmkernel_kills_vmnixhbd_at_the_very_instant(void **state)
{
    (void)state;
    (void)strcpy(add_fault(FAULT_KILL, 1234, 0)->target, "vmnixhbd");
    run("idle,1000000");
    assert_non_null(strstr(note(), "vmnixhbd was ended by signal 9"));
    assert_non_null(strstr(file_text("run/journal"), "{\"at_ns\":1234000000000,\"event\":\"death\","
                                                     "\"target\":\"vmnixhbd\"}"));
}

static void test_vmkernel_stops_vmnixhbd_and_lets_it_go_on(void **state)
{
    (void)state;
    (void)strcpy(add_fault(FAULT_STOP, 1000, 77)->target, "vmnixhbd");
    run("idle,1000000");
    assert_result("survived", "");
    const char *journal = file_text("run/journal");
    assert_non_null(strstr(journal, "{\"at_ns\":1000000000000,\"event\":\"stop\""));
    assert_non_null(strstr(journal, "{\"at_ns\":1077000000000,\"event\":\"cont\""));
}

static void test_vmkernel_does_not_start_a_daemon_that_is_not_to_start(void **state)
{
    (void)state;
    (void)strcpy(add_fault(FAULT_NO_START, 0, 0)->target, "vmnixhbd");
    run("idle,0");
    assert_result("lost-heartbeat", "Lost heartbeat");
    assert_string_equal(file_text("run/vmnixhbd.pid"), "");
    assert_null(strstr(file_text("run/journal"), "death"));
}

static void test_vmkernel_hears_nothing_while_the_doorbell_is_dead(void **state)
{
    (void)state;
    add_fault(FAULT_DOORBELL_LOSS, 3000, 1200)->probability = 100;
    run("idle,1000000");
    assert_result("survived", "");
    assert_int_equal((int)number("beats"), 1440); /* they lay in the ring meanwhile */
    add_fault(FAULT_DOORBELL_LOSS, 3000, 0)->probability = 100;
    run("idle,1000000");
    assert_result("lost-heartbeat", "Lost heartbeat");
    assert_int_equal((int)number("beats"), 50);
}

static void test_vmkernel_refuses_a_ring_that_was_written_over(void **state)
{
    (void)state;
    (void)add_fault(FAULT_RING_CORRUPT, 3010, 0);
    run("idle,1000000");
    assert_result("lost-heartbeat", "Lost heartbeat");
    assert_int_equal((int)number("beats"), 50);
    assert_non_null(strstr(file_text("var/log/vmkwarning"), "ring: bad-front"));
}

static void test_vmkernel_refuses_beats_of_an_old_generation(void **state)
{
    (void)state;
    (void)add_fault(FAULT_STALE_GENERATION, 3010, 0);
    run("idle,1000000");
    assert_result("lost-heartbeat", "Lost heartbeat");
    assert_int_equal((int)number("beats"), 50);
    assert_non_null(strstr(file_text("var/log/vmkwarning"), "ring: bad-generation"));
}

static void test_vmkernel_loses_beats_by_probability(void **state)
{
    (void)state;
    add_fault(FAULT_RING_DROP, 0, 0)->probability = 30;
    run("idle,1000000");
    assert_result("survived", "");
    assert_in_range(number("beats"), 1440 * 60 / 100, 1440 * 80 / 100);
    f.plan.boot.fault[0].probability = 100;
    run("idle,1000000");
    assert_result("lost-heartbeat", "Lost heartbeat");
    assert_int_equal((int)number("beats"), 0);
}

static void test_vmkernel_takes_late_beats_when_they_arrive(void **state)
{
    (void)state;
    add_fault(FAULT_RING_DELAY, 3010, 0)->delay_ns = SECONDS(25 * 60);
    run("idle,1000000");
    assert_result("survived", "");
    assert_in_range((int)number("beats"), 1440 - 26, 1440 - 24);
    f.plan.boot.fault[0].delay_ns = SECONDS(35 * 60);
    run("idle,1000000");
    assert_result("lost-heartbeat", "Lost heartbeat");
}

static void test_vmkernel_shows_who_keeps_the_console_from_its_cpu(void **state)
{
    (void)state;
    (void)strcpy(add_fault(FAULT_WORLD_STARVE, 3010, 0)->name, "reset");
    run("idle,1000000");
    assert_result("lost-heartbeat", "Lost heartbeat");
    const char *screen = file_text("console/psod.txt");
    assert_non_null(strstr(screen, "*0:1066/reset"));
    assert_non_null(strstr(screen, "cpu0:1066)VMNIX: ALERT: HB: 365: Lost heartbeat"));
    /* Its syslogd is the console's: no line reaches a file. */
    assert_string_equal(file_text("var/log/vmkwarning"), "");
}

static void test_vmkernel_gives_a_starved_console_its_cpu_and_its_log_back(void **state)
{
    (void)state;
    (void)strcpy(add_fault(FAULT_WORLD_STARVE, 3010, 1200)->name, "reset");
    run("idle,1000000");
    assert_result("survived", "");
    assert_int_equal(count_of(file_text("var/log/vmkwarning"), "cpu0:1066)WARNING: CpuSched"), 3);
}

static void test_vmkernel_skips_a_fault_whose_unless_holds_and_journals_it(void **state)
{
    (void)state;
    struct fault *fault = add_fault(FAULT_DOORBELL_LOSS, 3010, 0);
    fault->probability = 100;
    fault->unless = FAULT_UNLESS_RUNNING; /* the stand-in shows no programs: it does not hold */
    (void)strcpy(fault->unless_name, "init");
    run("idle,1000000");
    assert_result("lost-heartbeat", "Lost heartbeat");
    assert_non_null(
        strstr(file_text("run/journal"), "\"type\":\"doorbell-loss\",\"what\":\"begins\""));
}

static void test_vmkernel_drains_the_notes_of_the_consoles_faults(void **state)
{
    (void)state;
    (void)strcpy(add_fault(FAULT_LEAK, 500, 0)->target, "VMap");
    run("notes,500");
    const char *journal = file_text("run/journal");
    assert_non_null(strstr(journal, "\"type\":\"leak\",\"what\":\"begins\",\"value\":[7,8]"));
    assert_int_equal(count_of(journal, "\n"), 1); /* others make no sense */
}

/* ---- from outside --------------------------------------------------------------------------- */
static void test_vmkernel_a_killed_cos_is_a_cos_error_at_once(void **state)
{
    (void)state;
    const pid_t vmkernel = start("idle,1000000", "x600");
    assert_int_equal(kill(pid_of("cos"), SIGKILL), 0);
    finish(vmkernel);
    assert_result("cos-panic", "Terminated");
    assert_non_null(strstr(note(), "cos was ended by signal 9"));
    assert_non_null(strstr(file_text("run/journal"), "\"event\":\"death\",\"target\":\"cos\""));
    assert_true(number("uptime_s") < 86400);
}

static void test_vmkernel_a_stopped_cos_loses_its_heartbeat(void **state)
{
    (void)state;
    const pid_t vmkernel = start("idle,1000000", "x2000");
    assert_int_equal(kill(pid_of("cos"), SIGSTOP), 0);
    finish(vmkernel);
    assert_result("lost-heartbeat", "Lost heartbeat");
    assert_non_null(strstr(file_text("run/journal"), "\"event\":\"stop\",\"target\":\"cos\""));
}

static void test_vmkernel_a_cos_that_goes_on_after_a_stop_survives(void **state)
{
    (void)state;
    const pid_t vmkernel = start("idle,1000000", "x40000"); /* about two seconds for the day */
    const pid_t cos = pid_of("cos");
    assert_int_equal(kill(cos, SIGSTOP), 0);
    while (strstr(file_text("run/journal"), "\"stop\"") == NULL)
        pause_5_ms();
    assert_int_equal(kill(cos, SIGCONT), 0);
    finish(vmkernel);
    assert_result("survived", "");
    assert_non_null(strstr(file_text("run/journal"), "\"event\":\"cont\",\"target\":\"cos\""));
}

static void test_vmkernel_killed_leaves_no_process(void **state)
{
    (void)state;
    const pid_t vmkernel = start("idle,1000000", "real");
    const pid_t cos = pid_of("cos"), hbd = pid_of("vmnixhbd");
    assert_int_equal(kill(vmkernel, SIGKILL), 0);
    finish(vmkernel);
    assert_int_equal(f.status, 128 + SIGKILL);
    assert_gone(cos);
    assert_gone(hbd);
}

static void test_vmkernel_holds_its_locks_while_it_lives(void **state)
{
    (void)state;
    static const char vswp[] = "vmfs/volumes/" UUID "/VM101/VM101.vswp";
    const pid_t vmkernel = start("idle,1000000", "real");
    (void)pid_of("vmnixhbd");
    const int fd = open(path(vswp), O_RDONLY);
    assert_true(fd >= 0);
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), -1);
    assert_int_equal(errno, EWOULDBLOCK);

    const pid_t second = start("idle,1000000", "virtual");
    finish(second);
    assert_int_equal(f.status, 2); /* another VMkernel runs this host */

    assert_int_equal(kill(vmkernel, SIGTERM), 0);
    finish(vmkernel);
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
    (void)close(fd);
}

/* ---- input ---------------------------------------------------------------------------------- */
static void test_vmkernel_refuses_plans_that_it_cannot_run(void **state)
{
    (void)state;
    const struct plan good = f.plan;
    struct plan bad[6];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        bad[i] = good;
    (void)strcpy(bad[0].profile, "esx-9");
    (void)strcpy(bad[1].host, "../h");
    (void)strcpy(bad[2].datastore_uuid, "..");
    bad[3].ram_mb = 801;
    bad[4].pcpus = 0;
    bad[5].vms = 171;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        f.plan = bad[i];
        run("idle");
        assert_int_equal(f.status, 2);
        assert_null(f.result);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(test_vmkernel_##name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_host_that_beats_survives),
        T(beats_that_stop_lose_the_host_after_thirty_minutes),
        T(paced_runs_end_with_the_same_bytes),
        T(a_ring_that_runs_fast_loses_no_beat),
        T(a_cos_that_panics_or_oopses_has_its_headline),
        T(a_bug_of_the_model_is_no_outcome),
        T(a_cos_that_ends_by_itself_is_our_bug),
        T(a_cos_that_uses_no_time_is_a_runaway),
        T(a_cos_that_spins_is_a_runaway_after_ten_seconds),
        T(a_clock_beyond_the_grant_is_cut),
        T(a_beat_from_the_future_counts_as_one_of_now),
        T(a_forged_ring_is_logged_once_a_minute_and_is_no_beat),
        T(kills_vmnixhbd_at_the_very_instant),
        T(stops_vmnixhbd_and_lets_it_go_on),
        T(does_not_start_a_daemon_that_is_not_to_start),
        T(hears_nothing_while_the_doorbell_is_dead),
        T(refuses_a_ring_that_was_written_over),
        T(refuses_beats_of_an_old_generation),
        T(loses_beats_by_probability),
        T(takes_late_beats_when_they_arrive),
        T(shows_who_keeps_the_console_from_its_cpu),
        T(gives_a_starved_console_its_cpu_and_its_log_back),
        T(skips_a_fault_whose_unless_holds_and_journals_it),
        T(drains_the_notes_of_the_consoles_faults),
        T(a_killed_cos_is_a_cos_error_at_once),
        T(a_stopped_cos_loses_its_heartbeat),
        T(a_cos_that_goes_on_after_a_stop_survives),
        T(killed_leaves_no_process),
        T(holds_its_locks_while_it_lives),
        T(refuses_plans_that_it_cannot_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
