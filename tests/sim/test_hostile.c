/* test_hostile.c - a console that was taken over (tests/lib/hostile) against a whole VMkernel: it
 * writes into all shared memory while the VMkernel runs, stuns and dumps, and the VMkernel must
 * come to its end all the same, say how it ended, and leave a dump that can be read.
 *
 * Seeds FIRST to FIRST + COUNT - 1, from the environment: HOSTILE_FIRST (1) and HOSTILE_RUNS (60;
 * `make soak` takes 10,000). A failure names its seed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "shared/err.h"
#include "shared/plan.h"
#include "shared/zdump.h"

#define SECONDS(n) (1000000000u * (uint64_t)(n))
#define RUNS_DEFAULT 60u
#define DEADLINE_S 40u /* a runaway is ended after 10 s of wall time */

static char build[512], dir[64];

static uint64_t number_of(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

static int setup(void **state)
{
    (void)state;
    const ssize_t len = readlink("/proc/self/exe", build, sizeof build - 1);
    assert_true(len > 0);
    build[len] = '\0';
    *strstr(build, "/tests/") = '\0';
    return 0;
}

static void remove_host(void)
{
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf %s", dir);
    assert_int_equal(system(command), 0);
}

static void make_host(uint64_t seed)
{
    static struct plan p;
    char path[128];
    struct err err = { "" };
    p = (struct plan){
        .scenario = "hostile",
        .cause = "none",
        .seed = seed,
        .profile = "esx-3.5",
        .host = "h1",
        .datastore_uuid = "4533e089-1dfcdd21-f1d3-001a140ebdca",
        .datastore_kb_per_s = 27733,
        .ram_mb = MACHINE_RAM_MB_MIN,
        .pcpus = 4,
        .cpu_khz = 2992500,
        .vms = 3,
        .epoch_boot_s = 1254426894,
        .utc_offset_s = -18000,
        .duration_ns = SECONDS(3 * 3600),
    };
    p.boot.hbd_interval_ns = SECONDS(60);
    p.boot.hbd_pid = 20;
    p.boot.swap_pages = 16;
    (void)snprintf(p.boot.release, sizeof p.boot.release, "2.4.21-57.ELvmnix");
    (void)snprintf(dir, sizeof dir, "/tmp/test_hostile.XXXXXX");
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/run", dir);
    assert_int_equal(mkdir(path, 0755), 0);
    (void)snprintf(path, sizeof path, "%s/run/plan.json", dir);
    assert_int_equal(plan_save(path, &p, &err), 0);
}

static pid_t start(void)
{
    char vmkernel[600], cos[600], hbd[600], log[128];
    (void)snprintf(vmkernel, sizeof vmkernel, "%s/bin/vmkernel", build);
    (void)snprintf(cos, sizeof cos, "%s/tests/hostile_cos", build);
    (void)snprintf(hbd, sizeof hbd, "%s/tests/hostile_hbd", build);
    (void)snprintf(log, sizeof log, "%s/run/stderr", dir);
    const pid_t pid = fork();
    if (pid == 0) {
        const int fd = open(log, O_WRONLY | O_CREAT, 0644);
        (void)dup2(fd, 2);
        (void)execl(vmkernel, vmkernel, "--host", dir, "--cos", cos, "--vmnixhbd", hbd,
                    (char *)NULL);
        _exit(127);
    }
    assert_true(pid > 0);
    return pid;
}

/* @return its wait status; -1 when it had to be killed */
static int finish(pid_t pid)
{
    int status;
    for (unsigned i = 0; i < DEADLINE_S * 200; i++) {
        if (waitpid(pid, &status, WNOHANG) == pid)
            return status;
        (void)nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
    }
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, &status, 0);
    return -1;
}

static void read_stderr(char *to, size_t size)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/run/stderr", dir);
    const int fd = open(path, O_RDONLY);
    const ssize_t got = fd < 0 ? 0 : read(fd, to, size - 1);
    to[got > 0 ? got : 0] = '\0';
    if (fd >= 0)
        (void)close(fd);
}

/* What the VMkernel left must be readable, whatever the console wrote. */
static const char *what_is_wrong_with_the_dump(void)
{
    static struct zdump z;
    char path[160];
    struct err err;
    struct stat st;
    (void)snprintf(path, sizeof path, "%s/console/psod.txt", dir);
    if (stat(path, &st) != 0 || st.st_size < 100)
        return "no screen";
    (void)snprintf(path, sizeof path,
                   "%s/vmfs/volumes/4533e089-1dfcdd21-f1d3-001a140ebdca/"
                   "cos-core-h1",
                   dir);
    if (stat(path, &st) != 0 || st.st_size < (off_t)MACHINE_RAM_MB_MIN * 1024 * 1024)
        return "no cos-core";
    (void)snprintf(path, sizeof path, "%s/dev/vmkcore", dir);
    if (zdump_load(path, 0, &z, &err) != 0)
        return "the zdump cannot be read";
    const bool complete = z.complete;
    zdump_free(&z);
    return complete ? NULL : "the zdump is not whole";
}

/* @return NULL, or what went wrong */
static const char *run_one(uint64_t seed, char *ret_outcome, size_t size)
{
    static char text[4096];
    char path[128];
    make_host(seed);
    const int status = finish(start());
    if (status == -1)
        return "the VMkernel did not come to its end";
    if (WIFSIGNALED(status))
        return "the VMkernel was ended by a signal";
    read_stderr(text, sizeof text);
    if (strstr(text, "internal error") != NULL || strstr(text, "Sanitizer") != NULL ||
        strstr(text, "runtime error") != NULL)
        return text;
    (void)snprintf(path, sizeof path, "%s/run/result.json", dir);
    json_t *result = json_load_file(path, 0, NULL);
    if (result == NULL)
        return "there is no result.json";
    const char *outcome = json_string_value(json_object_get(result, "outcome"));
    (void)snprintf(ret_outcome, size, "%s", outcome != NULL ? outcome : "?");
    json_decref(result);
    return strcmp(ret_outcome, "survived") == 0 ? NULL : what_is_wrong_with_the_dump();
}

static void test_vmkernel_outlives_a_hostile_console(void **state)
{
    static const char *const outcomes[] = { "lost-heartbeat", "cos-panic", "cos-oops", "survived" };
    const uint64_t first = number_of("HOSTILE_FIRST", 1);
    const uint64_t runs = number_of("HOSTILE_RUNS", RUNS_DEFAULT);
    uint64_t count[4] = { 0 };
    char outcome[32];
    (void)state;
    for (uint64_t seed = first; seed < first + runs; seed++) {
        const char *wrong = run_one(seed, outcome, sizeof outcome);
        if (wrong != NULL) {
            fail_msg("seed %" PRIu64 " (HOSTILE_FIRST=%" PRIu64 " HOSTILE_RUNS=1), host %s: %s",
                     seed, seed, dir, wrong);
        }
        for (int i = 0; i < 4; i++)
            count[i] += strcmp(outcome, outcomes[i]) == 0;
        remove_host();
    }
    (void)printf("# %" PRIu64 " hostile consoles:", runs);
    for (int i = 0; i < 4; i++)
        (void)printf(" %" PRIu64 " %s%s", count[i], outcomes[i], i < 3 ? "," : "\n");
    assert_true(count[0] > 0 || runs < 20); /* else it was not hostility that was tested */
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(
        test_vmkernel_outlives_a_hostile_console) };
    return cmocka_run_group_tests(tests, setup, NULL);
}
