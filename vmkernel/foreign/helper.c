/* helper.c - see helper.h. */
#include "vmkernel/foreign/helper.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/io.h"

/* The child. SIGALRM's default action is the deadline. */
static void __attribute__((noreturn))
helper(struct cosview_unwinder *u, const struct cos_tasks *tasks, int fd)
{
    sigset_t none;
    const struct rlimit no_core = { 0, 0 };
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)setrlimit(RLIMIT_CORE, &no_core);
    (void)signal(SIGALRM, SIG_DFL);
    (void)signal(SIGPIPE, SIG_DFL);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)alarm(HELPER_SECONDS);
    for (uint32_t i = 0; i < tasks->count; i++) {
        struct cos_trace trace;
        cosview_unwind(u, &tasks->task[i], &trace);
        if (io_write(fd, &trace, sizeof trace) != 0)
            _exit(1);
    }
    _exit(0);
}

uint32_t helper_collect(int fd, struct cos_trace *traces, uint32_t count)
{
    assert(traces != NULL && count <= COS_TASKS_MAX + 2); /* head, list, and the current task */
    const ssize_t got = io_read(fd, traces, count * sizeof *traces);
    const uint32_t came = got > 0 ? (uint32_t)((size_t)got / sizeof *traces) : 0;
    for (uint32_t i = 0; i < count; i++) {
        if (i >= came || (unsigned)traces[i].end > COS_TRACE_NO_HELPER ||
            traces[i].count > COS_FRAMES_MAX)
            traces[i] = (struct cos_trace){ .end = COS_TRACE_NO_HELPER };
    }
    return came;
}

struct cos_trace *helper_unwind(const struct cosmem *m, const struct cos_tasks *tasks)
{
    int ends[2] = { -1, -1 };
    pid_t pid = -1;
    struct cos_trace *traces = calloc(tasks->count + 1u, sizeof *traces);
    struct cosview_unwinder *u =
        cosview_unwinder_create(&m->view, m->image.phdr_va, m->image.phdr_count);
    if (traces == NULL || u == NULL) {
        cosview_unwinder_destroy(u);
        free(traces);
        return NULL;
    }
    if (pipe(ends) == 0) {
        pid = fork();
        if (pid == 0) {
            (void)close(ends[0]);
            helper(u, tasks, ends[1]);
        }
        (void)close(ends[1]);
    }
    /* Without a helper nobody writes: each trace says so. */
    const uint32_t came = helper_collect(ends[0], traces, tasks->count);
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    if (ends[0] >= 0)
        (void)close(ends[0]);
    cosview_unwinder_destroy(u);
    if (came < tasks->count)
        problems_add(m->view.problems,
                     "unwinding: the helper %s after %" PRIu32 " of %" PRIu32 " tasks",
                     pid > 0 ? "died" : "could not be started", came, tasks->count);
    return traces;
}
