/* crash_bt.c - `bt` and `foreach`: where each task stood. */
#include <string.h>

#include "tools/crash/crash.h"

static void print_frame(struct crash *s, const struct cos_trace *t, uint32_t n)
{
    struct out *o = &s->out;
    const uint64_t ip = t->frame[n].ip;
    const char *file;
    uint64_t offset = 0;
    int line;
    const char *function = cos_trace_function(&s->core->view, t, n, &offset);
    out_object(o, NULL);
    out_text(o, "%s#%u ", n < 10 ? " " : "", n);
    out_hex(o, "sp", "[%08llx] ", t->frame[n].sp);
    out_str(o, "function", "%s", function != NULL ? function : "(unknown)");
    if (function != NULL)
        out_hex(o, "offset", NULL, offset);
    out_hex(o, "ip", " at %08llx\n", ip);
    if (s->source != NULL && core_source_line(s->source, n == 0 ? ip : ip - 1, &file, &line)) {
        out_str(o, "file", "      %s", file);
        out_i64(o, "line", ": %lld\n", line);
    }
    out_end(o);
}

/* A task that computes: what it has is all in its registers. */
static void print_user_mode(struct crash *s, const struct cos_frame *r)
{
    struct out *o = &s->out;
    const struct {
        const char *name;
        uint64_t v;
    } regs[] = { { "eax", r->rax }, { "ebx", r->rbx }, { "ecx", r->rcx }, { "edx", r->rdx },
                 { "esi", r->rsi }, { "edi", r->rdi }, { "ebp", r->rbp }, { "esp", r->rsp } };
    out_object(o, "user_mode");
    out_text(o, "    user mode");
    out_hex(o, "cs", " at %04llx:", r->cs & 0xffffu);
    out_hex(o, "eip", "%08llx", r->rip);
    out_hex(o, "eflags", "   eflags: %08llx", r->rflags);
    for (size_t i = 0; i < sizeof regs / sizeof regs[0]; i++) {
        out_text(o, "%s%s: ", i % 4 == 0 ? "\n    " : "   ", regs[i].name);
        out_hex(o, regs[i].name, "%08llx", regs[i].v);
    }
    out_text(o, "\n");
    out_end(o);
}

static void print_trace(struct crash *s, const struct cos_task *t)
{
    struct out *o = &s->out;
    struct cos_trace trace;
    cosview_unwind(s->unwinder, t, &trace);
    out_object(o, NULL);
    if (t->current)
        out_style(o, OUT_BOLD);
    crash_task_line(s, t);
    if (t->current)
        out_style(o, OUT_PLAIN);
    out_str(o, "state", NULL, cos_state_name(t->state));
    out_bool(o, "current", t->current);
    out_str(o, "end", NULL, cos_trace_end_name(trace.end));
    const bool user = t->has_regs && cos_frame_is_user(&t->regs);
    out_array(o, "frames");
    for (uint32_t i = 0; i < trace.count && !user; i++)
        print_frame(s, &trace, i);
    out_end(o);
    if (user)
        print_user_mode(s, &t->regs);
    if (trace.end != COS_TRACE_WHOLE)
        out_text(o, "    (%s)\n", cos_trace_end_name(trace.end));
    out_end(o);
}

/* The tasks that are meant: "-a" or nothing is the one that had the CPU. @return how many, 0 when
 * one does not exist, which was reported */
static int find_tasks(struct crash *s, int argc, char **argv, const struct cos_task **ret)
{
    int n = 0;
    for (int i = 1; i < argc || n == 0; i++) {
        const bool running = i >= argc || strcmp(argv[i], "-a") == 0;
        ret[n] = running ? cos_task_current(&s->tasks) : crash_task_arg(s, &crash_bt, argv[i]);
        if (ret[n++] != NULL)
            continue;
        if (running)
            (void)crash_usage(&crash_bt, "no task was running; name one");
        return 0;
    }
    return n;
}

static int run_bt(struct crash *s, int argc, char **argv)
{
    const struct cos_task *tasks[CRASH_ARGS_MAX];
    const int n = find_tasks(s, argc, argv, tasks);
    if (n == 0)
        return CRASH_USAGE;
    crash_begin(s, "bt");
    out_array(&s->out, "tasks");
    for (int i = 0; i < n; i++)
        print_trace(s, tasks[i]);
    out_end(&s->out);
    crash_finish(s);
    return CRASH_OK;
}

const struct crash_command crash_bt = {
    .name = "bt",
    .usage = "bt [-a | PID|TASK...]",
    .summary = "the stack of the running task (-a: of each CPU's), or of others",
    .help = "`foreach bt` shows all. Newest frame first; an address is where the frame will go on. "
            "The tables of the image "
            "in the\ncore are enough. With `crash -e cos` each frame has its line of source.\n",
    .run = run_bt,
};

static int run_foreach(struct crash *s, int argc, char **argv)
{
    if (argc != 2 || strcmp(argv[1], "bt") != 0)
        return crash_usage(&crash_foreach, "`bt` is what can be done for each task");
    crash_begin(s, "bt");
    out_array(&s->out, "tasks");
    for (uint32_t i = 0; i < s->tasks.count; i++) {
        if (i > 0)
            out_text(&s->out, "\n");
        print_trace(s, &s->tasks.task[i]);
    }
    out_end(&s->out);
    crash_finish(s);
    return CRASH_OK;
}

const struct crash_command crash_foreach = {
    .name = "foreach",
    .usage = "foreach bt",
    .summary = "the stacks of all tasks",
    .help = "",
    .run = run_foreach,
};
