/* crash_ps.c - `ps`, `task` and `sys`: who was there. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "shared/units.h"
#include "tools/crash/crash.h"

/* ---- ps -------------------------------------------------------------------------------------- */

static uint32_t ram_pages(const struct crash *s)
{
    const uint32_t total = cosview_value(&s->core->view, "total_ram_pages", 0);
    return total != 0 ? total : 1;
}

static void print_share(struct out *o, const char *key, const char *format, uint64_t part,
                        uint64_t whole)
{
    char text[24];
    const uint64_t tenths = part * 1000 / whole;
    (void)snprintf(text, sizeof text, "%" PRIu64 ".%" PRIu64, tenths / 10, tenths % 10);
    if (o->json)
        out_u64(o, key, NULL, tenths);
    else
        out_str(o, key, format, text);
}

/* A column is a word of the heading and a line of the row. */
static const char ps_heading[] = "    PID    PPID  CPU    TASK    ST  %MEM     VSZ    RSS  COMM\n";

static void ps_row(struct crash *s, const struct cos_task *t)
{
    struct out *o = &s->out;
    char comm[24];
    out_object(o, NULL);
    out_text(o, t->current ? ">" : " ");
    out_bool(o, "current", t->current);
    out_u64(o, "pid", "%6llu", t->pid);
    out_u64(o, "ppid", " %7llu", t->ppid);
    out_u64(o, "cpu", " %4llu", 0);
    out_hex(o, "task", "  %08llx", t->address);
    out_str(o, "state", "  %s", cos_state_name(t->state));
    print_share(o, "mem_permille", " %5s", t->rss, ram_pages(s));
    out_u64(o, "vsz_kb", " %7llu", t->vm * 4ull);
    out_u64(o, "rss_kb", " %6llu", t->rss * 4ull);
    out_text(o, "  %s\n", crash_comm(t, comm));
    out_str(o, "comm", NULL, t->comm);
    out_bool(o, "kernel_thread", t->mm == 0);
    out_end(o);
}

struct sized {
    const struct cos_task *task;
    struct core_mm_pages pages;
    uint64_t own; /* resident and swapped */
};

static int by_size(const void *a, const void *b)
{
    const struct sized *x = a, *y = b;
    if (x->own != y->own)
        return x->own > y->own ? -1 : 1;
    return x->task->pid < y->task->pid ? -1 : 1;
}

static const char size_heading[] =
    "    PID    VSZ kB   RSS kB  SWAP kB  FILE kB PTBL kB   %RAM  COMM\n";

static void size_row(struct crash *s, const struct sized *z)
{
    struct out *o = &s->out;
    const struct cos_task *t = z->task;
    out_object(o, NULL);
    out_text(o, t->current ? ">" : " ");
    out_u64(o, "pid", "%6llu", t->pid);
    out_u64(o, "vsz_kb", " %8llu", t->vm * 4ull);
    out_u64(o, "rss_kb", " %8llu", t->rss * 4ull);
    out_u64(o, "swapped_kb", " %8llu", z->pages.swapped * 4ull);
    out_u64(o, "file_kb", " %8llu", z->pages.file * 4ull);
    out_u64(o, "tables_kb", " %7llu", z->pages.tables * 4ull);
    print_share(o, "own_permille_of_ram", " %6s", z->own, ram_pages(s));
    out_str(o, "comm", "  %s\n", t->comm);
    out_end(o);
}

static int ps_sizes(struct crash *s, bool (*wanted)(const struct cos_task *, char **), char **args)
{
    struct sized *all = calloc(s->tasks.count + 1u, sizeof *all);
    uint32_t n = 0;
    if (all == NULL)
        return CRASH_USAGE;
    for (uint32_t i = 0; i < s->tasks.count; i++) {
        const struct cos_task *t = &s->tasks.task[i];
        if (t->mm == 0 || !wanted(t, args))
            continue;
        all[n].task = t;
        core_mm_count(s->core, t->mm, &all[n].pages);
        all[n].own = (uint64_t)t->rss + all[n].pages.swapped;
        n++;
    }
    qsort(all, n, sizeof *all, by_size);
    out_text(&s->out, "%s", size_heading);
    for (uint32_t i = 0; i < n; i++)
        size_row(s, &all[i]);
    free(all);
    return CRASH_OK;
}

/* A task is wanted if no argument is given, or one is its pid or name. */
static bool is_wanted(const struct cos_task *t, char **args)
{
    uint64_t pid;
    if (*args == NULL)
        return true;
    for (; *args != NULL; args++) {
        if (strcmp(*args, t->comm) == 0 || (crash_number(*args, UINT32_MAX, &pid) && pid == t->pid))
            return true;
    }
    return false;
}

static int run_ps(struct crash *s, int argc, char **argv)
{
    int status = CRASH_OK;
    const bool sizes = argc > 1 && strcmp(argv[1], "-m") == 0;
    char **args = argv + 1 + sizes;
    if (*args != NULL && **args == '-')
        return crash_usage(&crash_ps, "unknown option %s", *args);
    crash_begin(s, "ps");
    out_array(&s->out, "tasks");
    if (sizes) {
        status = ps_sizes(s, is_wanted, args);
    } else {
        out_text(&s->out, "%s", ps_heading);
        for (uint32_t i = 0; i < s->tasks.count; i++) {
            if (is_wanted(&s->tasks.task[i], args))
                ps_row(s, &s->tasks.task[i]);
        }
    }
    out_end(&s->out);
    crash_finish(s);
    return status;
}

const struct crash_command crash_ps = {
    .name = "ps",
    .usage = "ps [-m] [PID|COMM]...",
    .summary = "the tasks; -m: by size, with what lies in swap",
    .help = "'>' marks the task that had the CPU, [brackets] a kernel thread. VSZ and RSS are kB; "
            "%MEM is\nRSS by the console's RAM. With -m the page tables are counted: SWAP is what "
            "of a task lies in\nswap, FILE the part of RSS that is a file's, PTBL its page tables; "
            "%RAM is RSS and SWAP by RAM.\n",
    .run = run_ps,
};

/* ---- task ------------------------------------------------------------------------------------ */

static void task_sched(struct crash *s, const struct cos_task *t)
{
    struct out *o = &s->out;
    out_str(o, "state", "        STATE: %s", cos_state_name(t->state));
    out_u64(o, "ppid", "   PPID: %llu", t->ppid);
    out_u64(o, "uid", "   UID: %llu", t->uid);
    out_hex(o, "flags", "   FLAGS: %llx\n", t->flags);
    out_str(o, "policy", "       POLICY: %s", cos_policy_name(t->policy));
    out_i64(o, "prio", "   PRIO: %lld", t->prio);
    out_i64(o, "nice", "   NICE: %lld", t->static_prio - 120);
    out_u64(o, "time_slice_ticks", "   SLICE: %llu ticks", t->time_slice);
    out_u64(o, "sleep_avg_ticks", "   SLEEP_AVG: %llu ticks\n", t->sleep_avg);
    out_u64(o, "utime_ms", "         USER: %llu ms", t->utime_ns / NS_PER_MS);
    out_u64(o, "stime_ms", "   SYSTEM: %llu ms", t->stime_ns / NS_PER_MS);
    out_u64(o, "start_ms", "   STARTED: %llu ms after boot\n", t->start_ns / NS_PER_MS);
    out_u64(o, "min_flt", "       FAULTS: %llu minor", t->min_flt);
    out_u64(o, "maj_flt", ", %llu major\n", t->maj_flt);
    out_u64(o, "reclaim_passes", "      RECLAIM: %llu passes of its own\n", t->reclaim_passes);
    out_hex(o, "signals_pending", "      SIGNALS: pending %llx", t->sig_pending);
    out_hex(o, "signals_caught", ", caught %llx\n", t->sig_caught);
}

static void task_wait(struct crash *s, const struct cos_task *t)
{
    struct out *o = &s->out;
    struct core_wait w;
    core_wait_of(s->core, t, &w);
    if (w.kind == CORE_WAIT_NONE)
        return;
    out_hex(o, "wait_queue", "        WAITS: on queue %llx", w.queue);
    out_str(o, "wait_name", " (%s)", w.name[0] != '\0' ? w.name : "no name");
    if (w.kind == CORE_WAIT_PAGE)
        out_hex(o, "wait_page", " for page %llx", w.page);
    out_text(o, "\n");
}

static void task_mm(struct crash *s, const struct cos_task *t)
{
    struct out *o = &s->out;
    struct core_mm_pages p;
    if (t->mm == 0)
        return;
    core_mm_count(s->core, t->mm, &p);
    out_hex(o, "mm", "           MM: %llx", t->mm);
    out_u64(o, "vsz_kb", "   VSZ: %llu kB", t->vm * 4ull);
    out_u64(o, "rss_kb", "   RSS: %llu kB", t->rss * 4ull);
    out_u64(o, "swapped_kb", "   SWAP: %llu kB\n", p.swapped * 4ull);
}

static void task_regs(struct crash *s, const struct cos_task *t)
{
    struct out *o = &s->out;
    const struct cos_frame *r = &t->regs;
    const struct {
        const char *name;
        uint64_t v;
    } regs[] = { { "RIP", r->rip }, { "RSP", r->rsp },      { "RBP", r->rbp }, { "RAX", r->rax },
                 { "RBX", r->rbx }, { "RCX", r->rcx },      { "RDX", r->rdx }, { "RSI", r->rsi },
                 { "RDI", r->rdi }, { "R8 ", r->r8 },       { "R9 ", r->r9 },  { "R10", r->r10 },
                 { "R11", r->r11 }, { "R12", r->r12 },      { "R13", r->r13 }, { "R14", r->r14 },
                 { "R15", r->r15 }, { "RFLAGS", r->rflags } };
    if (!t->has_regs) {
        out_text(o, "    it never ran: no registers\n");
        return;
    }
    out_object(o, "registers");
    for (size_t i = 0; i < sizeof regs / sizeof regs[0]; i++) {
        char key[8];
        (void)snprintf(key, sizeof key, "%.*s", (int)strcspn(regs[i].name, " "), regs[i].name);
        out_text(o, "%s%s: ", i % 3 == 0 ? "        " : "  ", regs[i].name);
        out_hex(o, key, i % 3 == 2 ? "%016llx\n" : "%016llx", regs[i].v);
    }
    out_end(o);
}

static int run_task(struct crash *s, int argc, char **argv)
{
    if (argc > 2)
        return crash_usage(&crash_task, "one task at a time");
    const struct cos_task *t =
        argc == 2 ? crash_task_arg(s, &crash_task, argv[1]) : cos_task_current(&s->tasks);
    if (t == NULL)
        return argc == 2 ? CRASH_USAGE : crash_usage(&crash_task, "no task was running");
    crash_begin(s, "task");
    crash_task_line(s, t);
    task_sched(s, t);
    task_mm(s, t);
    task_wait(s, t);
    task_regs(s, t);
    crash_finish(s);
    return CRASH_OK;
}

const struct crash_command crash_task = {
    .name = "task",
    .usage = "task [PID|TASK]",
    .summary = "one task: scheduling, times, faults, what it waits for, registers",
    .help = "Without an argument: the one that had the CPU.\n",
    .run = run_task,
};

/* ---- sys ------------------------------------------------------------------------------------- */

/* The last line of the log that says how the kernel died. */
static void print_panic(struct crash *s)
{
    char *log = cosview_log(&s->core->view);
    const char *panic = NULL;
    for (const char *p = log; p != NULL && (p = strstr(p, "Kernel panic: ")) != NULL; p++)
        panic = p;
    char text[160];
    (void)snprintf(text, sizeof text, "%.*s", panic != NULL ? (int)strcspn(panic, "\n") : 0,
                   panic != NULL ? panic : "");
    out_str(&s->out, "panic", "       PANIC: \"%s\"", text);
    out_text(&s->out, "%s\n",
             panic != NULL      ? ""
             : s->core->stunned ? "  (the console ran; the VMkernel stunned it)"
                                : "  (no panic in the log, and the console was not stunned)");
    out_bool(&s->out, "stunned", s->core->stunned);
    free(log);
}

static void print_node(struct crash *s)
{
    static const char prefix[] = "cos-core-";
    const char *slash = strrchr(s->core->path, '/');
    const char *name = slash != NULL ? slash + 1 : s->core->path;
    char node[128];
    if (strncmp(name, prefix, strlen(prefix)) != 0)
        return;
    name += strlen(prefix);
    (void)snprintf(node, sizeof node, "%.*s", (int)strcspn(name, "."), name);
    out_str(&s->out, "nodename", "    NODENAME: %s  (from the file's name)\n", node);
}

static uint64_t ram_bytes(const struct core *c)
{
    uint64_t end = c->page_offset;
    for (uint32_t i = 0; i < c->segment_count; i++) {
        if (c->segments[i].writable && c->segments[i].end > end)
            end = c->segments[i].end;
    }
    return end - c->page_offset;
}

static void print_machine(struct crash *s)
{
    struct out *o = &s->out;
    struct core_clock k;
    char text[40];
    core_clock_load(s->core, &k);
    out_str(o, "uptime", "      UPTIME: %s\n", crash_uptime(k.now_ns - k.boot_ns, text));
    out_u64(o, "uptime_ns", NULL, k.now_ns - k.boot_ns);
    (void)snprintf(text, sizeof text, "%u.%02u, %u.%02u, %u.%02u", k.load[0] / 100, k.load[0] % 100,
                   k.load[1] / 100, k.load[1] % 100, k.load[2] / 100, k.load[2] % 100);
    out_str(o, "load_average", "LOAD AVERAGE: %s\n", text);
    out_u64(o, "tasks", "       TASKS: %llu\n", s->tasks.count);
    print_node(s);
    out_str(o, "release", "     RELEASE: %s\n", s->core->release);
    out_text(o, "     MACHINE: x86_64, standing for i686  (%u Hz ticks)\n", k.hz);
    out_u64(o, "memory_kb", NULL, ram_bytes(s->core) / 1024);
    out_str(o, "memory", "      MEMORY: %s\n", crash_size(ram_bytes(s->core) / CORE_PAGE, text));
}

static void print_current(struct crash *s)
{
    struct out *o = &s->out;
    const struct cos_task *t = cos_task_current(&s->tasks);
    if (t == NULL) {
        out_text(o, "         PID: (none was running)\n");
        return;
    }
    out_object(o, "current");
    out_u64(o, "pid", "         PID: %llu\n", t->pid);
    out_str(o, "comm", "     COMMAND: \"%s\"\n", t->comm);
    out_hex(o, "task", "        TASK: %llx\n", t->address);
    out_u64(o, "cpu", "         CPU: %llu\n", 0);
    out_str(o, "state", "       STATE: %s\n", cos_state_name(t->state));
    out_end(o);
}

static int run_sys(struct crash *s, int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        return crash_usage(&crash_sys, "no argument is wanted");
    struct out *o = &s->out;
    crash_begin(s, "sys");
    out_str(o, "kernel", "      KERNEL: %s\n",
            s->source != NULL ? "the executable that -e names" : "none needed");
    out_str(o, "dumpfile", "    DUMPFILE: %s", s->core->path);
    out_text(o, "%s\n", s->core->size < s->core->expected ? "  [CUT]" : "");
    out_u64(o, "missing_kb", NULL, core_missing(s->core) / 1024);
    out_u64(o, "cpus", "        CPUS: %llu\n", 1);
    print_machine(s);
    print_panic(s);
    print_current(s);
    crash_finish(s);
    return CRASH_OK;
}

const struct crash_command crash_sys = {
    .name = "sys",
    .usage = "sys",
    .summary = "the machine: release, uptime, load, memory, who was running",
    .help = "",
    .run = run_sys,
};
