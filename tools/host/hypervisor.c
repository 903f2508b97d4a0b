/* hypervisor.c - see hypervisor.h. */
#include "tools/host/hypervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jansson.h>

#include "shared/path.h"

bool hypervisor_clock_ok(const char *clock)
{
    if (strcmp(clock, "virtual") == 0 || strcmp(clock, "real") == 0)
        return true;
    if (clock[0] != 'x' || clock[1] < '1' || clock[1] > '9')
        return false;
    return strlen(clock) <= 10 && clock[1 + strspn(clock + 1, "0123456789")] == '\0';
}

/* In the child, between fork and exec: async-signal-safe calls only. Its stdout becomes our stderr,
 * so that nothing mixes with --json. */
static void __attribute__((noreturn))
become_vmkernel(char *const argv[], pid_t parent, int progress_fd)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
        _exit(127);
    const int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null_fd < 0 || dup2(null_fd, STDIN_FILENO) < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
        _exit(127);
    if (fcntl(progress_fd, F_SETFD, 0) != 0)
        _exit(127);
    (void)execv(argv[0], argv);
    _exit(127);
}

static void read_progress(int fd, hypervisor_progress *progress, void *context)
{
    char line[PROGRESS_LINE_MAX];
    FILE *lines = fdopen(fd, "r");

    if (lines == NULL) {
        (void)close(fd);
        return;
    }
    while (fgets(line, sizeof line, lines) != NULL) {
        struct progress p;
        if (progress != NULL && progress_parse(line, &p) == 0)
            progress(&p, context);
    }
    (void)fclose(lines);
}

static int wait_for(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return 127;
    }
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int hypervisor_run(const char *host_dir, const char *clock, hypervisor_progress *progress,
                   void *context, struct err *err)
{
    char program[PATH_SIZE], fd_text[16];
    int fds[2];

    if (path_beside(program, "vmkernel") != 0 || access(program, X_OK) != 0)
        return err_set(err, -ENOENT,
                       "there is no vmkernel beside this program; `make` builds both");
    if (pipe2(fds, O_CLOEXEC) != 0)
        return err_file(err, -errno, "pipe");
    (void)snprintf(fd_text, sizeof fd_text, "%d", fds[1]);
    const char *const argv[] = { program, "--host",        host_dir, "--clock",
                                 clock,   "--progress-fd", fd_text,  NULL };
    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid == 0)
        become_vmkernel((char *const *)(uintptr_t)argv, parent, fds[1]);
    (void)close(fds[1]);
    if (pid < 0) {
        const int error = -errno;
        (void)close(fds[0]);
        return err_file(err, error, "fork");
    }
    read_progress(fds[0], progress, context);
    return wait_for(pid);
}

int hypervisor_result(const char *host_dir, struct hypervisor_result *ret, struct err *err)
{
    const char *schema, *outcome, *headline = "", *note = "", *end = "off";
    double uptime_s, virtual_s;
    json_error_t error;
    json_int_t beats;
    int stunned = 0, starts = 0;
    char path[PATH_SIZE];

    (void)path_join(path, host_dir, PATH_RESULT);
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL ||
        json_unpack_ex(root, &error, 0, "{s:s, s:s, s:F, s:F, s:I, s?:s, s?:b, s?:s, s?:s, s?:i}",
                       "schema", &schema, "outcome", &outcome, "uptime_s", &uptime_s, "virtual_s",
                       &virtual_s, "beats", &beats, "headline", &headline, "stunned", &stunned,
                       "note", &note, "end", &end, "starts", &starts) != 0) {
        json_decref(root);
        return err_set(err, ERR_SYNTAX, "%s:%d: %s", path, error.line, error.text);
    }
    if (strcmp(schema, HYPERVISOR_RESULT_SCHEMA) != 0) {
        (void)err_set(err, ERR_SYNTAX, "%s:1: schema is '%s', not " HYPERVISOR_RESULT_SCHEMA, path,
                      schema);
        json_decref(root);
        return ERR_SYNTAX;
    }
    *ret = (struct hypervisor_result){ .uptime_s = uptime_s,
                                       .virtual_s = virtual_s,
                                       .beats = (uint64_t)beats,
                                       .stunned = stunned != 0,
                                       .starts = starts > 0 ? (uint32_t)starts : 0 };
    (void)snprintf(ret->outcome, sizeof ret->outcome, "%s", outcome);
    (void)snprintf(ret->headline, sizeof ret->headline, "%s", headline);
    (void)snprintf(ret->note, sizeof ret->note, "%s", note);
    (void)snprintf(ret->end, sizeof ret->end, "%s", end);
    json_decref(root);
    return 0;
}
